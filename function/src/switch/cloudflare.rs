//! What the switches that are one object at Cloudflare have in common.

use failover_core::{Observed, Position, SwitchId};

use crate::api::{ApiError, ApiErrorKind};

/// Where tokens are made.
pub(super) const TOKENS: &str = "https://dash.cloudflare.com/profile/api-tokens";

/// Believes what the answer to a write showed; where that isn't `position`, one more look decides.
///
/// # Errors
/// When the look fails, or shows something else still.
pub(super) async fn confirm(
    id: &SwitchId,
    position: Position,
    told: &Observed,
    look: impl Future<Output = Result<Observed, ApiError>>,
) -> Result<(), ApiError> {
    if told.is_at(position) {
        return Ok(());
    }
    let now = look.await?;
    if now.is_at(position) {
        return Ok(());
    }
    let message = format!("Cloudflare accepted the change of {}, but it is {now}", id.resource);
    Err(ApiError { kind: ApiErrorKind::Transient, message })
}

/// Where it is, to be written there once more.
///
/// # Errors
/// When it is nowhere that could be written again.
pub(super) fn place(id: &SwitchId, now: Observed) -> Result<Position, ApiError> {
    match now {
        Observed::At(position) => Ok(position),
        Observed::Mixed(how) | Observed::Unknown(how) => {
            Err(ApiError { kind: ApiErrorKind::Refused, message: format!("{}: {how}", id.resource) })
        }
    }
}
