//! How an executor's part ends: the plan with it, or only this attempt.

use failover_core::{Direction, End, Position, State};

use crate::{
    blind, desk,
    hands::with,
    judge,
    ledger::{Head, Line, Who},
    mutant::Mutant,
    process,
    promises::Promise,
    site::Site,
    turn,
    world::{Run, Stop, World},
};

/// Its part is over.
pub(crate) fn leave(site: &Site, mut world: World, by: Who) -> World {
    world.lay_down(by, &site.ledger);
    world
}

/// Tells the journal how the plan ended, once all else is told. What is pending is decided again after a way back.
pub(crate) fn finish(
    site: &Site,
    mut world: World,
    by: Who,
    run: Run,
    (end, active): (End, Position),
) -> Option<World> {
    if world.away || run.untold.is_some() || process::writes_first(&site.scope, &world) {
        return None;
    }
    if run.notes.first().is_some() && !site.rules.are(Mutant::EndsBeforeItTells) {
        return None;
    }
    let drain = run.drain_until.filter(|_| end == End::Done);
    let line = Line::Ended { plan: run.id, end, active, drain, by };
    let before = site.ledger.state(world.journal);
    if let Some(older) = older_ended(site, &world, by, &run) {
        return Some(World { journal: older, ..world });
    }
    let Some(next) = site.ledger.append(&site.scope, world.journal, line, world.clock) else {
        return Some(with(world, by, Run { stop: Some(Stop::Lost), ..run }));
    };
    world.journal = next;
    turn::is_by_its_executor(&mut world, &before, u64::from(run.id), by);
    judge_end(site, &mut world, &before, &run, end);
    if let Some(message) = run.message {
        world.known.answered |= 1 << message;
    }
    Some(match run.direction {
        Direction::Failover => leave(site, world, by),
        _ => desk::reconsider(site, world, by, run.message),
    })
}

/// The journal after the end of an older plan, where there is one and it may be ended.
fn older_ended(site: &Site, world: &World, by: Who, run: &Run) -> Option<Head> {
    let state = site.ledger.state(world.journal);
    let older = blind::gone_on_without(site, &state, run)?;
    let plan = u8::try_from(older.id).unwrap_or_default();
    let line = Line::Ended { plan, end: End::Overtaken, active: state.active, drain: None, by };
    site.ledger.append(&site.scope, world.journal, line, world.clock)
}

fn judge_end(site: &Site, world: &mut World, before: &State, run: &Run, end: End) {
    let Some(open) = before.plan(u64::from(run.id)).filter(|_| end == End::Done) else { return };
    judge::done(site, world, open);
    if !judge::is_told(site, run, open) {
        world.break_promise(Promise::TellsEverything);
    }
}

/// Lets the claim go; the next delivery or reconcile carries the plan on.
pub(crate) fn give_up(site: &Site, mut world: World, by: Who, run: Run) -> Option<World> {
    if world.away || run.untold.is_some() || run.notes.first().is_some() {
        return None;
    }
    let line = Line::Attempt { plan: run.id, by };
    if let Some(next) = site.ledger.append(&site.scope, world.journal, line, world.clock) {
        world.journal = next;
    }
    Some(leave(site, world, by))
}
