//! Cloud writes outside any plan: each follows an entry of its own, is claimed by it, and is seen to its end.

use failover_core::{Event, Position, Role, SwitchId};

use super::desk::Desk;
use crate::record::RecordError;

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
    /// Claims the write by its entry, makes it, and records that it was made. What fails stays begun, and the next
    /// round takes it up.
    pub(super) async fn chore(&self, chore: Chore) -> Result<(), RecordError> {
        let _deciding = self.deciding.lock().await;
        let nonce = uuid::Uuid::new_v4().to_string();
        let head = self.site.record.look().await?;
        if !head.state.plans.is_empty() {
            return Ok(());
        }
        self.site.record.append_after(&head, &chore.event(&nonce)).await?;
        let wanted =
            self.site.of(chore.role).filter(|s| chore.only.as_ref().is_none_or(|only| only == s.id()));
        for switch in wanted {
            if let Err(error) = switch.set(chore.position, None).await {
                tracing::warn!(site = %self.site.name, "{}; the next reconcile tries again", crate::log::chain(&error));
                return Ok(());
            }
        }
        self.site.record.append(&Event::Kept { nonce }).await.map(|_| ())
    }
}
