//! What was looked at for a decision, and for how long it is good.

use std::{sync::Arc, time::Duration};

use failover_core::{Facts, Looks, State};

use crate::clock::Instant;

/// What was seen is good for this long: promise 1 says five seconds; the rest is for the entry to be written.
const SEEN_HOLDS: Duration = Duration::from_secs(4);

/// What was looked at, when it was seen, and what the journal had told before.
pub(super) struct Seen {
    pub(super) looks: Looks,
    pub(super) at: Instant,
    pub(super) state: Arc<State>,
    pub(super) facts: Facts,
}

impl Seen {
    /// What was seen before a move is nothing to decide on after it, however fresh.
    pub(super) fn fits(&self, looks: Looks, state: &State) -> bool {
        self.looks == looks && self.at.elapsed() < SEEN_HOLDS && !state.has_moved_since(&self.state)
    }
}
