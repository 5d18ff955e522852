//! Maintenance: begun where it is due while nothing moves, and executed as any plan.

use failover_core::{Direction, Order};

use crate::{
    begin,
    chore::{Chore, task_of},
    ledger::{Head, Line, Who},
    process,
    site::Site,
    world::{Run, Task, World},
};

/// Begins what was found due in the state at `decided`, or carries on what is open, unless anything has moved since.
pub(crate) fn begin(site: &Site, mut world: World, by: Who, decided: Head, chore: Chore) -> Option<World> {
    let (then, now) = (site.ledger.state(decided), site.ledger.state(world.journal));
    let busy = process::has_the_clouds(&site.scope, &world, by) || process::writes_first(&site.scope, &world);
    if busy || now.has_moved_since(&then) || !now.plans.is_empty() {
        return None;
    }
    if let Some(open) = now.maintenance.as_ref().filter(|open| !open.gives_way_to(&task_of(chore))) {
        return begin::take_over(site, world, by, open.id, None);
    }
    let order = Order::standing(&site.scope.round(world.clock));
    let (plan, asked) = (world.free_number(&site.ledger), site.ledger.order(&order));
    let line = Line::Maintenance { plan, task: chore, order: asked, by };
    world.journal = site.ledger.append(&site.scope, world.journal, line, world.clock)?;
    let state = site.ledger.state(world.journal);
    let run = Run { task: Some(chore), ..Run::begun(plan, Direction::Maintenance, &order, &state, None) };
    let worker = &mut world.workers[usize::from(by)];
    (worker.task, worker.stands) = (Task::Executing(run), true);
    Some(world)
}
