//! Stages: where the time of an outage went, from the first silence to the last step of the move.
//!
//! Computed from what the journal says and from nothing else; announcements, `failover history` and the status
//! page all show these numbers.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Order, Step, StepRecord};

/// One stage of an outage, named by what is so once it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The alert arrived.
    Detected,
    /// The order was written down.
    Decided,
    /// The primary was made to run.
    Powered,
    /// The standby lets the public in.
    Opened,
    /// The standby has answered us.
    Answered,
    /// Visitors are led to where the move goes.
    Routed,
    /// A visitor was served there.
    Verified,
    /// Monitoring is paused.
    Paused,
    /// The standby is closed.
    Closed,
    /// Monitoring watches again.
    Resumed,
    /// Visitors are led back to where they came from.
    Unrouted,
}

/// How long a stage took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTime {
    /// Which.
    pub stage: Stage,
    /// When it was over.
    pub at: Timestamp,
    /// How long after the stage before it, in milliseconds.
    pub took_ms: u64,
    /// How long after the beginning, in milliseconds.
    pub total_ms: u64,
}

impl StageTime {
    /// How long after the stage before it.
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.took_ms)
    }
}

impl Stage {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Decided => "decided",
            Self::Powered => "powered",
            Self::Opened => "opened",
            Self::Answered => "answered",
            Self::Routed => "routed",
            Self::Verified => "verified",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Resumed => "resumed",
            Self::Unrouted => "unrouted",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Step> for Stage {
    fn from(step: Step) -> Self {
        match step {
            Step::Open => Self::Opened,
            Step::Answer => Self::Answered,
            Step::Route => Self::Routed,
            Step::Verify => Self::Verified,
            Step::Pause => Self::Paused,
            Step::Close => Self::Closed,
            Step::Resume => Self::Resumed,
            Step::Unroute => Self::Unrouted,
            Step::Power => Self::Powered,
        }
    }
}

/// When what `order` answers began: the site fell silent, or the order was given.
pub fn started_at(order: &Order, begun_at: Timestamp) -> Timestamp {
    let silent = order.incidents.iter().map(|incident| incident.started_at).min();
    silent.unwrap_or(order.at).min(begun_at)
}

/// Every stage of a plan so far, in the order in which they were over: its order, when its intent was written, and
/// the steps it has finished. The times add up to the whole outage, so that none of it hides between two stages.
pub fn stages(order: &Order, begun_at: Timestamp, steps: &[StepRecord]) -> Vec<StageTime> {
    let start = started_at(order, begun_at);
    let heard = order.incidents.iter().map(|incident| incident.since).min();
    let detected = heard.map(|at| (Stage::Detected, at.clamp(start, begun_at)));
    let mut done: Vec<(Stage, Timestamp)> = steps.iter().map(|done| (done.step.into(), done.at)).collect();
    done.sort_by_key(|(_, at)| *at);
    let mut before = start;
    let marks = detected.into_iter().chain([(Stage::Decided, begun_at)]).chain(done);
    marks
        .map(|(stage, at)| {
            let took_ms = milliseconds(before, at);
            before = before.max(at);
            StageTime { stage, at, took_ms, total_ms: milliseconds(start, at) }
        })
        .collect()
}

/// From one time to a later one; nothing where a clock went back in between.
fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::{Asker, PendingIncident};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn order(incidents: &[(i64, i64)]) -> Order {
        let incident = |(started, since): &(i64, i64)| PendingIncident {
            id: "0.x".to_owned(),
            started_at: at(*started),
            since: at(*since),
            summary: String::new(),
        };
        Order {
            at: at(10),
            message: "1".to_owned(),
            asker: Asker::Incident,
            reason: None,
            force: false,
            unfinished: false,
            incidents: incidents.iter().map(incident).collect(),
        }
    }

    fn step(step: Step, second: i64) -> StepRecord {
        StepRecord { step, at: at(second), took_ms: 1, note: None, redirect_lives_s: None }
    }

    #[track_caller]
    fn check(order: &Order, begun: i64, steps: &[StepRecord], expected: &str) {
        let told = stages(order, at(begun), steps);
        let told: Vec<String> =
            told.iter().map(|time| format!("{} {}", time.stage, time.took_ms / 1000)).collect();
        assert_eq!(told.join(", "), expected);
    }

    #[test]
    fn an_outage_is_detected_decided_and_then_told_step_by_step() {
        let steps = [step(Step::Open, 161), step(Step::Answer, 170), step(Step::Route, 171)];
        let incidents = [(3, 160), (0, 157)];
        check(&order(&incidents), 160, &steps, "detected 157, decided 3, opened 1, answered 9, routed 1");
    }

    #[test]
    fn an_operators_order_begins_when_it_was_given() {
        check(&order(&[]), 12, &[step(Step::Route, 13)], "decided 2, routed 1");
    }

    #[test]
    fn steps_that_ran_together_are_told_in_the_order_of_their_ends() {
        let steps = [step(Step::Resume, 20), step(Step::Close, 18)];
        check(&order(&[]), 11, &steps, "decided 1, closed 7, resumed 2");
    }

    #[test]
    fn clocks_that_disagree_make_no_negative_times() {
        check(
            &order(&[(50, 40)]),
            30,
            &[step(Step::Open, 20), step(Step::Route, 33)],
            "detected 0, decided 0, opened 0, routed 3",
        );
    }

    #[test]
    fn all_times_add_up_to_the_whole() {
        let steps = [step(Step::Open, 161), step(Step::Answer, 170), step(Step::Route, 171)];
        let told = stages(&order(&[(0, 157)]), at(160), &steps);
        let sum: u64 = told.iter().map(|time| time.took_ms).sum();
        assert_eq!(Some(sum), told.last().map(|time| time.total_ms));
    }
}
