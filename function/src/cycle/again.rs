//! Deciding again what was held back: pending incidents, and a failover that is stuck with visitors in the dark.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use failover_core::{Event, Signal, State, Verdict, decide_again};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{answer, plans::Plans};
use crate::{act::Prefetched, push::Reply, record::RecordError, site::Guarded};

/// So often is a failover tried again that is stuck with visitors in the dark and nothing routed.
const TRIED_AGAIN_EVERY: Duration = Duration::from_mins(5);

/// Decides a site's pending incidents again.
#[derive(Debug)]
pub(super) struct Again {
    site: Arc<Guarded>,
    plans: Arc<Plans>,
    /// When a stuck failover of a site in the dark was tried again last.
    tried_at: Mutex<Option<Instant>>,
}

/// What came of deciding the oldest pending incident again.
enum Decided {
    /// A plan was begun, for this reason.
    Begun(u64, String),
    /// It is over or too old, and pending no more.
    Dropped,
    /// Nothing is to be decided now, or it stays pending.
    Kept,
}

impl Again {
    pub(super) fn new(site: Arc<Guarded>, plans: Arc<Plans>) -> Self {
        Self { site, plans, tried_at: Mutex::default() }
    }

    /// Decides pending incidents again, on fresh probes, on behalf of `signal`; answers if that began a move.
    pub(super) async fn decide(&self, signal: &Signal) -> Option<Reply> {
        let nonce = uuid::Uuid::new_v4().to_string();
        loop {
            match self.decide_oldest(signal, &nonce).await {
                Ok(Decided::Begun(plan, reason)) => {
                    let outcome = self.plans.see_through(plan, &nonce).await;
                    return Some(answer::executed(&self.site, &reason, &outcome));
                }
                // Each time there is one less.
                Ok(Decided::Dropped) => {}
                Ok(Decided::Kept) => return None,
                Err(error) => {
                    tracing::warn!(site = %self.site.name, "pending incidents are decided later: {error}");
                    return None;
                }
            }
        }
    }

    async fn decide_oldest(&self, signal: &Signal, nonce: &str) -> Result<Decided, RecordError> {
        let _deciding = self.plans.deciding().await;
        let Some(mut head) = self.site.record.known() else { return Ok(Decided::Kept) };
        let now = Timestamp::now();
        let Some(pending) = head.state.pending_at(now).next().cloned() else { return Ok(Decided::Kept) };
        if !head.state.plans.is_empty() {
            return Ok(Decided::Kept);
        }
        let facts = self.site.fresh_facts().await;
        let tried_again = self.free_of_trouble(&head.state, now);
        let state = tried_again.as_ref().unwrap_or(&head.state);
        let decision = decide_again(&self.site.policy, state, &facts, (&pending, signal), now);
        if tried_again.is_some() && matches!(decision.verdict, Verdict::Start(..)) {
            *self.tried_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            tracing::warn!(site = %self.site.name, "a failover that is stuck with visitors in the dark is tried again");
        }
        for event in &decision.record {
            head = self.site.record.append_after(&head, event).await?;
        }
        let reason = decision.reason.to_string();
        tracing::info!(site = %self.site.name, incident = %pending.id, "decided again: {reason}");
        let (direction, order) = match decision.verdict {
            Verdict::Start(direction, order) => (direction, order),
            Verdict::Stay => return Ok(Decided::Dropped),
            _ => return Ok(Decided::Kept),
        };
        let intent =
            Event::Intent { direction, order: *order, reason: reason.clone(), nonce: nonce.to_owned() };
        let plan = self.plans.begin(&head, &intent, nonce, Prefetched::default()).await?;
        Ok(Decided::Begun(plan, reason))
    }

    /// The state as if nothing were stuck, where another try is no risk and it is time for one.
    fn free_of_trouble(&self, state: &State, now: Timestamp) -> Option<State> {
        let stuck = state.stuck.as_ref().filter(|stuck| stuck.retry)?;
        let since_then = now.duration_since(stuck.at).unsigned_abs();
        let tried_at = *self.tried_at.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = tried_at.map_or(since_then, |tried| tried.elapsed().min(since_then));
        (tried >= TRIED_AGAIN_EVERY).then(|| State { stuck: None, ..state.clone() })
    }
}
