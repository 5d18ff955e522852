//! How far an executor's scribe is, and why the executor has to stop.

use super::pulse::Pulse;
use crate::clock::Instant;

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

/// How far the scribe is.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// Notes written so far.
    pub(crate) written: u64,
    /// When the newest entry of this executor was begun to be written.
    pub(crate) claimed_at: Instant,
    /// Why the executor has to stop, once it has to.
    pub(crate) stop: Option<Stop>,
    /// Why the journal can't be written now.
    pub(crate) trouble: Option<OutOfReach>,
    /// How often it could not be written.
    pub(crate) failures: u64,
    /// The plan's number, once it is known.
    pub(crate) plan: Option<u64>,
}

/// A journal that could not be written.
#[derive(Debug, Clone)]
pub(crate) struct OutOfReach {
    /// When the try was begun.
    pub(super) begun: Instant,
    /// Why, in a sentence.
    pub(super) why: String,
}

impl Progress {
    /// Why the journal can't be written. A try that was under way while the process stood still tells nothing: its
    /// answer may have come in time, with nobody there to read it.
    pub(super) fn out_of_reach(&self, pulse: &Pulse) -> Option<&OutOfReach> {
        self.trouble.as_ref().filter(|trouble| trouble.begun >= pulse.awake_since())
    }
}
