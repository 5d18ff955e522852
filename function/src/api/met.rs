//! What a call meets while it is tried again: for whoever waits less long than it is tried.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::timeout;

/// What the last try met.
type Met = Arc<Mutex<Option<String>>>;

tokio::task_local! {
    static MET: Met;
}

/// Waits for `work` no longer than `limit`; the error is what its last try met by then, if it met anything.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Option<String>> {
    let met = Met::default();
    let done = timeout(limit, MET.scope(Arc::clone(&met), work)).await;
    done.map_err(|_| met.lock().unwrap_or_else(PoisonError::into_inner).take())
}

/// A try failed, and there will be another one.
pub(super) fn note(message: &str) {
    let _ = MET.try_with(|met| {
        *met.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.to_owned());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_waiting_is_told_what_the_last_try_met() {
        let trying = async {
            for met in ["connection refused", "UnknownIssuer"] {
                note(met);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let limit = Duration::from_millis(2_500);
        assert_eq!(within(limit, trying).await, Err(Some("UnknownIssuer".to_owned())));
        assert_eq!(within(limit, std::future::pending::<()>()).await, Err(None));
        assert_eq!(within(limit, async { 7 }).await, Ok(7));
        note("nobody waits");
    }
}
