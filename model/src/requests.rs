//! Requests to the clouds: sent, under way, landed; also late, after their sender has lost the right to ask.
//!
//! A promise is judged where the function still has it in its hands: when a request is sent, and when it takes effect while
//! its sender's claim stands. One that was on its way when its sender stood still can't be called back by anybody.

use failover_core::{Position, Role};

use crate::{
    ledger::Who,
    mutant::Mutant,
    promises::Promise,
    rules::Rules,
    scope::Scope,
    world::{Answer, Flight, Worker, World},
};

/// Asks a cloud for a change. `insists` is set where no answer is wanted before visitors are led there.
pub(crate) fn send(scope: &Scope, world: &mut World, by: Who, (role, to): (Role, Position), insists: bool) {
    judge(scope, world, by, (role, to), insists);
    let theirs = world.clouds.theirs;
    world.workers[usize::from(by)].flight = Some(Flight { role, to, theirs, answer: None });
}

/// Whoever goes on without the journal knows of nobody, and nobody knows of him.
fn judge(scope: &Scope, world: &mut World, by: Who, (role, to): (Role, Position), insists: bool) {
    let clouds = world.clouds;
    let away_from_an_answer = clouds.served().is_some_and(|place| place != to) && !clouds.answers(to);
    if role == Role::Route && away_from_an_answer && !insists {
        world.break_promise(Promise::MovesToWhatAnswers);
    }
    if role == Role::Monitor && to == Position::Standby && !world.known.proven {
        world.break_promise(Promise::PausesOnProof);
    }
    let others = (0..).zip(&world.workers).filter(|(who, _)| *who != by);
    let untold = |worker: &Worker| world.away || worker.is_untold();
    let alone = !scope.one_process && untold(&world.workers[usize::from(by)]);
    let knows = |worker: &Worker| scope.one_process || !(alone || untold(worker));
    if others.into_iter().any(|(_, worker)| worker.is_waiting() && !worker.is_late() && knows(worker)) {
        world.break_promise(Promise::OneWriter);
    }
}

/// How a switch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Its one field.
    Field,
    /// The whole of what was read, and only where nobody has written since.
    Fingerprinted,
    /// The whole of what was read.
    Whole,
}

/// A policy is written whole, with its etag; of a rule and of a check one field is.
fn manner(rules: Rules, role: Role) -> Manner {
    match role {
        Role::Gate if rules.are(Mutant::ForgetsTheFingerprint) => Manner::Whole,
        Role::Gate => Manner::Fingerprinted,
        _ if rules.are(Mutant::WritesMoreThanItsField) => Manner::Whole,
        _ => Manner::Field,
    }
}

/// A worker's request takes effect, unless it is refused since somebody wrote after it was read.
pub(crate) fn land(rules: Rules, mut world: World, by: Who) -> Option<World> {
    let (theirs, worker) = (world.clouds.theirs, &mut world.workers[usize::from(by)]);
    let late = worker.is_late();
    let flight = worker.flight.as_mut().filter(|flight| flight.answer.is_none())?;
    let manner = manner(rules, flight.role);
    if manner == Manner::Fingerprinted && !theirs.is_as(flight.role, flight.theirs) {
        flight.answer = Some(Answer::Conflict);
        return Some(world);
    }
    flight.answer = Some(Answer::Done);
    let Flight { role, to, theirs: read, .. } = *flight;
    if manner == Manner::Whole {
        world.clouds.theirs.put_back(role, read);
    }
    if world.clouds.theirs != theirs {
        world.break_promise(Promise::NothingForeign);
    }
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

/// Somebody else changes what is theirs beside this switch, while a request to it is on its way: at any other time nothing
/// comes of it. What carries the fingerprint of before, and whose sender is no more, is refused when it arrives.
pub(crate) fn change_theirs(mut world: World, role: Role) -> Option<World> {
    let asks =
        |worker: &Worker| worker.is_waiting() && worker.flight.is_some_and(|flight| flight.role == role);
    if !world.workers.iter().any(asks) {
        return None;
    }
    world.left.others = world.left.others.checked_sub(1)?;
    world.clouds.theirs.change(role);
    Some(world)
}
