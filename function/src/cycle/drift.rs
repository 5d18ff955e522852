//! Drift: switches that are elsewhere than where the journal says, and what may be set again without asking anybody.

use failover_core::Round;
use serde_json::json;

use super::{desk::Desk, upkeep::Chore};
use crate::{announce::Kind, record::RecordError};

impl Desk {
    /// Switches that are not where the journal says: announced once, and set again where they may be. Some text is why one
    /// could not be.
    pub(super) async fn drift(&self, round: &Round<'_>) -> Result<Option<String>, RecordError> {
        if let Some(said) = self.counts().strays(&round.strayed(), round.seen) {
            self.site.announce(Kind::Drift, &said, json!({ "repair": self.site.repair }), None);
        }
        let mut trouble = None;
        for (sighting, position) in round.repairs() {
            let chore = Chore::repair(sighting.switch.clone(), sighting.role, position);
            trouble = trouble.or(self.chore(chore, round.state).await?);
        }
        Ok(trouble)
    }
}
