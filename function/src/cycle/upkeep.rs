//! Cloud writes outside any plan: each follows an entry of its own, is claimed by it, and is seen to its end.

use failover_core::{Event, Position, Role, SwitchId};
use serde_json::json;

use super::desk::Desk;
use crate::{announce::Kind, record::RecordError};

/// One such write.
#[derive(Debug)]
pub(super) struct Chore {
    role: Role,
    position: Position,
    /// Only this switch, where not all of the role.
    only: Option<SwitchId>,
    sentence: String,
}

impl Chore {
    pub(super) fn drained() -> Self {
        Self { role: Role::Gate, position: Position::Primary, only: None, sentence: String::new() }
    }

    pub(super) fn outage(sentence: String) -> Self {
        Self { role: Role::Monitor, position: Position::Primary, only: None, sentence }
    }

    pub(super) fn recovered(sentence: String) -> Self {
        Self { role: Role::Monitor, position: Position::Standby, only: None, sentence }
    }

    pub(super) fn repair(switch: SwitchId, role: Role, position: Position) -> Self {
        Self { role, position, only: Some(switch), sentence: String::new() }
    }

    fn event(&self, nonce: &str) -> Event {
        let (nonce, sentence) = (nonce.to_owned(), self.sentence.clone());
        match (&self.only, self.role, self.position) {
            (Some(switch), _, position) => Event::Repaired { switch: switch.clone(), position, nonce },
            (None, Role::Monitor, Position::Primary) => Event::Outage { sentence, nonce },
            (None, Role::Monitor, Position::Standby) => Event::Recovered { sentence, nonce },
            (None, ..) => Event::Drained { nonce },
        }
    }
}

impl Desk {
    /// Claims the write by its entry, makes it, and records that it was made; says whether it was. What fails stays
    /// begun, and the next round takes it up.
    pub(super) async fn chore(&self, chore: Chore) -> Result<bool, RecordError> {
        let _deciding = self.deciding.lock().await;
        let nonce = uuid::Uuid::new_v4().to_string();
        let head = self.site.record.look().await?;
        if !head.state.plans.is_empty() {
            return Ok(false);
        }
        self.site.record.append_after(&head, &chore.event(&nonce)).await?;
        let wanted =
            self.site.of(chore.role).filter(|s| chore.only.as_ref().is_none_or(|only| only == s.id()));
        for switch in wanted {
            if let Err(error) = switch.set(chore.position, None).await {
                tracing::warn!(site = %self.site.name, "{}; the next reconcile tries again", crate::log::chain(&error));
                return Ok(false);
            }
        }
        self.site.record.append(&Event::Kept { nonce }).await?;
        self.announce_kept(&chore);
        Ok(true)
    }

    fn announce_kept(&self, chore: &Chore) {
        let (kind, sentence) = match (&chore.only, chore.role) {
            (Some(switch), _) => {
                (Kind::Repaired, format!("{switch} is set to its {} position again", chore.position))
            }
            (None, Role::Gate) => {
                (Kind::Drained, "the standby is closed: no cached redirect leads to it any more".to_owned())
            }
            // An outage and its end are told before the write that follows them.
            (None, _) => return,
        };
        self.site.announce(kind, &sentence, json!({ "position": chore.position }), None);
    }
}
