//! The function's journal as it lies in the bucket: read past every interface, so that nothing is counted.

use failover_core::{Asker, Direction, End, Entry, Event, Step, StepRecord};
use jiff::Timestamp;

use super::{
    settings::{BUCKET, PREFIX},
    stage::Stage,
};

/// One plan, as its entries tell.
#[derive(Debug, Clone)]
pub(super) struct PlanTold {
    /// Which way it went.
    pub(super) direction: Direction,
    /// Who or what asked.
    pub(super) asked_by: String,
    /// Why.
    pub(super) reason: String,
    /// When its intent was written.
    pub(super) intended: Timestamp,
    /// What was done, in order; a step that another executor did again counts as it was done first.
    pub(super) steps: Vec<StepRecord>,
    /// When and how it ended, and what was said.
    pub(super) ended: Option<(Timestamp, End, String)>,
}

impl PlanTold {
    /// How it ended.
    pub(super) fn end(&self) -> Option<End> {
        self.ended.as_ref().map(|(_, end, _)| *end)
    }
}

/// All entries, oldest first.
pub(super) fn entries(stage: &Stage) -> Vec<Entry> {
    let prefix = format!("{PREFIX}{}/", stage.site.name());
    let objects = stage.world().storage.objects(BUCKET);
    let ours = objects.iter().filter(|(name, _)| name.starts_with(&prefix));
    let mut entries: Vec<Entry> = ours.filter_map(|(_, bytes)| serde_json::from_slice(bytes).ok()).collect();
    entries.sort_by_key(|entry| entry.number);
    entries
}

/// The plans that these entries tell of, oldest first.
pub(super) fn plans(entries: &[Entry]) -> Vec<PlanTold> {
    let intents = entries.iter().filter_map(|entry| match &entry.event {
        Event::Intent { direction, order, reason, .. } => {
            let asked_by = asked_by(order);
            Some((entry, *direction, asked_by, reason.clone()))
        }
        _ => None,
    });
    intents
        .map(|(entry, direction, asked_by, reason)| PlanTold {
            direction,
            asked_by,
            reason,
            intended: entry.at,
            steps: steps(entries, entry.number),
            ended: ended(entries, entry.number),
        })
        .collect()
}

/// The last plan of this direction.
pub(super) fn last(stage: &Stage, direction: Direction) -> Option<PlanTold> {
    plans(&entries(stage)).into_iter().rfind(|plan| plan.direction == direction)
}

fn asked_by(order: &failover_core::Order) -> String {
    match (&order.asker, order.incidents.first()) {
        (Asker::Operator(Some(by)), _) => format!("says {by}"),
        (Asker::Operator(None), _) => "an operator".to_owned(),
        (Asker::Incident, Some(incident)) => format!("incident {}", incident.id),
        (Asker::Incident, None) => "an incident".to_owned(),
        (Asker::Itself, _) => "the function itself".to_owned(),
    }
}

fn steps(entries: &[Entry], id: u64) -> Vec<StepRecord> {
    let mut steps: Vec<StepRecord> = Vec::new();
    for entry in entries {
        if let Event::Step { plan, record, .. } = &entry.event
            && *plan == id
            && !steps.iter().any(|known| known.step == record.step)
        {
            steps.push(record.clone());
        }
    }
    steps.sort_by_key(|record| record.at);
    steps
}

fn ended(entries: &[Entry], id: u64) -> Option<(Timestamp, End, String)> {
    entries.iter().find_map(|entry| match &entry.event {
        Event::Ended { plan, end, sentence, .. } if *plan == id => Some((entry.at, *end, sentence.clone())),
        _ => None,
    })
}

/// What a step has brought about, in one word.
pub(super) fn brought_about(step: Step) -> &'static str {
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
