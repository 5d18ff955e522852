//! Switches: where each was seen, where it belongs, and whether the two differ.

use failover_core::{Observed, Position, Role, State, SwitchId};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    facts::{Glimpse, SiteFacts},
    names::place,
};
use crate::clouds::called;

/// A switch as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Which.
    pub switch: SwitchId,
    /// What people call it.
    pub called: String,
    /// What it does for a move.
    pub role: Role,
    /// Where it was seen.
    pub observed: Observed,
    /// When.
    pub at: Timestamp,
    /// Where it belongs; none while that is changing or unknown.
    pub belongs: Option<Position>,
    /// Whether it was seen elsewhere than where it belongs.
    pub drifted: bool,
}

impl Seen {
    /// What the role's thing is called.
    pub fn name(&self) -> &'static str {
        match self.role {
            Role::Gate => "Standby's gate",
            Role::Route => "Route",
            Role::Monitor => "Monitoring",
            Role::Power => "Primary's power",
        }
    }

    /// Where it is, as people say it.
    pub fn words(&self) -> &'static str {
        match &self.observed {
            Observed::At(position) => words(self.role, *position),
            Observed::Mixed(_) => "partly moved",
            Observed::Unknown(_) => "not seen",
        }
    }

    /// Where it belongs, as people say it.
    pub fn belongs_words(&self) -> &'static str {
        self.belongs.map_or("", |position| words(self.role, position))
    }

    /// What the provider said of a switch that is neither here nor there.
    pub fn remark(&self) -> Option<&str> {
        match &self.observed {
            Observed::At(_) => None,
            Observed::Mixed(how) => Some(how),
            Observed::Unknown(why) => Some(why),
        }
    }
}

fn words(role: Role, position: Position) -> &'static str {
    match (role, position) {
        (Role::Gate, Position::Standby) => "open",
        (Role::Gate, Position::Primary) => "closed",
        (Role::Route, Position::Standby) => "to the standby",
        (Role::Route, Position::Primary) => "to the primary",
        (Role::Monitor, Position::Standby) => "paused",
        (Role::Monitor, Position::Primary) => "watching",
        (Role::Power, Position::Standby) => "off",
        (Role::Power, Position::Primary) => "on",
    }
}

/// The switches as they were seen, each compared with where the site is at `now`.
pub(super) fn switches(facts: &SiteFacts, now: Timestamp) -> Vec<Seen> {
    let site = place(facts);
    let belongs = |role| facts.state.as_ref().and_then(|state| belongs(state, role, now));
    let seen = |glimpse: &Glimpse| seen(glimpse, belongs(glimpse.sighting.role), &site);
    facts.switches.iter().map(seen).collect()
}

fn seen(glimpse: &Glimpse, belongs: Option<Position>, site: &str) -> Seen {
    let sighting = &glimpse.sighting;
    let drifted = match (&sighting.observed, belongs) {
        (Observed::At(position), Some(wanted)) => *position != wanted,
        (Observed::Mixed(_), Some(_)) => true,
        _ => false,
    };
    Seen {
        switch: sighting.switch.clone(),
        called: called(&sighting.switch, site),
        role: sighting.role,
        observed: sighting.observed.clone(),
        at: glimpse.at,
        belongs,
        drifted,
    }
}

/// Where a switch of this role belongs: nowhere in particular while something moves it.
fn belongs(state: &State, role: Role, now: Timestamp) -> Option<Position> {
    if is_set(state) {
        return None;
    }
    match (role, state.draining) {
        (Role::Gate, Some(until)) if until > now => return Some(Position::Standby),
        // The next round closes it, unless that is refused.
        (Role::Gate, Some(_)) if state.maintenance.is_none() => return None,
        _ => {}
    }
    match role {
        Role::Monitor if state.outage.is_some() => Some(Position::Primary),
        Role::Power => (state.active == Position::Primary).then_some(Position::Primary),
        _ => Some(state.active),
    }
}

/// Whether something sets switches now: a move, or maintenance with an executor. What was refused sets nothing.
fn is_set(state: &State) -> bool {
    let maintained = state.maintenance.as_ref().is_some_and(|open| open.claim.is_some());
    !state.plans.is_empty() || maintained || state.upkeep.is_some()
}
