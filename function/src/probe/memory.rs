//! How long browsers remember a redirect: until then visitors who saw it are led on, whatever the edge says.

use std::time::Duration;

use http::{
    HeaderMap, StatusCode,
    header::{CACHE_CONTROL, DATE, EXPIRES},
};
use jiff::{Timestamp, fmt::rfc2822};

/// The longest that is waited for: Cloudflare's redirects say an hour, and clocks differ.
pub(super) const MOST: Duration = Duration::from_mins(65);

/// How long a redirect lives in a browser, at most [`MOST`]; `None` if it isn't kept at all.
pub(super) fn remembered(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let lives = stated(headers).or_else(|| is_permanent(status).then_some(MOST))?;
    (lives > Duration::ZERO).then(|| lives.min(MOST))
}

/// Without a stated time browsers keep these as long as they like.
fn is_permanent(status: StatusCode) -> bool {
    matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
}

fn stated(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<String> =
        values.flat_map(|value| value.split(',')).map(|d| d.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "no-cache") {
        return Some(Duration::ZERO);
    }
    let age = directives.iter().find_map(|directive| directive.strip_prefix("max-age="));
    match age.and_then(|age| age.trim_matches('"').parse().ok()) {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => expiry(headers),
    }
}

/// From `Date` to `Expires`; a date that can't be read has passed.
fn expiry(headers: &HeaderMap) -> Option<Duration> {
    let expires = headers.get(EXPIRES)?;
    let date = |value: &http::HeaderValue| Some(rfc2822::parse(value.to_str().ok()?).ok()?.timestamp());
    let sent = headers.get(DATE).and_then(date).unwrap_or_else(Timestamp::now);
    let lives = date(expires).and_then(|end| Duration::try_from(end.duration_since(sent)).ok());
    Some(lives.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &'static str)], expected_seconds: Option<u64>) {
        let map = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        });
        let lives = remembered(StatusCode::from_u16(status).unwrap(), &map.collect());
        assert_eq!(lives, expected_seconds.map(Duration::from_secs));
    }

    #[test]
    fn a_redirect_lives_as_long_as_it_says() {
        check(302, &[("cache-control", "private, Max-Age=600")], Some(600));
        check(302, &[("cache-control", "max-age=0")], None);
        check(301, &[("cache-control", "no-store, max-age=600")], None);
        check(301, &[("cache-control", "max-age=31536000")], Some(3900));
        check(302, &[("cache-control", "max-age=many")], None);
    }

    #[test]
    fn a_redirect_without_a_word_lives_only_if_it_is_permanent() {
        check(302, &[], None);
        check(307, &[], None);
        check(301, &[], Some(3900));
        check(308, &[], Some(3900));
    }

    #[test]
    fn an_expiry_counts_from_the_date() {
        let date = ("date", "Fri, 20 Nov 2026 12:00:00 GMT");
        check(302, &[date, ("expires", "Fri, 20 Nov 2026 13:00:00 GMT")], Some(3600));
        check(302, &[date, ("expires", "Fri, 20 Nov 2026 11:00:00 GMT")], None);
        check(301, &[date, ("expires", "0")], None);
    }
}
