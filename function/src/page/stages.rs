//! Stages: where the time of an outage went, from the first silence to the last step of the move.

use failover_core::{OpenPlan, Step, StepRecord};
use jiff::Timestamp;
use serde::Serialize;

use super::words::milliseconds;

/// One stage of an outage that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// `detected`, `decided`, `opened`, `answered`, `routed`, `verified`, `paused`, `closed`, `resumed`,
    /// `unrouted` or `powered`.
    pub name: &'static str,
    /// When it was over.
    pub at: Timestamp,
    /// Since the stage before it.
    pub took_ms: u64,
    /// Since the beginning.
    pub total_ms: u64,
}

impl Stage {
    /// What its name means, for somebody who reads it for the first time.
    pub fn meaning(&self) -> &'static str {
        match self.name {
            "detected" => "the alert arrived",
            "decided" => "the order was written down",
            "opened" => "the standby lets the public in",
            "answered" => "the standby has answered us",
            "routed" => "visitors are led there",
            "verified" => "a visitor was served",
            "paused" => "monitoring is paused",
            "closed" => "the standby is closed",
            "resumed" => "monitoring watches again",
            "unrouted" => "visitors are led back",
            "powered" => "the primary was started",
            _ => "",
        }
    }
}

/// When it began (the site fell silent, or the order was given), and every stage since.
pub(super) fn stages(plan: &OpenPlan, steps: &[StepRecord]) -> (Timestamp, Vec<Stage>) {
    let incident = plan.order.incidents.iter().min_by_key(|incident| incident.started_at);
    let started_at = incident.map_or(plan.order.at, |incident| incident.started_at).min(plan.begun_at);
    let detected = incident.map(|incident| ("detected", incident.since.min(plan.begun_at)));
    let mut done: Vec<_> = steps.iter().map(|record| (name(record.step), record.at)).collect();
    done.sort_by_key(|(_, at)| *at);
    let marks = detected.into_iter().chain([("decided", plan.begun_at)]).chain(done);
    let mut before = started_at;
    let stages = marks.map(|(name, at)| {
        let stage =
            Stage { name, at, took_ms: milliseconds(before, at), total_ms: milliseconds(started_at, at) };
        before = at;
        stage
    });
    (started_at, stages.collect())
}

/// What is so once a step is done.
pub(super) fn name(step: Step) -> &'static str {
    match step {
        Step::Open => "opened",
        Step::Answer => "answered",
        Step::Route => "routed",
        Step::Verify => "verified",
        Step::Pause => "paused",
        Step::Close => "closed",
        Step::Resume => "resumed",
        Step::Unroute => "unrouted",
        Step::Power => "powered",
    }
}
