//! Deciding while the journal is away: what is fresh and certain is acted on all the same, on what is known of it.

use failover_core::{Direction, Facts, IncidentState, Signal, SignalKind, Verb, Verdict, decide_blind};
use jiff::Timestamp;
use serde_json::json;

use super::{
    answer,
    decide::{Begun, Decider},
};
use crate::{
    announce::Kind,
    push::{Reply, ReplyVerdict},
    record::RecordError,
};

impl Decider {
    /// A broken journal must not keep visitors in the dark: what is fresh and certain is acted on all the same. The record
    /// has it written before anything is decided on the journal again. The error is the answer where nothing is begun.
    pub(super) async fn decide_without_journal(
        &self,
        signal: &Signal,
        error: &RecordError,
        nonce: &str,
    ) -> Result<Begun, Reply> {
        if matches!(error, RecordError::Unreadable { .. }) {
            self.site.announce(Kind::Trouble, &error.to_string(), json!({}), None);
            return Err(answer::unrecorded(&self.site, error));
        }
        let _deciding = self.plans.deciding().await;
        if let Some(plan) = self.plans.moving_here().filter(|_| joins_a_failover(signal)) {
            return Ok(Begun::Plan(
                plan,
                Direction::Failover,
                "the move that is under way is joined".to_owned(),
            ));
        }
        let known = self.site.record.state();
        let facts = self.facts_at_hand(signal).await;
        let Some(decision) = decide_blind(&self.site.policy, &known, &facts, signal, Timestamp::now()) else {
            return Err(answer::unrecorded(&self.site, error));
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
        let plan = self.plans.begin_without_journal((direction, *order, reason.clone()), nonce);
        Ok(Begun::Plan(plan, direction, reason))
    }

    async fn facts_at_hand(&self, signal: &Signal) -> Facts {
        let none = Facts::none();
        if !may_begin_a_move(signal) {
            return none;
        }
        let (places, unable) = tokio::join!(self.site.ask_places(false), self.site.switches.standby_unable());
        Facts { public: places.0, primary: places.1, standby_unable: unable, ..none }
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
