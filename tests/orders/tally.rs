//! What was played, in figures.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use sandbox::Kind;

use crate::stage::Stage;

/// Sums over all sequences of a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sequences: AtomicUsize,
    messages: AtomicUsize,
    deliveries: AtomicUsize,
    crashes: AtomicUsize,
    mutations: AtomicUsize,
    entries: AtomicUsize,
}

impl Tally {
    /// A sequence is over.
    pub(crate) fn add(&self, stage: &Stage) {
        let messages = stage.post.messages();
        let took_effect = |kind| stage.sandbox.world.ledger.number(|call| call.kind == kind && call.effect);
        self.sequences.fetch_add(1, Relaxed);
        self.messages.fetch_add(messages.len(), Relaxed);
        self.deliveries.fetch_add(messages.iter().map(|message| message.answers.len()).sum(), Relaxed);
        self.crashes.fetch_add(stage.crashes(), Relaxed);
        self.mutations.fetch_add(took_effect(Kind::Write), Relaxed);
        self.entries.fetch_add(took_effect(Kind::Journal), Relaxed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} sequences, {} messages delivered {} times, {} crashes, {} changes of clouds watched, \
             {} journal entries",
            self.sequences.load(Relaxed),
            self.messages.load(Relaxed),
            self.deliveries.load(Relaxed),
            self.crashes.load(Relaxed),
            self.mutations.load(Relaxed),
            self.entries.load(Relaxed)
        )
    }
}
