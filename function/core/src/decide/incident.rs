//! What is decided about an incident.
//!
//! An open one moves the site unless it is stale, dealt with or held back by a rule; a closed one never moves it.

use jiff::Timestamp;

use super::{Decision, Verdict, carry_on, start};
use crate::{
    Alarm, Asker, Direction, Event, Facts, Incident, IncidentState, OpenPlan, Order, PendingIncident, Policy,
    Position, Reason, Served, Signal, State,
    incident::is_our_report,
    rules::{self, Case},
    signal::whole_seconds,
    state::is_kept_at,
};

pub(super) fn decide_incident(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, incident): (&Signal, &Incident),
    now: Timestamp,
) -> Decision {
    if incident.state == IncidentState::Closed {
        return closed(state, incident);
    }
    if let Some(decision) = settled(state, signal, incident) {
        return match decision.verdict {
            Verdict::CarryOn(_) => kept(decision, state, signal, incident, now),
            _ => decision,
        };
    }
    let held_back = failing_back(state).map(|plan| Reason::FailingBack(plan.id)).or_else(|| {
        let alarm = alarm(state, incident, now);
        rules::held_back(&Case { policy, state, facts, alarm, now })
    });
    match held_back {
        Some(reason) => kept(Decision::new(Verdict::Pending, reason), state, signal, incident, now),
        None => start_automatic(state, facts, (signal, incident), now),
    }
}

/// An incident that waits beside one of our own reports is an alarm as well.
fn alarm(state: &State, incident: &Incident, now: Timestamp) -> Alarm {
    let ids = state.pending_at(now).map(|pending| pending.id.as_str()).chain([incident.id.as_str()]);
    if ids.into_iter().all(is_our_report) { Alarm::OurLooks } else { Alarm::Incident }
}

pub(super) fn failing_back(state: &State) -> Option<&OpenPlan> {
    state.newest().filter(|plan| plan.direction == Direction::Failback)
}

/// What is decided without any look at the world.
pub(super) fn settled(state: &State, signal: &Signal, incident: &Incident) -> Option<Decision> {
    let began = began(signal, incident);
    let is_settled = state.has_settled_incident(&incident.id);
    let redelivered = || Decision::stay(Reason::Redelivered(format!("incident {}", incident.id)));
    if let Some(moved) = state.last_move.as_ref().filter(|moved| began < moved.order_time) {
        // Of an incident that made the last move itself, that it is older says nothing.
        let stale = || Decision::stay(Reason::Stale { said: began, moved: moved.order_time });
        return Some(if is_settled { redelivered() } else { stale() });
    }
    if let Some(plan) = state.newest().filter(|plan| plan.direction == Direction::Failover) {
        return Some(carry_on(plan.direction, plan.id));
    }
    if is_settled {
        return Some(redelivered());
    }
    let idle = state.plans.iter().all(|plan| plan.direction == Direction::Rehearsal);
    (state.active == Position::Standby && idle)
        .then(|| Decision::stay(Reason::AlreadyThere(Position::Standby, state.since)))
}

fn began(signal: &Signal, incident: &Incident) -> Timestamp {
    incident.started_at.map_or_else(|| signal.order_time(), whole_seconds)
}

fn closed(state: &State, incident: &Incident) -> Decision {
    let was_pending = state.waits_for(&incident.id).next().is_some();
    let decision = Decision::stay(Reason::Closed { incident: incident.id.clone(), was_pending });
    // One that comes before its own open settles that one: messages may arrive in any order.
    if !was_pending && state.has_settled_incident(&incident.id) {
        return decision;
    }
    let reason = decision.reason.to_string();
    decision.recording(Event::Dropped { incident: incident.id.clone(), reason })
}

/// An incident that no plan has answered yet is kept, also while it joins one: its failover may end `Unwound`.
fn kept(decision: Decision, state: &State, signal: &Signal, incident: &Incident, now: Timestamp) -> Decision {
    let known = state.has_settled_incident(&incident.id)
        || state.waits_for(&incident.id).any(|kept| is_kept_at(kept, now));
    if known {
        return decision;
    }
    let reason = decision.reason.to_string();
    decision.recording(Event::Pending { incident: remembered(signal, incident), reason })
}

fn remembered(signal: &Signal, incident: &Incident) -> PendingIncident {
    PendingIncident {
        id: incident.id.clone(),
        started_at: began(signal, incident),
        since: signal.received,
        summary: incident.summary.clone(),
    }
}

pub(super) fn start_automatic(
    state: &State,
    facts: &Facts,
    (signal, incident): (&Signal, &Incident),
    now: Timestamp,
) -> Decision {
    let mut incidents: Vec<PendingIncident> = state.pending_at(now).cloned().collect();
    if incidents.iter().all(|pending| pending.id != incident.id) {
        incidents.push(remembered(signal, incident));
    }
    let order = Order {
        at: signal.order_time(),
        message: signal.message.clone(),
        asker: Asker::Incident,
        reason: Some(incident.summary.clone()).filter(|summary| !summary.is_empty()),
        force: false,
        unfinished: false,
        incidents,
    };
    let ours = order.incidents.iter().all(|incident| is_our_report(&incident.id));
    let alarm = if ours { Alarm::OurLooks } else { Alarm::Incident };
    start(Direction::Failover, order, why_automatic(facts, alarm))
}

fn why_automatic(facts: &Facts, alarm: Alarm) -> Reason {
    match &facts.public {
        Served::Silent(probe) if facts.primary.is_by(Position::Primary) => {
            Reason::WayBroken { probe: probe.clone() }
        }
        Served::Silent(probe) => Reason::PublicSilent { alarm, probe: probe.clone() },
        Served::Unknown(probe) => Reason::PublicUnknown { probe: probe.clone() },
        Served::By(_) => Reason::RoutedAlready,
    }
}
