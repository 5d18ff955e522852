//! One executor a site: waiting for one's turn, telling what began without the journal, renewing one's claim, and learning
//! who else wrote.

use failover_core::{Direction, End, State};

use crate::{
    hands::with,
    judge,
    ledger::{Asked, Head, Line, Who, name},
    mutant::Mutant,
    process,
    promises::Promise,
    rules::{Rules, holder},
    site::Site,
    world::{At, Run, Stop, Task, World},
};

/// Waits until older plans and what is written outside any plan are over; one that nobody executes is to be ended. What the
/// journal hasn't been told of waits for nobody.
pub(crate) fn take(site: &Site, world: World, by: Who, run: Run) -> Option<World> {
    let state = site.ledger.state(world.journal);
    let others = process::has_the_clouds(&site.scope, &world, by);
    if run.untold.is_some() {
        return (!others).then(|| with(world, by, Run { at: At::First, ..run }));
    }
    if let Some(stop) = stopped(site.rules, &state, &run, by).filter(|_| !world.away) {
        return Some(with(world, by, Run { stop: Some(stop), ..run }));
    }
    let ignores = site.rules.are(Mutant::TakesNoTurn);
    let older = state.running().filter(|older| older.id != u64::from(run.id) && !ignores);
    let at = match older {
        Some(older) if world.is_deserted(older) && !world.away => At::Deserted(world.journal),
        Some(_) if !goes_on_blind(site, &world, &run) => return None,
        _ if others => return None,
        _ => At::First,
    };
    Some(with(world, by, Run { at, ..run }))
}

/// An older plan's end that the journal can't take keeps no failover from bringing light.
fn goes_on_blind(site: &Site, world: &World, run: &Run) -> bool {
    let waits = site.rules.are(Mutant::WaitsForAnEnd);
    world.away && run.direction == Direction::Failover && !waits
}

/// Ends the plan that nobody executed when the journal was at `head`, and at no other: a claim written meanwhile is a living
/// executor's. Two heads are alike where all that was written between them is a claim that its executor renewed.
pub(crate) fn end_deserted(site: &Site, world: World, by: Who, run: Run, head: Head) -> Option<World> {
    let (again, state) = (Run { at: At::Turn, ..run }, site.ledger.state(head));
    let plan = state.running()?.id;
    let now = site.ledger.state(world.journal);
    let deserted = now.plan(plan).is_none_or(|open| world.is_deserted(open));
    let same = world.journal == head && deserted;
    let mut world = with(world, by, again);
    if world.away || (!same && !site.rules.are(Mutant::EndsTheClaimed)) {
        return Some(world);
    }
    let (older, end) = (u8::try_from(plan).unwrap_or_default(), End::Overtaken);
    let line = Line::Ended { plan: older, end, active: state.active, drain: None, by };
    let Some(next) = site.ledger.append(&site.scope, world.journal, line, world.clock) else {
        return Some(world);
    };
    world.journal = next;
    if !deserted {
        world.break_promise(Promise::OneWriter);
    }
    Some(world)
}

/// Why this executor has to stop, as the journal has it.
pub(crate) fn stopped(rules: Rules, state: &State, run: &Run, by: Who) -> Option<Stop> {
    let id = u64::from(run.id);
    let open = state.plan(id);
    let any = rules.are(Mutant::ForgetsTheNonce) && open.is_some();
    let ours = any || open.and_then(holder) == Some(&name(by));
    if !ours {
        Some(Stop::Lost)
    } else if state.is_overtaken(id) {
        Some(Stop::Overtaken)
    } else {
        None
    }
}

/// The scribe writes the next step that was finished; by that it renews the claim, and learns who else wrote.
pub(crate) fn write(site: &Site, mut world: World, by: Who) -> Option<World> {
    let Task::Executing(mut run) = world.workers[usize::from(by)].task else { return None };
    if let Some(order) = run.untold {
        return Some(tell(site, world, by, run, order));
    }
    let step = run.notes.first().filter(|_| run.stop != Some(Stop::Lost))?;
    let line = Line::Step { plan: run.id, step, by };
    let before = site.ledger.state(world.journal);
    match site.ledger.append(&site.scope, world.journal, line, world.clock) {
        Some(next) => {
            world.journal = next;
            is_by_its_executor(&mut world, &before, u64::from(run.id), by);
            run.notes.pop();
            world.workers[usize::from(by)].stands = true;
            run.stop = run.stop.or_else(|| stopped(site.rules, &site.ledger.state(next), &run, by));
        }
        None => run.stop = Some(Stop::Lost),
    }
    Some(with(world, by, run))
}

/// A plan's steps, and its end, are told by whoever holds its claim; the end of one that was overtaken, for the dead.
pub(crate) fn is_by_its_executor(world: &mut World, before: &State, plan: u64, by: Who) {
    if before.plan(plan).and_then(holder) != Some(&name(by)) {
        world.break_promise(Promise::OneWriter);
    }
}

/// The scribe renews the claim only while it is its own.
pub(crate) fn renew(site: &Site, world: World, by: Who) -> Option<World> {
    match world.workers[usize::from(by)].task {
        Task::Executing(run) if run.stop != Some(Stop::Lost) && run.untold.is_none() => {
            renew_plan(site, world, by, run)
        }
        _ => None,
    }
}

fn renew_plan(site: &Site, world: World, by: Who, mut run: Run) -> Option<World> {
    let stop = stopped(site.rules, &site.ledger.state(world.journal), &run, by);
    let lost = stop == Some(Stop::Lost);
    let world = if lost { world } else { renewed(site, world, by, Line::Claim { plan: run.id, by })? };
    run.stop = run.stop.or(stop);
    Some(with(world, by, run))
}

fn renewed(site: &Site, mut world: World, by: Who, line: Line) -> Option<World> {
    world.journal = site.ledger.append(&site.scope, world.journal, line, world.clock)?;
    world.workers[usize::from(by)].stands = true;
    Some(world)
}

/// Tells of a move that began without the journal, unless another process made the same one meanwhile and told of it.
fn tell(site: &Site, mut world: World, by: Who, run: Run, order: Asked) -> World {
    let state = site.ledger.state(world.journal);
    let made = state.active == run.direction.leads_to() && !site.rules.are(Mutant::TellsOfItTwice);
    let id = world.free_number(&site.ledger);
    let line = Line::Intent { plan: id, direction: run.direction, order, by, blind: true };
    let told = site.ledger.append(&site.scope, world.journal, line, world.clock).filter(|_| !made);
    let Some(next) = told else {
        return with(world, by, Run { stop: Some(Stop::Lost), ..run });
    };
    world.journal = next;
    world.workers[usize::from(by)].stands = true;
    judge::begun(site, &mut world, run.direction, &site.order_of(order));
    let stop = stopped(site.rules, &site.ledger.state(next), &Run { id, ..run }, by);
    with(world, by, Run { id, untold: None, stop: run.stop.or(stop), ..run })
}
