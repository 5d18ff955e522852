//! What all parts of an executor do: ask for a change, note what is done, and see whether it is pointless to go on.

use failover_core::{Position, Role, Step, Unless};

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
    let stands = world.workers[usize::from(by)].stands || site.rules.are(Mutant::WritesOnAnOldClaim);
    let pauses = what == (Role::Monitor, Position::Standby);
    let has_told =
        run.notes.is_empty() || (run.notes.is_short() && (!pauses || site.rules.are(Mutant::PausesUntold)));
    if !stands || !has_told {
        return None;
    }
    requests::send(&mut world, by, what, insists);
    Some(with(world, by, Run { touched: true, ..run }))
}

pub(crate) fn is_pointless(world: &World, unless: Unless) -> bool {
    match unless {
        Unless::Nothing => false,
        Unless::PrimaryReturns | Unless::PrimaryServes => world.clouds.served() == Some(Position::Primary),
        Unless::PrimaryAlone => world.clouds.primary && !world.clouds.answers(Position::Standby),
    }
}
