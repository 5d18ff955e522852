//! What is decided about an operator's command. No rule holds it back; what it says once is said for good.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Verdict, carry_on, start};
use crate::{
    Command, DEFAULT_HOLD, Direction, Event, Facts, Hold, OpenPlan, Order, Policy, Position, Reason, Role,
    Served, Signal, State, SwitchId, Verb, signal::whole_seconds,
};

/// An order to move is good for so long, and no longer without `force`.
const ORDER_HOLDS: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn decide_command(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    match command.verb {
        Verb::Failover => {
            past(state, (signal, command)).unwrap_or_else(|| failover(state, facts, (signal, command), now))
        }
        Verb::Failback => past(state, (signal, command))
            .unwrap_or_else(|| failback(policy, state, facts, (signal, command))),
        Verb::Hold => outworded(state, (signal, command)).unwrap_or_else(|| hold(signal, command)),
        Verb::Release => outworded(state, (signal, command)).unwrap_or_else(|| release(signal, command)),
        Verb::Acknowledge => acknowledge(state, (signal, command), now),
        Verb::Rehearse => rehearse(state, facts, (signal, command), now),
        Verb::Reconcile | Verb::Check => Decision::stay(Reason::NothingNew(state.active, state.since)),
    }
}

/// A message that was delivered before: its plan is carried on while it is open, and then it is settled.
pub(super) fn dealt_with(state: &State, signal: &Signal) -> Option<Decision> {
    if let Some(plan) = state.newest().filter(|plan| plan.was_asked_for_by(&signal.message)) {
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

/// An order whose time has passed: somebody gave a newer one, or it is of so long ago that it means a day that is
/// over, as one that is replayed from a dead-letter topic.
pub(super) fn past(state: &State, (signal, command): (&Signal, &Command)) -> Option<Decision> {
    outdated(state, signal).map(|reason| unheeded(signal, command, reason)).or_else(|| {
        is_overdue(signal, command).then(|| refused(signal, command, Reason::Overdue(signal.order_time())))
    })
}

/// An order published before the newest one was given is not carried out any more, also where that one has yet to
/// end.
fn outdated(state: &State, signal: &Signal) -> Option<Reason> {
    let said = whole_seconds(signal.published);
    if let Some(moved) = state.last_move.as_ref().map(|moved| moved.order_time).filter(|moved| said < *moved)
    {
        return Some(Reason::Stale { said, moved });
    }
    if let Some(newer) = state.confirmed.filter(|newer| said < *newer) {
        return Some(Reason::Outworded { said, newer });
    }
    let open = state.newest().filter(|plan| plan.direction != Direction::Rehearsal)?;
    let newer = Some(open.order.at).filter(|newer| said < *newer)?;
    Some(Reason::Outworded { said, newer })
}

fn is_overdue(signal: &Signal, command: &Command) -> bool {
    !command.force && signal.received.duration_since(signal.order_time()) > ORDER_HOLDS
}

fn failover(
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    if let Some(plan) = joined(state, Direction::Failover, command) {
        return confirming(carry_on(plan.direction, plan.id), Some(plan.id), signal, command);
    }
    let incidents = state.pending_at(now).cloned().collect();
    let order = Order { incidents, ..order(signal, command) };
    if !state.plans.is_empty() || state.active == Position::Primary {
        return start(Direction::Failover, order, asked(command));
    }
    let undone = facts.not_at(Position::Standby, &[Role::Gate, Role::Route, Role::Monitor]);
    finish(Direction::Failover, order, (state, &undone), (signal, command))
}

fn failback(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
) -> Decision {
    if let Some(plan) = joined(state, Direction::Failback, command) {
        return confirming(carry_on(plan.direction, plan.id), Some(plan.id), signal, command);
    }
    if state.newest().is_some_and(|plan| plan.direction == Direction::Rehearsal) {
        // It puts everything back by itself.
        let there = Decision::stay(Reason::AlreadyThere(state.active, state.since));
        return confirming(there, None, signal, command);
    }
    let at_home = state.plans.is_empty() && state.active == Position::Primary;
    if at_home && !is_in_doubt(facts, command) {
        let roles: &[Role] =
            if state.draining.is_some() { &[Role::Monitor] } else { &[Role::Gate, Role::Monitor] };
        let undone = facts.not_at(Position::Primary, roles);
        let order = order(signal, command);
        return finish(Direction::Failback, order, (state, &undone), (signal, command));
    }
    match gate(policy, facts, command) {
        Some(reason) => refused(signal, command, reason),
        None => start(Direction::Failback, order(signal, command), asked(command)),
    }
}

/// Whether the route has to be set although the journal says that it leads to the primary: it was seen elsewhere, or
/// was not seen while somebody insists.
fn is_in_doubt(facts: &Facts, command: &Command) -> bool {
    let unseen = command.force && !facts.not_at(Position::Primary, &[Role::Route]).is_empty();
    unseen || facts.is_route_astray(Position::Primary)
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
        // What is off can't answer: the plan starts it, and asks it then.
        Served::Silent(_) | Served::Unknown(_) if facts.is_powerless() => None,
        Served::Silent(why) | Served::Unknown(why) => Some(match facts.power_unseen() {
            Some(unseen) => Reason::PowerUnseen { silent: why.clone(), unseen: unseen.to_owned() },
            None => Reason::PrimarySilent(why.clone()),
        }),
    }
}

fn finish(
    direction: Direction,
    order: Order,
    (state, undone): (&State, &[&SwitchId]),
    (signal, command): (&Signal, &Command),
) -> Decision {
    let position = direction.leads_to();
    if undone.is_empty() {
        let there = Decision::stay(Reason::AlreadyThere(position, state.since));
        return confirming(there, None, signal, command);
    }
    let what = undone.iter().map(ToString::to_string).collect();
    let order = Order { unfinished: true, ..order };
    start(direction, order, Reason::Unfinished(position, what))
}

/// What begins nothing is journaled all the same: delivered again it must not move what was moved since, nor may an
/// older order that was held up on its way.
fn confirming(decision: Decision, plan: Option<u64>, signal: &Signal, command: &Command) -> Decision {
    let event = Event::Confirmed {
        plan,
        ordered: signal.order_time(),
        message: signal.message.clone(),
        command: command.verb.to_string(),
        by: command.by.clone(),
        reason: decision.reason.to_string(),
    };
    decision.recording(event)
}

/// An order that a newer one has taken the place of. It is journaled, so that whoever waits for it is told.
fn unheeded(signal: &Signal, command: &Command, reason: Reason) -> Decision {
    let event = settling(signal, command, &reason);
    Decision::stay(reason).recording(event)
}

fn refused(signal: &Signal, command: &Command, reason: Reason) -> Decision {
    let event = settling(signal, command, &reason);
    Decision::new(Verdict::Refused, reason).recording(event)
}

/// The command is not carried out, now or later.
fn settling(signal: &Signal, command: &Command, reason: &Reason) -> Event {
    Event::Refused {
        message: signal.message.clone(),
        command: command.verb.to_string(),
        by: command.by.clone(),
        reason: reason.to_string(),
    }
}

/// A word on holding that was published before the newest one is not heeded any more: a hold that comes after its own
/// release would keep visitors in the dark.
fn outworded(state: &State, (signal, command): (&Signal, &Command)) -> Option<Decision> {
    let (said, newer) = (whole_seconds(signal.published), state.hold_ordered?);
    (said < whole_seconds(newer)).then(|| unheeded(signal, command, Reason::Outworded { said, newer }))
}

/// One that was published before the latest move was ordered means something else that somebody has looked at: what
/// happened since is still to be looked at.
fn acknowledge(state: &State, (signal, command): (&Signal, &Command), now: Timestamp) -> Decision {
    let said = whole_seconds(signal.published);
    let stuck = state.stuck.as_ref().and_then(|stuck| stuck.ordered);
    let moved = state.last_move.as_ref().map(|moved| moved.order_time);
    if let Some(newer) = stuck.max(moved).filter(|newer| said < whole_seconds(*newer)) {
        return unheeded(signal, command, Reason::Outworded { said, newer });
    }
    Decision::stay(Reason::Acknowledged { pending: state.pending_at(now).count() }).recording(
        Event::Acknowledged {
            by: command.by.clone(),
            message: signal.message.clone(),
            ordered: Some(signal.order_time()),
        },
    )
}

/// It lasts from when it was ordered, however late it comes.
fn hold(signal: &Signal, command: &Command) -> Decision {
    let since = signal.order_time();
    let until = since.saturating_add(command.hold_for.unwrap_or(DEFAULT_HOLD)).unwrap_or(Timestamp::MAX);
    let hold = Hold { by: command.by.clone(), reason: command.reason.clone(), since, until };
    Decision::stay(Reason::HoldSet(hold.clone()))
        .recording(Event::Held { hold, message: signal.message.clone() })
}

fn release(signal: &Signal, command: &Command) -> Decision {
    let (by, message, ordered) = (command.by.clone(), signal.message.clone(), Some(signal.order_time()));
    Decision::stay(Reason::HoldReleased).recording(Event::Released { by, message, ordered })
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
        asker: command.asker(),
        reason: command.reason.clone(),
        force: command.force,
        unfinished: false,
        incidents: Vec::new(),
    }
}

pub(super) fn asked(command: &Command) -> Reason {
    Reason::Asked(command.asker(), command.reason.clone())
}
