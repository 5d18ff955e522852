//! Without the journal: what is fresh and certain is acted on all the same, once per outage of it.

use failover_core::{
    Direction, Facts, IncidentState, Order, Signal, SignalKind, Verb, Verdict, decide_blind,
};
use jiff::Timestamp;
use serde_json::json;

use super::desk::Desk;
use crate::{act::Assignment, announce::Kind, clock::Instant, push::Reply, record::RecordError};

impl Desk {
    /// A broken journal must not keep visitors in the dark: what is fresh and certain is acted on all the same.
    pub(super) async fn without_journal(&self, signal: &Signal, error: &RecordError, nonce: String) -> Reply {
        if matches!(error, RecordError::Unreadable { .. }) {
            self.site.announce(Kind::Trouble, &error.to_string(), json!({}), None);
            return self.unrecorded(error);
        }
        if let Some(plan) = self.moving_here().filter(|_| joins_a_failover(signal)) {
            let outcome = self.see_through(plan, &nonce).await;
            return self.executed("the move that is under way is joined", &outcome);
        }
        match self.begin_blind(signal, error, &nonce).await {
            Some(reason) => {
                let outcome = self.see_through(0, &nonce).await;
                self.executed(&reason, &outcome)
            }
            None => self.unrecorded(error),
        }
    }

    /// Begins a move without the journal, once per outage of it; the reason, or nothing where it may not.
    async fn begin_blind(&self, signal: &Signal, error: &RecordError, nonce: &str) -> Option<String> {
        let _deciding = self.deciding.lock().await;
        if self.is_running(0) {
            return Some("the move that began while the journal could not be reached is joined".to_owned());
        }
        let mut facts = Facts::none();
        if blind_may_matter(signal) {
            let (places, unable) = tokio::join!(self.site.ask_places(false), self.site.standby_unable());
            facts = Facts { public: places.0, primary: places.1, standby_unable: unable, ..facts };
        }
        let decision = decide_blind(&self.site.policy, &facts, signal, Timestamp::now())?;
        let Verdict::Start(direction, order) = decision.verdict else { return None };
        let reason = format!(
            "{}; the journal can't be reached, so history and any hold could not be read ({error})",
            decision.reason
        );
        self.start_blind((direction, *order, reason.clone()), nonce.to_owned());
        Some(reason)
    }

    fn start_blind(&self, (direction, order, reason): (Direction, Order, String), nonce: String) {
        let known = self.site.record.known().map(|head| head.state);
        let task = Assignment {
            plan: None,
            nonce,
            claimed_at: Instant::now(),
            direction,
            order,
            reason,
            steps: Vec::new(),
            trouble: None,
            resumed: false,
            state: known.unwrap_or_default(),
            ahead: crate::act::Ahead::default(),
        };
        // One writer a site: who works here on something else finishes the write it has begun, and leaves the rest.
        self.overtake_all_here();
        self.execute(0, task);
    }
}

/// Whether the signal asks for what a failover that is under way does; a newer order that asks for something else
/// waits for the journal.
fn joins_a_failover(signal: &Signal) -> bool {
    match &signal.kind {
        SignalKind::Incident(incident) => incident.state == IncidentState::Open,
        SignalKind::Command(command) => command.verb == Verb::Failover,
    }
}

fn blind_may_matter(signal: &Signal) -> bool {
    match &signal.kind {
        SignalKind::Incident(incident) => incident.state == IncidentState::Open,
        SignalKind::Command(command) => command.verb == Verb::Failover && command.force,
    }
}
