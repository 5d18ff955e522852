//! What the page remembers of switches between two looks.

use std::sync::Arc;

use failover_core::{Observed, Sighting, SwitchId};
use futures::future::join_all;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::PATIENCE;
use crate::{api::met, clouds::Switch, log::chain, page::Glimpse};

/// Every switch as it was seen last.
#[derive(Default)]
pub(super) struct Sight(Mutex<Vec<Glimpse>>);

/// The switches, and which of them could not be seen this time.
pub(super) struct Seen {
    pub(super) glimpses: Vec<Glimpse>,
    pub(super) troubles: Vec<String>,
}

impl Sight {
    /// Looks at all switches at once. One that can't be seen is shown as it was seen before, if it ever was.
    pub(super) async fn look(&self, switches: &[Arc<dyn Switch>]) -> Seen {
        let mut kept = self.0.lock().await;
        let looks = join_all(switches.iter().map(|switch| observe(switch.as_ref()))).await;
        let mut seen = Seen { glimpses: Vec::new(), troubles: Vec::new() };
        for (switch, look) in switches.iter().zip(looks) {
            let observed = look.unwrap_or_else(|why| {
                seen.troubles.push(format!("failed to {why}"));
                Observed::Unknown(why)
            });
            let before = kept.iter().find(|glimpse| glimpse.sighting.switch == *switch.id());
            seen.glimpses.push(newer(switch.as_ref(), observed, before));
        }
        kept.clone_from(&seen.glimpses);
        seen
    }
}

async fn observe(switch: &dyn Switch) -> Result<Observed, String> {
    match met::within(PATIENCE, switch.glance()).await {
        Ok(Ok(observation)) => Ok(observation.observed),
        Ok(Err(error)) => Err(chain(&error)),
        Err(met) => Err(unanswered(switch.id(), met)),
    }
}

fn unanswered(switch: &SwitchId, met: Option<String>) -> String {
    let met = met.map_or_else(String::new, |met| format!("; the last try: {met}"));
    format!("observe {switch}: no answer within {PATIENCE:?}{met}")
}

fn newer(switch: &dyn Switch, observed: Observed, before: Option<&Glimpse>) -> Glimpse {
    match (observed, before) {
        (Observed::Unknown(_), Some(before)) => before.clone(),
        (observed, _) => {
            let sighting = Sighting { switch: switch.id().clone(), role: switch.role(), observed };
            Glimpse { sighting, at: Timestamp::now() }
        }
    }
}
