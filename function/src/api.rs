//! How any provider's interface is called: retries, the fence before a write, and errors named by meaning.

pub(crate) mod answer;
mod client;
pub(crate) mod fence;
pub(crate) mod met;
pub mod retry;
pub mod secret;
pub(crate) mod task;
pub mod tokens;

pub use client::http_client;
pub use retry::Pace;
pub use secret::Secret;

/// Why a provider's interface did not do what was asked, named by meaning so that all providers share one list.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of failure it is.
    pub kind: ApiErrorKind,
    /// One sentence: what happened, to what, in the provider's words, and what mends it.
    pub message: String,
}

/// The kinds of failure that a caller tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// The credentials themselves aren't accepted (401), so that no grant would help: permanent, an operator makes new
    /// ones.
    Unaccepted,
    /// The credentials may not (403): permanent, an operator grants it.
    Denied,
    /// There is no such thing (404): permanent.
    Missing,
    /// The request was refused as wrong (400 and others): permanent.
    Refused,
    /// Somebody else changed it meanwhile (409, 412): read again.
    Conflict,
    /// Another try may help (408, 429, 5xx, broken connection, unreadable answer); the change may have landed.
    Transient,
    /// As `Transient`, and the provider asked to be left alone for this long.
    Busy(std::time::Duration),
    /// As `Transient`, and the provider throttles without saying for how long.
    Throttled,
    /// As `Transient`, and nobody was asked: calls are kept for what is more urgent, for at least this long.
    Rationed(std::time::Duration),
}

impl ApiError {
    /// With words of somebody else in its `message`, who may have repeated what was sent, credentials and all: it
    /// goes to the journal and to people, not only to the log.
    pub(crate) fn in_words_of_others(kind: ApiErrorKind, message: &str) -> Self {
        Self { kind, message: crate::log::redact(message).into_owned() }
    }

    /// Whether trying again without mending anything can't help.
    pub fn is_permanent(&self) -> bool {
        self.is_of_rights() || matches!(self.kind, ApiErrorKind::Missing | ApiErrorKind::Refused)
    }

    /// Whether it is about who asks, and not about what was asked for.
    pub fn is_of_rights(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Unaccepted | ApiErrorKind::Denied)
    }
}
