//! Undoing a plan that isn't wanted any more, or leads nowhere, by the core's table.

use failover_core::{Act, End, Need, Plan, Position, Role, Step, Undone};

use crate::{
    hands::{is_pointless, note, send, with},
    ledger::Who,
    site::Site,
    world::{At, Run, World},
};

/// What was done is to be undone; nothing is where nothing was touched.
pub(crate) fn unwind(run: Run) -> Run {
    let touched = run.touched || !run.done.is_empty() || run.follows || run.resumed;
    let at = if touched { At::Undo(0) } else { At::Finish(End::Unwound, run.undone_at()) };
    Run { at, ..run }
}

/// Undoes this, or goes past it where there is nothing to undo.
pub(crate) fn go(site: &Site, world: World, by: Who, run: Run, (plan, at): (&Plan, u8)) -> Option<World> {
    let undoing = plan.undoing();
    let Some(undone) = undoing.get(usize::from(at)) else {
        let end = if run.in_vain { At::Beside } else { At::Finish(End::Unwound, run.undone_at()) };
        return Some(with(world, by, Run { at: end, ..run }));
    };
    let Act::Set(role, to) = undone.line.act else { return Some(with(world, by, past(run, at))) };
    let wanted = undone.always || may_have_begun(&run, plan, undone.of);
    if !wanted || !may_undo(&world, &run, undone) {
        return Some(with(world, by, past(run, at)));
    }
    if world.clouds.at(role) == to {
        return Some(with(world, by, was_set(run, plan, at, false)));
    }
    let mut world = world;
    // What is undone only where a visitor is served has just seen one.
    world.known.proven |= world.clouds.served() == Some(Position::Standby);
    match undone.line.answers() {
        Some(place) if !world.clouds.answers(place) => wait(site, world, by, run, undone),
        _ => send(site, world, by, run, (role, to), run.forced || run.in_vain),
    }
}

fn past(run: Run, at: u8) -> Run {
    Run { at: At::Undo(at + 1), ..run }
}

/// Whether a step may have been begun, by whomever: what is finished last is known, what was under way isn't.
fn may_have_begun(run: &Run, plan: &Plan, step: Step) -> bool {
    let before = plan.step_before(step);
    run.follows || run.resumed || run.done.has(step) || before.is_some_and(|before| run.done.has(before))
}

fn may_undo(world: &World, run: &Run, undone: &Undone) -> bool {
    undone.line.needs.iter().all(|need| match need {
        Need::Drained => run.draining.is_none(),
        Need::Served(place) => world.clouds.served() == Some(*place),
        _ => true,
    })
}

/// Visitors are led back to a place that answers; until it does, one may be served by the primary after all.
fn wait(site: &Site, world: World, by: Who, run: Run, undone: &Undone) -> Option<World> {
    if is_pointless(&world, undone.line.unless) {
        return Some(with(world, by, forward(run)));
    }
    let closed = world.clouds.at(Role::Gate) == Position::Primary;
    if closed { send(site, world, by, run, (Role::Gate, Position::Standby), false) } else { None }
}

/// It goes on as if somebody had died: what was set meanwhile is looked at.
fn forward(run: Run) -> Run {
    Run { at: At::First, resumed: true, in_vain: false, ..run }
}

/// Its switch is where it was to be; `made` if that took a write.
pub(crate) fn was_set(mut run: Run, plan: &Plan, at: u8, made: bool) -> Run {
    let undoing = plan.undoing();
    let Some(undone) = undoing.get(usize::from(at)) else { return run };
    let leads = matches!(undone.line.act, Act::Set(Role::Gate, Position::Standby));
    if made || run.done.has(undone.of) {
        note(&mut run, undone.line.step);
    }
    if leads && made { Run { at: At::Opened(at), ..run } } else { past(run, at) }
}

/// The standby that was opened answers before anybody is led there again.
pub(crate) fn opened(world: World, by: Who, run: Run, (plan, at): (&Plan, u8)) -> Option<World> {
    if world.clouds.answers(Position::Standby) {
        return Some(with(world, by, past(run, at)));
    }
    let undoing = plan.undoing();
    let unless = undoing.get(usize::from(at)).map(|undone| undone.line.unless)?;
    if is_pointless(&world, unless) {
        return Some(with(world, by, forward(run)));
    }
    // Somebody closed it meanwhile.
    Some(with(world, by, Run { at: At::Undo(at), ..run }))
}

/// What depends on nothing is done, where what was forced is in vain.
pub(crate) fn beside(site: &Site, world: World, by: Who, run: Run, plan: &Plan) -> Option<World> {
    let astray = plan.lines.iter().filter(|line| line.beside).find_map(|line| match line.act {
        Act::Set(role, to) if world.clouds.at(role) != to => Some((role, to)),
        _ => None,
    });
    match astray {
        Some(what) => send(site, world, by, run, what, true),
        None => Some(with(world, by, was_set_beside(run, plan))),
    }
}

pub(crate) fn was_set_beside(mut run: Run, plan: &Plan) -> Run {
    for line in plan.lines.iter().filter(|line| line.beside) {
        note(&mut run, line.step);
    }
    run.at = At::Finish(End::Stuck, run.direction.leads_to());
    run
}
