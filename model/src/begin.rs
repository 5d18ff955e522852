//! How an executor begins: by a plan's intent, or by taking over what nobody executes.

use failover_core::Direction;

use crate::{
    judge,
    ledger::{Asked, Line, Who},
    mutant::Mutant,
    site::Site,
    world::{Run, Task, World},
};

/// Writes a plan's intent, and begins to execute it.
pub(crate) fn start(
    site: &Site,
    mut world: World,
    by: Who,
    (direction, order): (Direction, Asked),
    message: Option<u8>,
) -> Option<World> {
    let id = world.free_number(&site.ledger);
    let line = Line::Intent { plan: id, direction, order, by, blind: false };
    world.journal = site.ledger.append(&site.scope, world.journal, line, world.clock)?;
    let (ordered, state) = (site.order_of(order), site.ledger.state(world.journal));
    judge::begun(site, &mut world, direction, &ordered);
    let run = Run::begun(id, direction, &ordered, &state, message);
    let worker = &mut world.workers[usize::from(by)];
    (worker.task, worker.stands) = (Task::Executing(run), true);
    Some(world)
}

/// Takes a plan over whose executor is dead.
pub(crate) fn take_over(
    site: &Site,
    mut world: World,
    by: Who,
    plan: u64,
    message: Option<u8>,
) -> Option<World> {
    let state = site.ledger.state(world.journal);
    let open = state.plan(plan)?;
    if !world.is_deserted(open) && !site.rules.are(Mutant::TakesOverTheLiving) {
        return None;
    }
    let line = Line::Claim { plan: u8::try_from(plan).unwrap_or_default(), by };
    world.journal = site.ledger.append(&site.scope, world.journal, line, world.clock)?;
    let state = site.ledger.state(world.journal);
    let run = Run::carried_on(state.plan(plan)?, &state, &site.scope, message);
    let worker = &mut world.workers[usize::from(by)];
    (worker.task, worker.stands) = (Task::Executing(run), true);
    Some(world)
}
