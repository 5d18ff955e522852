//! What Cloudflare's cache remembers of what was asked, in front of any web site that is proxied.
//! Source: developers.cloudflare.com/cache/concepts/cache-responses and /cache/how-to/configure-cache-status-code.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use http::Method;

use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;

/// How long a page is kept that says nothing of it itself: Cloudflare's default for 200.
pub const LIVES: Duration = Duration::from_hours(2);

/// What is kept of a site, if anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// Pages of HTML are asked for each time, as by default: `DYNAMIC`.
    #[default]
    Nothing,
    /// "Cache everything": each URL with its query is another page.
    ByUrl,
    /// "Cache everything" and "ignore query string".
    IgnoringQuery,
}

/// All that is kept, by the listener that was asked and by what was asked.
#[derive(Debug, Default)]
pub struct Cache(Mutex<HashMap<(SocketAddr, String), Kept>>);

#[derive(Debug, Clone)]
struct Kept {
    reply: Reply,
    since: Instant,
}

impl Cache {
    /// Somebody purges everything.
    pub fn purge(&self) {
        lock(&self.0).clear();
    }

    /// The page as it is kept, else as the origin gives it.
    pub(crate) fn answer(
        &self,
        how: (Caching, Duration),
        call: &Call,
        origin: impl FnOnce() -> Reply,
    ) -> Reply {
        let (caching, lives) = how;
        let Some(key) = key(caching, call) else { return origin().header("cf-cache-status", "DYNAMIC") };
        let kept = lock(&self.0).get(&key).cloned();
        let age = kept.as_ref().map(|kept| kept.since.elapsed());
        if let (Some(kept), Some(age)) = (&kept, age.filter(|age| *age < lives)) {
            let reply = kept.reply.clone().header("cf-cache-status", "HIT");
            return reply.header("age", age.as_secs().to_string());
        }
        let reply = origin();
        if reply.status == 200 {
            lock(&self.0).insert(key, Kept { reply: reply.clone(), since: Instant::now() });
        }
        reply.header("cf-cache-status", if kept.is_some() { "EXPIRED" } else { "MISS" })
    }
}

fn key(caching: Caching, call: &Call) -> Option<(SocketAddr, String)> {
    let query = call.raw_query.as_deref().unwrap_or_default();
    let asked = match caching {
        _ if call.method != Method::GET => return None,
        Caching::Nothing => return None,
        Caching::ByUrl => format!("{}{}?{query}", call.host, call.path),
        Caching::IgnoringQuery => format!("{}{}", call.host, call.path),
    };
    Some((call.local, asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;

    fn asked(cache: &Cache, caching: Caching, lives: Duration, uri: &str, origin: u16) -> (u16, String) {
        let local = SocketAddr::from(([127, 0, 0, 1], 80));
        let call = Call::new(Service::Edge, local, Method::GET, &uri.parse().expect("a uri"));
        let reply = cache.answer((caching, lives), &call, || Reply::html(origin, "a page"));
        (reply.status, reply.header_value("cf-cache-status").expect("a status").to_owned())
    }

    #[test]
    fn a_page_is_kept_by_its_whole_address_or_whatever_the_query() {
        for (caching, other) in [(Caching::ByUrl, "MISS"), (Caching::IgnoringQuery, "HIT")] {
            let cache = Cache::default();
            let ask = |uri: &str| asked(&cache, caching, LIVES, uri, 200).1;
            assert_eq!([ask("/"), ask("/"), ask("/?new"), ask("/?new")], ["MISS", "HIT", other, "HIT"]);
        }
    }

    #[test]
    fn a_kept_page_is_given_though_the_origin_fails_until_it_is_too_old() {
        let cache = Cache::default();
        let ask = |lives, origin| asked(&cache, Caching::ByUrl, lives, "/", origin);
        assert_eq!(ask(LIVES, 521), (521, "MISS".to_owned()));
        assert_eq!(ask(LIVES, 200), (200, "MISS".to_owned()));
        assert_eq!(ask(LIVES, 521), (200, "HIT".to_owned()));
        assert_eq!(ask(Duration::ZERO, 521), (521, "EXPIRED".to_owned()));
        cache.purge();
        assert_eq!(ask(LIVES, 200), (200, "MISS".to_owned()));
    }

    #[test]
    fn html_is_asked_for_each_time_unless_the_zone_says_otherwise() {
        let cache = Cache::default();
        let ask = || asked(&cache, Caching::Nothing, LIVES, "/", 200).1;
        assert_eq!([ask(), ask()], ["DYNAMIC", "DYNAMIC"]);
    }
}
