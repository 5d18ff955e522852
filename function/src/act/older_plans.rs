//! Waiting for older plans: a newer order is written at once, but touches the clouds only after the older executor
//! ended or its claim died.

use std::sync::Arc;

use failover_core::{Direction, Event};

use super::{Halt, claim::ClaimWatch, permit::Permit};
use crate::{
    record::{Head, RecordError},
    site::Guarded,
};

/// A journal that couldn't be reached so often is away, and not for a moment.
const TRIES: usize = 2;

/// What one plan has to wait for.
#[derive(Debug)]
pub(super) struct OlderPlans {
    pub(super) site: Arc<Guarded>,
    pub(super) permit: Arc<Permit>,
    pub(super) direction: Direction,
    /// Its executor's word.
    pub(super) nonce: String,
}

impl OlderPlans {
    /// Waits until this plan is the one that executes, ending older ones whose executors are dead. A failover doesn't wait
    /// in the dark for a journal that can't take their end: it goes on, and they end before it does.
    pub(super) async fn are_over(&self) -> Result<(), Halt> {
        let (mut older, mut upkeep) = (ClaimWatch::default(), ClaimWatch::default());
        let mut in_vain = 0;
        // What this process has just written is the newest it can know: no look is needed to go first.
        let mut known = self.site.record.known();
        while let Some(plan) = self.permit.plan() {
            self.permit.check()?;
            let head = match known.take() {
                Some(head) => head,
                None => match self.latest().await? {
                    Some(head) => head,
                    None => break,
                },
            };
            let claim_for = self.site.pace.claim_for;
            match head.state.running() {
                Some(running) if running.id != plan => {
                    let dead = running.claim.as_ref().is_none_or(|claim| older.is_dead(claim, claim_for));
                    if dead {
                        let heard = self.end_overtaken(running.id, &head).await;
                        in_vain = if heard { 0 } else { in_vain + 1 };
                    }
                    if in_vain == TRIES && self.permit.goes_on_blind {
                        break;
                    }
                }
                _ => match &head.state.upkeep {
                    Some(other) if !upkeep.is_dead(&other.claim, claim_for) => {}
                    _ => break,
                },
            }
            self.permit.rest(self.site.pace.between_looks()).await?;
        }
        Ok(())
    }

    async fn latest(&self) -> Result<Option<Head>, Halt> {
        match self.permit.unless_stopped(self.site.record.look()).await? {
            Ok(head) => Ok(Some(head)),
            Err(why) => {
                tracing::warn!(site = %self.site.name, %why, "waiting for an older plan's end");
                Ok(self.site.record.known())
            }
        }
    }

    /// Ends a plan whose executor was dead at `head`, and at no other: a claim written meanwhile is a living executor's.
    /// Says whether the journal could be reached.
    async fn end_overtaken(&self, plan: u64, head: &Head) -> bool {
        let sentence = format!("a newer {} took its place while nobody executed it", self.direction);
        let event = Event::overtaken(plan, self.nonce.clone(), head.state.active, sentence);
        let Err(why) = self.site.record.append_after(head, &event).await else { return true };
        tracing::warn!(site = %self.site.name, %why, plan, "an overtaken plan could not be ended yet");
        !matches!(why, RecordError::Store { .. })
    }
}
