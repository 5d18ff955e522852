//! Backlog: what a move that began while the journal could not be reached has still to tell.
//!
//! The desk waits for it before it decides on a journal that may be there again: what was done is in it then, and
//! isn't done once more.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, watch};

use super::progress::{Progress, Stop};

/// A try that was under way may still meet the journal as it was; the next one meets it as it is.
const TRIES: usize = 2;

/// What a scribe has still to write.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    progress: watch::Receiver<Progress>,
    sent: Arc<AtomicU64>,
    hurry: Arc<Notify>,
}

impl Backlog {
    pub(super) fn new(progress: watch::Receiver<Progress>, sent: Arc<AtomicU64>, hurry: Arc<Notify>) -> Self {
        Self { progress, sent, hurry }
    }

    /// Has it written now, and waits until it is, or can't be.
    pub(crate) async fn write(&self) {
        for _ in 0..TRIES {
            self.hurry.notify_one();
            if self.one_try().await {
                return;
            }
        }
    }

    /// Whether there is nothing left of it to wait for.
    async fn one_try(&self) -> bool {
        let mut progress = self.progress.clone();
        let sent = self.sent.load(Ordering::SeqCst);
        let settled = |seen: &Progress| seen.written >= sent || seen.stop == Some(Stop::Lost);
        let failures = progress.borrow().failures;
        let tried = progress.wait_for(|seen| settled(seen) || seen.failures > failures).await;
        // A scribe that has ended has nothing more to write.
        tried.map_or(true, |seen| settled(&seen))
    }
}
