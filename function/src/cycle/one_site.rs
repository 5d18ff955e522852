//! One site: what decides its signals, and what comes by every minute, with all that they share.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{again::Again, decide::Decider, plans::Plans, reconcile::Reconciler, turns::Turns};
use crate::site::Guarded;

/// A site and what this process does for it.
#[derive(Debug)]
pub(super) struct OneSite {
    pub(super) site: Arc<Guarded>,
    pub(super) decider: Arc<Decider>,
    pub(super) reconciler: Reconciler,
}

impl OneSite {
    /// Serves `site` until `shutdown` says that this process ends; the schedule sends reconcile at this interval.
    pub(super) fn new(
        site: Arc<Guarded>,
        turns: Turns,
        reconcile_every: Duration,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        let plans = Arc::new(Plans::new(Arc::clone(&site), shutdown));
        let again = Arc::new(Again::new(Arc::clone(&site), Arc::clone(&plans)));
        let decider = Arc::new(Decider::new(Arc::clone(&site), Arc::clone(&plans), Arc::clone(&again)));
        let who = (Arc::clone(&decider), plans, again);
        let reconciler = Reconciler::new(Arc::clone(&site), who, (turns, reconcile_every));
        Self { site, decider, reconciler }
    }
}
