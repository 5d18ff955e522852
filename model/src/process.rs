//! Deliveries of one process: they share what it knows, and take turns at the clouds. Elsewhere each is as in a process of
//! its own.

use crate::{
    ledger::Who,
    scope::Scope,
    world::{At, Run, Stop, Task, Why, Worker, World},
};
use failover_core::{Direction, End};

/// Whether this process has something to write before it decides on what the journal says.
pub(crate) fn writes_first(scope: &Scope, world: &World) -> bool {
    scope.one_process && world.workers.iter().any(Worker::is_untold)
}

/// Whether an executor of this process makes this very move, or has made it.
pub(crate) fn moves_already(scope: &Scope, world: &World, by: Who) -> bool {
    let moves = |worker: &Worker| match worker.task {
        Task::Executing(Run { direction: Direction::Failover, at, .. }) => {
            !matches!(at, At::GiveUp) && !matches!(at, At::Finish(end, _) if end != End::Done)
        }
        _ => false,
    };
    scope.one_process && others(world, by).any(moves)
}

/// Whether somebody else is at work in this process: what it has read of the journal is known then.
pub(crate) fn is_at_work(scope: &Scope, world: &World, by: Who) -> bool {
    scope.one_process && others(world, by).any(|worker| !matches!(worker.task, Task::Idle | Task::Absent))
}

/// Whether another executor of this process has its hands on the clouds.
pub(crate) fn has_the_clouds(scope: &Scope, world: &World, by: Who) -> bool {
    let holds = |worker: &Worker| match worker.task {
        Task::Executing(run) => !matches!(run.at, At::Turn | At::Deserted(_) | At::Finish(..) | At::GiveUp),
        _ => false,
    };
    scope.one_process && others(world, by).any(holds)
}

/// One writer a site: who executes something else finishes the write it has begun and leaves the rest; who decides has
/// to read again.
pub(crate) fn overtake_all(scope: &Scope, mut world: World, by: Who) -> World {
    for worker in (0..).zip(&mut world.workers).filter(|(who, _)| scope.one_process && *who != by) {
        match &mut worker.1.task {
            Task::Executing(run) => run.stop = run.stop.or(Some(Stop::Overtaken)),
            Task::Deciding { why, .. } if !matches!(why, Why::Round { .. }) => *worker.1 = Worker::idle(),
            _ => {}
        }
    }
    world
}

fn others(world: &World, by: Who) -> impl Iterator<Item = &Worker> {
    (0..).zip(&world.workers).filter(move |(who, _)| *who != by).map(|(_, worker)| worker)
}
