//! What all parts of an executor do: ask for a change, note what is done, and see whether it is pointless to go on.

use failover_core::{Direction, Position, Role, Step, Unless};

use crate::{
    ledger::Who,
    mutant::Mutant,
    requests,
    site::Site,
    world::{Run, Task, World},
};

pub(crate) fn with(mut world: World, by: Who, run: Run) -> World {
    world.workers[usize::from(by)].task = Task::Executing(run);
    world
}

pub(crate) fn note(run: &mut Run, step: Step) {
    run.done.add(step);
    run.notes.push(step);
}

/// Asks for a change, with a claim that is young enough. The scribe is taken to be no more than one step behind.
pub(crate) fn send(
    site: &Site,
    mut world: World,
    by: Who,
    run: Run,
    what: (Role, Position),
    insists: bool,
) -> Option<World> {
    if !may_send(site, &world, by, &run, what) {
        return None;
    }
    requests::send(&site.scope, &mut world, by, what, insists);
    Some(with(world, by, Run { touched: true, ..run }))
}

/// While the journal is away only a failover goes on, whatever is still to be told.
fn may_send(site: &Site, world: &World, by: Who, run: &Run, what: (Role, Position)) -> bool {
    if world.away {
        return run.direction == Direction::Failover && !site.rules.are(Mutant::WaitsForTheJournal);
    }
    let stands = world.workers[usize::from(by)].stands || site.rules.are(Mutant::WritesOnAnOldClaim);
    let pauses = what == (Role::Monitor, Position::Standby);
    let short = run.notes.is_short() && (!pauses || site.rules.are(Mutant::PausesUntold));
    stands && run.untold.is_none() && (run.notes.is_empty() || short)
}

pub(crate) fn is_pointless(world: &World, unless: Unless) -> bool {
    match unless {
        Unless::Nothing => false,
        Unless::PrimaryReturns | Unless::PrimaryServes => world.clouds.served() == Some(Position::Primary),
        Unless::PrimaryAlone => world.clouds.primary && !world.clouds.answers(Position::Standby),
    }
}
