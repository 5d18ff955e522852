//! An executor's line to the journal: gives its entries to the record, keeps its claim alive, and watches for others.
//!
//! It tells the executor to stop when another has its claim or a newer order was written. It never decides how a plan
//! ends; what can't be written now is the record's to write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use failover_core::{Event, State};
use tokio::{sync::watch, task::AbortHandle};

mod freeze;

use self::freeze::Freeze;
use crate::{
    api::fence::Standing,
    clock::Instant,
    record::{Away, Owner, Record, Written},
};

/// What an executor without a claim is told.
const LOST: &str = "the claim was lost";

/// Why an executor has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A newer order was written.
    Overtaken,
    /// Another holds the claim, or the plan has ended.
    Lost,
    /// This process ends.
    Shutdown,
}

/// An executor's line to the journal.
#[derive(Debug)]
pub(crate) struct JournalWriter {
    executor: Arc<Named>,
    sent: AtomicU64,
    stop: watch::Receiver<Option<Stop>>,
    freeze: Arc<Freeze>,
    keeper: AbortHandle,
}

/// An executor as the record knows it.
#[derive(Debug)]
struct Named {
    record: Arc<Record>,
    nonce: String,
    plan: u64,
    owner: Owner,
    claim_for: Duration,
}

impl Drop for JournalWriter {
    /// What was given to the record is still written; the claim is renewed no more.
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl JournalWriter {
    /// Writes for the executor `nonce` of `plan`, claimed at `claimed_at`, and renews its claim at half of `claim_for`.
    pub(crate) fn start(
        record: Arc<Record>,
        nonce: String,
        (plan, claimed_at): (u64, Instant),
        claim_for: Duration,
    ) -> Self {
        let owner = record.executors.owner(plan, claimed_at);
        let executor = Arc::new(Named { record, nonce, plan, owner, claim_for });
        let (tell, stop) = watch::channel(None);
        let keeper = tokio::spawn(Arc::clone(&executor).keep_claim(tell)).abort_handle();
        // Who renews a claim at half its life stands still for no more than the other half unnoticed.
        let freeze = Freeze::watch(claim_for / 2);
        Self { executor, sent: AtomicU64::new(0), stop, freeze, keeper }
    }

    /// Has an entry written that tells of this plan and executor, without waiting for it.
    pub(crate) fn tell(&self, entry: impl FnOnce(u64, String) -> Event) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let event = entry(self.executor.plan, self.executor.nonce.clone());
        self.executor.record.executors.accept(event, &self.executor.owner, 1);
    }

    /// The plan's number in the journal, once it has one.
    pub(crate) fn plan(&self) -> Option<u64> {
        self.executor.record.executors.number_of(self.executor.plan)
    }

    /// Why the executor has to stop, if it has to.
    pub(crate) fn stop(&self) -> Option<Stop> {
        let refused = self.executor.owner.borrow().refused;
        if refused { Some(Stop::Lost) } else { *self.stop.borrow() }
    }

    /// Waits until the executor has to stop; for ever if it never has to.
    pub(crate) async fn stopped(&self) -> Stop {
        let mut stop = self.stop.clone();
        let told = stop.wait_for(Option::is_some).await.map(|told| *told);
        match told {
            Ok(Some(stop)) => stop,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Waits until all that was told is written: true; false when the claim was lost instead.
    pub(crate) async fn flush(&self) -> bool {
        self.written_or(|_| false).await.is_some()
    }

    /// Waits until all that was told is written or the journal proved to be out of reach.
    pub(crate) async fn flush_or_trouble(&self) -> Result<(), String> {
        let written = self.written_or(|written| out_of_reach(written, &self.freeze).is_some()).await;
        written.ok_or_else(|| {
            let seen = self.executor.owner.borrow();
            seen.away.as_ref().map_or(LOST, |away| &away.why).to_owned()
        })
    }

    /// Waits until all that was told is written; nothing when it was refused instead, or `given_up`.
    async fn written_or(&self, given_up: impl Fn(&Written) -> bool) -> Option<()> {
        let sent = self.sent.load(Ordering::SeqCst);
        let mut seen = self.executor.owner.subscribe();
        let done = |seen: &Written| seen.count >= sent || seen.refused || given_up(seen);
        let seen = seen.wait_for(done).await.ok()?;
        (seen.count >= sent).then_some(())
    }

    /// How old the executor's claim is.
    pub(crate) fn claim_age(&self) -> Duration {
        self.executor.owner.borrow().at.elapsed()
    }

    /// Says at any time whether the claim is younger than `claim_for`. An executor that goes on `blind` keeps its
    /// right while the journal can't be reached.
    pub(crate) fn standing(&self, claim_for: Duration, blind: bool) -> Standing {
        let (executor, freeze) = (Arc::clone(&self.executor), Arc::clone(&self.freeze));
        Arc::new(move || {
            let seen = executor.owner.borrow();
            seen.at.elapsed() < claim_for || (blind && out_of_reach(&seen, &freeze).is_some())
        })
    }

    /// Has the claim renewed and waits for it; the error says why the journal can't be written.
    pub(crate) async fn renew(&self) -> Result<(), String> {
        self.tell(|plan, nonce| Event::Claim { plan, nonce });
        self.flush_or_trouble().await
    }
}

/// Why the journal can't be written. A try that was under way while the process stood still tells nothing: its answer may
/// have come in time, with nobody there to read it.
fn out_of_reach<'a>(written: &'a Written, freeze: &Freeze) -> Option<&'a Away> {
    written.away.as_ref().filter(|away| away.begun >= freeze.awake_since())
}

impl Named {
    /// Renews the claim at half its life, and watches for others, until the executor has to stop.
    async fn keep_claim(self: Arc<Self>, tell: watch::Sender<Option<Stop>>) {
        let (mut heads, mut written) = (self.record.heads(), self.owner.subscribe());
        loop {
            heads.borrow_and_update();
            let (at, refused) = {
                let seen = written.borrow_and_update();
                (seen.at, seen.refused)
            };
            let stop = if refused { Some(Stop::Lost) } else { self.stop_now() };
            tell.send_if_modified(|told| {
                let is_news = told.is_none() && stop.is_some();
                *told = told.or(stop);
                is_news
            });
            if stop == Some(Stop::Lost) {
                return;
            }
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return },
                changed = written.changed() => if changed.is_err() { return },
                () = self.until_due(at) => self.record.executors.accept(self.claim(), &self.owner, 0),
            }
        }
    }

    /// Until it is time to renew the claim; what is still to be written will renew it.
    async fn until_due(&self, at: Instant) {
        if self.record.executors.has_unwritten(&self.owner) {
            return std::future::pending().await;
        }
        tokio::time::sleep((self.claim_for / 2).saturating_sub(at.elapsed())).await;
    }

    fn stop_now(&self) -> Option<Stop> {
        let plan = self.record.executors.number_of(self.plan)?;
        stop_in(&self.record.known()?.state, plan, &self.nonce)
    }

    fn claim(&self) -> Event {
        Event::Claim { plan: self.plan, nonce: self.nonce.clone() }
    }
}

fn stop_in(state: &State, plan: u64, nonce: &str) -> Option<Stop> {
    let Some(open) = state.plan(plan) else { return Some(Stop::Lost) };
    let ours = open.claim.as_ref().is_some_and(|claim| claim.nonce == nonce);
    if !ours {
        Some(Stop::Lost)
    } else if state.is_overtaken(plan) {
        Some(Stop::Overtaken)
    } else {
        None
    }
}
