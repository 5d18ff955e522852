//! Asks a site the way a new visitor would, and says who answered.
//!
//! A probe proves or disproves; it never changes anything. It opens a connection of its own, follows redirects
//! itself, at most [`MOST_REDIRECTS`], and says in one sentence what it saw where that is no answer.

mod body;
pub(crate) mod certificate;
pub mod dialer;
mod identity;
mod memory;
mod stead;
mod tcp;
mod visit;
mod witness;

use std::time::Duration;

use failover_core::{Position, Served};
use http::HeaderValue;
use jiff::Timestamp;
use once_cell::sync::OnceCell;
use tokio::time::timeout;
use url::{Host, Url};
use uuid::Uuid;

use crate::host::HostPort;
use dialer::{Dialer, VisitLine};
use identity::Identities;
use visit::{Place, Visit};
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
    pub connect: Option<HostPort>,
    /// Whether one name leads to either place: resolvers and records may send some visitors here and others there.
    pub by_name: bool,
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
    /// Whose place the visit ended at with what is expected there, also where that came from a cache.
    pub led_to: Option<Position>,
    /// How long browsers remember the redirect to the standby, if there was one and they do.
    pub redirect_lives: Option<Duration>,
    /// When the certificate of the first host that was asked ends.
    pub expires: Option<Timestamp>,
}

impl Answer {
    fn of(served: Served) -> Self {
        let led_to = if let Served::By(who) = &served { Some(*who) } else { None };
        Self { served, led_to, redirect_lives: None, expires: None }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::of(Served::Unknown(why.into()))
    }

    fn silent(why: String) -> Self {
        Self::of(Served::Silent(why))
    }
}

/// Asks sites. Its client is built at the first probe.
#[derive(Debug)]
pub struct Prober {
    patience: Duration,
    dialer: OnceCell<Dialer>,
    identities: Identities,
}

impl Prober {
    /// A prober whose probes take at most `patience` each, looking names up, connecting and redirects included.
    pub fn new(patience: Duration) -> Self {
        Self { patience, dialer: OnceCell::new(), identities: Identities::default() }
    }

    /// Builds the client before the first probe, which tries again where that fails.
    pub fn prepare(&self) {
        let _ = self.dialer();
    }

    /// Asks the public URL as a visitor would, with a query that no cache has seen.
    pub async fn public(&self, site: &Targets) -> Answer {
        self.public_within(site, self.patience).await
    }

    /// As `public`, for a time that may be shorter than a probe's.
    pub async fn public_within(&self, site: &Targets, within: Duration) -> Answer {
        match self.dialer() {
            Ok(dialer) => public_through(&line(dialer, site), site, within.min(self.patience)).await,
            Err(unprepared) => unprepared,
        }
    }

    /// Asks the standby at its own address, with an identity where it is closed to everybody else.
    pub async fn standby(&self, site: &Targets) -> Answer {
        match &site.standby {
            Some(url) if site.witness.is_gate() => match self.identities.of(url, self.patience).await {
                Ok(token) => self.at_the_standby(url, site, Some(token)).await,
                Err(why) => Answer::unknown(why),
            },
            Some(url) => self.at_the_standby(url, site, None).await,
            None => Answer::unknown("there is no standby_url"),
        }
    }

    /// Asks the standby at its own address as anybody could, without what lets us in.
    pub async fn standby_as_a_stranger(&self, site: &Targets) -> Answer {
        match &site.standby {
            Some(url) => self.at_the_standby(url, site, None).await,
            None => Answer::unknown("there is no standby_url"),
        }
    }

    async fn at_the_standby(&self, url: &Url, site: &Targets, token: Option<HeaderValue>) -> Answer {
        let own = Own { url, who: Position::Standby, expect: &site.standby_expect, connect: None, token };
        self.own(own, &site.witness, self.patience).await
    }

    /// Asks the primary past the redirect.
    pub async fn primary(&self, site: &Targets) -> Answer {
        self.primary_within(site, self.patience).await
    }

    /// As `primary`, for a time that may be shorter than a probe's.
    pub async fn primary_within(&self, site: &Targets, within: Duration) -> Answer {
        let connect = site.connect.as_ref();
        let at_public = site.public.as_ref().filter(|_| connect.is_some());
        match site.primary.as_ref().or(at_public) {
            Some(url) => {
                let own = Own { url, who: Position::Primary, expect: &site.expect, connect, token: None };
                self.own(own, &site.witness, within.min(self.patience)).await
            }
            None => Answer::unknown("there is no primary_url"),
        }
    }

    /// Asks a place at its own address, also with a query that no cache has seen; being led elsewhere is no answer.
    async fn own(&self, own: Own<'_>, witness: &Witness, patience: Duration) -> Answer {
        let Own { url, who, expect, connect, token } = own;
        let line = match self.dialer() {
            Ok(dialer) => dialer.line().showing(token),
            Err(unprepared) => return unprepared,
        };
        if tcp::is_tcp(url) {
            return in_time(&line, patience, url, tcp::own(&line, url, connect, who)).await;
        }
        let place = Place::of(url, who, expect).owned(witness);
        let visit = Visit { start: fresh(url.clone()), places: vec![place], roams: false, connect };
        let answer = visit.walk(&line, patience).await;
        if line.showed_in_vain() {
            self.identities.doubt(url).await;
        }
        answer
    }

    /// A failure is not kept: the system's certificates may be back a moment later. That we can't ask says nothing
    /// about the site.
    fn dialer(&self) -> Result<&Dialer, Answer> {
        self.dialer
            .get_or_try_init(|| Dialer::new().map(Dialer::probing))
            .map_err(|why| Answer::unknown(format!("the prober could not prepare for HTTPS: {why}")))
    }
}

/// A place to be asked at its own address.
struct Own<'a> {
    url: &'a Url,
    who: Position,
    expect: &'a Expect,
    connect: Option<&'a HostPort>,
    /// What lets us in where visitors aren't. It is shown to this place alone, since nobody is followed elsewhere.
    token: Option<HeaderValue>,
}

/// A name that leads to either place is asked at each of its addresses in turn: visitors take any.
fn line<'a>(dialer: &'a Dialer, site: &Targets) -> VisitLine<'a> {
    if site.by_name { dialer.line_in_turn() } else { dialer.line() }
}

/// Asks the public URL as [`Prober::public`] does, over a way of one's own.
pub(crate) async fn public_through(line: &VisitLine<'_>, site: &Targets, patience: Duration) -> Answer {
    match &site.public {
        None => Answer::unknown(NO_PUBLIC_URL),
        Some(public) if tcp::is_tcp(public) => {
            in_time(line, patience, public, tcp::public(line, public, site)).await
        }
        Some(public) => as_visitor(public, site).walk(line, patience).await,
    }
}

/// A visit to the public URL, with a query that no cache has seen.
fn as_visitor<'a>(public: &'a Url, site: &'a Targets) -> Visit<'a> {
    let standby = site.standby.iter().map(|url| Place::of(url, Position::Standby, &site.standby_expect));
    let shared =
        Place::of(public, Position::Primary, &site.expect).shared(&site.witness, &site.standby_expect);
    let places = standby.chain([shared]).collect();
    Visit { start: fresh(public.clone()), places, roams: true, connect: None }
}

/// What tells one probe from any other: a word in its query, which a gate gets as a header too and repeats.
const QUERY: &str = "failover-probe";

/// The word of the probe that asks this.
fn word(url: &Url) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == QUERY).map(|(_, word)| word.into_owned())
}

/// The same address with a query that no cache has seen; what was asked for already has it.
fn fresh(mut url: Url) -> Url {
    if !url.query_pairs().any(|(name, _)| name == QUERY) {
        url.query_pairs_mut().append_pair(QUERY, &Uuid::new_v4().simple().to_string());
    }
    url
}

async fn in_time(
    line: &VisitLine<'_>,
    patience: Duration,
    url: &Url,
    probe: impl Future<Output = Answer>,
) -> Answer {
    match timeout(patience, Box::pin(probe)).await {
        Ok(answer) => answer,
        Err(_) => Answer::of(late(line, patience, url)),
    }
}

/// No answer in time is silence, unless it was the resolver that gave none.
fn late(line: &VisitLine<'_>, patience: Duration, url: &Url) -> Served {
    let told = format!("{} gave no answer within {patience:?}", shown(url));
    if line.waits_for_a_name() {
        return Served::Unknown(format!("{told}: its name was still being looked up"));
    }
    Served::Silent(told)
}

/// A URL as a sentence shows it: the same for every probe, and without a password.
fn shown(url: &Url) -> String {
    let host = url.host().map_or_else(String::new, |host: Host<&str>| host.to_string());
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

#[cfg(test)]
mod tests;
