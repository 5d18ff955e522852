//! One visit over HTTP: from a URL along its redirects to the answer, and what that proves.

use std::time::Duration;

use failover_core::{Position, Served};
use http::{HeaderMap, header::LOCATION};
use reqwest::Response;
use tokio::time::timeout;
use url::{Origin, Url};

use super::{
    Answer, Expect, MOST_REDIRECTS, ServedBy, Witness, body,
    dialer::{Unanswered, VisitLine},
    fresh, late, memory, shown,
    stead::{challenge, from_a_cache, is_refusal},
    word,
};
use crate::{api::retry::root_cause, host::HostPort};

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
    pub(super) connect: Option<&'a HostPort>,
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
    fn told_by(&self, headers: &HeaderMap, url: &Url) -> (Option<Position>, &Expect) {
        let Some(served_by) = self.served_by else { return (Some(self.who), self.expect) };
        let who = match self.owns {
            // At its own address no gate is in the way.
            Some(own) if served_by.by_gate => Some(own),
            own => served_by.tell(headers, word(url).as_deref()).or(own),
        };
        (who, if who == Some(Position::Standby) { self.standby_expect } else { self.expect })
    }
}

/// How far a visit has come.
#[derive(Debug)]
struct Trail {
    at: Url,
    /// The life of the redirect that enters the standby: whoever remembers an earlier one asks the edge again.
    lives: Option<Duration>,
    /// Whose place gave what is expected there, from a cache or not.
    led_to: Option<Position>,
}

impl Visit<'_> {
    /// Goes along redirects to an answer, for at most `patience`.
    pub(super) async fn walk(&self, line: &VisitLine<'_>, patience: Duration) -> Answer {
        let mut trail = Trail { at: self.start.clone(), lives: None, led_to: None };
        // On the heap: whoever asks would carry it.
        let walk = Box::pin(self.follow(line, &mut trail));
        let served = match timeout(patience, walk).await {
            Ok(Ok(served) | Err(served)) => served,
            Err(_) => self.at_home(&trail.at, late(line, patience, &trail.at)),
        };
        let expires = line.seen().expires;
        Answer { served, led_to: trail.led_to, redirect_lives: trail.lives, expires }
    }

    /// Follows redirects to an answer; the error is what stands in the way of one.
    async fn follow(&self, line: &VisitLine<'_>, trail: &mut Trail) -> Result<Served, Served> {
        for _ in 0..=MOST_REDIRECTS {
            let url = trail.at.clone();
            let asked = line.get(&url, self.connect).await;
            let response = asked.map_err(|why| self.at_home(&url, self.unanswered(&url, &why)))?;
            if challenge(response.headers()) {
                return Err(Served::Unknown(format!(
                    "{} was met with a challenge of Cloudflare's",
                    shown(&url)
                )));
            }
            let Some(next) = self.next(&url, &response).map_err(|why| self.at_home(&url, why))? else {
                return self.judge(&url, response, trail).await;
            };
            if self.is_standby(&next) && !self.is_standby(&url) {
                trail.lives = memory::remembered(response.status(), response.headers());
            }
            // A redirect may lose the query; at a place of ours the answer is to be its own all the same.
            let enters = next.origin() != url.origin() && self.place(&next).is_some();
            trail.at = if enters { fresh(next) } else { next };
        }
        let told = format!("{} redirects more than {MOST_REDIRECTS} times", shown(&self.start));
        Err(self.at_home(&trail.at, Served::Silent(told)))
    }

    /// Why nobody answered. What failed here says nothing; nor can a move help visitors of a name that isn't there.
    fn unanswered(&self, url: &Url, why: &Unanswered) -> Served {
        let told = format!("{} gave no answer: {why}", shown(url));
        match why {
            Unanswered::Ours(_) => Served::Unknown(told),
            Unanswered::NoName(_) if self.roams && url.origin() == self.start.origin() => {
                Served::Unknown(told)
            }
            Unanswered::NoName(_) | Unanswered::There(_) => Served::Silent(told),
        }
    }

    /// Silence is silence at a place of ours. Elsewhere it is that of whoever we were led to: a login, another host.
    fn at_home(&self, url: &Url, served: Served) -> Served {
        match (self.place(url), served) {
            (None, Served::Silent(why)) => {
                Served::Unknown(format!("{} leads away to {}: {why}", shown(&self.start), shown(url)))
            }
            (_, served) => served,
        }
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
            return Err(Served::Unknown(format!("{} leads away to {}", shown(url), shown(&next))));
        }
        Ok(Some(next))
    }

    async fn judge(&self, url: &Url, response: Response, trail: &mut Trail) -> Result<Served, Served> {
        let Some(place) = self.place(url) else {
            return Err(Served::Unknown(format!(
                "{} leads to {}, which is neither primary nor standby",
                shown(&self.start),
                shown(url)
            )));
        };
        let (who, expect) = place.told_by(response.headers(), url);
        let cached = from_a_cache(response.headers());
        let refused = is_refusal(response.status(), response.headers(), place.who);
        let fits = fits(url, response, expect).await;
        trail.led_to = who.filter(|_| fits.is_ok());
        match (cached, fits) {
            // Whether the site lives can't be seen by it.
            (Some(cache), _) => {
                Err(Served::Unknown(format!("{} was answered from Cloudflare's cache ({cache})", shown(url))))
            }
            (None, Ok(())) => who.map(Served::By).ok_or_else(|| place.anonymous(url)),
            (None, Err(why)) if refused => Err(Served::Unknown(why)),
            (None, Err(why)) => Err(Served::Silent(why)),
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

/// Whether the answer is what is expected, or in what it isn't.
async fn fits(url: &Url, response: Response, expect: &Expect) -> Result<(), String> {
    let status = response.status().as_u16();
    if status != expect.status {
        return Err(format!("{} answered {status}, not {}", shown(url), expect.status));
    }
    match body::contains(response, &expect.contains).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} answered without {:?}", shown(url), expect.contains)),
        Err(error) => Err(format!("{} broke off its answer: {}", shown(url), root_cause(&error))),
    }
}

/// What the header `Host` holds.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
