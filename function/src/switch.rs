//! Switches: one trait, one file a provider. Decisions and plans know nothing of what is in here.

use std::{any::Any, fmt, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};

/// One thing that directs traffic, that can be observed and set.
#[async_trait]
pub trait Switch: fmt::Debug + Send + Sync {
    /// Which thing this is.
    fn id(&self) -> &SwitchId;

    /// What it does for a move.
    fn role(&self) -> Role;

    /// Looks where it points. "Could not look" is an error, never a position.
    async fn observe(&self) -> Result<Observation, SwitchError>;

    /// Sets it to `position` and returns once the provider confirmed it; idempotent, touches one thing.
    ///
    /// `seen` is what a caller has just observed; a switch that reads before it writes uses it in place of its
    /// first read.
    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError>;

    /// Whether what the standby position leads to could serve if it were opened now.
    async fn readiness(&self) -> Result<Readiness, SwitchError> {
        Ok(Readiness::Ready)
    }

    /// Sends a write that changes nothing: the only proof that the credentials may write.
    async fn touch(&self) -> Result<(), SwitchError>;
}

/// What was seen of a switch, with what the provider needs to write on top of it.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Where it points.
    pub observed: Observed,
    /// The provider's own: a policy with its etag, say.
    pub basis: Option<Arc<dyn Any + Send + Sync>>,
}

/// What setting a switch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A write was made.
    Made,
    /// It was there already; nothing was written.
    Already,
}

/// Whether the standby could serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It could.
    Ready,
    /// It could, but something is worth a warning.
    Doubtful(String),
    /// It could not, for this reason.
    Unable(String),
}

/// What was tried on a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Looking where it points.
    Observe,
    /// Setting it.
    Set(Position),
    /// Asking whether the standby could serve.
    Readiness,
    /// Writing without changing.
    Touch,
}

/// Why a switch could not be observed or set.
#[derive(Debug, thiserror::Error)]
#[error("{operation:?} {switch}")]
pub struct SwitchError {
    /// The switch.
    pub switch: SwitchId,
    /// What was tried.
    pub operation: Operation,
    /// Why it failed.
    #[source]
    pub cause: crate::api::ApiError,
}
