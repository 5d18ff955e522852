//! Waiting for something to come true, but not for ever.

use std::time::{Duration, Instant};

/// How often is looked: fast enough that no figure suffers, none is taken from here.
const BETWEEN_LOOKS: Duration = Duration::from_millis(15);

/// What was waited for in vain.
#[derive(Debug, thiserror::Error)]
#[error("{what} was waited for in vain, for {} s", .waited.as_secs())]
pub(super) struct InVain {
    what: &'static str,
    waited: Duration,
}

/// Waits until `found` finds something.
///
/// # Errors
/// After `patience`.
pub(super) async fn until<T>(
    what: &'static str,
    patience: Duration,
    mut found: impl FnMut() -> Option<T>,
) -> Result<T, InVain> {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            return Err(InVain { what, waited: patience });
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
