//! Seeing plans through: executing them here, joining those that execute here, and taking over dead ones.

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use failover_core::{Direction, Event, State, Verdict, decide_again};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    ahead::Ahead,
    desk::{Begun, Desk},
};
use crate::{
    act::{Assignment, Executor, Outcome, turn::ClaimWatch},
    clock::Instant,
    push::Reply,
    record::RecordError,
};

/// So often is a failover tried again that is stuck with visitors in the dark and nothing routed.
const TRIED_AGAIN_EVERY: Duration = Duration::from_mins(5);

/// An executor of this process.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// What it came to, once it has.
    outcome: watch::Receiver<Option<Outcome>>,
    /// Tells it that another takes the site over.
    overtake: Arc<watch::Sender<bool>>,
}

impl Running {
    fn is_at_work(&self) -> bool {
        self.outcome.borrow().is_none() && self.outcome.has_changed().is_ok()
    }
}

impl Desk {
    /// Executes a plan beside whoever waits for it: a delivery that is cut off leaves it running.
    pub(super) fn execute(&self, plan: u64, task: Assignment) {
        let (tell, outcome) = watch::channel(None);
        let (overtake, overtaken) = watch::channel(false);
        self.executors().insert(plan, Running { outcome, overtake: Arc::new(overtake) });
        let executor = Executor::new(Arc::clone(&self.site), task, self.shutdown.clone(), overtaken);
        tokio::spawn(async move {
            let outcome = executor.execute().await;
            tell.send_replace(Some(outcome));
        });
    }

    /// Whether an executor of this process works on `plan`.
    pub(super) fn is_running(&self, plan: u64) -> bool {
        let mut executors = self.executors();
        executors.retain(|_, running| running.is_at_work());
        self.of_plan(&executors, plan).is_some()
    }

    /// The executor of `plan`, which may have begun before the journal gave the plan its number.
    fn of_plan<'a>(&self, executors: &'a HashMap<u64, Running>, plan: u64) -> Option<&'a Running> {
        let is_it = |begun: u64| self.site.record.number_of(begun) == Some(plan);
        executors
            .get(&plan)
            .or_else(|| executors.iter().find_map(|(begun, running)| is_it(*begun).then_some(running)))
    }

    /// The failover that an executor of this process works on, if one does.
    pub(super) fn moving_here(&self) -> Option<u64> {
        let state = self.site.record.state();
        let newest = state.newest().filter(|plan| plan.direction == Direction::Failover)?;
        self.is_running(newest.id).then_some(newest.id)
    }

    /// Tells every executor of this process to leave the site to another.
    pub(super) fn overtake_all_here(&self) {
        for running in self.executors().values() {
            running.overtake.send_replace(true);
        }
    }

    fn executors(&self) -> MutexGuard<'_, HashMap<u64, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a plan's end, wherever it executes, and takes it over when its executor is dead.
    pub(super) async fn see_through(&self, plan: u64, nonce: &str) -> Outcome {
        let _waits = self.waiting.join();
        let mut watch = ClaimWatch::default();
        loop {
            if let Some(outcome) = self.join(plan).await {
                return outcome;
            }
            match self.elsewhere(plan, nonce, &mut watch).await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(error) => tracing::warn!(site = %self.site.name, plan, "{error}"),
            }
            if *self.shutdown.borrow() {
                return Outcome::unsettled("this process ends; the next delivery carries the plan on");
            }
            if !self.knows(plan) {
                tokio::time::sleep(self.site.pace.between_looks()).await;
            }
        }
    }

    fn knows(&self, plan: u64) -> bool {
        self.of_plan(&self.executors(), plan).is_some()
    }

    /// The outcome of this process's executor; `None` where there is none, or where it lost the plan.
    async fn join(&self, plan: u64) -> Option<Outcome> {
        let running = self.of_plan(&self.executors(), plan).cloned();
        let mut running = running?;
        let outcome =
            running.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        self.executors().retain(|_, known| !known.outcome.same_channel(&running.outcome));
        match outcome {
            Some(outcome) if !outcome.lost => Some(outcome),
            _ => None,
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
        let Some(plan) = self.site.record.number_of(plan) else {
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
        if !same || self.is_running(plan) {
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
            self.execute(plan, task);
        }
        Ok(())
    }

    /// Decides pending incidents again, on fresh probes, on behalf of `signal`; answers if that began a move.
    pub(super) async fn reconsider(&self, signal: &failover_core::Signal) -> Option<Reply> {
        let nonce = uuid::Uuid::new_v4().to_string();
        match self.reconsider_once(signal, &nonce).await {
            Ok(Some(Begun::Plan(plan, _, reason))) => {
                let outcome = self.see_through(plan, &nonce).await;
                Some(self.executed(&reason, &outcome))
            }
            Ok(Some(Begun::Settled(decision))) => Some(self.decided(&decision)),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(site = %self.site.name, "pending incidents are decided later: {error}");
                None
            }
        }
    }

    /// The state as if nothing were stuck, where another try is no risk and it is time for one.
    fn free_of_trouble(&self, state: &State, now: Timestamp) -> Option<State> {
        let stuck = state.stuck.as_ref().filter(|stuck| stuck.retry)?;
        let since_then = now.duration_since(stuck.at).unsigned_abs();
        let tried = self.counts().tried_again.map_or(since_then, |tried| tried.elapsed().min(since_then));
        (tried >= TRIED_AGAIN_EVERY).then(|| State { stuck: None, ..state.clone() })
    }

    async fn reconsider_once(
        &self,
        signal: &failover_core::Signal,
        nonce: &str,
    ) -> Result<Option<Begun>, RecordError> {
        let _deciding = self.deciding.lock().await;
        let Some(head) = self.site.record.known() else { return Ok(None) };
        let now = Timestamp::now();
        let Some(pending) = head.state.pending_at(now).next().cloned() else { return Ok(None) };
        if !head.state.plans.is_empty() {
            return Ok(None);
        }
        let facts = self.site.fresh_facts().await;
        let tried_again = self.free_of_trouble(&head.state, now);
        let state = tried_again.as_ref().unwrap_or(&head.state);
        let decision = decide_again(&self.site.policy, state, &facts, (&pending, signal), now);
        if tried_again.is_some() && matches!(decision.verdict, Verdict::Start(..)) {
            self.counts().tried_again = Some(tokio::time::Instant::now());
            tracing::warn!(site = %self.site.name, "a failover that is stuck with visitors in the dark is tried again");
        }
        let mut head = head;
        for event in &decision.record {
            head = self.site.record.append_after(&head, event).await?;
        }
        let reason = decision.reason.to_string();
        tracing::info!(site = %self.site.name, incident = %pending.id, "decided again: {reason}");
        match decision.verdict {
            Verdict::Start(direction, order) => {
                let plan =
                    self.start(&head, (direction, *order, &reason), nonce, &mut Ahead::default()).await?;
                Ok(Some(Begun::Plan(plan, direction, reason)))
            }
            _ => Ok(None),
        }
    }
}
