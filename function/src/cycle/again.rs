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

impl Again {
    pub(super) fn new(site: Arc<Guarded>, plans: Arc<Plans>) -> Self {
        Self { site, plans, tried_at: Mutex::default() }
    }

    /// Decides pending incidents again, on fresh probes, on behalf of `signal`; answers if that began a move.
    pub(super) async fn decide(&self, signal: &Signal) -> Option<Reply> {
        let nonce = uuid::Uuid::new_v4().to_string();
        match self.decide_once(signal, &nonce).await {
            Ok(Some((plan, reason))) => {
                let outcome = self.plans.see_through(plan, &nonce).await;
                Some(answer::executed(&self.site, &reason, &outcome))
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(site = %self.site.name, "pending incidents are decided later: {error}");
                None
            }
        }
    }

    /// The plan that was begun, and why, where one was.
    async fn decide_once(&self, signal: &Signal, nonce: &str) -> Result<Option<(u64, String)>, RecordError> {
        let _deciding = self.plans.deciding().await;
        let Some(mut head) = self.site.record.known() else { return Ok(None) };
        let now = Timestamp::now();
        let Some(pending) = head.state.pending_at(now).next().cloned() else { return Ok(None) };
        if !head.state.plans.is_empty() {
            return Ok(None);
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
        let Verdict::Start(direction, order) = decision.verdict else { return Ok(None) };
        let intent =
            Event::Intent { direction, order: *order, reason: reason.clone(), nonce: nonce.to_owned() };
        let plan = self.plans.begin(&head, &intent, nonce, Prefetched::default()).await?;
        Ok(Some((plan, reason)))
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
