//! Times and names as people read them.

use failover_core::span;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub(crate) use crate::announce::sentence;

/// The longest stretch that is just "now".
const NOW: SignedDuration = SignedDuration::from_secs(5);

/// Times as they are told at this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now(pub(super) Timestamp);

impl Now {
    pub(super) fn clock(self, time: &Timestamp) -> String {
        clock(self.0, *time)
    }

    pub(super) fn relative(self, time: &Timestamp) -> String {
        relative(self.0, *time)
    }

    pub(super) fn lasted(self, since: &Timestamp) -> String {
        lasted(self.0, *since)
    }
}

/// How long ago, or in how long: `4 min 10 s ago`, `in 2 h 0 min`, `just now`.
pub(crate) fn relative(now: Timestamp, time: Timestamp) -> String {
    let passed = now.duration_since(time);
    if passed.abs() < NOW {
        "just now".to_owned()
    } else if passed.is_negative() {
        format!("in {}", span(-passed))
    } else {
        format!("{} ago", span(passed))
    }
}

/// How long it has lasted: `2 h 14 min`.
pub(crate) fn lasted(now: Timestamp, since: Timestamp) -> String {
    span(now.duration_since(since))
}

/// The time in UTC, with as much of its date as `now` doesn't make plain.
pub(crate) fn clock(now: Timestamp, time: Timestamp) -> String {
    let (now, time) = (now.to_zoned(TimeZone::UTC), time.to_zoned(TimeZone::UTC));
    let format = if now.date() == time.date() {
        "%H:%M:%S UTC"
    } else if now.year() == time.year() {
        "%-d %b %H:%M:%S UTC"
    } else {
        "%-d %b %Y %H:%M:%S UTC"
    };
    time.strftime(format).to_string()
}

/// A duration that was measured: `310 ms`, `3.4 s`, `2 min 37 s`.
pub(crate) fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds / 100 % 10),
        _ => span(SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX))),
    }
}

/// From one time to a later one, in milliseconds.
pub(crate) fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

/// What people call a URL: its host, without the rest.
pub(crate) fn host(address: &str) -> String {
    let parsed = url::Url::parse(address).ok();
    let host = parsed.as_ref().and_then(url::Url::host_str);
    host.map_or_else(|| address.to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_time_is_told_from_now() {
        let now = at("2026-11-20T03:14:00Z");
        assert_eq!(relative(now, at("2026-11-20T03:13:58Z")), "just now");
        assert_eq!(relative(now, at("2026-11-20T03:09:50Z")), "4 min 10 s ago");
        assert_eq!(relative(now, at("2026-11-20T05:14:00Z")), "in 2 h 0 min");
        assert_eq!(lasted(now, at("2026-11-17T01:14:00Z")), "3 d 2 h");
    }

    #[test]
    fn a_clock_shows_the_date_only_where_it_is_another() {
        let now = at("2026-11-20T03:14:00Z");
        assert_eq!(clock(now, at("2026-11-20T03:13:58.5Z")), "03:13:58 UTC");
        assert_eq!(clock(now, at("2026-11-07T03:13:58Z")), "7 Nov 03:13:58 UTC");
        assert_eq!(clock(now, at("2025-11-07T03:13:58Z")), "7 Nov 2025 03:13:58 UTC");
    }

    #[test]
    fn a_measured_time_has_the_digits_that_matter() {
        for (milliseconds, text) in
            [(0, "0 ms"), (310, "310 ms"), (3_449, "3.4 s"), (59_999, "59.9 s"), (157_000, "2 min 37 s")]
        {
            assert_eq!(took(milliseconds), text);
        }
    }

    #[test]
    fn a_url_is_called_by_its_host() {
        assert_eq!(host("https://will.gleich.tech/resume?x"), "will.gleich.tech");
        assert_eq!(host("tcp://192.0.2.7:22"), "192.0.2.7");
        assert_eq!(host("<b>"), "<b>");
    }
}
