//! A watcher's sign of life, so that a dead one is noticed: published every minute on the topic of its reports.
//!
//! The function notes who was heard of when, and announces a watcher that has fallen silent.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::Tools;
use failover_core::report;

/// From one sign of life to the next; the function waits for ten of them.
pub const EVERY: Duration = Duration::from_mins(1);

/// Says that it lives until `ending` says so.
pub(super) async fn beat(tools: Arc<Tools>, summary: String, mut ending: watch::Receiver<bool>) {
    let mut every = interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = true;
    loop {
        tokio::select! {
            _ = ending.wait_for(|ending| *ending) => return,
            _ = every.tick() => {}
        }
        let message = report::heartbeat(&tools.name, &format!("{summary}{}", tools.unseen.told()));
        let posted = tools.letterbox.post(&message).await;
        match &posted {
            Err(error) if heard => tracing::warn!("no sign of life could be published: {error}"),
            Ok(()) if !heard => tracing::info!("signs of life can be published again"),
            _ => {}
        }
        heard = posted.is_ok();
    }
}
