//! Why a push got no further than the door.

use failover_core::Unreadable;

use super::{Outcome, Reply, ReplyVerdict};

/// A refusal: what it means for Pub/Sub, and the sentence that the log and the sender get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) outcome: Outcome,
    pub(super) reason: String,
    /// What only the log says: a stranger isn't told what would have been right.
    aside: String,
}

impl Refusal {
    pub(super) fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into(), aside: String::new() }
    }

    /// The same with something that only the log says.
    pub(super) fn aside(self, aside: String) -> Self {
        Self { aside, ..self }
    }

    pub(super) fn unreadable(why: Unreadable) -> Self {
        Self::new(Outcome::Unreadable, why.0)
    }

    pub(super) fn unproven(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Unproven, reason)
    }

    /// Writes the one line of the log, and answers.
    pub(super) fn told(self) -> Reply {
        let status = self.outcome.status();
        tracing::warn!(status, "refused a push: {}{}", self.reason, self.aside);
        self.into()
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::new(None, ReplyVerdict::Refused, refusal.reason, refusal.outcome.status())
    }
}
