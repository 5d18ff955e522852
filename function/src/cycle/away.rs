//! Deciding while the journal is away: what is fresh and certain is acted on all the same, on what is known of it.

use failover_core::{
    Direction, Event, Facts, IncidentState, Order, Signal, SignalKind, Verb, Verdict, decide_blind,
};
use jiff::Timestamp;
use serde_json::json;

use super::desk::{Begun, Desk};
use crate::{
    act::{Ahead, Assignment},
    announce::Kind,
    clock::Instant,
    push::{Reply, ReplyVerdict},
    record::RecordError,
};

impl Desk {
    /// A broken journal must not keep visitors in the dark: what is fresh and certain is acted on all the same. The record
    /// has it written before anything is decided on the journal again. The error is the answer where nothing is begun.
    pub(super) async fn decide_away(
        &self,
        signal: &Signal,
        error: &RecordError,
        nonce: &str,
    ) -> Result<Begun, Reply> {
        if matches!(error, RecordError::Unreadable { .. }) {
            self.site.announce(Kind::Trouble, &error.to_string(), json!({}), None);
            return Err(self.unrecorded(error));
        }
        let _deciding = self.deciding.lock().await;
        if let Some(plan) = self.moving_here().filter(|_| joins_a_failover(signal)) {
            return Ok(Begun::Plan(
                plan,
                Direction::Failover,
                "the move that is under way is joined".to_owned(),
            ));
        }
        let known = self.site.record.state();
        let facts = self.facts_away(signal).await;
        let Some(decision) = decide_blind(&self.site.policy, &known, &facts, signal, Timestamp::now()) else {
            return Err(self.unrecorded(error));
        };
        let as_of = self.site.record.last_read().map_or_else(
            || "history and any hold could not be read".to_owned(),
            |read| format!("what is known of it was read {} s ago", read.elapsed().as_secs()),
        );
        let reason = format!("{}; the journal can't be reached, so {as_of} ({error})", decision.reason);
        let Verdict::Start(direction, order) = decision.verdict else {
            tracing::warn!(site = %self.site.name, "{reason}");
            return Err(Reply::new(Some(self.site.name.as_str()), ReplyVerdict::Stay, reason, 503));
        };
        let plan = self.start_away(direction, *order, reason.clone(), nonce);
        Ok(Begun::Plan(plan, direction, reason))
    }

    async fn facts_away(&self, signal: &Signal) -> Facts {
        let none = Facts::none();
        if !may_begin_a_move(signal) {
            return none;
        }
        let (places, unable) = tokio::join!(self.site.ask_places(false), self.site.standby_unable());
        Facts { public: places.0, primary: places.1, standby_unable: unable, ..none }
    }

    /// Has a plan executed whose intent is still to be written.
    fn start_away(&self, direction: Direction, order: Order, reason: String, nonce: &str) -> u64 {
        let nonce = nonce.to_owned();
        let (order_told, reason_told) = (order.clone(), reason.clone());
        let intent =
            Event::Intent { direction, order: order_told, reason: reason_told, nonce: nonce.clone() };
        // One writer a site: who works here on something else finishes the write it has begun, and leaves the rest.
        self.overtake_all_here();
        let claimed_at = Instant::now();
        let plan = self.site.record.accept_plan(intent);
        let task = Assignment {
            plan,
            nonce,
            claimed_at,
            direction,
            task: None,
            order,
            reason,
            steps: Vec::new(),
            trouble: None,
            resumed: false,
            state: self.site.record.state(),
            ahead: Ahead::default(),
        };
        self.execute(plan, task);
        plan
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

fn may_begin_a_move(signal: &Signal) -> bool {
    match &signal.kind {
        SignalKind::Incident(incident) => incident.state == IncidentState::Open,
        SignalKind::Command(command) => command.verb == Verb::Failover && command.force,
    }
}
