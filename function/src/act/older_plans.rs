//! Waiting for older plans: a newer order is written at once, but touches the clouds only after the older executor
//! ended or its claim died.

use std::sync::Arc;

use failover_core::{Direction, End, Event, State};

use super::{Halt, claim::ClaimWatch, permit::Permit};
use crate::site::Guarded;

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
    /// Waits until this plan is the one that executes, ending older ones whose executors are dead.
    pub(super) async fn are_over(&self) -> Result<(), Halt> {
        let (mut older, mut upkeep) = (ClaimWatch::default(), ClaimWatch::default());
        // What this process has just written is the newest it can know: no look is needed to go first.
        let mut known = self.site.record.known().map(|head| head.state);
        while let Some(plan) = self.permit.plan() {
            self.permit.check()?;
            let state = match known.take() {
                Some(state) => state,
                None => match self.latest().await? {
                    Some(state) => state,
                    None => break,
                },
            };
            match state.running() {
                Some(running) if running.id != plan => {
                    let claim_for = self.site.pace.claim_for;
                    let dead = running.claim.as_ref().is_none_or(|claim| older.is_dead(claim, claim_for));
                    if dead {
                        self.end_overtaken(running.id, &state).await;
                    }
                }
                _ => match &state.upkeep {
                    Some(other) if !upkeep.is_dead(&other.claim, self.site.pace.claim_for) => {}
                    _ => break,
                },
            }
            self.permit.rest(self.site.pace.between_looks()).await?;
        }
        Ok(())
    }

    async fn latest(&self) -> Result<Option<Arc<State>>, Halt> {
        match self.permit.unless_stopped(self.site.record.look()).await? {
            Ok(head) => Ok(Some(head.state)),
            Err(why) => {
                tracing::warn!(site = %self.site.name, %why, "waiting for an older plan's end");
                Ok(self.site.record.known().map(|head| head.state))
            }
        }
    }

    async fn end_overtaken(&self, plan: u64, state: &State) {
        let sentence = format!("a newer {} took its place while nobody executed it", self.direction);
        let (nonce, active) = (self.nonce.clone(), state.active);
        let (end, drain_until, retry) = (End::Overtaken, None, false);
        let event = Event::Ended { plan, nonce, end, active, sentence, drain_until, retry };
        if let Err(why) = self.site.record.append(&event).await {
            tracing::warn!(site = %self.site.name, %why, plan, "an overtaken plan could not be ended yet");
        }
    }
}
