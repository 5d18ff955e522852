//! Whether an executor may go on: nobody has told it to stop, and its claim stands.
//!
//! It is told to stop by the journal (a newer order, a lost claim), by another executor of this process, or by the end of
//! this process, and obeys wherever it waits; a cloud write that was begun is finished first.

use std::time::Duration;

use tokio::sync::watch;

use super::{
    ending::Halt,
    journal_writer::{JournalWriter, Stop},
};
use crate::api::fence;

/// An executor's leave to go on.
#[derive(Debug)]
pub(super) struct Permit {
    pub(super) journal: JournalWriter,
    pub(super) shutdown: watch::Receiver<bool>,
    /// Whether another executor of this process takes the site over.
    pub(super) overtaken: watch::Receiver<bool>,
    pub(super) claim_for: Duration,
    /// A broken journal must not keep visitors in the dark.
    pub(super) goes_on_blind: bool,
}

impl Permit {
    /// Whether the executor has to stop now.
    pub(super) fn check(&self) -> Result<(), Halt> {
        match self.journal.stop() {
            Some(stop) => Err(Halt::Stop(stop)),
            None if *self.overtaken.borrow() => Err(Halt::Stop(Stop::Overtaken)),
            None if *self.shutdown.borrow() => Err(Halt::Stop(Stop::Shutdown)),
            None => Ok(()),
        }
    }

    /// Waits for `work` unless the executor has to stop meanwhile. Never wrap a cloud write in it.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        let (mut shutdown, mut overtaken) = (self.shutdown.clone(), self.overtaken.clone());
        tokio::select! {
            biased;
            stop = self.journal.stopped() => Err(Halt::Stop(stop)),
            Ok(_) = overtaken.wait_for(|taken| *taken) => Err(Halt::Stop(Stop::Overtaken)),
            Ok(_) = shutdown.wait_for(|ending| *ending) => Err(Halt::Stop(Stop::Shutdown)),
            done = work => Ok(done),
        }
    }

    pub(super) async fn rest(&self, how_long: Duration) -> Result<(), Halt> {
        self.unless_stopped(tokio::time::sleep(how_long)).await
    }

    /// The plan's number, once it is known.
    pub(super) fn plan(&self) -> Option<u64> {
        self.journal.plan()
    }

    /// Whether the claim still stands, looked at where a write is sent.
    pub(super) fn standing(&self) -> fence::Standing {
        self.journal.standing(self.claim_for, self.goes_on_blind)
    }

    /// Whether the claim is too old to write to a cloud on it.
    pub(super) fn is_old(&self) -> bool {
        self.journal.claim_age() >= self.claim_for
    }
}
