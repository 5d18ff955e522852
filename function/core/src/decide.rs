//! Decisions: same policy, state, facts and signal, same verdict and reason.
//!
//! The shell gathers the facts beforehand (`looks` says which ones a decision wants) and writes what a decision
//! records; nothing in here waits, asks or writes.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Alarm, Command, Direction, Event, Facts, Incident, IncidentState, Order, PendingIncident, Policy, Reason,
    Signal, SignalKind, State, Verb,
    incident::is_our_report,
    rules::{self, Case},
};

mod command;
mod incident;
mod route;

use command::{asked, dealt_with, decide_command, joined, order, past};
pub use route::{RouteFound, route_found};

use incident::{decide_incident, failing_back, settled, start_automatic};

/// An incident that was published longer ago is not acted on without the journal, which alone can tell whether it
/// was dealt with.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What is done about a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A new plan begins.
    Start(Direction, Box<Order>),
    /// An open plan is carried on, or joined.
    CarryOn(u64),
    /// A rule holds it back; it is kept and decided again.
    Pending,
    /// Nothing.
    Stay,
    /// A command can't be followed, and won't be by another try.
    Refused,
}

/// A verdict, the reason for it, and what the journal has to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub verdict: Verdict,
    /// Why, for an operator.
    pub reason: Reason,
    /// Entries to write before the answer, in order; a new plan's intent is not among them.
    pub record: Vec<Event>,
}

impl Decision {
    fn new(verdict: Verdict, reason: Reason) -> Self {
        Self { verdict, reason, record: Vec::new() }
    }

    fn stay(reason: Reason) -> Self {
        Self::new(Verdict::Stay, reason)
    }

    fn recording(mut self, event: Event) -> Self {
        self.record.push(event);
        self
    }
}

/// What a decision wants to know before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of looks, read by name")]
pub struct Looks {
    /// Ask the public URL, and beside it, in the same time, the primary past the redirect.
    pub public: bool,
    /// A silent public URL alone doesn't decide it: the primary is waited for as long.
    pub beside: bool,
    /// Ask the primary past the redirect, twice.
    pub primary: bool,
    /// Look at every switch.
    pub switches: bool,
}

/// What to look at before `signal` is decided in `state`: nothing that its verdict doesn't depend on.
pub fn looks(state: &State, signal: &Signal) -> Looks {
    match &signal.kind {
        SignalKind::Incident(incident) => {
            let matters = incident.state == IncidentState::Open
                && settled(state, signal, incident).is_none()
                && failing_back(state).is_none();
            let beside = matters && is_our_report(&incident.id);
            Looks { public: matters, beside, ..Looks::default() }
        }
        SignalKind::Command(command) => command_looks(state, signal, command),
    }
}

fn command_looks(state: &State, signal: &Signal, command: &Command) -> Looks {
    let switches = state.plans.is_empty();
    match command.verb {
        _ if dealt_with(state, signal).is_some() => Looks::default(),
        Verb::Failover | Verb::Failback if past(state, (signal, command)).is_some() => Looks::default(),
        Verb::Failback if joined(state, Direction::Failback, command).is_some() => Looks::default(),
        Verb::Failover | Verb::Rehearse => Looks { switches, ..Looks::default() },
        Verb::Failback => Looks { primary: !command.force, switches, ..Looks::default() },
        _ => Looks::default(),
    }
}

/// Decides what is done about `signal`.
pub fn decide(policy: &Policy, state: &State, facts: &Facts, signal: &Signal, now: Timestamp) -> Decision {
    let command = match &signal.kind {
        // An outage doesn't wait for a look at the switches: setting them is idempotent.
        SignalKind::Incident(incident) => {
            return decide_incident(policy, state, facts, (signal, incident), now);
        }
        SignalKind::Command(command) => command,
    };
    if let Some(decision) = dealt_with(state, signal) {
        return decision;
    }
    let Some((adopted, event)) = adopt(state, facts) else {
        return decide_command(policy, state, facts, (signal, command), now);
    };
    let mut decision = decide_command(policy, &adopted, facts, (signal, command), now);
    decision.record.insert(0, event);
    decision
}

/// Decides a fresh incident, or a forced failover, while the journal can't be read. What was `known` of it last binds: a
/// hold, what is stuck, where the site is, which orders were given. Of the other rules only those that need no history do.
pub fn decide_blind(
    policy: &Policy,
    known: &State,
    facts: &Facts,
    signal: &Signal,
    now: Timestamp,
) -> Option<Decision> {
    let fresh = now.duration_since(signal.published) < FRESH_FOR;
    match &signal.kind {
        SignalKind::Incident(incident) if fresh && incident.state == IncidentState::Open => {
            if let Some(stay) = settled(known, signal, incident).filter(|it| it.verdict == Verdict::Stay) {
                return Some(stay);
            }
            let case = Case { policy, state: known, facts, alarm: Alarm::Incident, now };
            if !facts.public.is_silent() || rules::held_back_blind(&case).is_some() {
                return None;
            }
            let held = rules::held_by_what_is_known(&case);
            Some(held.map_or_else(
                || start_automatic(&State::default(), facts, (signal, incident), now),
                |reason| Decision::new(Verdict::Pending, reason),
            ))
        }
        SignalKind::Command(command) if command.verb == Verb::Failover && command.force => {
            let heard = dealt_with(known, signal).or_else(|| past(known, (signal, command)));
            let stay = heard.filter(|it| it.verdict == Verdict::Stay);
            Some(stay.unwrap_or_else(|| start(Direction::Failover, order(signal, command), asked(command))))
        }
        _ => None,
    }
}

/// The observation wins over the journal where the route is elsewhere and no plan is open.
pub fn adopt(state: &State, facts: &Facts) -> Option<(State, Event)> {
    let position = facts.route().filter(|position| state.plans.is_empty() && *position != state.active)?;
    let sentence = format!("visitors are routed to the {position}, while the journal said {}", state.active);
    let mut adopted = state.clone();
    adopted.turn_to(position);
    Some((adopted, Event::Adopted { position, sentence }))
}

/// Decides a pending incident again, on behalf of `signal`, whose order time it takes.
pub fn decide_again(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (pending, signal): (&PendingIncident, &Signal),
    now: Timestamp,
) -> Decision {
    let incident = Incident::opened(pending.id.clone(), pending.started_at, pending.summary.clone());
    let decision = decide_incident(policy, state, facts, (signal, &incident), now);
    match decision.verdict {
        Verdict::Stay => {
            let reason = decision.reason.to_string();
            decision.recording(Event::Dropped { incident: pending.id.clone(), reason })
        }
        _ => decision,
    }
}

fn start(direction: Direction, order: Order, reason: Reason) -> Decision {
    Decision::new(Verdict::Start(direction, Box::new(order)), reason)
}

fn carry_on(direction: Direction, plan: u64) -> Decision {
    Decision::new(Verdict::CarryOn(plan), Reason::CarriedOn(direction, plan))
}

#[cfg(test)]
mod tests;
