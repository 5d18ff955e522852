//! Asks a site the way a new visitor would, and says who answered.
//!
//! A probe proves or disproves; it never changes anything. It opens a connection of its own, follows redirects
//! itself, at most [`MOST_REDIRECTS`], and says in one sentence what it saw where that is no answer.

mod body;
mod memory;
mod tcp;
mod visit;
mod witness;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use failover_core::{Position, Served};
use once_cell::sync::OnceCell;
use tokio::time::timeout;
use url::{Host, Url};
use uuid::Uuid;

use crate::api::retry::root_cause;
use visit::{Place, Visit};
pub(crate) use visit::{Way, authority};
pub use witness::{ServedBy, Witness};

/// How many redirects a visitor is followed over.
pub const MOST_REDIRECTS: usize = 5;

const NO_PUBLIC_URL: &str = "there is no public_url";

/// What a good answer is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Its HTTP status.
    pub status: u16,
    /// A text in the first mebibyte of its body; empty accepts any body.
    pub contains: String,
}

impl Default for Expect {
    fn default() -> Self {
        Self { status: 200, contains: String::new() }
    }
}

/// Where one site is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// What visitors type, where there are any. This and the others may be `tcp://host:port`: then a connection is the
    /// answer.
    pub public: Option<Url>,
    /// By what one knows which place gave an answer at the public URL.
    pub witness: Witness,
    /// The standby's own address.
    pub standby: Option<Url>,
    /// The primary past the redirect.
    pub primary: Option<Url>,
    /// Where the primary is connected to, with the host name of its URL, or of the public one.
    pub connect: Option<SocketAddr>,
    /// What the primary answers.
    pub expect: Expect,
    /// What the standby answers.
    pub standby_expect: Expect,
}

/// What a probe saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who served the request.
    pub served: Served,
    /// How long browsers remember the redirect to the standby, if there was one and they do.
    pub redirect_lives: Option<Duration>,
}

/// Asks sites. Its HTTP client is built at the first probe, and one more for each address to connect to.
#[derive(Debug)]
pub struct Prober {
    patience: Duration,
    client: OnceCell<reqwest::Client>,
    direct: Mutex<HashMap<(String, SocketAddr), reqwest::Client>>,
}

impl Prober {
    /// A prober whose probes take at most `patience` each, connecting and redirects included.
    pub fn new(patience: Duration) -> Self {
        Self { patience, client: OnceCell::new(), direct: Mutex::default() }
    }

    /// Builds the client before the first probe, which tries again where that fails.
    pub fn prepare(&self) {
        let _ = self.client();
    }

    /// Asks the public URL as a visitor would, with a query that no cache has seen.
    pub async fn public(&self, site: &Targets) -> Answer {
        match &site.public {
            None => unasked(NO_PUBLIC_URL),
            Some(public) if tcp::is_tcp(public) => {
                in_time(self.patience, public, tcp::public(public, site)).await
            }
            Some(public) => self.visit(as_visitor(public, site)).await,
        }
    }

    /// As `public`, for a time that may be shorter than a probe's.
    pub async fn public_within(&self, site: &Targets, within: Duration) -> Answer {
        let url = site.public.as_ref();
        hurried(url, within, self.public(site)).await
    }

    /// As `primary`, for a time that may be shorter than a probe's.
    pub async fn primary_within(&self, site: &Targets, within: Duration) -> Answer {
        let url = site.primary.as_ref().or(site.public.as_ref());
        hurried(url, within, self.primary(site)).await
    }

    /// Asks the standby at its own address.
    pub async fn standby(&self, site: &Targets) -> Answer {
        match &site.standby {
            Some(url) => self.own(url, (Position::Standby, &site.standby_expect), &site.witness, None).await,
            None => unasked("there is no standby_url"),
        }
    }

    /// Asks the primary past the redirect.
    pub async fn primary(&self, site: &Targets) -> Answer {
        let at_public = site.public.as_ref().filter(|_| site.connect.is_some());
        match site.primary.as_ref().or(at_public) {
            Some(url) => self.own(url, (Position::Primary, &site.expect), &site.witness, site.connect).await,
            None => unasked("there is no primary_url"),
        }
    }

    /// Asks a place at its own address; being led elsewhere is no answer.
    async fn own(
        &self,
        url: &Url,
        (who, expect): (Position, &Expect),
        witness: &Witness,
        connect: Option<SocketAddr>,
    ) -> Answer {
        if tcp::is_tcp(url) {
            return in_time(self.patience, url, tcp::own(url, connect, who)).await;
        }
        let place = Place::of(url, who, expect).owned(witness);
        self.visit(Visit { start: url.clone(), places: vec![place], roams: false, connect }).await
    }

    async fn visit(&self, visit: Visit<'_>) -> Answer {
        let client = match visit.connect {
            Some(address) => self.direct_client(&visit.start, address),
            None => self.client(),
        };
        match client {
            Ok(client) => in_time(self.patience, &visit.start, visit.walk(&client)).await,
            // That we can't ask says nothing about the site.
            Err(why) => unasked(&format!("the prober could not prepare for HTTPS: {why}")),
        }
    }

    /// A failure is not kept: the system's certificates may be back a moment later.
    fn client(&self) -> Result<reqwest::Client, String> {
        self.client.get_or_try_init(|| build(|builder| builder)).cloned()
    }

    fn direct_client(&self, url: &Url, address: SocketAddr) -> Result<reqwest::Client, String> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut built = self.direct.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = built.get(&(host.clone(), address)) {
            return Ok(client.clone());
        }
        let client = build(|builder| builder.resolve_to_addrs(&host, &[address]))?;
        built.insert((host, address), client.clone());
        Ok(client)
    }
}

/// Asks the public URL as [`Prober::public`] does, over a way of one's own.
pub(crate) async fn public_through(way: &impl Way, site: &Targets, patience: Duration) -> Answer {
    match &site.public {
        None => unasked(NO_PUBLIC_URL),
        Some(public) if tcp::is_tcp(public) => in_time(patience, public, tcp::public(public, site)).await,
        Some(public) => in_time(patience, public, as_visitor(public, site).walk(way)).await,
    }
}

/// A visit to the public URL, with a query that no cache has seen.
fn as_visitor<'a>(public: &'a Url, site: &'a Targets) -> Visit<'a> {
    let mut start = public.clone();
    start.query_pairs_mut().append_pair("failover-probe", &Uuid::new_v4().simple().to_string());
    let standby = site.standby.iter().map(|url| Place::of(url, Position::Standby, &site.standby_expect));
    let shared =
        Place::of(public, Position::Primary, &site.expect).shared(&site.witness, &site.standby_expect);
    Visit { start, places: standby.chain([shared]).collect(), roams: true, connect: None }
}

async fn in_time(patience: Duration, url: &Url, probe: impl Future<Output = Answer>) -> Answer {
    let late = || silent(format!("{} gave no answer within {patience:?}", shown(url)));
    timeout(patience, probe).await.unwrap_or_else(|_| late())
}

async fn hurried(url: Option<&Url>, within: Duration, probe: impl Future<Output = Answer>) -> Answer {
    match url {
        Some(url) => in_time(within, url, probe).await,
        None => probe.await,
    }
}

/// A client that sees what a new visitor sees: nothing is reused or followed, and no proxy stands between.
fn build(
    refine: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("cloud-failover-probe/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .http1_only()
        .no_proxy();
    refine(builder).build().map_err(|error| root_cause(&error))
}

fn unasked(why: &str) -> Answer {
    Answer { served: Served::Unknown(why.to_owned()), redirect_lives: None }
}

fn silent(why: String) -> Answer {
    Answer { served: Served::Silent(why), redirect_lives: None }
}

/// A URL as a sentence shows it: the same for every probe, and without a password.
fn shown(url: &Url) -> String {
    let host = url.host().map_or_else(String::new, |host: Host<&str>| host.to_string());
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

#[cfg(test)]
mod tests;
