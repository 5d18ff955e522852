//! The bar of the last days: a column a day, and the same in words for whoever doesn't see it.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    uptime::{DAYS, Day, Outage, Uptime, seconds},
    words,
};

/// Outages told in words: own choice, what a person reads.
const OUTAGES: usize = 8;
/// So long without an answer, in seconds, makes a day a bad one: own choice.
const BAD: u64 = 60 * 60;

/// The bar of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// How much of the time visitors were answered.
    pub(super) percent: String,
    /// How often they weren't, and for how long.
    pub(super) outages: String,
    /// Of which time that is said.
    pub(super) span: String,
    /// A class for each day, oldest first: `untold`, `good`, `some` or `bad`.
    pub(super) days: Vec<&'static str>,
    /// The latest outages, newest first: when, and how long.
    pub(super) latest: Vec<(Timestamp, String)>,
}

/// Draws what the journal tells.
pub(super) fn bar(uptime: &Uptime, now: Timestamp) -> Bar {
    Bar {
        percent: uptime.percent(),
        outages: outages(uptime),
        span: span(uptime, now),
        days: uptime.days.iter().map(class).collect(),
        latest: uptime.outages.iter().rev().take(OUTAGES).map(|outage| told(outage, now)).collect(),
    }
}

fn class(day: &Day) -> &'static str {
    match day {
        Day { down_s: BAD.., .. } => "bad",
        Day { down_s: 1.., .. } => "some",
        Day { told_s: 0, .. } => "untold",
        _ => "good",
    }
}

fn outages(uptime: &Uptime) -> String {
    let down = words::took(uptime.down_s * 1_000);
    match uptime.outages.len() {
        0 => "no outage".to_owned(),
        1 => format!("1 outage, {down} without an answer"),
        more => format!("{more} outages, {down} without an answer"),
    }
}

/// The journal may be younger than the bar is long.
fn span(uptime: &Uptime, now: Timestamp) -> String {
    if uptime.days.first().is_some_and(|day| day.told_s > 0) {
        return format!("{DAYS} days");
    }
    let since = uptime.since.to_zoned(TimeZone::UTC);
    let format = if since.year() == now.to_zoned(TimeZone::UTC).year() { "%-d %b" } else { "%-d %b %Y" };
    format!("since {}, where the journal begins", since.strftime(format))
}

fn told(outage: &Outage, now: Timestamp) -> (Timestamp, String) {
    let lasts = words::took(seconds((outage.from, outage.until.unwrap_or(now))) * 1_000);
    (outage.from, if outage.until.is_some() { format!("for {lasts}") } else { format!("for {lasts} now") })
}
