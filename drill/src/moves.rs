//! A move in figures: from its cause to its end, stage by stage.
//!
//! A stage ends when something was reached and begins where the one before it ended, so that they add up. Times are
//! the function's own journal's, but for the alert's, which is Pub/Sub's.

use std::time::{Duration, Instant};

use failover_core::{Direction, End, Move, Step};
use serde::Serialize;

use super::{
    journal::{self, Asked},
    logbook::{LogLine, in_seconds},
    stage::Stage,
    story::Marks,
};

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct StageTook {
    /// What was reached.
    pub(super) stage: &'static str,
    /// When, since the cause.
    #[serde(rename = "at_s", serialize_with = "in_seconds")]
    pub(super) at: Duration,
    /// How long since the stage before it.
    #[serde(rename = "took_s", serialize_with = "in_seconds")]
    pub(super) took: Duration,
}

/// A step, as the journal has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct StepTook {
    /// Which.
    pub(super) step: Step,
    /// How long it took by the function's own clock.
    pub(super) took_ms: u64,
}

/// One move.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct MoveReport {
    /// Which way.
    pub(super) direction: Direction,
    /// Who or what asked.
    pub(super) asked_by: String,
    /// Why it was decided so.
    pub(super) reason: String,
    /// How it ended; none if it didn't.
    pub(super) end: Option<End>,
    /// What the journal says at its end.
    pub(super) sentence: String,
    /// From the cause (the power cut, the operator's message) to its end.
    #[serde(rename = "total_s", serialize_with = "in_seconds")]
    pub(super) total: Duration,
    /// The way there.
    pub(super) stages: Vec<StageTook>,
    /// What the journal says of its steps.
    pub(super) steps: Vec<StepTook>,
}

impl MoveReport {
    /// When a stage was reached, if it was.
    pub(super) fn reached(&self, stage: &str) -> Option<Duration> {
        self.stages.iter().find(|known| known.stage == stage).map(|known| known.at)
    }
}

/// Both moves, as far as they came.
pub(super) fn of(stage: &Stage, marks: &Marks) -> Vec<MoveReport> {
    journal::asked(stage).iter().filter_map(|asked| describe(stage, marks, asked)).collect()
}

fn describe(stage: &Stage, marks: &Marks, asked: &Asked) -> Option<MoveReport> {
    let told = &asked.told;
    let cause = if told.direction == Direction::Failback { marks.asked } else { marks.cut }?;
    let mut reached: Vec<(&'static str, Instant)> = Vec::new();
    if told.direction == Direction::Failover {
        reached.extend(alerted(stage, marks).map(|at| ("detected", at)));
    }
    reached.push(("decided", decided(stage, told, cause)));
    let steps = told.steps.iter().map(|step| (journal::brought_about(step.step), stage.clock.at(step.at)));
    reached.extend(steps);
    reached.sort_by_key(|(_, at)| *at);
    let ended = told.ended.as_ref().map(|ended| stage.clock.at(ended.at));
    let until = ended.or(marks.over).unwrap_or(cause);
    Some(MoveReport {
        direction: told.direction,
        asked_by: asked.by.clone(),
        reason: told.reason.clone(),
        end: told.ended.as_ref().map(|ended| ended.end),
        sentence: told.ended.as_ref().map_or_else(String::new, |ended| ended.sentence.clone()),
        total: until.saturating_duration_since(cause),
        stages: stages(cause, &reached),
        steps: told.steps.iter().map(|done| StepTook { step: done.step, took_ms: done.took_ms }).collect(),
    })
}

/// When the first alert was pushed.
fn alerted(stage: &Stage, marks: &Marks) -> Option<Instant> {
    let deliveries = stage.world().pubsub.outcomes_of(marks.alert.as_ref()?);
    deliveries.first().map(|delivery| delivery.started)
}

/// When the function said what it will do; while the journal is away its intent is written later.
fn decided(stage: &Stage, told: &Move, cause: Instant) -> Instant {
    let direction = told.direction.to_string();
    let fits = |line: &LogLine| {
        line.at >= cause && line.kind() == "started" && line.detail("direction") == direction
    };
    let intended = stage.clock.at(told.begun_at);
    stage.logbook.find(0, fits).map_or(intended, |line| line.at.min(intended))
}

fn stages(cause: Instant, reached: &[(&'static str, Instant)]) -> Vec<StageTook> {
    let mut before = Duration::ZERO;
    let mut stages = Vec::with_capacity(reached.len());
    for (stage, at) in reached {
        let at = at.saturating_duration_since(cause);
        stages.push(StageTook { stage, at, took: at.saturating_sub(before) });
        before = at;
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up() {
        let cause = Instant::now();
        let at = |millis| cause + Duration::from_millis(millis);
        let told = stages(cause, &[("detected", at(1200)), ("decided", at(1250)), ("opened", at(1250))]);
        let took: Vec<u128> = told.iter().map(|stage| stage.took.as_millis()).collect();
        assert_eq!(took, [1200, 50, 0]);
        assert_eq!(told[2].at, Duration::from_millis(1250));
    }
}
