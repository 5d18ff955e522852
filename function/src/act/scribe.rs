//! The scribe of an executor: writes its entries in order, beside its work, and keeps its claim alive.
//!
//! It also tells the executor to stop when it reads another's claim or a newer order. It never decides how a plan
//! ends, and while the journal can't be reached it keeps what there is to write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, mpsc, watch};

use super::{
    backlog::Backlog,
    progress::{Progress, Stop},
    pulse::Pulse,
    writer::{Note, Writer},
};
use crate::{api::fence::Standing, clock::Instant, pace::Pace, record::Record};

/// What an executor without a claim is told.
const LOST: &str = "the claim was lost";

/// An executor's line to the journal.
#[derive(Debug)]
pub(crate) struct Scribe {
    notes: mpsc::UnboundedSender<Note>,
    progress: watch::Receiver<Progress>,
    sent: Arc<AtomicU64>,
    hurry: Arc<Notify>,
    pulse: Arc<Pulse>,
}

impl Scribe {
    /// Writes for the executor `nonce` of `plan`, claimed at `claimed_at`, or of a plan whose intent is still to
    /// be written.
    pub(crate) fn start(
        record: Arc<Record>,
        nonce: String,
        (plan, claimed_at): (Option<u64>, Instant),
        pace: Pace,
    ) -> Self {
        let progress = Progress { written: 0, claimed_at, stop: None, trouble: None, failures: 0, plan };
        let (progress, seen) = watch::channel(progress);
        let (notes, inbox) = mpsc::unbounded_channel();
        let hurry = Arc::new(Notify::new());
        tokio::spawn(Writer::new(record, nonce, pace, progress, Arc::clone(&hurry)).run(inbox));
        // Who renews a claim at half its life stands still for no more than the other half unnoticed.
        let pulse = Pulse::start(pace.claim_for / 2);
        Self { notes, progress: seen, sent: Arc::default(), hurry, pulse }
    }

    /// What there is still to write, also after the executor has come out.
    pub(crate) fn backlog(&self) -> Backlog {
        Backlog::new(self.progress.clone(), Arc::clone(&self.sent), Arc::clone(&self.hurry))
    }

    /// Has `note` written, without waiting for it.
    pub(crate) fn note(&self, note: Note) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        // The writer ends only when it was told to stop; what it didn't write then is not ours to write.
        let _ = self.notes.send(note);
    }

    /// The plan's number, once it is known.
    pub(crate) fn plan(&self) -> Option<u64> {
        self.progress.borrow().plan
    }

    /// Why the executor has to stop, if it has to.
    pub(crate) fn stop(&self) -> Option<Stop> {
        self.progress.borrow().stop
    }

    /// Waits until the executor has to stop; for ever if it never has to.
    pub(crate) async fn stopped(&self) -> Stop {
        let mut progress = self.progress.clone();
        let stop = progress.wait_for(|progress| progress.stop.is_some()).await.map(|seen| seen.stop);
        match stop {
            Ok(Some(stop)) => stop,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Waits until all that was noted is written: true; false when the claim was lost instead.
    pub(crate) async fn flush(&self) -> bool {
        let mut progress = self.progress.clone();
        let sent = self.sent.load(Ordering::SeqCst);
        let done = |progress: &Progress| progress.written >= sent || progress.stop == Some(Stop::Lost);
        match progress.wait_for(done).await {
            Ok(progress) => progress.written >= sent,
            Err(_) => false,
        }
    }

    /// Waits until all that was noted is written or the journal proved to be out of reach.
    pub(crate) async fn flush_or_trouble(&self) -> Result<(), String> {
        let mut progress = self.progress.clone();
        let sent = self.sent.load(Ordering::SeqCst);
        let done = |progress: &Progress| {
            progress.written >= sent
                || progress.stop == Some(Stop::Lost)
                || progress.out_of_reach(&self.pulse).is_some()
        };
        match progress.wait_for(done).await {
            Ok(progress) if progress.written >= sent => Ok(()),
            Ok(progress) => Err(progress.trouble.as_ref().map_or(LOST, |trouble| &trouble.why).to_owned()),
            Err(_) => Err(LOST.to_owned()),
        }
    }

    /// How old the executor's claim is.
    pub(crate) fn claim_age(&self) -> Duration {
        self.progress.borrow().claimed_at.elapsed()
    }

    /// Says at any time whether the claim is younger than `claim_for`. An executor that goes on `blind` keeps its
    /// right while the journal can't be reached.
    pub(crate) fn standing(&self, claim_for: Duration, blind: bool) -> Standing {
        let (progress, pulse) = (self.progress.clone(), Arc::clone(&self.pulse));
        Arc::new(move || {
            let seen = progress.borrow();
            seen.claimed_at.elapsed() < claim_for || (blind && seen.out_of_reach(&pulse).is_some())
        })
    }

    /// Has the claim renewed and waits for it; the error says why the journal can't be written.
    pub(crate) async fn renew(&self) -> Result<(), String> {
        self.note(Note::Claim);
        self.flush_or_trouble().await
    }
}
