//! How the drill is told to end, and how it tells others.

use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C, a polite request to end, or a terminal that is closed.
pub(super) async fn asked_to_end() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let waits = kinds.into_iter().filter_map(|kind| signal(kind).ok()).map(|mut told| {
        Box::pin(async move {
            told.recv().await;
        })
    });
    let waits: Vec<_> = waits.collect();
    if waits.is_empty() {
        return std::future::pending().await;
    }
    futures::future::select_all(waits).await;
}

/// SIGTERM, as Cloud Run sends it.
pub(super) fn ask_to_end(process: u32) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    if let Some(process) = process {
        // It may have ended by itself meanwhile.
        let _ = kill_process(process, Signal::TERM);
    }
}
