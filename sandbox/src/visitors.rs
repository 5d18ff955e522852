//! Simulated visitors: they ask a site's public address again and again, as browsers would, and take notes.
//! The drill shows their notes; tests ask them how long a site was gone.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use reqwest::{Client, redirect::Policy};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use url::Url;

use crate::frame::lock::lock;
use crate::sites::SERVED_BY;

/// Redirects that a visitor follows.
const REDIRECTS: usize = 5;

/// How long a visitor waits before leaving: own choice, near what people do.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who served a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// The primary.
    Primary,
    /// The standby.
    Standby,
    /// Somebody who doesn't say, a cache for example.
    Somebody,
    /// Nobody: what the visitor saw instead.
    Nobody(String),
}

impl fmt::Display for Served {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => formatter.write_str("primary"),
            Self::Standby => formatter.write_str("standby"),
            Self::Somebody => formatter.write_str("somebody"),
            Self::Nobody(why) => write!(formatter, "nobody: {why}"),
        }
    }
}

/// One visit.
#[derive(Clone, Debug)]
pub struct Visited {
    /// When it began.
    pub began: Instant,
    /// When it was over.
    pub ended: Instant,
    /// Who served it.
    pub served: Served,
}

impl Visited {
    /// Whether the visitor saw the site.
    pub fn succeeded(&self) -> bool {
        !matches!(self.served, Served::Nobody(_))
    }
}

/// A time without the site, from the first visit that failed to the first that succeeded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When the first failed visit began.
    pub from: Instant,
    /// When the first successful one after it was over; none while it lasts.
    pub until: Option<Instant>,
    /// The visits that failed.
    pub lost: usize,
}

impl Outage {
    /// How long it was, or is by now.
    pub fn duration(&self) -> Duration {
        self.until.unwrap_or_else(Instant::now) - self.from
    }
}

/// The outages in these visits, in the order the visits began.
pub fn outages(visits: &[Visited]) -> Vec<Outage> {
    let mut sorted: Vec<_> = visits.iter().collect();
    sorted.sort_by_key(|visit| visit.began);
    let mut found: Vec<Outage> = Vec::new();
    for visit in sorted {
        let current = found.last_mut().filter(|outage| outage.until.is_none());
        match (current, visit.succeeded()) {
            (Some(outage), true) => outage.until = Some(visit.ended),
            (Some(outage), false) => outage.lost += 1,
            (None, true) => {}
            (None, false) => found.push(Outage { from: visit.began, until: None, lost: 1 }),
        }
    }
    found
}

/// Visitors of one site. Dropped, they stay at home.
#[derive(Debug)]
pub struct Visitors {
    notes: Arc<Notes>,
    coming: JoinHandle<()>,
}

#[derive(Debug)]
struct Notes {
    visits: Mutex<Vec<Visited>>,
    count: watch::Sender<usize>,
}

impl Visitors {
    /// One visitor every so often, whether or not those before have been served.
    pub fn start(url: &Url, every: Duration) -> reqwest::Result<Self> {
        let client = browser()?;
        let notes = Arc::new(Notes { visits: Mutex::default(), count: watch::Sender::new(0) });
        let coming = tokio::spawn(come(client, url.clone(), every, notes.clone()));
        Ok(Self { notes, coming })
    }

    /// Every visit that is over, in the order they ended.
    pub fn visits(&self) -> Vec<Visited> {
        lock(&self.notes.visits).clone()
    }

    /// The number of visits that are over; changes with each.
    pub fn watch(&self) -> watch::Receiver<usize> {
        self.notes.count.subscribe()
    }

    /// The times without the site.
    pub fn outages(&self) -> Vec<Outage> {
        outages(&lock(&self.notes.visits))
    }

    /// Visits that nobody served.
    pub fn lost(&self) -> usize {
        lock(&self.notes.visits).iter().filter(|visit| !visit.succeeded()).count()
    }

    /// Waits until a visit that began after this moment is served by them.
    pub async fn served_by(&self, who: &Served, after: Instant) -> Visited {
        let mut count = self.watch();
        loop {
            let fits = |visit: &&Visited| visit.served == *who && visit.began >= after;
            let found = lock(&self.notes.visits).iter().find(fits).cloned();
            if let Some(found) = found {
                return found;
            }
            // The notes live as long as the visitors: the sender is never gone here.
            let _never_closed = count.changed().await;
        }
    }

    /// Sends nobody any more.
    pub fn stop(&self) {
        self.coming.abort();
    }
}

impl Drop for Visitors {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn come(client: Client, url: Url, every: Duration, notes: Arc<Notes>) {
    let mut clock = tokio::time::interval(every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let (client, url, notes) = (client.clone(), url.clone(), notes.clone());
        tokio::spawn(async move {
            let visited = visit_with(&client, url).await;
            lock(&notes.visits).push(visited);
            notes.count.send_modify(|count| *count += 1);
        });
    }
}

/// One visit.
pub async fn visit(url: &Url) -> reqwest::Result<Visited> {
    Ok(visit_with(&browser()?, url.clone()).await)
}

/// A browser that has never been here: no connection is kept, nothing is remembered. One serves everybody, since
/// building it reads every certificate of the system.
fn browser() -> reqwest::Result<Client> {
    static BROWSER: OnceLock<Client> = OnceLock::new();
    if let Some(browser) = BROWSER.get() {
        return Ok(browser.clone());
    }
    let client = Client::builder().redirect(Policy::limited(REDIRECTS)).timeout(PATIENCE);
    let built = client.pool_max_idle_per_host(0).user_agent("Mozilla/5.0 (visitor)").no_proxy().build()?;
    Ok(BROWSER.get_or_init(|| built).clone())
}

async fn visit_with(client: &Client, url: Url) -> Visited {
    let began = Instant::now();
    let served = match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => {
            match answer.headers().get(SERVED_BY).and_then(|who| who.to_str().ok()) {
                Some("primary") => Served::Primary,
                Some("standby") => Served::Standby,
                _ => Served::Somebody,
            }
        }
        Ok(answer) => Served::Nobody(answer.status().as_u16().to_string()),
        Err(error) if error.is_timeout() => Served::Nobody("no answer".to_owned()),
        Err(error) if error.is_redirect() => Served::Nobody("redirected in circles".to_owned()),
        Err(_) => Served::Nobody("connection broken".to_owned()),
    };
    Visited { began, ended: Instant::now(), served }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sites::Power;
    use crate::{Options, Sandbox};

    #[tokio::test]
    async fn visitors_notice_who_serves_them_and_for_how_long_nobody_does() {
        let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
        let site = sandbox.site("resume");
        let visitors = Visitors::start(&site.public_url(), Duration::from_millis(10)).expect("a client");
        visitors.served_by(&Served::Primary, Instant::now()).await;

        sandbox.world.set_primary("resume", Power::Off);
        visitors.served_by(&Served::Nobody("521".to_owned()), Instant::now()).await;

        sandbox.world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
        let cloudflare = &sandbox.world.cloudflare;
        cloudflare.edits.edit_page_rule(&site.seed.zone, &site.seed.rule, "status", json!("active"));
        visitors.served_by(&Served::Standby, Instant::now()).await;

        let outages = visitors.outages();
        assert_eq!(outages.len(), 1, "{outages:?}");
        assert!(outages[0].until.is_some());
        assert_eq!(outages[0].lost, visitors.lost());
    }

    #[tokio::test]
    async fn a_visitor_that_is_sent_in_circles_gives_up() {
        let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
        let site = sandbox.site("resume");
        let circle =
            json!([{ "id": "forwarding_url", "value": { "url": site.public_url(), "status_code": 302 } }]);
        let cloudflare = &sandbox.world.cloudflare;
        cloudflare.edits.edit_page_rule(&site.seed.zone, &site.seed.rule, "actions", circle);
        cloudflare.edits.edit_page_rule(&site.seed.zone, &site.seed.rule, "status", json!("active"));
        let visited = visit(&site.public_url()).await.expect("a client");
        assert_eq!(visited.served, Served::Nobody("redirected in circles".to_owned()));
    }

    #[test]
    fn an_outage_lasts_from_the_first_failure_to_the_end_of_the_first_success() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let visit = |second, served| Visited { began: at(second), ended: at(second + 1), served };
        let nobody = || Served::Nobody("521".to_owned());
        let visits = [
            visit(0, Served::Primary),
            visit(6, Served::Standby),
            visit(2, nobody()),
            visit(4, nobody()),
            visit(8, nobody()),
        ];
        let expected = [
            Outage { from: at(2), until: Some(at(7)), lost: 2 },
            Outage { from: at(8), until: None, lost: 1 },
        ];
        assert_eq!(outages(&visits), expected);
    }
}
