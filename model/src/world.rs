//! One state of the search: the journal, the clouds, who works on what, and what may still go wrong.

use std::hash::{Hash, Hasher};

use failover_core::{Direction, End, OpenPlan, Order, Position, Role, State, Step, Terms};
use rustc_hash::FxHasher;

use crate::{
    chore::{Chore, chore_of},
    clouds::{Clouds, Seen},
    ledger::{Asked, Head, Ledger, NONE, Who, who},
    promises::{Broken, Promise},
    rules::holder,
    scope::{Left, Minute, Scope, minute_of},
    sets::{Late, Notes, Steps, Theirs},
};

/// Everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// The newest folded state.
    pub(crate) journal: Head,
    /// The switches and the primary.
    pub(crate) clouds: Clouds,
    /// Which of the scope's times it is.
    pub(crate) clock: u8,
    /// The journal can't be reached.
    pub(crate) away: bool,
    /// Who works on what.
    pub(crate) workers: [Worker; 3],
    /// Requests on their way whose sender is no more.
    pub(crate) late: Late,
    /// What may still go wrong.
    pub(crate) left: Left,
    /// What the judge remembers.
    pub(crate) known: Known,
    /// Promises that were broken.
    pub(crate) broken: Broken,
}

/// A delivery's worker, as in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Worker {
    /// It stands still.
    pub(crate) frozen: bool,
    /// Its claim was renewed since it stood still last.
    pub(crate) stands: bool,
    /// What it does.
    pub(crate) task: Task,
    /// A request of its that is not answered yet.
    pub(crate) flight: Option<Flight>,
}

/// A request to a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Flight {
    /// Which switch.
    pub(crate) role: Role,
    /// Where it is set.
    pub(crate) to: Position,
    /// What others had beside it when it was read.
    pub(crate) theirs: Theirs,
    /// What came of it, once something did.
    pub(crate) answer: Option<Answer>,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// It was done.
    Done,
    /// It was refused for good.
    Refused,
    /// Somebody wrote between the read and the write: it is read again.
    Conflict,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    /// There is no such worker in this scope.
    Absent,
    /// It waits for a delivery.
    Idle,
    /// It has read the journal and looked, and decides next.
    Deciding { why: Why, head: Head, seen: Seen },
    /// It executes a plan.
    Executing(Run),
}

/// Why something is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Why {
    /// A message was delivered.
    Message(u8),
    /// One was while the journal is away.
    Blind(u8),
    /// What is pending is decided again, on behalf of the message, or of the schedule.
    Again(Option<u8>),
    /// The schedule sent a reconcile; `long_silent` if it was the third silent one in a row.
    Round { long_silent: bool },
    /// Three silent rounds in a row are a report.
    Report,
}

/// A plan, as its executor has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "what an executor knows, read by name")]
pub(crate) struct Run {
    /// The plan's number, once the journal has it.
    pub(crate) id: u8,
    /// What was ordered, where the journal hasn't been told of it.
    pub(crate) untold: Option<Asked>,
    /// The message that began it here.
    pub(crate) message: Option<u8>,
    /// Which way it goes.
    pub(crate) direction: Direction,
    /// Maintenance: what is to be so.
    pub(crate) task: Option<Chore>,
    /// No person asked for it.
    pub(crate) automatic: bool,
    /// An operator insists.
    pub(crate) forced: bool,
    /// Only what was left undone is done.
    pub(crate) unfinished: bool,
    /// Somebody may have written to a cloud before.
    pub(crate) resumed: bool,
    /// Something may have been moved when it began.
    pub(crate) follows: bool,
    /// A draining standby was waited for when it began, until then.
    pub(crate) draining: Option<Minute>,
    /// It leaves the standby open until then.
    pub(crate) drain_until: Option<Minute>,
    /// Where the site was when it began.
    pub(crate) from: Position,
    /// Its turn came late.
    pub(crate) waited: bool,
    /// It has asked a cloud for a change.
    pub(crate) touched: bool,
    /// It had to move the route.
    pub(crate) moved: bool,
    /// What was forced is in vain.
    pub(crate) in_vain: bool,
    /// What is done.
    pub(crate) done: Steps,
    /// What of it the journal has still to be told.
    pub(crate) notes: Notes,
    /// When visitors were led, at which of the scope's times.
    pub(crate) routed: Option<u8>,
    /// Why it has to stop, as far as it knows.
    pub(crate) stop: Option<Stop>,
    /// Where it is.
    pub(crate) at: At,
}

/// Where an executor is in its plan, by the lines of the core's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// Older plans go first.
    Turn,
    /// It saw at this head that nobody executes an older plan, and ends that next.
    Deserted(Head),
    /// It makes sure of what must hold before anything is written.
    First,
    /// It carries out this line.
    Line(u8),
    /// It looks at every switch once more.
    LastLook,
    /// It undoes this.
    Undo(u8),
    /// It waits for the standby that it opened for that to answer.
    Opened(u8),
    /// It does what depends on nothing, where all else was in vain.
    Beside,
    /// It has come out, and tells the journal.
    Finish(End, Position),
    /// It gives up for now.
    GiveUp,
}

/// Why an executor has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stop {
    /// A newer order was written.
    Overtaken,
    /// Another holds the claim, or the plan is over.
    Lost,
}

/// What the judge remembers, apart from what the function knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "what is remembered, read by name")]
pub(crate) struct Known {
    /// Messages that were answered for good.
    pub(crate) answered: u8,
    /// Messages that are done with: delivered again they change nothing.
    pub(crate) done: u8,
    /// Incidents that a failover has answered.
    pub(crate) moved_for: u8,
    /// A visitor was served by the standby since visitors were led there last.
    pub(crate) proven: bool,
    /// A request that came late moved the gate: what it left open is reported, and closed only where the owner wants it.
    pub(crate) gate_came_late: bool,
    /// Somebody's hand moved the route last.
    pub(crate) by_hand: bool,
    /// The site is where its route was found, and no move has set the other switches since: they are reported, and set only
    /// where the owner wants it.
    pub(crate) adopted: bool,
    /// The newest order that was carried out: its time, counted from one.
    pub(crate) newest: u8,
}

impl World {
    /// Everything at home, and nothing said yet.
    pub(crate) fn begin(scope: &Scope, ledger: &Ledger) -> Self {
        let worker = |number| if number < scope.workers { Worker::idle() } else { Worker::absent() };
        Self {
            journal: ledger.keep(State::default()),
            clouds: Clouds::at_home(scope.policy.roles),
            clock: 0,
            away: false,
            workers: [worker(0), worker(1), worker(2)],
            late: Late::default(),
            left: scope.left,
            known: Known::default(),
            broken: Broken::default(),
        }
    }

    /// The same, with workers in one order whatever they are called.
    pub(crate) fn canonical(self, ledger: &Ledger) -> Self {
        let mut order = [0, 1, 2];
        order.sort_by_key(|number| key(&self.workers[*number]));
        if order == [0, 1, 2] { self } else { self.reordered(order, ledger) }
    }

    fn reordered(mut self, order: [usize; 3], ledger: &Ledger) -> Self {
        let mut names: [Who; 3] = [0, 1, 2];
        for (new, old) in (0..).zip(order) {
            names[old] = new;
        }
        self.workers = order.map(|number| self.workers[number]);
        self.rename(names, ledger);
        self
    }

    fn rename(&mut self, names: [Who; 3], ledger: &Ledger) {
        self.journal = ledger.rename(self.journal, names);
        for worker in &mut self.workers {
            if let Task::Deciding { head, .. } | Task::Executing(Run { at: At::Deserted(head), .. }) =
                &mut worker.task
            {
                *head = ledger.rename(*head, names);
            }
        }
    }

    /// This worker's delivery is over, one way or another: nobody has its name any more.
    pub(crate) fn lay_down(&mut self, by: Who, ledger: &Ledger) {
        let worker = &mut self.workers[usize::from(by)];
        if let Some(Flight { role, to, answer: None, .. }) = worker.flight {
            self.late.add(role, to);
        }
        let worker = &mut self.workers[usize::from(by)];
        *worker = Worker::idle();
        let mut names: [Who; 3] = [0, 1, 2];
        names[usize::from(by)] = NONE;
        self.rename(names, ledger);
    }

    /// Whether nobody lives who may renew the claim of this name.
    pub(crate) fn is_dead(&self, nonce: &str) -> bool {
        who(nonce).is_none_or(|who| {
            let worker = &self.workers[usize::from(who)];
            worker.frozen || !worker.stands
        })
    }

    /// Whether nobody lives who executes this plan.
    pub(crate) fn is_deserted(&self, plan: &OpenPlan) -> bool {
        holder(plan).is_none_or(|nonce| self.is_dead(nonce))
    }

    /// A number for a plan that nothing names yet, and after those of all that are open.
    pub(crate) fn free_number(&self, ledger: &Ledger) -> u8 {
        let mut used = Vec::new();
        let mut note = |head: Head| {
            let state = ledger.state(head);
            used.extend(state.plans.iter().chain(&state.maintenance).map(|plan| plan.id));
            used.extend(state.ends.iter().chain(&state.maintained).map(|ended| ended.plan));
        };
        note(self.journal);
        for worker in &self.workers {
            if let Task::Deciding { head, .. } | Task::Executing(Run { at: At::Deserted(head), .. }) =
                worker.task
            {
                note(head);
            }
        }
        let executed = self.workers.iter().filter_map(|worker| match worker.task {
            Task::Executing(run) => Some(u64::from(run.id)),
            _ => None,
        });
        used.extend(executed);
        let state = ledger.state(self.journal);
        let open = state.plans.iter().chain(&state.maintenance).map(|plan| plan.id).max();
        let mut numbers = 1..=u8::MAX;
        let is_free = |number: u64| !used.contains(&number) && open.is_none_or(|open| number > open);
        numbers.find(|number| is_free(u64::from(*number))).unwrap_or_default()
    }

    /// A promise was broken.
    pub(crate) fn break_promise(&mut self, promise: Promise) {
        self.broken.add(promise);
    }
}

impl Worker {
    /// One that waits for a delivery.
    pub(crate) fn idle() -> Self {
        Self { frozen: false, stands: true, task: Task::Idle, flight: None }
    }

    fn absent() -> Self {
        Self { task: Task::Absent, ..Self::idle() }
    }

    /// Whether its request may come too late for its right to ask.
    pub(crate) fn is_late(&self) -> bool {
        self.frozen || !self.stands
    }

    /// Whether it executes what the journal hasn't been told of.
    pub(crate) fn is_untold(&self) -> bool {
        matches!(self.task, Task::Executing(Run { untold: Some(_), .. }))
    }

    /// Whether it executes a plan.
    pub(crate) fn executes(&self) -> bool {
        matches!(self.task, Task::Executing(_))
    }

    /// Whether a request is on its way.
    pub(crate) fn is_waiting(&self) -> bool {
        self.flight.is_some_and(|flight| flight.answer.is_none())
    }
}

impl Run {
    /// A plan that this worker begins, in the state that its intent led to.
    pub(crate) fn begun(
        id: u8,
        direction: Direction,
        order: &Order,
        state: &State,
        message: Option<u8>,
    ) -> Self {
        Self {
            id,
            untold: None,
            message,
            direction,
            task: None,
            automatic: order.is_automatic(),
            forced: order.force,
            unfinished: order.unfinished,
            resumed: false,
            follows: state.plans.len() > 1 || state.active == direction.leads_to(),
            draining: state.draining.map(minute_of),
            drain_until: None,
            from: state.active,
            waited: state.plans.len() > 1
                || (direction != Direction::Maintenance && state.maintenance.is_some()),
            touched: false,
            moved: false,
            in_vain: false,
            done: Steps::default(),
            notes: Notes::default(),
            routed: None,
            stop: None,
            at: At::Turn,
        }
    }

    /// A plan that this worker carries on.
    pub(crate) fn carried_on(open: &OpenPlan, state: &State, scope: &Scope, message: Option<u8>) -> Self {
        let id = u8::try_from(open.id).unwrap_or_default();
        let mut run = Self::begun(id, open.direction, &open.order, state, message);
        run.task = open.task.as_ref().and_then(chore_of);
        (run.resumed, run.follows) = (true, true);
        for record in &open.steps {
            run.done.add(record.step);
            if record.step == Step::Route {
                run.routed = Some(scope.clock_of(record.at));
            }
        }
        run
    }

    /// How it was asked for.
    pub(crate) fn terms(&self) -> Terms {
        Terms { automatic: self.automatic, force: self.forced, unfinished: self.unfinished }
    }

    /// Where the site is when all of it is done.
    pub(crate) fn done_at(&self) -> Position {
        match self.direction {
            Direction::Maintenance => self.from,
            moved => moved.leads_to(),
        }
    }

    /// Where the site is when all of it is undone.
    pub(crate) fn undone_at(&self) -> Position {
        match self.direction {
            Direction::Failover | Direction::Failback => self.direction.leads_to().opposite(),
            Direction::Rehearsal | Direction::Maintenance => self.from,
        }
    }
}

fn key(worker: &Worker) -> u64 {
    let mut hasher = FxHasher::default();
    matches!(worker.task, Task::Absent).hash(&mut hasher);
    worker.hash(&mut hasher);
    // Whoever isn't there comes last.
    let absent = u64::from(matches!(worker.task, Task::Absent)) << 63;
    hasher.finish() >> 1 | absent
}
