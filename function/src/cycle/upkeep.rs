//! Cloud writes outside any plan: each follows an entry of its own, is claimed by it, and is seen to its end.

use std::sync::{Arc, Mutex};

use failover_core::{Event, Position, Role, State, SwitchId};
use serde_json::json;

use super::desk::Desk;
use crate::{
    announce::Kind,
    api::{ApiErrorKind, fence},
    clock::Instant,
    clouds::{Switch, SwitchError},
    record::RecordError,
};

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
    /// Claims the write by its entry, makes it, and records that it was made. It was decided on in the state `decided`:
    /// whatever moved since then may be what it was to mend, so it isn't made any more. The write that was begun there
    /// gives way once its claim stood still for its full time. What fails stays begun, and the next round takes it up; the
    /// sentence says what to mend.
    pub(super) async fn chore(&self, chore: Chore, decided: &State) -> Result<Option<String>, RecordError> {
        if decided.upkeep.is_some() {
            tokio::time::sleep(self.site.pace.claim_for).await;
        }
        // A move of this process goes first, also one that the journal doesn't know yet.
        let Ok(_writer) = Arc::clone(&self.site.clouds).try_lock_owned() else { return Ok(None) };
        let nonce = uuid::Uuid::new_v4().to_string();
        let event = chore.event(&nonce);
        let claimed_at = {
            let _deciding = self.deciding.lock().await;
            let head = self.site.record.look().await?;
            let is_news = head.state.has_moved_since(decided) || head.state.upkeep != decided.upkeep;
            if is_news || !head.state.plans.is_empty() {
                return Ok(None);
            }
            let begun = Instant::now();
            self.site.record.append_after(&head, &event).await?;
            Arc::new(Mutex::new(begun))
        };
        let written = tokio::select! {
            biased;
            written = self.write(&chore, &claimed_at) => written,
            () = self.keep_claim(&event, &nonce, &claimed_at) => None,
        };
        if written.is_none() {
            self.site.record.append(&Event::Kept { nonce }).await?;
            self.announce_kept(&chore);
        }
        Ok(written)
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

    /// Sets what the chore is about; a sentence if that failed.
    async fn write(&self, chore: &Chore, claimed_at: &Arc<Mutex<Instant>>) -> Option<String> {
        let wanted =
            self.site.of(chore.role).filter(|s| chore.only.as_ref().is_none_or(|only| only == s.id()));
        for switch in wanted {
            if let Err(sentence) = self.write_one(&**switch, chore.position, claimed_at).await {
                tracing::warn!(site = %self.site.name, "{sentence}; the next reconcile tries again");
                return Some(sentence);
            }
        }
        None
    }

    async fn write_one(
        &self,
        switch: &dyn Switch,
        position: Position,
        claimed_at: &Arc<Mutex<Instant>>,
    ) -> Result<(), String> {
        let told = |error: SwitchError| {
            if let ApiErrorKind::Busy(wished) = error.cause.kind {
                self.site.wishes.note(switch.id(), wished);
            }
            crate::log::chain(&error)
        };
        self.site.wishes.heed(switch.id()).await;
        let seen = switch.observe().await.map_err(told)?;
        let (claimed_at, claim_for) = (Arc::clone(claimed_at), self.site.pace.claim_for);
        let stands = move || claimed_at.lock().is_ok_and(|at| at.elapsed() < claim_for);
        fence::guard(Arc::new(stands), switch.set(position, Some(seen))).await.map(drop).map_err(told)
    }

    /// Renews the claim while the write takes its time, so that no plan begins beside it. Never ends.
    async fn keep_claim(&self, event: &Event, nonce: &str, claimed_at: &Mutex<Instant>) {
        loop {
            tokio::time::sleep(self.site.pace.claim_for / 2).await;
            let Ok(head) = self.site.record.look().await else { continue };
            let ours = head.state.upkeep.as_ref().is_some_and(|upkeep| upkeep.claim.nonce == nonce);
            if !ours {
                return std::future::pending().await;
            }
            let begun = Instant::now();
            match (self.site.record.append_after(&head, event).await, claimed_at.lock()) {
                (Ok(_), Ok(mut at)) => *at = begun,
                (Err(error), _) => tracing::debug!(site = %self.site.name, "{error}"),
                (Ok(_), Err(_)) => {}
            }
        }
    }
}
