//! The executors of one site that work in this process, and what became of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    act::{Assignment, Executor, Outcome},
    record::Record,
    site::Guarded,
};

/// An executor of this process.
#[derive(Debug, Clone)]
struct Running {
    /// What it came to, once it has.
    outcome: watch::Receiver<Option<Outcome>>,
    /// Tells it that another takes the site over.
    overtake: Arc<watch::Sender<bool>>,
}

/// The executors of this process, by the number that their plan had when they began.
#[derive(Debug)]
pub(super) struct Executors {
    record: Arc<Record>,
    shutdown: watch::Receiver<bool>,
    running: Mutex<HashMap<u64, Running>>,
}

impl Running {
    fn is_at_work(&self) -> bool {
        self.outcome.borrow().is_none() && self.outcome.has_changed().is_ok()
    }
}

impl Executors {
    pub(super) fn new(record: Arc<Record>, shutdown: watch::Receiver<bool>) -> Self {
        Self { record, shutdown, running: Mutex::default() }
    }

    /// Executes a plan beside whoever waits for it: a delivery that is cut off leaves it running.
    pub(super) fn begin(&self, site: &Arc<Guarded>, task: Assignment) {
        let (tell, outcome) = watch::channel(None);
        let (overtake, overtaken) = watch::channel(false);
        self.all().insert(task.plan, Running { outcome, overtake: Arc::new(overtake) });
        let executor = Executor::new(Arc::clone(site), task, self.shutdown.clone(), overtaken);
        tokio::spawn(async move {
            let outcome = executor.execute().await;
            tell.send_replace(Some(outcome));
        });
    }

    /// Whether this process ends.
    pub(super) fn are_ending(&self) -> bool {
        *self.shutdown.borrow()
    }

    /// Whether one works on `plan`.
    pub(super) fn work_on(&self, plan: u64) -> bool {
        self.all().retain(|_, running| running.is_at_work());
        self.know(plan)
    }

    /// Whether one works on `plan`, or has and nobody has asked yet what became of it.
    pub(super) fn know(&self, plan: u64) -> bool {
        self.of_plan(plan).is_some()
    }

    /// Tells every one of them to leave the site to another.
    pub(super) fn overtake_all(&self) {
        for running in self.all().values() {
            running.overtake.send_replace(true);
        }
    }

    /// What the executor of `plan` came to; `None` where there is none, or where it lost the plan.
    pub(super) async fn join(&self, plan: u64) -> Option<Outcome> {
        let mut running = self.of_plan(plan)?;
        let outcome =
            running.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        self.all().retain(|_, known| !known.outcome.same_channel(&running.outcome));
        outcome.filter(|outcome| !outcome.lost)
    }

    /// The executor of `plan`, which may have begun before the journal gave the plan its number.
    fn of_plan(&self, plan: u64) -> Option<Running> {
        let executors = self.all();
        let is_it = |begun: u64| self.record.executors.number_of(begun) == Some(plan);
        let renumbered = || executors.iter().find_map(|(begun, running)| is_it(*begun).then_some(running));
        executors.get(&plan).or_else(renumbered).cloned()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
