//! One visit over HTTP: from a URL along its redirects to the answer, and what that proves.

use std::{net::SocketAddr, time::Duration};

use failover_core::{Position, Served};
use http::{
    HeaderMap,
    header::{HOST, LOCATION},
};
use reqwest::{Client, Response};
use url::{Host, Origin, Url};

use super::{Answer, Expect, MOST_REDIRECTS, ServedBy, Witness, body, memory, shown};
use crate::api::retry::root_cause;

/// How a URL is asked: over a connection of its own, following nothing.
pub(crate) trait Way: Sync {
    /// The head of the answer, or why there is none. With an address, that is connected to in place of what the
    /// host's name leads to.
    fn get(
        &self,
        url: &Url,
        connect: Option<SocketAddr>,
    ) -> impl Future<Output = Result<Response, String>> + Send;
}

impl Way for Client {
    async fn get(&self, url: &Url, connect: Option<SocketAddr>) -> Result<Response, String> {
        let request = match connect {
            None => Client::get(self, url.clone()),
            Some(address) => Client::get(self, past_the_name(url, address)).header(HOST, authority(url)),
        };
        request.send().await.map_err(|error| root_cause(&error))
    }
}

/// A place that a visit may end at: an origin, who serves there, and what they answer.
#[derive(Debug)]
pub(super) struct Place<'a> {
    origin: Origin,
    who: Position,
    expect: &'a Expect,
    /// What the standby answers, where it may be the one that answers here.
    standby_expect: &'a Expect,
    /// How an answer says who gave it, where that is not for the origin to tell.
    served_by: Option<&'a ServedBy>,
    /// Whose own address it is: an answer from there that says nothing else is theirs.
    owns: Option<Position>,
}

/// What to visit.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    pub(super) start: Url,
    pub(super) places: Vec<Place<'a>>,
    /// Whether redirects to other origins are followed.
    pub(super) roams: bool,
    /// Connect here, whatever the host's name leads to.
    pub(super) connect: Option<SocketAddr>,
}

impl<'a> Place<'a> {
    pub(super) fn of(url: &Url, who: Position, expect: &'a Expect) -> Self {
        Self { origin: url.origin(), who, expect, standby_expect: expect, served_by: None, owns: None }
    }

    /// A place that serves as the primary or as the standby: its answers say which, where they can.
    pub(super) fn shared(self, witness: &'a Witness, standby_expect: &'a Expect) -> Self {
        Self { served_by: witness.header(), standby_expect, ..self }
    }

    /// A place with an address of its own: an answer that says nothing else is from there.
    pub(super) fn owned(self, witness: &'a Witness) -> Self {
        Self { served_by: witness.header(), owns: Some(self.who), ..self }
    }

    /// Somebody answered, and it can't be told who.
    fn anonymous(&self, url: &Url) -> Served {
        let expected = self.served_by.map(ToString::to_string).unwrap_or_default();
        Served::Unknown(format!("{} answered without {expected}", shown(url)))
    }

    /// Who gave an answer with these headers, and what they should have answered; nobody where it doesn't say so.
    fn told_by(&self, headers: &HeaderMap) -> (Option<Position>, &Expect) {
        let Some(served_by) = self.served_by else { return (Some(self.who), self.expect) };
        let who = served_by.read(headers).or(self.owns);
        (who, if who == Some(Position::Standby) { self.standby_expect } else { self.expect })
    }
}

impl Visit<'_> {
    pub(super) async fn walk(&self, way: &impl Way) -> Answer {
        let mut lives = None;
        let served = self.follow(way, &mut lives).await.unwrap_or_else(|served| served);
        Answer { served, redirect_lives: lives }
    }

    /// Follows redirects to an answer; the error is what stands in the way of one. `lives` becomes the life of the
    /// redirect that enters the standby: whoever remembers an earlier one asks the edge again.
    async fn follow(&self, way: &impl Way, lives: &mut Option<Duration>) -> Result<Served, Served> {
        let mut url = self.start.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.ask(way, &url).await?;
            met_by_cloudflare(&url, response.headers())?;
            match self.next(&url, &response)? {
                None => return self.judge(&url, response).await,
                Some(next) => {
                    if self.is_standby(&next) && !self.is_standby(&url) {
                        *lives = memory::remembered(response.status(), response.headers());
                    }
                    url = next;
                }
            }
        }
        Err(Served::Silent(format!("{} redirects more than {MOST_REDIRECTS} times", shown(&self.start))))
    }

    async fn ask(&self, way: &impl Way, url: &Url) -> Result<Response, Served> {
        let broken = |why| Served::Silent(format!("{} gave no answer: {why}", shown(url)));
        way.get(url, self.connect).await.map_err(broken)
    }

    /// Where the response redirects to; `None` where it is the answer.
    fn next(&self, url: &Url, response: &Response) -> Result<Option<Url>, Served> {
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location =
            response.headers().get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let Some(next) = location.and_then(|location| url.join(location).ok()) else {
            return Err(Served::Silent(format!("{} redirects to nowhere", shown(url))));
        };
        let stays = next.origin() == url.origin();
        let expected = self.place(url).is_some_and(|place| place.expect.status == response.status().as_u16());
        if stays && expected {
            return Ok(None);
        }
        if !self.roams && self.place(&next).is_none() {
            return Err(Served::Silent(format!("{} leads away to {}", shown(url), shown(&next))));
        }
        Ok(Some(next))
    }

    async fn judge(&self, url: &Url, response: Response) -> Result<Served, Served> {
        let Some(place) = self.place(url) else {
            let told = format!(
                "{} leads to {}, which is neither primary nor standby",
                shown(&self.start),
                shown(url)
            );
            return Err(Served::Silent(told));
        };
        let (who, expect) = place.told_by(response.headers());
        let status = response.status().as_u16();
        if status != expect.status {
            return Err(Served::Silent(format!("{} answered {status}, not {}", shown(url), expect.status)));
        }
        match body::contains(response, &expect.contains).await {
            Ok(true) => who.map(Served::By).ok_or_else(|| place.anonymous(url)),
            Ok(false) => {
                Err(Served::Silent(format!("{} answered without {:?}", shown(url), expect.contains)))
            }
            Err(error) => {
                Err(Served::Silent(format!("{} broke off its answer: {}", shown(url), root_cause(&error))))
            }
        }
    }

    fn is_standby(&self, url: &Url) -> bool {
        self.place(url).is_some_and(|place| place.who == Position::Standby)
    }

    fn place(&self, url: &Url) -> Option<&Place<'_>> {
        let origin = url.origin();
        self.places.iter().find(|place| place.origin == origin)
    }
}

/// Cloudflare may answer in the site's stead: from its cache, which proves nothing about the site, or with a
/// challenge, which proves nothing at all (pages "Cloudflare cache responses" and "Detect a challenge page response",
/// read 2026-11-20).
fn met_by_cloudflare(url: &Url, headers: &HeaderMap) -> Result<(), Served> {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if value("cf-mitigated").eq_ignore_ascii_case("challenge") {
        return Err(Served::Unknown(format!("{} was met with a challenge of Cloudflare's", shown(url))));
    }
    let cache = value("cf-cache-status");
    if ["HIT", "STALE", "UPDATING"].iter().any(|cached| cache.eq_ignore_ascii_case(cached)) {
        return Err(Served::Silent(format!("{} was answered from Cloudflare's cache ({cache})", shown(url))));
    }
    Ok(())
}

/// The same URL with the port to connect to: a port in the URL would win over the address's own. The host stays for
/// the certificate; the client resolves it to the address.
fn past_the_name(url: &Url, address: SocketAddr) -> Url {
    let mut direct = url.clone();
    if !matches!(url.host(), Some(Host::Domain(_))) {
        // A number isn't resolved.
        let _ = direct.set_ip_host(address.ip());
    }
    let _ = direct.set_port(Some(address.port()));
    direct
}

/// What the header `Host` holds.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
