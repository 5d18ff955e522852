//! Uptime: when visitors got no answer, as far as the journal tells, day by day.
//!
//! An outage lasts from when somebody says that it began until the entry by which visitors are served again, at
//! either place. What the journal doesn't tell is no good day and no bad one.

use std::collections::BTreeSet;

use failover_core::{Direction, End, Entry, Event, OpenPlan, Reason, State, Step, started_at};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::Serialize;

/// Days that are told: own choice, what status pages show.
pub(super) const DAYS: usize = 90;

/// A time in which visitors got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// Since when.
    pub from: Timestamp,
    /// Until when; none while it lasts.
    pub until: Option<Timestamp>,
}

/// A day in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// Seconds of it of which the journal tells.
    pub told_s: u64,
    /// Seconds of those without an answer.
    pub down_s: u64,
}

/// What the journal tells of the last days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uptime {
    /// Since when it tells, within those days.
    pub since: Timestamp,
    /// Seconds since then.
    pub told_s: u64,
    /// Seconds of those without an answer.
    pub down_s: u64,
    /// The outages, oldest first.
    pub outages: Vec<Outage>,
    /// The days, oldest first.
    pub days: Vec<Day>,
}

impl Uptime {
    /// How much of the time visitors were answered, in hundredths of a percent; a second without an answer is never
    /// rounded away.
    pub fn hundredths(&self) -> u64 {
        let answered = self.told_s.saturating_sub(self.down_s) * 10_000;
        answered.checked_div(self.told_s).unwrap_or(10_000)
    }

    /// The same as people read it: `99.98 %`.
    pub fn percent(&self) -> String {
        match self.hundredths() {
            10_000 => "100 %".to_owned(),
            hundredths => format!("{}.{:02} %", hundredths / 100, hundredths % 100),
        }
    }
}

/// What `entries`, oldest first, tell at `now`; none where there are none.
pub(super) fn uptime(entries: &[Entry], now: Timestamp) -> Option<Uptime> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let back = i64::try_from(DAYS).unwrap_or(i64::MAX) - 1;
    let first = today.checked_sub(back.days()).ok()?;
    let since = entries.first()?.at.max(midnight(first)).min(now);
    let outages: Vec<Outage> = outages(entries)
        .into_iter()
        .filter(|outage| outage.until.is_none_or(|until| until > since))
        .map(|outage| Outage { from: outage.from.max(since), ..outage })
        .collect();
    let days: Vec<Day> =
        first.series(1.day()).take(DAYS).map(|date| day(date, (since, now), &outages)).collect();
    let sum = |seconds: fn(&Day) -> u64| days.iter().map(seconds).sum();
    Some(Uptime { since, told_s: sum(|day| day.told_s), down_s: sum(|day| day.down_s), outages, days })
}

fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn day(date: Date, told: (Timestamp, Timestamp), outages: &[Outage]) -> Day {
    let whole = (midnight(date), date.tomorrow().map_or(Timestamp::MAX, midnight));
    let within = common(whole, told);
    let down = outages.iter().map(|outage| {
        let dark = (outage.from, outage.until.unwrap_or(told.1));
        within.map_or(0, |within| common(within, dark).map_or(0, seconds))
    });
    Day { date, told_s: within.map_or(0, seconds), down_s: down.sum() }
}

/// What two stretches of time have in common.
fn common(one: (Timestamp, Timestamp), other: (Timestamp, Timestamp)) -> Option<(Timestamp, Timestamp)> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 < both.1).then_some(both)
}

/// A begun second counts.
pub(super) fn seconds((from, until): (Timestamp, Timestamp)) -> u64 {
    let whole = until.duration_since(from) + SignedDuration::from_nanos(999_999_999);
    u64::try_from(whole.as_secs()).unwrap_or(0)
}

/// Every outage that the entries tell of, oldest first.
fn outages(entries: &[Entry]) -> Vec<Outage> {
    let (mut told, mut lasting) = (Vec::new(), None::<Timestamp>);
    let mut answered = BTreeSet::new();
    for entry in entries {
        judge(&mut answered, entry);
        match (lasting, dark_since(&entry.state, &answered)) {
            (known, Some(since)) => lasting = Some(known.map_or(since, |known| known.min(since))),
            (Some(from), None) => {
                told.push(Outage { from, until: Some(entry.at.max(from)) });
                lasting = None;
            }
            (None, None) => {}
        }
    }
    told.extend(lasting.map(|from| Outage { from, until: None }));
    told
}

/// Keeps the incidents of a site that was seen to answer all the same.
fn judge(answered: &mut BTreeSet<String>, entry: &Entry) {
    match &entry.event {
        Event::Pending { incident, reason } if is_answered(reason) => {
            answered.insert(incident.id.clone());
        }
        Event::Pending { incident, .. } => {
            answered.remove(&incident.id);
        }
        // What was begun was taken back because the site answered, or it stands as it was reported.
        Event::Ended { end: End::Unwound, sentence, .. } if sentence.contains("answers again") => {
            answered.extend(entry.state.pending.iter().map(|incident| incident.id.clone()));
        }
        _ => {}
    }
}

/// Whether an incident was held back since somebody answered.
fn is_answered(reason: &str) -> bool {
    let unjudged = Reason::PrimaryAnswers { probe: String::new() }.to_string();
    let unjudged = unjudged.split('(').next().unwrap_or_default();
    reason == Reason::StillAnswers.to_string() || (!unjudged.is_empty() && reason.starts_with(unjudged))
}

/// Since when visitors get no answer in this state, as far as anybody says.
fn dark_since(state: &State, answered: &BTreeSet<String>) -> Option<Timestamp> {
    let pending = state.pending.iter().filter(|incident| !answered.contains(&incident.id));
    let reported = pending.map(|incident| incident.started_at);
    let moving = state.plans.iter().filter(|plan| leaves_an_outage(plan));
    // What joined a failover by which visitors are served already is over with it.
    let is_served = state.plans.iter().any(|plan| plan.has_done(Step::Verify));
    reported
        .chain(moving.map(|plan| started_at(&plan.order, plan.begun_at)))
        .filter(|_| !is_served)
        .chain(state.outage)
        .min()
}

/// A failover that answers an incident, and by which nobody is served yet.
fn leaves_an_outage(plan: &OpenPlan) -> bool {
    plan.direction == Direction::Failover && !plan.order.incidents.is_empty() && !plan.has_done(Step::Verify)
}
