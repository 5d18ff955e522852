//! What a provider reports when something changed, and the promises judged by it.
//! Judged at every mutation, not only at the end; a broken promise is kept, never acted on.

use std::sync::Mutex;

use serde_json::Value;

use crate::lock::lock;

/// A mutation, reported by the provider that made it, right after it made it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The IAM policy of a Cloud Run service was set.
    Policy {
        /// `projects/…/services/…`.
        service: String,
        /// The policy before.
        before: Value,
        /// The policy after.
        after: Value,
    },
    /// A Cloud Run service was patched.
    Service {
        /// `projects/…/services/…`.
        service: String,
        /// The service before.
        before: Value,
        /// The service after.
        after: Value,
    },
    /// An uptime check was patched.
    Check {
        /// `projects/…/uptimeCheckConfigs/…`.
        check: String,
        /// The check before.
        before: Value,
        /// The check after.
        after: Value,
    },
    /// A page rule was written.
    PageRule {
        /// The zone's id.
        zone: String,
        /// The rule's id.
        rule: String,
        /// The rule before, null if there was none.
        before: Value,
        /// The rule after, null if it is gone.
        after: Value,
    },
    /// A zone's redirect rules were written.
    Redirects {
        /// The zone's id.
        zone: String,
        /// The ruleset before.
        before: Value,
        /// The ruleset after.
        after: Value,
    },
    /// A DNS record was written.
    Record {
        /// The zone's id.
        zone: String,
        /// The record's id.
        record: String,
        /// The record before.
        before: Value,
        /// The record after.
        after: Value,
    },
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What happened, as a sentence.
    pub sentence: String,
    /// The call that did it: its place in the ledger.
    pub position: u64,
}

/// What was broken so far.
#[derive(Debug, Default)]
pub struct Promises {
    broken: Mutex<Vec<Violation>>,
}

impl Promises {
    /// Every promise broken so far.
    pub fn violations(&self) -> Vec<Violation> {
        lock(&self.broken).clone()
    }

    pub(crate) fn broken(&self, position: u64, sentence: String) {
        lock(&self.broken).push(Violation { sentence, position });
    }
}

impl Promises {
    pub(crate) fn judge(&self, world: &crate::world::World, position: u64, change: &Change) {
        let _ = (world, position, change);
    }
}
