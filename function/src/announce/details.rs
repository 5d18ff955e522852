//! What of an announcement's details a person is told: read from the same JSON that machines get.

use failover_core::{Direction, End, Event, Hold, Position, Stage, StageTime, span};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Announcement;
use crate::clouds::Severity;

/// The details that matter to a person; what an announcement doesn't have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    /// Which way a move goes.
    pub(super) direction: Option<Direction>,
    /// How it ended.
    pub(super) end: Option<End>,
    /// Where visitors are led.
    pub(super) active: Option<Position>,
    /// Where the time went.
    pub(super) stages: Vec<StageTime>,
    /// Why it was decided so.
    pub(super) reason: Option<String>,
    /// What came of it.
    pub(super) outcome: Option<String>,
    /// Since when it lasts.
    pub(super) since: Option<Timestamp>,
    /// The watcher that it is about.
    pub(super) watcher: Option<String>,
    /// What was journaled with it.
    pub(super) record: Vec<Event>,
    /// How many requests the standby has had.
    pub(super) requests: Option<u64>,
    /// When a certificate expires.
    pub(super) certificate_expires: Option<Timestamp>,
    /// What a check found.
    pub(super) findings: Vec<Found>,
}

/// A finding of a check.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) severity: Severity,
    pub(super) sentence: String,
}

impl Details {
    /// Those of an announcement.
    pub(super) fn of(told: &Announcement) -> Self {
        Self::deserialize(&told.details).unwrap_or_default()
    }

    /// How many findings are of this severity.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|found| found.severity == severity).count()
    }

    /// The hold that was set.
    pub(super) fn hold(&self) -> Option<&Hold> {
        self.record.iter().find_map(|event| match event {
            Event::Held { hold, .. } => Some(hold),
            _ => None,
        })
    }

    /// Whether the move answers an alert: then its time began when the site fell silent.
    fn is_for_an_outage(&self) -> bool {
        let is_detected = self.stages.first().is_some_and(|first| first.stage == Stage::Detected);
        is_detected && self.direction == Some(Direction::Failover)
    }

    /// From the beginning to when a visitor was served; else to the last thing that was done.
    fn total(&self) -> Option<String> {
        let served = self.stages.iter().find(|stage| stage.stage == Stage::Verified);
        let last = served.or(self.stages.last())?;
        Some(span(SignedDuration::from_millis(i64::try_from(last.total_ms).ok()?)))
    }

    /// How long a move that begins has been waited for already.
    pub(super) fn silent_so_far(&self) -> Option<String> {
        let so_far = self.total().filter(|_| self.is_for_an_outage())?;
        Some(format!("Visitors have had no answer for {so_far}."))
    }

    /// How long a move took.
    pub(super) fn took(&self) -> Option<String> {
        let total = self.total()?;
        Some(match (self.end, self.is_for_an_outage()) {
            (Some(End::Done), true) => format!("Visitors were without an answer for {total}."),
            (Some(End::Done), false) => format!("It took {total}."),
            _ => format!("It was tried for {total}."),
        })
    }

    /// How long it has lasted at `now`.
    pub(super) fn lasted(&self, now: Timestamp) -> Option<String> {
        Some(span(now.duration_since(self.since?)))
    }
}
