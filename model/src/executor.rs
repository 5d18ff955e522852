//! The executor of a plan. What waits for what, and what undoes what, is the core's table; how a line is carried out is
//! here, as the shell does it.

use failover_core::{Act, Direction, End, Line, Need, Plan, Position, Refused, Role, Step, Within};

use crate::{
    ending,
    hands::{is_pointless, note, send, with},
    ledger::Who,
    mutant::Mutant,
    scope::{Minute, at_minute, minute_of},
    site::Site,
    turn, undo,
    world::{Answer, At, Flight, Run, Stop, Task, World},
};

/// What an executor does next; nothing while it has to wait.
pub(crate) fn go(site: &Site, world: World, by: Who, run: Run) -> Option<World> {
    if world.workers[usize::from(by)].flight.is_some() {
        return None;
    }
    match (run.stop, run.at) {
        (Some(Stop::Lost), _) => Some(ending::leave(site, world, by)),
        (Some(Stop::Overtaken), At::Finish(..) | At::GiveUp) | (None, _) => step(site, world, by, run),
        (Some(Stop::Overtaken), _) => {
            Some(with(world, by, Run { at: At::Finish(End::Overtaken, run.from), ..run }))
        }
    }
}

fn step(site: &Site, world: World, by: Who, run: Run) -> Option<World> {
    if run.notes.is_full() {
        return None;
    }
    if world.away && run.task.is_some() {
        // Somebody comes by in a minute.
        return Some(ending::leave(site, world, by));
    }
    let plan = site.plan(&run);
    match run.at {
        At::Turn => turn::take(site, world, by, run),
        At::Deserted(head) => turn::end_deserted(site, world, by, run, head),
        At::First => Some(make_sure(world, by, run, &plan)),
        At::Line(number) => carry_out(site, world, by, run, (&plan, number)),
        At::LastLook => last_look(site, world, by, run, &plan),
        At::Undo(number) => undo::go(site, world, by, run, (&plan, number)),
        At::Opened(number) => undo::opened(world, by, run, (&plan, number)),
        At::Beside => undo::beside(site, world, by, run, &plan),
        At::Finish(end, active) => ending::finish(site, world, by, run, (end, active)),
        At::GiveUp => ending::give_up(site, world, by, run),
    }
}

/// Whoever is awake hears of the answer as soon as there is one: nobody else sees what it makes of it before it tells.
pub(crate) fn hear(site: &Site, mut world: World, by: Who) -> World {
    let worker = &mut world.workers[usize::from(by)];
    let (false, Task::Executing(run), Some(Flight { answer: Some(answer), role, .. })) =
        (worker.frozen, worker.task, worker.flight)
    else {
        return world;
    };
    worker.flight = None;
    let run = match answer {
        Answer::Done => came_back(site, &world, run, role),
        Answer::Refused => refused(run),
        Answer::Conflict => run,
    };
    with(world, by, run)
}

/// What is refused ends the attempt; a rehearsal is undone by it.
fn refused(run: Run) -> Run {
    match (run.direction, run.at) {
        (Direction::Rehearsal, At::Line(_)) => undo::unwind(run),
        _ => Run { at: At::GiveUp, ..run },
    }
}

fn came_back(site: &Site, world: &World, run: Run, role: Role) -> Run {
    let plan = site.plan(&run);
    match run.at {
        At::Line(number) => {
            let line = &plan.lines[usize::from(number)];
            if matches!(line.act, Act::Set(..)) { was_set(world, run, line, number, true) } else { run }
        }
        At::Undo(number) => undo::was_set(run, &plan, number, true),
        At::Beside => undo::was_set_beside(run, &plan),
        _ => Run { moved: run.moved || role == Role::Route, ..run },
    }
}

/// What was looked at long ago is looked at again, before anything is written.
fn make_sure(world: World, by: Who, run: Run, plan: &Plan) -> World {
    if run.task.is_some() {
        return maintains(world, by, run, plan);
    }
    let asks = plan.first.iter().any(|(need, step)| *need == Need::StillSilent && !run.done.has(*step));
    let long_ago = run.resumed || run.waited;
    let well = world.clouds.served() == Some(Position::Primary);
    let interrupted = run.resumed && plan.refused == Refused::Undone;
    if (asks && long_ago && well) || interrupted {
        return with(world, by, undo::unwind(run));
    }
    with(world, by, Run { at: At::Line(0), ..run })
}

/// What was looked at just before it was decided is as good.
fn maintains(world: World, by: Who, run: Run, plan: &Plan) -> World {
    let holds = |need: Need| match need {
        Need::RoutedBack => world.clouds.at(Role::Route) == Position::Primary,
        Need::Served(place) => world.clouds.served() == Some(place),
        _ => true,
    };
    let goes = !(run.resumed || run.waited) || plan.first.iter().all(|(need, _)| holds(*need));
    let at = if goes { At::Line(0) } else { At::Finish(End::Unwound, run.from) };
    with(world, by, Run { at, ..run })
}

fn carry_out(site: &Site, world: World, by: Who, run: Run, (plan, number): (&Plan, u8)) -> Option<World> {
    let Some(line) = plan.lines.get(usize::from(number)) else {
        return Some(with(world, by, Run { at: At::LastLook, ..run }));
    };
    match line.act {
        Act::Set(..) if leaves_open(site, &world, &run, line).is_some() => {
            let until = leaves_open(site, &world, &run, line);
            let run = Run { drain_until: run.drain_until.or(until), ..run };
            Some(with(world, by, next(run, number)))
        }
        Act::Set(role, to) => set(site, world, by, run, (line, number), (role, to)),
        Act::Answer(place) => await_answer(site, world, by, run, (line, number), place),
        Act::Visitor(place) => await_visitor(site, world, by, run, (plan, line, number), place),
        Act::Seen(role, to) if world.clouds.at(role) != to => send(site, world, by, run, (role, to), true),
        Act::Touch(_) | Act::Start | Act::Seen(..) => Some(with(world, by, told(run, line.step, number))),
    }
}

/// Until when visitors with a cached redirect are waited for, where the line has to.
fn leaves_open(site: &Site, world: &World, run: &Run, line: &Line) -> Option<Minute> {
    let routed = run.routed.and_then(|at| site.scope.time(at).checked_add(site.scope.policy.drain).ok());
    let until = routed.map(minute_of).or(run.draining).filter(|_| line.needs.contains(&Need::Drained))?;
    (site.scope.time(world.clock) < at_minute(until)).then_some(until)
}

fn next(run: Run, number: u8) -> Run {
    Run { at: At::Line(number + 1), ..run }
}

/// The line is done, and the journal is to be told.
fn told(mut run: Run, step: Step, number: u8) -> Run {
    note(&mut run, step);
    next(run, number)
}

fn set(
    site: &Site,
    world: World,
    by: Who,
    run: Run,
    (line, number): (&Line, u8),
    (role, to): (Role, Position),
) -> Option<World> {
    if world.clouds.at(role) == to {
        let run = was_set(&world, run, line, number, false);
        return Some(with(world, by, run));
    }
    match line.answers().filter(|_| !site.rules.are(Mutant::RoutesUnproven)) {
        Some(place) if !world.clouds.answers(place) => unproven(site, world, by, run, line, place),
        proof => send(site, world, by, run, (role, to), proof.is_none() && line.needs.is_empty()),
    }
}

fn was_set(world: &World, mut run: Run, line: &Line, number: u8, made: bool) -> Run {
    let route = matches!(line.act, Act::Set(Role::Route, _));
    run.moved |= route && made;
    if line.skipped == failover_core::Skipped::Unmoved && !made {
        return next(run, number);
    }
    if route {
        run.routed = Some(world.clock);
    }
    told(run, line.step, number)
}

/// The place that has to answer before visitors are led there doesn't.
fn unproven(site: &Site, world: World, by: Who, run: Run, line: &Line, place: Position) -> Option<World> {
    if place == Position::Primary || is_pointless(&world, line.unless) {
        return Some(with(world, by, undo::unwind(run)));
    }
    open_again(site, world, by, run)
}

/// A standby that somebody closed while it is waited for is opened again.
fn open_again(site: &Site, world: World, by: Who, run: Run) -> Option<World> {
    let closed = world.clouds.at(Role::Gate) == Position::Primary;
    if closed { send(site, world, by, run, (Role::Gate, Position::Standby), false) } else { None }
}

fn await_answer(
    site: &Site,
    world: World,
    by: Who,
    run: Run,
    (line, number): (&Line, u8),
    place: Position,
) -> Option<World> {
    if world.clouds.answers(place) {
        return Some(with(world, by, told(run, line.step, number)));
    }
    if is_pointless(&world, line.unless) {
        return Some(with(world, by, undo::unwind(run)));
    }
    open_again(site, world, by, run)
}

fn await_visitor(
    site: &Site,
    mut world: World,
    by: Who,
    run: Run,
    (plan, line, number): (&Plan, &Line, u8),
    place: Position,
) -> Option<World> {
    if line.skipped == failover_core::Skipped::Unmoved && !run.moved {
        return Some(with(world, by, next(run, number)));
    }
    if world.clouds.served() == Some(place) {
        world.known.proven |= place == Position::Standby;
        return Some(with(world, by, told(run, line.step, number)));
    }
    if is_pointless(&world, line.unless) {
        return Some(with(world, by, undo::unwind(run)));
    }
    if let Some(kept) = keep(site, world, by, run, &plan.kept_before(line.step)) {
        return Some(kept);
    }
    match line.within {
        Within::AnyTime | Within::VerifyWithin => None,
        Within::FailbackPatience => Some(with(world, by, undo::unwind(run))),
        Within::FailbackPatienceByForce => {
            Some(with(world, by, Run { in_vain: true, at: At::Undo(0), ..run }))
        }
    }
}

/// What was set for visitors to be served is set again where it has moved.
fn keep(site: &Site, world: World, by: Who, run: Run, lines: &[Line]) -> Option<World> {
    let (line, role, to) = astray(&world, lines)?;
    match line.answers() {
        Some(place) if !world.clouds.answers(place) => None,
        proof => send(site, world, by, run, (role, to), proof.is_none() && run.forced),
    }
}

fn astray<'a>(world: &World, lines: &'a [Line]) -> Option<(&'a Line, Role, Position)> {
    lines.iter().find_map(|line| match line.act {
        Act::Set(role, to) if world.clouds.at(role) != to => Some((line, role, to)),
        _ => None,
    })
}

/// Every switch once more, before the end; what moved meanwhile is set again.
fn last_look(site: &Site, world: World, by: Who, run: Run, plan: &Plan) -> Option<World> {
    let is_left = |line: &Line| run.drain_until.is_some() && line.needs.contains(&Need::Drained);
    let wanted: Vec<Line> = plan.last_look().into_iter().filter(|line| !is_left(line)).collect();
    let off = astray(&world, &wanted).filter(|_| !site.rules.are(Mutant::LooksNoMore));
    let Some((line, role, to)) = off else {
        let end = At::Finish(End::Done, run.done_at());
        return Some(with(world, by, Run { at: end, ..run }));
    };
    match line.answers() {
        Some(place) if !world.clouds.answers(place) => unproven(site, world, by, run, line, place),
        proof => send(site, world, by, run, (role, to), proof.is_none()),
    }
}
