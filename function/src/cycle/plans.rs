//! A site's plans: begun, executed here, joined where they execute, and taken over from the dead.

use std::sync::Arc;

use failover_core::{Direction, Event, Order, State};
use tokio::sync::{Mutex, MutexGuard, watch};

use super::{
    executors::Executors,
    waiters::{Waiters, Waits},
};
use crate::{
    act::{Assignment, Outcome, Prefetched, claim::ClaimWatch},
    clock::Instant,
    record::{Head, RecordError},
    site::Guarded,
};

/// The plans of one site, as this process begins them and sees them through.
#[derive(Debug)]
pub(super) struct Plans {
    site: Arc<Guarded>,
    executors: Executors,
    /// Held while a decision is made and its entry written; not while a plan executes.
    deciding: Mutex<()>,
    /// The requests of this process that wait for a plan of this site.
    waiters: Waiters,
}

impl Plans {
    pub(super) fn new(site: Arc<Guarded>, shutdown: watch::Receiver<bool>) -> Self {
        let executors = Executors::new(Arc::clone(&site.record), shutdown);
        Self { site, executors, deciding: Mutex::default(), waiters: Waiters::default() }
    }

    /// Whoever holds this is the only one who decides on this site in this process.
    pub(super) async fn deciding(&self) -> MutexGuard<'_, ()> {
        self.deciding.lock().await
    }

    /// Waits for a plan if nobody else of this process does.
    pub(super) fn wait_alone(&self) -> Option<Waits> {
        self.waiters.alone()
    }

    /// Whether an executor of this process works on `plan`.
    pub(super) fn work_on(&self, plan: u64) -> bool {
        self.executors.work_on(plan)
    }

    /// The failover that an executor of this process works on, if one does.
    pub(super) fn moving_here(&self) -> Option<u64> {
        let state = self.site.record.state();
        let newest = state.newest().filter(|plan| plan.direction == Direction::Failover)?;
        self.executors.work_on(newest.id).then_some(newest.id)
    }

    /// Writes the entry by which a plan begins, claimed under `nonce`, and has it executed.
    pub(super) async fn begin(
        &self,
        head: &Head,
        intent: &Event,
        nonce: &str,
        prefetched: Prefetched,
    ) -> Result<u64, RecordError> {
        let claimed_at = Instant::now();
        let head = self.site.record.append_after(head, intent).await?;
        if let Some(open) = head.state.plan(head.number) {
            let state = Arc::clone(&head.state);
            let task = Assignment::carrying_on(open, nonce.to_owned(), claimed_at, state);
            self.executors.begin(&self.site, Assignment { resumed: false, prefetched, ..task });
        }
        Ok(head.number)
    }

    /// Has a plan executed whose intent is still to be written.
    pub(super) fn begin_without_journal(
        &self,
        (direction, order, reason): (Direction, Order, String),
        nonce: &str,
    ) -> u64 {
        let nonce = nonce.to_owned();
        let intent =
            Event::Intent { direction, order: order.clone(), reason: reason.clone(), nonce: nonce.clone() };
        // One writer a site: who works here on something else finishes the write it has begun, and leaves the rest.
        self.executors.overtake_all();
        let claimed_at = Instant::now();
        let plan = self.site.record.executors.accept_plan(intent);
        let task = Assignment {
            plan,
            nonce,
            claimed_at,
            direction,
            task: None,
            order,
            reason,
            steps: Vec::new(),
            trouble: None,
            resumed: false,
            state: self.site.record.state(),
            prefetched: Prefetched::default(),
        };
        self.executors.begin(&self.site, task);
        plan
    }

    /// A plan whose intent was stored although its answer was lost is ours to execute.
    pub(super) fn own(&self, state: &Arc<State>, plan: u64, nonce: &str) {
        let Some(open) = state.plan(plan) else { return };
        let ours = open.claim.as_ref().is_some_and(|claim| claim.nonce == nonce);
        if ours && !self.executors.work_on(plan) {
            let task = Assignment::carrying_on(open, nonce.to_owned(), Instant::now(), Arc::clone(state));
            self.executors.begin(&self.site, task);
        }
    }

    /// Waits for a plan's end, wherever it executes, and takes it over when its executor is dead.
    pub(super) async fn see_through(&self, plan: u64, nonce: &str) -> Outcome {
        let _waits = self.waiters.join();
        let mut watch = ClaimWatch::default();
        loop {
            if let Some(outcome) = self.executors.join(plan).await {
                return outcome;
            }
            match self.elsewhere(plan, nonce, &mut watch).await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(error) => tracing::warn!(site = %self.site.name, plan, "{error}"),
            }
            if self.executors.are_ending() {
                return Outcome::unsettled("this process ends; the next delivery carries the plan on");
            }
            if !self.executors.know(plan) {
                tokio::time::sleep(self.site.pace.between_looks()).await;
            }
        }
    }

    /// A plan that executes in another process: its outcome if it ended; taken over if nobody executes it.
    async fn elsewhere(
        &self,
        plan: u64,
        nonce: &str,
        watch: &mut ClaimWatch,
    ) -> Result<Option<Outcome>, RecordError> {
        let head = self.site.record.look_past().await?;
        let Some(plan) = self.site.record.executors.number_of(plan) else {
            return Ok(Some(Outcome::unsettled("another executor carries this move on")));
        };
        let Some(open) = head.state.plan(plan) else {
            return Ok(Some(Outcome::of(head.state.ended(plan))));
        };
        let claim_for = self.site.pace.claim_for;
        let dead = open.claim.as_ref().is_none_or(|claim| watch.is_dead(claim, claim_for));
        if dead {
            self.take_over(&head.state, plan, nonce).await?;
        }
        Ok(None)
    }

    async fn take_over(&self, state: &State, plan: u64, nonce: &str) -> Result<(), RecordError> {
        let _deciding = self.deciding.lock().await;
        let unchanged = self.site.record.look_past().await?;
        let same =
            unchanged.state.plan(plan).map(|open| &open.claim) == state.plan(plan).map(|open| &open.claim);
        if !same || self.executors.work_on(plan) {
            return Ok(());
        }
        let claimed_at = Instant::now();
        let event = Event::Claim { plan, nonce: nonce.to_owned() };
        let head = match self.site.record.append_after(&unchanged, &event).await {
            Ok(head) => head,
            Err(RecordError::Moved(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if let Some(open) = head.state.plan(plan) {
            tracing::warn!(site = %self.site.name, plan, "the {} of a dead executor is carried on", open.direction);
            let task = Assignment::carrying_on(open, nonce.to_owned(), claimed_at, Arc::clone(&head.state));
            self.executors.begin(&self.site, task);
        }
        Ok(())
    }
}
