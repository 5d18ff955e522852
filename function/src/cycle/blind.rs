//! Without the journal: what is fresh and certain is acted on all the same, once per outage of it.

use failover_core::{
    Direction, Facts, IncidentState, Order, Signal, SignalKind, Verb, Verdict, decide_blind,
};
use jiff::Timestamp;
use serde_json::json;

use super::desk::Desk;
use crate::{
    act::Assignment,
    announce::Kind,
    clock::Instant,
    push::{Reply, ReplyVerdict},
    record::RecordError,
};

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
            Blind::Begun(reason) => {
                let outcome = self.see_through(0, &nonce).await;
                self.executed(&reason, &outcome)
            }
            Blind::Bound(reason) => {
                tracing::warn!(site = %self.site.name, "{reason}");
                Reply::new(Some(self.site.name.as_str()), ReplyVerdict::Stay, reason, 503)
            }
            Blind::Waits => self.unrecorded(error),
        }
    }

    /// Begins a move without the journal, once per outage of it.
    async fn begin_blind(&self, signal: &Signal, error: &RecordError, nonce: &str) -> Blind {
        let _deciding = self.deciding.lock().await;
        if self.is_running(0) {
            return Blind::Begun(
                "the move that began while the journal could not be reached is joined".to_owned(),
            );
        }
        let mut facts = Facts::none();
        if blind_may_matter(signal) {
            let (places, unable) = tokio::join!(self.site.ask_places(false), self.site.standby_unable());
            facts = Facts { public: places.0, primary: places.1, standby_unable: unable, ..facts };
        }
        let record = &self.site.record;
        let known = record.known().map(|head| head.state).unwrap_or_default();
        let decision = decide_blind(&self.site.policy, &known, &facts, signal, Timestamp::now());
        let Some(decision) = decision else { return Blind::Waits };
        let as_of = record.last_read().map_or_else(
            || "history and any hold could not be read".to_owned(),
            |read| format!("what is known of it was read {} s ago", read.elapsed().as_secs()),
        );
        let reason = format!("{}; the journal can't be reached, so {as_of} ({error})", decision.reason);
        match decision.verdict {
            Verdict::Start(direction, order) => {
                self.start_blind((direction, *order, reason.clone()), nonce.to_owned());
                Blind::Begun(reason)
            }
            _ => Blind::Bound(reason),
        }
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

/// What comes of a signal while the journal can't be reached.
enum Blind {
    /// A move, for this reason.
    Begun(String),
    /// Nothing, since what was read of the journal last forbids it.
    Bound(String),
    /// Nothing before the journal can be read.
    Waits,
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
