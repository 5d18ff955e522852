//! What the edge in front of one site does beside the zone's rules.

use std::time::Duration;

use crate::frame::call::{Call, Reply};
use crate::sites::cache::{Caching, LIVES};
use crate::sites::page::Page;

/// How long the edge waits for an origin that doesn't take the connection.
/// Source: developers.cloudflare.com/support/troubleshooting, "Error 522".
const ORIGIN_TIMEOUT: Duration = Duration::from_secs(19);

/// How an edge is set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every visitor is asked to prove that it's human, before any rule runs.
    pub challenge: bool,
    /// Every visitor is refused, with Cloudflare's page of this code.
    pub blocked: Option<Block>,
    /// What isn't led elsewhere by a rule is redirected to this origin of the same site, path and query kept: "Always
    /// Use HTTPS", or a name with `www`.
    pub moved_to: Option<String>,
    /// What isn't redirected is answered from the cache, with this `cf-cache-status`.
    pub cached: Option<String>,
    /// What the cache remembers.
    pub caching: Caching,
    /// How long it does.
    pub cache_lives: Duration,
    /// The `Cache-Control` of redirects.
    pub redirect_cache_control: Option<String>,
    /// How long a silent origin is waited for.
    pub origin_timeout: Duration,
    /// What stands at an address that a record has, instead of the primary or the standby; without an address, at
    /// every one that isn't named.
    pub origins: Vec<(Option<String>, Page)>,
}

/// Why a visitor is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// A rule of the firewall: 403 with error code 1020.
    Firewall,
    /// Too many requests from this address: 429 with error code 1015.
    RateLimit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            challenge: false,
            blocked: None,
            moved_to: None,
            cached: None,
            caching: Caching::Nothing,
            cache_lives: LIVES,
            redirect_cache_control: None,
            origin_timeout: ORIGIN_TIMEOUT,
            origins: Vec::new(),
        }
    }
}

impl Settings {
    /// The answer that a visitor gets before any rule of the zone is looked at.
    pub(super) fn barrier(&self) -> Option<Reply> {
        if self.challenge {
            let page = Reply::html(403, "<title>Just a moment...</title>\n");
            return Some(page.header("cf-mitigated", "challenge"));
        }
        Some(match self.blocked? {
            Block::Firewall => Reply::html(403, "<title>Access denied</title>error code: 1020\n"),
            Block::RateLimit => {
                let page = Reply::html(429, "<title>You are being rate limited</title>error code: 1015\n");
                page.header("retry-after", "10")
            }
        })
    }

    /// The redirect to the origin that the site's visitors belong to.
    pub(super) fn elsewhere(&self, call: &Call) -> Option<Reply> {
        let origin = self.moved_to.as_deref()?.trim_end_matches('/');
        let query = call.raw_query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        Some(Reply::empty(301).header("location", format!("{origin}{}{query}", call.path)))
    }

    /// What stands at this address.
    pub(super) fn origin(&self, content: &str) -> Option<&Page> {
        let at = |wanted: Option<&str>| {
            self.origins.iter().find(|(known, _)| known.as_deref() == wanted).map(|(_, page)| page)
        };
        at(Some(content)).or_else(|| at(None))
    }
}
