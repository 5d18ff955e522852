//! Requests to the clouds: sent, under way, landed; also late, after their sender has lost the right to ask.
//!
//! A promise is judged where the function still has it in its hands: when a request is sent, and when it takes effect while
//! its sender's claim stands. One that was on its way when its sender stood still can't be called back by anybody.

use failover_core::{Position, Role};

use crate::{
    ledger::Who,
    promises::Promise,
    world::{Answer, Flight, World},
};

/// Asks a cloud for a change. `insists` is set where no answer is wanted before visitors are led there.
pub(crate) fn send(world: &mut World, by: Who, (role, to): (Role, Position), insists: bool) {
    judge(world, by, (role, to), insists);
    world.workers[usize::from(by)].flight = Some(Flight { role, to, answer: None });
}

fn judge(world: &mut World, by: Who, (role, to): (Role, Position), insists: bool) {
    let clouds = world.clouds;
    let away_from_an_answer = clouds.served().is_some_and(|place| place != to) && !clouds.answers(to);
    if role == Role::Route && away_from_an_answer && !insists {
        world.break_promise(Promise::MovesToWhatAnswers);
    }
    if role == Role::Monitor && to == Position::Standby && !world.known.proven {
        world.break_promise(Promise::PausesOnProof);
    }
    let others = (0..).zip(&world.workers).filter(|(who, _)| *who != by);
    if others.into_iter().any(|(_, worker)| worker.is_waiting() && !worker.is_late()) {
        world.break_promise(Promise::OneWriter);
    }
}

/// A worker's request takes effect.
pub(crate) fn land(mut world: World, by: Who) -> Option<World> {
    let worker = &mut world.workers[usize::from(by)];
    let late = worker.is_late();
    let flight = worker.flight.as_mut().filter(|flight| flight.answer.is_none())?;
    flight.answer = Some(Answer::Done);
    let Flight { role, to, .. } = *flight;
    if !late {
        under_visitors(&mut world, role, to);
        if role == Role::Route && to == Position::Primary {
            world.known.proven = false;
        }
    }
    take_effect(&mut world, role, to, late);
    Some(world)
}

fn under_visitors(world: &mut World, role: Role, to: Position) {
    let led = world.clouds.at(Role::Route) == Position::Standby && !world.known.by_hand;
    if role == Role::Gate && to == Position::Primary && led {
        world.break_promise(Promise::StandbyStaysOpen);
    }
}

/// What nobody asked for at this time is as if moved by hand.
fn take_effect(world: &mut World, role: Role, to: Position, late: bool) {
    world.clouds.set(role, to);
    if role == Role::Gate {
        world.known.gate_came_late = late;
    }
    if role == Role::Route {
        world.known.by_hand = late;
    }
}

/// A worker's request is refused, for good.
pub(crate) fn refuse(mut world: World, by: Who) -> Option<World> {
    world.left.refusals = world.left.refusals.checked_sub(1)?;
    let flight = world.workers[usize::from(by)].flight.as_mut()?;
    flight.answer = Some(Answer::Refused);
    Some(world)
}

/// A request whose sender is no more takes effect.
#[expect(clippy::unnecessary_wraps, reason = "a transition, as all beside it")]
pub(crate) fn land_late(mut world: World, role: Role, to: Position) -> Option<World> {
    world.late.remove(role, to);
    take_effect(&mut world, role, to, true);
    Some(world)
}

/// It never arrives.
#[expect(clippy::unnecessary_wraps, reason = "a transition, as all beside it")]
pub(crate) fn vanish(mut world: World, role: Role, to: Position) -> Option<World> {
    world.late.remove(role, to);
    Some(world)
}
