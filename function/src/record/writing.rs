//! Writing what executors gave to the record: in order, by one task at a time, again and again while the journal is away.

use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};

use failover_core::{Event, SiteName, State};
use tokio::sync::{Notify, watch};

use super::{
    RecordError,
    appender::Appender,
    heads::Heads,
    unwritten::{Accepted, Owner, Unwritten, Written},
};
use crate::{clock::Instant, pace::Pace};

/// A try that was under way may still meet the journal as it was; the next one meets it as it is.
const TRIES: usize = 2;

/// What executors tell the journal, written or not.
#[derive(Debug)]
pub(crate) struct ExecutorEntries {
    pub(super) site: SiteName,
    pub(super) pace: Pace,
    pub(super) heads: Arc<Heads>,
    pub(super) appender: Arc<Appender>,
    pub(super) unwritten: Lock<Unwritten>,
    /// How often something could not be written; told of whenever something was.
    pub(super) tried: watch::Sender<u64>,
    /// Has what could not be written tried at once.
    pub(super) hurry: Notify,
}

impl ExecutorEntries {
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
    pub(super) fn state(&self) -> Arc<State> {
        let unwritten = self.unwritten();
        let known = self.heads.known().unwrap_or_default();
        if unwritten.is_empty() { known.state } else { Arc::new(unwritten.over(&known.state, known.number)) }
    }

    /// What this process knows and the store doesn't is written before anything is decided on what the store says.
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
            match self.appender.write(&next.event).await {
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

    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
