//! What may happen in a state, and which state that leads to.

use failover_core::{Position, Role};

use crate::{
    blind, desk, executor,
    ledger::Who,
    process, requests,
    scope::{Says, small},
    site::Site,
    turn,
    world::{At, Run, Task, Why, Worker, World},
};

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Time goes on to the next instant that matters.
    Tick,
    /// The primary dies, or answers again.
    Power,
    /// A message reaches an idle worker, which reads the journal and looks.
    Deliver { by: Who, message: u8 },
    /// It does while the journal is away; its process has read that to its end before, or never.
    DeliverBlind { by: Who, message: u8, knows: bool },
    /// The schedule's reconcile does.
    Reconcile { by: Who, long_silent: bool },
    /// A worker does what it does next.
    Go { by: Who },
    /// Its scribe writes what it has to tell.
    Write { by: Who },
    /// Its scribe renews its claim, or learns why it can't.
    Renew { by: Who },
    /// Its request takes effect, and is answered.
    Land { by: Who },
    /// Its request is refused for good.
    Refuse { by: Who },
    /// A request whose sender is no more takes effect.
    LandLate { role: Role, to: Position },
    /// It never arrives.
    Vanish { role: Role, to: Position },
    /// A process dies; whoever delivers finds another.
    Kill { by: Who },
    /// A process stands still.
    Freeze { by: Who },
    /// It runs on.
    Thaw { by: Who },
    /// Somebody moves a switch by hand.
    Hand { role: Role },
    /// Somebody else changes what is theirs beside a switch.
    Theirs { role: Role },
    /// The journal can't be reached any more.
    Away,
    /// It can again.
    Back,
}

impl Action {
    /// Whether it begins with reading the journal.
    fn reads(self) -> bool {
        matches!(self, Self::Deliver { .. } | Self::Reconcile { .. })
    }
}

const BOTH: [Position; 2] = [Position::Primary, Position::Standby];

impl Site {
    /// Whether `action` is one that can be counted on: nothing goes wrong by it, and nobody has to think of it.
    pub(crate) fn is_to_be_expected(&self, world: &World, action: Action) -> bool {
        match action {
            Action::Tick
            | Action::Reconcile { .. }
            | Action::Go { .. }
            | Action::Write { .. }
            | Action::Renew { .. }
            | Action::Land { .. }
            | Action::LandLate { .. }
            | Action::Vanish { .. } => true,
            Action::Deliver { message, .. } | Action::DeliverBlind { message, .. } => {
                let answered = world.known.answered & 1 << message != 0;
                matches!(self.scope.messages[usize::from(message)].says, Says::Open(_)) && !answered
            }
            Action::Power
            | Action::Refuse { .. }
            | Action::Kill { .. }
            | Action::Freeze { .. }
            | Action::Thaw { .. }
            | Action::Hand { .. }
            | Action::Theirs { .. }
            | Action::Away
            | Action::Back => false,
        }
    }

    fn of_worker(&self, world: &World, by: Who, actions: &mut Vec<Action>) {
        let worker = &world.workers[usize::from(by)];
        if worker.is_waiting() {
            actions.extend([Action::Land { by }, Action::Refuse { by }]);
        }
        if worker.frozen {
            actions.push(Action::Thaw { by });
            return;
        }
        if worker.task == Task::Idle {
            let messages = 0..small(self.scope.messages.len());
            actions.extend(messages.clone().map(|message| Action::Deliver { by, message }));
            let blind = |knows| move |message| Action::DeliverBlind { by, message, knows };
            actions.extend([false, true].into_iter().flat_map(|knows| messages.clone().map(blind(knows))));
            actions.extend([false, true].map(|long_silent| Action::Reconcile { by, long_silent }));
            return;
        }
        let steps = [Action::Go { by }, Action::Write { by }, Action::Renew { by }];
        actions.extend(steps);
        actions.extend([Action::Kill { by }, Action::Freeze { by }]);
    }

    fn happens(&self, world: World, action: Action) -> Option<World> {
        match action {
            Action::Deliver { .. }
            | Action::Reconcile { .. }
            | Action::Write { .. }
            | Action::Renew { .. }
                if world.away || (action.reads() && process::writes_first(&self.scope, &world)) =>
            {
                None
            }
            Action::Tick => self.tick(world),
            Action::Power => power(world),
            Action::Deliver { by, message } => desk::deliver(self, world, by, message),
            Action::DeliverBlind { by, message, knows } => blind::deliver(self, world, by, message, knows),
            Action::Reconcile { by, long_silent } => desk::reconcile(self, world, by, long_silent),
            Action::Go { by } => self.go(world, by),
            Action::Write { by } => turn::write(self, world, by),
            Action::Renew { by } => turn::renew(self, world, by),
            Action::Land { by } => {
                requests::land(self.rules, world, by).map(|world| executor::hear(self, world, by))
            }
            Action::Refuse { by } => requests::refuse(world, by).map(|world| executor::hear(self, world, by)),
            Action::LandLate { role, to } => requests::land_late(world, role, to),
            Action::Vanish { role, to } => requests::vanish(world, role, to),
            Action::Kill { by } => self.kill(world, by),
            Action::Freeze { by } => self.freeze(world, by),
            Action::Thaw { by } => Some(executor::hear(self, thaw(world, by), by)),
            Action::Hand { role } => self.hand(world, role),
            Action::Theirs { role } => requests::change_theirs(world, role),
            Action::Away => blind::away(world),
            Action::Back => blind::back(world),
        }
    }

    fn go(&self, world: World, by: Who) -> Option<World> {
        match world.workers[usize::from(by)].task {
            Task::Absent | Task::Idle => None,
            Task::Deciding { why: why @ Why::Blind(_), head, seen } => {
                Some(blind::begin(self, world, by, (why, head, seen)))
            }
            Task::Deciding { why, head, .. } if world.away => {
                Some(blind::decide_without(self, world, by, (why, head)))
            }
            Task::Deciding { why, head, seen } => desk::decide(self, world, by, (why, head, seen)),
            Task::Executing(run) => executor::go(self, world, by, run),
        }
    }

    /// A request takes seconds and a delivery that stands still may take hours; so between two instants none is on its
    /// way.
    fn tick(&self, mut world: World) -> Option<World> {
        let under_way = world.workers.iter().any(Worker::is_waiting);
        if self.is_over(&world) || under_way || !world.late.is_empty() {
            return None;
        }
        world.clock += 1;
        Some(world)
    }

    fn kill(&self, mut world: World, by: Who) -> Option<World> {
        world.left.kills = world.left.kills.checked_sub(1)?;
        let all = 0..small(self.scope.workers);
        for who in all.filter(|who| *who == by || self.scope.one_process) {
            world.lay_down(who, &self.ledger);
        }
        Some(world)
    }

    /// At least one runs: where all stood still, another would be started.
    fn freeze(&self, mut world: World, by: Who) -> Option<World> {
        let frozen = world.workers.iter().filter(|worker| worker.frozen).count();
        if frozen + 1 >= self.scope.workers {
            return None;
        }
        world.left.freezes = world.left.freezes.checked_sub(1)?;
        world.workers[usize::from(by)].frozen = true;
        Some(world)
    }

    fn hand(&self, mut world: World, role: Role) -> Option<World> {
        let sets = |worker: &Worker| matches!(worker.task, Task::Executing(Run { at: At::Line(_), .. }));
        if self.scope.meddled && !world.workers.iter().any(sets) {
            return None;
        }
        world.left.hands = world.left.hands.checked_sub(1)?;
        let to = world.clouds.at(role).opposite();
        world.clouds.set(role, to);
        world.known.by_hand |= role == Role::Route;
        Some(world)
    }
}

fn power(mut world: World) -> Option<World> {
    world.left.power = world.left.power.checked_sub(1)?;
    world.clouds.primary = !world.clouds.primary;
    Some(world)
}

/// Its claim is as old as it stood still for; what is not claimed has no age.
fn thaw(mut world: World, by: Who) -> World {
    let worker = &mut world.workers[usize::from(by)];
    worker.frozen = false;
    worker.stands = matches!(worker.task, Task::Idle | Task::Deciding { .. });
    world
}

impl Site {
    /// What may happen in a state, or be tried to.
    pub(crate) fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend([Action::Tick, Action::Power, Action::Away, Action::Back]);
        actions.extend(self.scope.hands.iter().map(|role| Action::Hand { role: *role }));
        for by in 0..small(self.scope.workers) {
            self.of_worker(world, by, actions);
        }
        for role in crate::clouds::ROLES {
            actions.push(Action::Theirs { role });
            for to in BOTH.into_iter().filter(|to| world.late.has(role, *to)) {
                actions.extend([Action::LandLate { role, to }, Action::Vanish { role, to }]);
            }
        }
    }

    /// The state after it, if it may happen. Nothing is searched behind a broken promise.
    pub(crate) fn next(&self, world: &World, action: Action) -> Option<World> {
        if world.broken.any() {
            return None;
        }
        let next = self.happens(*world, action).map(|next| next.canonical(&self.ledger))?;
        if next == *world {
            return None;
        }
        if self.is_to_be_expected(world, action) {
            self.graph.leads(world, &next);
        }
        Some(next)
    }
}
