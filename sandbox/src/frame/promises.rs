//! Which promises of the product were broken, and what of them is judged at all.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Mutex;

use super::lock::lock;

/// What must never be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Traffic is never moved away from a site that answers to one that doesn't.
    MovesToWhatAnswers,
    /// Monitoring is never paused before a visitor's request has been answered by the standby.
    PausesOnProof,
    /// The standby is never closed while traffic is routed to it.
    StandbyStaysOpen,
    /// Nothing that isn't ours changes.
    NothingForeign,
    /// No more writes than the test allows.
    Writes,
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub promise: Promise,
    /// What happened, as a sentence.
    pub sentence: String,
    /// The call that did it: its place in the ledger.
    pub position: u64,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "call {}: {}", self.position, self.sentence)
    }
}

/// What was broken, kept for whoever asks.
#[derive(Debug, Default)]
pub struct Promises(Mutex<PromisesState>);

#[derive(Debug, Default)]
struct PromisesState {
    broken: Vec<Violation>,
    allowed: HashSet<Promise>,
    writes: Option<usize>,
    /// Where in the ledger each site was last routed to its standby.
    routed: HashMap<String, u64>,
}

impl Promises {
    /// Every promise broken so far.
    pub fn violations(&self) -> Vec<Violation> {
        lock(&self.0).broken.clone()
    }

    /// From now on this promise isn't judged: for `force` and `order = "together"`.
    pub fn allow(&self, promise: Promise) {
        lock(&self.0).allowed.insert(promise);
    }

    /// From now on every promise is judged again.
    pub fn allow_nothing(&self) {
        lock(&self.0).allowed.clear();
    }

    /// No more writes to clouds than this, counted from the first call in the ledger.
    pub fn allow_writes(&self, most: usize) {
        lock(&self.0).writes = Some(most);
    }

    pub(crate) fn broken(&self, position: u64, promise: Promise, sentence: String) {
        let mut state = lock(&self.0);
        if !state.allowed.contains(&promise) {
            state.broken.push(Violation { promise, sentence, position });
        }
    }

    /// How many writes are enough, if anybody says.
    pub(crate) fn most_writes(&self) -> Option<usize> {
        lock(&self.0).writes
    }

    /// Where a site was last routed to its standby; 0 if that was before the sandbox watched.
    pub(crate) fn routed(&self, site: &str) -> u64 {
        lock(&self.0).routed.get(site).copied().unwrap_or_default()
    }

    pub(crate) fn note_routed(&self, site: &str, position: u64) {
        lock(&self.0).routed.insert(site.to_owned(), position);
    }
}
