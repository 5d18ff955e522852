//! The two web sites of every site: the primary in the home lab and the standby on Cloud Run.
//!
//! Visitors and probes ask them over real connections. Whether the standby lets anybody in is Cloud Run's word.

pub mod cache;
pub mod page;
pub mod site;
mod standby;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use self::cache::{Cache, Caching, LIVES};
use self::page::Page;
use self::site::Site;
pub use crate::frame::call::SERVED_BY;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::google::run::Run;
use crate::google::run::door::FrontDoor;
use crate::google::tokens::Signer;
use crate::kubernetes::Kubernetes;
use crate::service::Service;

/// How a web site is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// It answers.
    #[default]
    On,
    /// Connections are refused, and those that were open are broken.
    Off,
    /// Connections are accepted and nothing is ever said.
    Dark,
    /// It answers after this long.
    Slow(Duration),
    /// It answers with this status.
    Failing(u16),
}

impl Power {
    /// Whether a visitor who waits this long gets the page.
    pub fn answers_within(self, patience: Duration) -> bool {
        match self {
            Self::On => true,
            Self::Slow(delay) => delay < patience,
            Self::Off | Self::Dark | Self::Failing(_) => false,
        }
    }
}

/// All sites, and how their web sites are.
#[derive(Debug)]
pub struct Sites {
    run: Arc<Run>,
    kubernetes: Arc<Kubernetes>,
    signer: Arc<Signer>,
    /// What Cloudflare keeps of the web sites.
    pub(crate) cache: Arc<Cache>,
    added: RwLock<Vec<Site>>,
    /// How their web sites are.
    pub pages: Pages,
}

/// How every web site is, and what it answers.
#[derive(Debug, Default)]
pub struct Pages(Mutex<HashMap<(Service, String), Place>>);

/// One web site.
#[derive(Clone, Debug, Default)]
struct Place {
    power: Power,
    /// What it answers instead of its usual page, while it is on.
    page: Option<Page>,
    /// What a cache in front of it keeps; none where it isn't proxied.
    caching: Option<Caching>,
}

impl Sites {
    /// The standbys are services of `run`, the primaries deployments of `kubernetes`.
    pub(crate) fn new(
        run: Arc<Run>,
        kubernetes: Arc<Kubernetes>,
        signer: Arc<Signer>,
        cache: Arc<Cache>,
    ) -> Self {
        Self { run, kubernetes, signer, cache, added: RwLock::default(), pages: Pages::default() }
    }

    pub(crate) fn add(&self, site: Site) {
        self.added.write().unwrap_or_else(PoisonError::into_inner).push(site);
    }

    /// The first site that fits.
    pub fn find(&self, fits: impl Fn(&Site) -> bool) -> Option<Site> {
        self.added.read().unwrap_or_else(PoisonError::into_inner).iter().find(|site| fits(site)).cloned()
    }

    /// The sites that fit, in the order they were added.
    pub fn select(&self, fits: impl Fn(&Site) -> bool) -> Vec<Site> {
        let sites = self.added.read().unwrap_or_else(PoisonError::into_inner);
        sites.iter().filter(|site| fits(site)).cloned().collect()
    }

    /// How many sites there are.
    pub(crate) fn count(&self) -> usize {
        self.added.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Pages {
    /// How the primary is.
    pub fn primary(&self, site: &str) -> Power {
        self.power(Service::Primary, site)
    }

    /// How the standby's container is; closed or open is another matter.
    pub fn standby(&self, site: &str) -> Power {
        self.power(Service::Standby, site)
    }

    /// From now on the primary or the standby answers with this page, or with its own.
    pub fn say(&self, service: Service, site: &str, page: Option<Page>) {
        self.edit(service, site, |place| place.page = page);
    }

    /// From now on the primary or the standby is proxied by Cloudflare, which keeps this of it.
    pub fn proxy(&self, service: Service, site: &str, caching: Caching) {
        self.edit(service, site, |place| place.caching = Some(caching));
    }

    fn power(&self, service: Service, site: &str) -> Power {
        let place = self.of(service, site);
        match place.page {
            Some(page) if place.power.answers_within(Duration::MAX) && !page.is_well() => {
                Power::Failing(page.status)
            }
            _ => place.power,
        }
    }

    fn of(&self, service: Service, site: &str) -> Place {
        lock(&self.0).get(&(service, site.to_owned())).cloned().unwrap_or_default()
    }

    fn edit(&self, service: Service, site: &str, edit: impl FnOnce(&mut Place)) {
        edit(lock(&self.0).entry((service, site.to_owned())).or_default());
    }

    pub(crate) fn set(&self, service: Service, site: &str, power: Power) {
        self.edit(service, site, |place| place.power = power);
    }

    /// What somebody made of the page, as long as there is anybody to give it.
    pub(super) fn said(&self, service: Service, site: &Site) -> Option<Reply> {
        let place = self.of(service, site.name());
        let page = place.page.filter(|_| !matches!(place.power, Power::Off | Power::Dark))?;
        let who = if service == Service::Primary { "primary" } else { "standby" };
        let reply = page.reply().header(SERVED_BY, who);
        Some(if let Power::Slow(delay) = place.power { reply.after(delay) } else { reply })
    }
}

impl Sites {
    /// How the primary is for whoever asks it: without a pod that is ready, what stands before it answers.
    pub(crate) fn primary_power(&self, site: &Site) -> Power {
        match self.pages.primary(site.name()) {
            Power::On | Power::Slow(_) if !self.kubernetes.runs(site.name()) => Power::Failing(503),
            power => power,
        }
    }

    /// Whether the primary answers a visitor who comes past the edge.
    pub fn primary_answers(&self, site: &Site, patience: Duration) -> bool {
        self.primary_power(site).answers_within(patience)
    }

    /// Whether the standby lets a visitor in and answers.
    pub fn standby_answers(&self, site: &Site, patience: Duration) -> bool {
        let open = self.run.front_door(&site.seed.service, Instant::now()) == FrontDoor::Open;
        open && self.pages.standby(site.name()).answers_within(patience)
    }

    /// What the primary says to this call, whoever brings it.
    pub(crate) fn primary_page(&self, site: &Site, call: &Call) -> Reply {
        let own = || page(self.primary_power(site), "primary", site, call);
        self.pages.said(Service::Primary, site).unwrap_or_else(own)
    }

    /// The same from the cache in front of it, if it has one.
    fn kept(&self, site: &Site, call: &Call, own: impl FnOnce() -> Reply) -> Reply {
        match self.pages.of(call.service, site.name()).caching {
            Some(caching) => self.cache.answer((caching, LIVES), call, own).header("server", "cloudflare"),
            None => own(),
        }
    }
}

fn page(power: Power, who: &str, site: &Site, call: &Call) -> Reply {
    let name = site.name();
    let body = format!("<html><body><h1>{name}</h1><p>Served by the {who} of {name}.</p></body></html>\n");
    let page = Reply::html(200, body).header(SERVED_BY, who).header("served-path", asked(call));
    match power {
        Power::On => page,
        Power::Slow(delay) => page.after(delay),
        Power::Failing(status) => Reply::html(status, format!("<h1>{status}</h1>\n")).header(SERVED_BY, who),
        Power::Dark => Reply::never(),
        Power::Off => Reply::reset(),
    }
}

fn asked(call: &Call) -> String {
    call.raw_query.as_ref().map_or_else(|| call.path.clone(), |query| format!("{}?{query}", call.path))
}

impl Provider for Sites {
    fn operation(&self, call: &Call) -> &'static str {
        match (call.service, call.method.as_str()) {
            (Service::Primary, "GET" | "HEAD") => "primary.get",
            (Service::Primary, _) => "primary.send",
            (_, "GET" | "HEAD") => "standby.get",
            _ => "standby.send",
        }
    }

    fn answer(&self, call: &Call) -> Reply {
        let primary = call.service == Service::Primary;
        let address = |site: &Site| if primary { site.primary } else { site.standby };
        match self.find(|site| address(site) == call.local) {
            Some(site) if primary => self.kept(&site, call, || self.primary_page(&site, call)),
            Some(site) => self.kept(&site, call, || self.standby_page(&site, call)),
            None => Reply::text(404, "no site has this address\n"),
        }
    }

    fn kind(&self, _operation: &str, _call: &Call) -> Kind {
        Kind::Visit
    }

    fn takes_sockets(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Client, StatusCode, Url};

    use super::*;
    use crate::{Options, Sandbox};

    async fn get(url: Url) -> reqwest::Result<reqwest::Response> {
        let client = Client::builder().timeout(Duration::from_millis(300)).build()?;
        client.get(url).send().await
    }

    async fn sandbox() -> (Sandbox, Site) {
        let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
        let site = sandbox.site("resume");
        (sandbox, site)
    }

    #[tokio::test]
    async fn the_primary_answers_until_its_power_is_cut_and_again_afterwards() {
        let (sandbox, site) = sandbox().await;
        let answer = get(site.primary_url().join("a?b=c").expect("a url")).await.expect("an answer");
        assert_eq!(answer.headers()[SERVED_BY], "primary");
        assert_eq!(answer.headers()["served-path"], "/a?b=c");
        sandbox.world.set_primary("resume", Power::Off);
        assert!(get(site.primary_url()).await.is_err());
        sandbox.world.set_primary("resume", Power::On);
        while get(site.primary_url()).await.is_err() {}
    }

    #[tokio::test]
    async fn a_dark_primary_is_silent_and_a_failing_one_says_so() {
        let (sandbox, site) = sandbox().await;
        sandbox.world.set_primary("resume", Power::Dark);
        assert!(get(site.primary_url()).await.is_err_and(|error| error.is_timeout()));
        sandbox.world.set_primary("resume", Power::Failing(500));
        assert_eq!(get(site.primary_url()).await.expect("an answer").status(), 500);
        assert!(!sandbox.world.sites.primary_answers(&site, Duration::from_secs(5)));
    }

    #[tokio::test]
    async fn a_standby_answers_only_once_the_public_may_invoke_it() {
        let (sandbox, site) = sandbox().await;
        assert_eq!(get(site.standby_url()).await.expect("an answer").status(), StatusCode::FORBIDDEN);
        sandbox.world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
        let answer = get(site.standby_url()).await.expect("an answer");
        assert_eq!(answer.headers()[SERVED_BY], "standby");
        assert!(answer.text().await.expect("a page").contains("Served by the standby"));
        assert!(sandbox.world.sites.standby_answers(&site, Duration::from_secs(5)));
    }

    #[tokio::test]
    async fn a_standby_asked_by_another_name_is_not_found() {
        let (sandbox, site) = sandbox().await;
        sandbox.world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
        let request = Client::new().get(site.standby_url()).header("host", "will.gleich.tech");
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
    }
}
