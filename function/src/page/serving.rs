//! Serving: who serves visitors now, since when, and why.

use failover_core::{Direction, Entry, Event, Observed, OpenPlan, Position, Role, State, Step, UpkeepTask};
use jiff::Timestamp;
use serde::Serialize;

use super::{Move, decisions::cause, facts::SiteFacts};

/// Who serves visitors, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The primary.
    Primary,
    /// The standby.
    Standby,
    /// A failover or a failback is under way.
    Moving,
    /// The journal could not be read, and no route was seen.
    Unknown,
}

impl Place {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::Moving => "moving",
            Self::Unknown => "unknown",
        }
    }
}

/// Who serves visitors now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Serving {
    /// In one word.
    pub by: Place,
    /// Where visitors are led right now, as far as is known.
    pub led_to: Option<Position>,
    /// Where a move that is under way leads.
    pub moving_to: Option<Position>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why: what brought it there, or what was seen when it fell silent there.
    pub why: String,
    /// Since when visitors have had no answer although the site is on its standby.
    pub outage_since: Option<Timestamp>,
    /// The standby stays open for cached redirects, at least until then.
    pub draining_until: Option<Timestamp>,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        match position {
            Position::Primary => Self::Primary,
            Position::Standby => Self::Standby,
        }
    }
}

/// Who serves, as the journal says; without one, as the route was seen.
pub(super) fn serving(facts: &SiteFacts, moves: &[Move]) -> Serving {
    let Some(state) = &facts.state else { return seen_only(facts) };
    let moving = state.newest().filter(|plan| plan.direction != Direction::Rehearsal);
    let (by, since, why) = match moving {
        Some(plan) => (Place::Moving, Some(plan.begun_at), plan.reason.clone()),
        None => (state.active.into(), state.since, why(facts, state, moves)),
    };
    Serving {
        by,
        led_to: Some(led_to(state)),
        moving_to: moving.map(|plan| plan.direction.leads_to()),
        since,
        why,
        outage_since: state.outage,
        draining_until: state.draining,
    }
}

/// Visitors go where the last finished route step led them.
fn led_to(state: &State) -> Position {
    let routed = |plan: &&OpenPlan| plan.direction != Direction::Rehearsal && plan.has_done(Step::Route);
    let routed = state.plans.iter().rev().find(routed);
    routed.map_or(state.active, |plan| plan.direction.leads_to())
}

fn why(facts: &SiteFacts, state: &State, moves: &[Move]) -> String {
    if let Some(outage) = state.outage.and_then(|_| outage(&facts.entries)) {
        return outage;
    }
    if let Some(entry) = cause(&facts.entries, state.since) {
        return told(entry, moves);
    }
    let ended = state.last_move.as_ref().and_then(|moved| state.ended(moved.plan));
    ended.map_or_else(|| "no move is on record".to_owned(), |ended| ended.sentence.clone())
}

/// What was seen when visitors were found without an answer.
fn outage(entries: &[Entry]) -> Option<String> {
    entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Outage { sentence, .. }
        | Event::Maintenance { task: UpkeepTask::ResumeMonitoring, reason: sentence, .. } => {
            Some(sentence.clone())
        }
        _ => None,
    })
}

fn told(entry: &Entry, moves: &[Move]) -> String {
    match &entry.event {
        Event::Ended { plan, end: failover_core::End::Done, sentence, .. } => {
            let made = moves.iter().find(|made| made.plan == *plan);
            made.map_or_else(|| sentence.clone(), |made| made.reason.clone())
        }
        Event::Ended { sentence, .. } | Event::Adopted { sentence, .. } => sentence.clone(),
        _ => String::new(),
    }
}

fn seen_only(facts: &SiteFacts) -> Serving {
    let route = facts.switches.iter().find_map(|glimpse| match glimpse.sighting.observed {
        Observed::At(position) if glimpse.sighting.role == Role::Route => Some((position, glimpse.at)),
        _ => None,
    });
    let why = match route {
        Some((position, _)) => {
            format!("the route was seen to lead to the {position}; the journal can't be read")
        }
        None => "neither the journal nor the route could be read".to_owned(),
    };
    Serving {
        by: route.map_or(Place::Unknown, |(position, _)| position.into()),
        led_to: route.map(|(position, _)| position),
        moving_to: None,
        since: None,
        why,
        outage_since: None,
        draining_until: None,
    }
}
