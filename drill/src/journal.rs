//! The function's moves, as its journal tells them: read past every interface, so that nothing is counted.

use ::stage::journal::Journals;
use failover_core::{Asker, Direction, Entry, Event, Move, Order, Step, moves};

use super::stage::Stage;

/// A move, and who or what asked for it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The move.
    pub(super) told: Move,
    /// As a person says it.
    pub(super) by: String,
}

/// All moves so far, oldest first, with their steps in the order in which they were done.
pub(super) fn asked(stage: &Stage) -> Vec<Asked> {
    let entries = Journals::of(stage.world()).entries(stage.site.name());
    let told = moves(&entries, None).into_iter().rev();
    told.map(|mut told| {
        told.steps.sort_by_key(|done| done.at);
        Asked { by: asked_by(ordered(&entries, &told)), told }
    })
    .collect()
}

/// The last move of this direction.
pub(super) fn last(stage: &Stage, direction: Direction) -> Option<Move> {
    asked(stage).into_iter().map(|asked| asked.told).rfind(|told| told.direction == direction)
}

/// The order as it was given: a move forgets incidents that close while it is made.
fn ordered<'a>(entries: &'a [Entry], told: &'a Move) -> &'a Order {
    let intent = entries.iter().find(|entry| entry.number == told.plan).map(|entry| &entry.event);
    match intent {
        Some(Event::Intent { order, .. }) => order,
        _ => &told.order,
    }
}

fn asked_by(order: &Order) -> String {
    match (&order.asker, order.incidents.first()) {
        (Asker::Operator(Some(by)), _) => format!("says {by}"),
        (Asker::Operator(None), _) => "an operator".to_owned(),
        (Asker::Incident, Some(incident)) => format!("incident {}", incident.id),
        (Asker::Incident, None) => "an incident".to_owned(),
        (Asker::Itself, _) => "the function itself".to_owned(),
    }
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
