//! One executor a site: waiting for one's turn, renewing one's claim, and learning who else wrote.

use failover_core::{End, State};

use crate::{
    hands::with,
    ledger::{Line, Who, name},
    mutant::Mutant,
    promises::Promise,
    rules::{Rules, holder},
    site::Site,
    world::{At, Run, Stop, Task, World},
};

/// Waits until older plans and what is written outside any plan are over, ending the plans that nobody executes.
pub(crate) fn take(site: &Site, mut world: World, by: Who, run: Run) -> Option<World> {
    let state = site.ledger.state(world.journal);
    if let Some(stop) = stopped(site.rules, &state, &run, by) {
        return Some(with(world, by, Run { stop: Some(stop), ..run }));
    }
    let ignores = site.rules.are(Mutant::TakesNoTurn);
    if let Some(older) = state.running().filter(|older| older.id != u64::from(run.id) && !ignores) {
        if !world.is_deserted(older) {
            return None;
        }
        let (plan, end) = (u8::try_from(older.id).unwrap_or_default(), End::Overtaken);
        let line = Line::Ended { plan, end, active: state.active, drain: None, by };
        world.journal = site.ledger.append(&site.scope, world.journal, line, world.clock)?;
        return Some(world);
    }
    Some(with(world, by, Run { at: At::First, ..run }))
}

/// Why this executor has to stop, as the journal has it.
fn stopped(rules: Rules, state: &State, run: &Run, by: Who) -> Option<Stop> {
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

/// A plan's steps, and its end, are told by whoever holds its claim.
pub(crate) fn is_by_its_executor(world: &mut World, before: &State, plan: u64, by: Who) {
    if before.plan(plan).and_then(holder) != Some(&name(by)) {
        world.break_promise(Promise::OneWriter);
    }
}

/// The scribe renews the claim only while it is its own.
pub(crate) fn renew(site: &Site, world: World, by: Who) -> Option<World> {
    match world.workers[usize::from(by)].task {
        Task::Executing(run) if run.stop != Some(Stop::Lost) => renew_plan(site, world, by, run),
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
