//! Whether anybody has to see to it that visitors are served while the journal is away.

use failover_core::{Direction, Looks, State};

use crate::{
    decided::What,
    scope::Says,
    site::Site,
    world::{At, Run, Task, Why, Worker, World},
};

/// Whether visitors are served, or nobody has to see to that while the journal is away: no failover is under way, and no
/// fresh incident may begin one.
pub(crate) fn is_lit(site: &Site, world: &World) -> bool {
    let moves =
        |run: Run| run.direction == Direction::Failover && !matches!(run.at, At::Finish(..) | At::GiveUp);
    let under_way = world.workers.iter().any(|worker| match worker.task {
        Task::Executing(run) => !worker.frozen && moves(run),
        _ => false,
    });
    world.clouds.served().is_some() || !(under_way || may_begin(site, world))
}

fn may_begin(site: &Site, world: &World) -> bool {
    let known = site.scope.one_process && world.workers.iter().any(Worker::executes);
    let head = if known { world.journal } else { site.ledger.keep(State::default()) };
    let clock = world.clock;
    let seen = world.clouds.look(Looks { public: true, ..Looks::default() });
    let free = world.workers.iter().any(|worker| worker.task == Task::Idle);
    free && (0..).zip(site.scope.messages).any(|(message, said)| {
        let waits = matches!(said.says, Says::Open(_)) && world.known.answered & 1 << message == 0;
        let begins = || matches!(site.decided(head, Why::Blind(message), seen, clock).what, What::Start(..));
        waits && said.published <= clock && begins()
    })
}
