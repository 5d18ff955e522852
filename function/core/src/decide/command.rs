//! What is decided about an operator's command. No rule holds it back; what it says once is said for good.

use jiff::Timestamp;

use super::{Decision, Verdict, carry_on, start};
use crate::{
    Asker, Command, DEFAULT_HOLD, Direction, Event, Facts, Hold, OpenPlan, Order, Policy, Position, Reason,
    Role, Served, Signal, State, SwitchId, Verb, signal::whole_seconds,
};

pub(super) fn decide_command(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    match command.verb {
        Verb::Failover => {
            outdated(state, signal).unwrap_or_else(|| failover(state, facts, (signal, command), now))
        }
        Verb::Failback => {
            outdated(state, signal).unwrap_or_else(|| failback(policy, state, facts, (signal, command)))
        }
        Verb::Hold => hold(signal, command, now),
        Verb::Release => Decision::stay(Reason::HoldReleased)
            .recording(Event::Released { by: command.by.clone(), message: signal.message.clone() }),
        Verb::Acknowledge => Decision::stay(Reason::Acknowledged { pending: state.pending_at(now).count() })
            .recording(Event::Acknowledged { by: command.by.clone(), message: signal.message.clone() }),
        Verb::Rehearse => rehearse(state, facts, (signal, command), now),
        Verb::Reconcile | Verb::Check => Decision::stay(Reason::NothingNew(state.active, state.since)),
    }
}

/// A message that was delivered before: its plan is carried on while it is open, and then it is settled.
pub(super) fn dealt_with(state: &State, signal: &Signal) -> Option<Decision> {
    if let Some(plan) = state.newest().filter(|plan| plan.order.message == signal.message) {
        return Some(carry_on(plan.direction, plan.id));
    }
    let again = || Decision::stay(Reason::Redelivered(format!("message {}", signal.message)));
    state.has_settled_message(&signal.message).then(again)
}

/// The open plan that does what the command asks for, unless the command insists where the plan doesn't.
pub(super) fn joined<'a>(state: &'a State, direction: Direction, command: &Command) -> Option<&'a OpenPlan> {
    let plan = state.newest().filter(|plan| plan.direction == direction)?;
    let insists = command.force && !plan.order.force;
    (!insists).then_some(plan)
}

/// An order published before the last move's order was given is not carried out any more.
pub(super) fn outdated(state: &State, signal: &Signal) -> Option<Decision> {
    let said = whole_seconds(signal.published);
    let open = state.newest().filter(|plan| plan.direction != Direction::Rehearsal).map(|plan| plan.order.at);
    let moved = state.last_move.as_ref().map(|moved| moved.order_time).max(open)?;
    (said < moved).then(|| Decision::stay(Reason::Stale { said, moved }))
}

fn failover(
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    if let Some(plan) = joined(state, Direction::Failover, command) {
        return carry_on(plan.direction, plan.id);
    }
    let incidents = state.pending_at(now).cloned().collect();
    let order = Order { incidents, ..order(signal, command) };
    if !state.plans.is_empty() || state.active == Position::Primary {
        return start(Direction::Failover, order, asked(command));
    }
    let undone = facts.not_at(Position::Standby, &[Role::Gate, Role::Route, Role::Monitor]);
    finish(Direction::Failover, order, state, &undone)
}

fn failback(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
) -> Decision {
    if let Some(plan) = joined(state, Direction::Failback, command) {
        return carry_on(plan.direction, plan.id);
    }
    if state.newest().is_some_and(|plan| plan.direction == Direction::Rehearsal) {
        // It puts everything back by itself.
        return Decision::stay(Reason::AlreadyThere(state.active, state.since));
    }
    let idle = state.plans.is_empty();
    if idle && state.active == Position::Primary && !facts.is_route_astray(Position::Primary) {
        let roles: &[Role] =
            if state.draining.is_some() { &[Role::Monitor] } else { &[Role::Gate, Role::Monitor] };
        let undone = facts.not_at(Position::Primary, roles);
        return finish(Direction::Failback, order(signal, command), state, &undone);
    }
    match gate(policy, facts, command) {
        Some(reason) => refused(signal, command, reason),
        None => start(Direction::Failback, order(signal, command), asked(command)),
    }
}

/// Why a failback would lead visitors to a primary that isn't known to answer.
fn gate(policy: &Policy, facts: &Facts, command: &Command) -> Option<Reason> {
    if command.force {
        return None;
    }
    if !policy.has_primary_url {
        return Some(Reason::NoPrimaryUrl);
    }
    match &facts.primary {
        Served::By(Position::Primary) => None,
        Served::By(Position::Standby) => Some(Reason::PrimarySilent("the standby answered".to_owned())),
        Served::Silent(why) | Served::Unknown(why) => Some(Reason::PrimarySilent(why.clone())),
    }
}

fn finish(direction: Direction, order: Order, state: &State, undone: &[&SwitchId]) -> Decision {
    let position = direction.leads_to();
    if undone.is_empty() {
        return Decision::stay(Reason::AlreadyThere(position, state.since));
    }
    let what = undone.iter().map(ToString::to_string).collect();
    let order = Order { unfinished: true, ..order };
    start(direction, order, Reason::Unfinished(position, what))
}

fn refused(signal: &Signal, command: &Command, reason: Reason) -> Decision {
    let event = Event::Refused {
        message: signal.message.clone(),
        command: command.verb.to_string(),
        by: command.by.clone(),
        reason: reason.to_string(),
    };
    Decision::new(Verdict::Refused, reason).recording(event)
}

fn hold(signal: &Signal, command: &Command, now: Timestamp) -> Decision {
    let until = now.saturating_add(command.hold_for.unwrap_or(DEFAULT_HOLD)).unwrap_or(Timestamp::MAX);
    let hold = Hold { by: command.by.clone(), reason: command.reason.clone(), since: now, until };
    Decision::stay(Reason::HoldSet(hold.clone()))
        .recording(Event::Held { hold, message: signal.message.clone() })
}

fn rehearse(
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    let unsure = facts.not_at(Position::Primary, &[Role::Route]);
    let busy = if let Some(plan) = state.newest() {
        Some(format!("the {} of entry {} is open", plan.direction, plan.id))
    } else if state.active == Position::Standby {
        Some("the site is on its standby".to_owned())
    } else if state.draining.is_some() {
        Some("the standby is still draining".to_owned())
    } else if let Some(route) = unsure.first() {
        // It ends with closing the standby, where visitors may be.
        Some(format!("{route} was not seen at the primary"))
    } else {
        state.hold_at(now).map(|hold| Reason::Held(hold.clone()).to_string())
    };
    match busy {
        Some(why) => refused(signal, command, Reason::TooBusyToRehearse(why)),
        None => start(Direction::Rehearsal, order(signal, command), asked(command)),
    }
}

pub(super) fn order(signal: &Signal, command: &Command) -> Order {
    Order {
        at: signal.order_time(),
        message: signal.message.clone(),
        asker: Asker::Operator(command.by.clone()),
        reason: command.reason.clone(),
        force: command.force,
        unfinished: false,
        incidents: Vec::new(),
    }
}

pub(super) fn asked(command: &Command) -> Reason {
    Reason::Asked(Asker::Operator(command.by.clone()), command.reason.clone())
}
