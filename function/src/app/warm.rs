//! What every first delivery waits for, begun when the process starts: a token, the journal's newest entries, and
//! the clients that are not needed before that. A cold instance is started by a push, so the time until it arrives is
//! time gained.

use std::sync::Arc;

use futures::future::join_all;

use crate::{clouds::Clients, site::Guarded};

/// Sites whose journals are looked at; more would cost a listing each that may not be needed.
const SITES: usize = 5;

/// Gets all that ready. Failing is left to whoever needs it.
pub(super) async fn up(clients: Arc<Clients>, sites: Vec<Arc<Guarded>>) {
    clients.warm().await;
    let prober = sites.first().map(|site| Arc::clone(&site.prober));
    // Each reads the system's certificates, which takes some milliseconds of a core.
    let building = tokio::task::spawn_blocking(move || {
        if let Some(prober) = prober {
            prober.prepare();
        }
    });
    join_all(sites.iter().take(SITES).map(|site| look(site))).await;
    let _ = building.await;
}

async fn look(site: &Guarded) {
    if let Err(error) = site.record.look().await {
        tracing::debug!(site = %site.name, %error, "the journal is looked at later");
    }
}
