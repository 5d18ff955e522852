//! Writing what executors gave to the record: in order, by one task at a time, again and again while the journal is away.

use std::sync::{Arc, MutexGuard, PoisonError};

use failover_core::{Direction, End, Event, Illegal, State};

use super::{
    Head, Record, RecordError,
    unwritten::{Accepted, Owner, Unwritten, Written},
};
use crate::clock::Instant;

/// A try that was under way may still meet the journal as it was; the next one meets it as it is.
const TRIES: usize = 2;

impl Record {
    /// Accepts an executor's entry, which counts as so many of its own: it is written as soon as the store takes it.
    pub(crate) fn accept(self: &Arc<Self>, event: Event, owner: &Owner, counted: u64) {
        self.unwritten().accept(event, owner, counted);
        self.see_to_it();
    }

    /// Accepts a plan's intent, and says which number the plan has in this process until the store knows it.
    pub(crate) fn accept_plan(self: &Arc<Self>, intent: Event) -> u64 {
        let plan = self.unwritten().accept_plan(intent);
        self.see_to_it();
        plan
    }

    /// Who is told what becomes of the entries of an executor that has `plan` since `claimed_at`.
    pub(crate) fn owner(&self, plan: u64, claimed_at: Instant) -> Owner {
        let known = self.unwritten().owner_of(plan);
        known.unwrap_or_else(|| Written::since(claimed_at).told())
    }

    /// The number that a plan has in the journal; none while its intent isn't there.
    pub(crate) fn number_of(&self, plan: u64) -> Option<u64> {
        self.unwritten().number_of(plan)
    }

    /// Whether something of this executor is still to be written.
    pub(crate) fn has_unwritten(&self, owner: &Owner) -> bool {
        self.unwritten().has_some_of(owner)
    }

    /// The state as this process knows it, without asking the store: what isn't written yet has happened as well.
    pub fn state(&self) -> Arc<State> {
        let unwritten = self.unwritten();
        let known = self.known().unwrap_or_default();
        if unwritten.is_empty() { known.state } else { Arc::new(unwritten.over(&known.state, known.number)) }
    }

    /// What this process knows and the store doesn't is written before anything is decided on what the store says.
    ///
    /// # Errors
    /// When that can't be written.
    pub(super) async fn write_first(&self) -> Result<(), RecordError> {
        for _ in 0..TRIES {
            if !self.unwritten().goes_first() {
                return Ok(());
            }
            self.one_try().await;
        }
        let unwritten = self.unwritten();
        let why = unwritten.why_away().filter(|_| unwritten.goes_first());
        why.map_or(Ok(()), |why| Err(why.clone()))
    }

    /// Has all that is unwritten now tried at once, and waits until it is settled or could not be written.
    async fn one_try(&self) {
        let mut tried = self.tried.subscribe();
        let failed = *tried.borrow_and_update();
        self.hurry.notify_one();
        while self.unwritten().goes_first() && *tried.borrow() == failed {
            if tried.changed().await.is_err() {
                return;
            }
        }
    }

    /// Has somebody write, at once where the last try failed.
    fn see_to_it(self: &Arc<Self>) {
        let was_idle = !std::mem::replace(&mut self.unwritten().is_being_written, true);
        if was_idle {
            tokio::spawn(Arc::clone(self).write_all());
        } else {
            self.hurry.notify_one();
        }
    }

    async fn write_all(self: Arc<Self>) {
        let mut failures = 0;
        while let Some(next) = self.next() {
            let begun = Instant::now();
            match self.write(&next).await {
                Ok(number) => {
                    failures = 0;
                    self.unwritten().wrote(number, begun);
                    self.tried.send_modify(|_| ());
                }
                Err(RecordError::Illegal(why)) => {
                    tracing::debug!(site = %self.site, %why, "an executor's entry has no place in the journal");
                    self.unwritten().refused();
                    self.tried.send_modify(|_| ());
                }
                Err(why) => {
                    failures += 1;
                    tracing::warn!(site = %self.site, %why, "an entry could not be written; it is tried again");
                    self.unwritten().failed(begun, why);
                    self.tried.send_modify(|failed| *failed += 1);
                    tokio::select! {
                        () = self.hurry.notified() => {}
                        () = tokio::time::sleep(self.pace.backoff(failures)) => {}
                    }
                }
            }
        }
    }

    fn next(&self) -> Option<Accepted> {
        let mut unwritten = self.unwritten();
        let next = unwritten.next();
        unwritten.is_being_written = next.is_some();
        next
    }

    async fn write(&self, next: &Accepted) -> Result<u64, RecordError> {
        let written = match &next.event {
            Event::Intent { direction, nonce, .. } => self.write_intent(*direction, nonce, &next.event).await,
            Event::Claim { plan, nonce } => self.renew(*plan, nonce, &next.event).await,
            Event::Ended { plan, nonce, .. } => self.end(*plan, nonce, &next.event).await,
            event => self.append(event).await,
        };
        written.map(|head| head.number)
    }

    /// Renews a claim only while it is its executor's: one that was kept from running while another took its plan over
    /// must not take it back.
    async fn renew(&self, plan: u64, nonce: &str, claim: &Event) -> Result<Head, RecordError> {
        loop {
            let head = self.known_or_look().await?;
            if !is_executor(&head.state, plan, nonce) {
                return Err(Illegal::NotTheExecutor(plan).into());
            }
            match self.append_after(&head, claim).await {
                Err(RecordError::Moved(_)) => {}
                written => return written,
            }
        }
    }

    /// Tells of a move that began while the journal was away, unless another process made the same one meanwhile and told
    /// of it: one outage is one move.
    async fn write_intent(
        &self,
        direction: Direction,
        nonce: &str,
        intent: &Event,
    ) -> Result<Head, RecordError> {
        loop {
            let head = self.look_on().await?;
            if let Some(plan) = head.state.newest().filter(|plan| is_executor(&head.state, plan.id, nonce)) {
                // It was stored by a try whose answer was lost.
                return Ok(Head { number: plan.id, state: Arc::clone(&head.state) });
            }
            if head.state.active == direction.leads_to() {
                return Err(Illegal::AlreadyOpen(direction).into());
            }
            match self.append_after(&head, intent).await {
                Err(RecordError::Moved(_)) => {}
                told => return told,
            }
        }
    }

    /// Older plans end before this one does: it has gone on without them, and none may be carried on after it and take
    /// visitors back. Only while it is open may it end them, so that its own end waits for theirs.
    async fn end(&self, ours: u64, nonce: &str, ended: &Event) -> Result<Head, RecordError> {
        let known = self.known().map(|head| head.state).unwrap_or_default();
        for older in known.plans.iter().filter(|open| open.id < ours) {
            let (plan, active, nonce) = (older.id, known.active, nonce.to_owned());
            let sentence = format!(
                "a newer order took the place of this {} while the journal could not be reached",
                older.direction
            );
            let (end, drain_until, retry) = (End::Overtaken, None, false);
            let over = Event::Ended { plan, nonce, end, active, sentence, drain_until, retry };
            match self.append(&over).await {
                // Its own executor may have ended it just now.
                Ok(_) | Err(RecordError::Illegal(_)) => {}
                Err(why) => return Err(why),
            }
        }
        self.append(ended).await
    }

    pub(super) fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_executor(state: &State, plan: u64, nonce: &str) -> bool {
    let claim = state.plan(plan).and_then(|open| open.claim.as_ref());
    claim.is_some_and(|claim| claim.nonce == nonce)
}
