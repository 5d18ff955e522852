//! How the drill is told to end.

use tokio::signal::unix::{SignalKind, signal};

/// Ends with Ctrl-C, a polite request to end, or a terminal that is closed, from when it is called on, not from when it is
/// waited for: what is asked between two waits isn't lost.
pub(super) fn asked_to_end() -> impl Future<Output = ()> + Unpin {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut told: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    Box::pin(async move {
        if told.is_empty() {
            return std::future::pending().await;
        }
        futures::future::select_all(told.iter_mut().map(|kind| Box::pin(kind.recv()))).await;
    })
}
