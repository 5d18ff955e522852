//! Reconcile: the second motor beside deliveries. Looks, compares, finishes what is open.
//!
//! A round that finds nothing new writes nothing and lists nothing: it asks for the journal's next number and
//! probes once.

use failover_core::{
    Command, Event, Failback, Incident, OUR_REPORT, Position, Role, Served, Sighting, Signal, SignalKind,
    State, Verb, adopt,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::desk::Desk;
use crate::{
    announce::Kind,
    push::{Reply, ReplyVerdict},
    record::{Head, RecordError},
};

/// So many rounds in a row make a report of a silent site, an outage on the standby, or the end of either.
pub(super) const IN_A_ROW: u32 = 3;

impl Desk {
    /// One round, on behalf of `signal`.
    pub(super) async fn reconcile(&self, signal: &Signal) -> Reply {
        match self.round(signal).await {
            Ok(reply) => reply,
            Err(error) => self.unrecorded(&error),
        }
    }

    async fn round(&self, signal: &Signal) -> Result<Reply, RecordError> {
        let head = self.look_for(signal).await?;
        if let Some(plan) = head.state.newest() {
            let (id, reason) = (plan.id, plan.reason.clone());
            let outcome = self.see_through(id, &uuid::Uuid::new_v4().to_string()).await;
            self.reconsider(signal).await;
            return Ok(self.executed(&reason, &outcome));
        }
        let head = self.expire(head).await?;
        let roles = [Role::Gate, Role::Route, Role::Monitor];
        // Where a standby is about to be closed, the route is looked at whoever's turn it is.
        let its_turn = head.state.draining.is_some() || self.rota.is_due(signal.order_time());
        let (seen, answer) =
            tokio::join!(self.site.glance_at(&roles, its_turn), self.site.prober.public(&self.site.targets));
        let public = self.site.judged(answer.served, &seen);
        let head = self.adopt_route(head, &seen).await?;
        self.counts().begin_round(&head.state);
        self.count(&public);
        if let Some(reply) = self.reconsider(signal).await {
            return Ok(reply);
        }
        let trouble = self.chores(&head.state, &seen, &public).await?;
        let trouble = trouble.or(self.drift(&head.state, &seen, &public).await?);
        self.standby_day(&head.state).await;
        if let Some(trouble) = self.in_trouble(trouble) {
            return Ok(self.quiet(trouble));
        }
        match head.state.active {
            Position::Primary => self.on_primary(signal, &head.state, &public).await,
            Position::Standby => self.on_standby(signal, &head.state).await,
        }
    }

    /// Pending incidents are kept for a day.
    async fn expire(&self, mut head: Head) -> Result<Head, RecordError> {
        let _deciding = self.deciding.lock().await;
        let now = Timestamp::now();
        let kept: Vec<&str> = head.state.pending_at(now).map(|pending| pending.id.as_str()).collect();
        let old = head.state.pending.iter().filter(|pending| !kept.contains(&pending.id.as_str()));
        let old: Vec<String> = old.map(|pending| pending.id.clone()).collect();
        for incident in old {
            let reason = format!("incident {incident} was pending for a day");
            head = self.site.record.append_after(&head, &Event::Dropped { incident, reason }).await?;
        }
        Ok(head)
    }

    /// Where the route is elsewhere than the journal says and no plan is open, the observation wins.
    async fn adopt_route(&self, head: Head, seen: &[Sighting]) -> Result<Head, RecordError> {
        let facts = failover_core::Facts { switches: seen.to_vec(), ..failover_core::Facts::none() };
        let Some((_, event)) = adopt(&head.state, &facts) else { return Ok(head) };
        let _deciding = self.deciding.lock().await;
        let head = self.site.record.append_after(&head, &event).await?;
        if let Event::Adopted { sentence, .. } = &event {
            self.site.announce(Kind::Adopted, sentence, json!({}), None);
        }
        Ok(head)
    }

    async fn on_primary(
        &self,
        signal: &Signal,
        state: &State,
        public: &Served,
    ) -> Result<Reply, RecordError> {
        let report = state.pending.iter().find(|pending| pending.id.starts_with(OUR_REPORT));
        if let Some(report) = report.filter(|_| self.counts().answered >= IN_A_ROW) {
            self.drop_report(&report.id).await?;
        }
        let silent = self.counts().silent;
        if silent < IN_A_ROW || !state.pending.is_empty() {
            return Ok(self.quiet(format!("on its primary; {}", told(public))));
        }
        self.counts().silent = 0;
        Ok(self.handle(&self.report(signal, public)).await)
    }

    /// Three silent rounds in a row count as a probe report, with the third one's order time.
    fn report(&self, signal: &Signal, public: &Served) -> Signal {
        let started_at = signal.order_time();
        let id = format!("{OUR_REPORT}{}-{}", self.site.name, started_at.as_second());
        let summary = format!("{IN_A_ROW} reconciles in a row found the public URL silent; {}", told(public));
        let incident =
            Incident { reporter: Some("reconcile".to_owned()), ..Incident::opened(id, started_at, summary) };
        Signal { kind: SignalKind::Incident(incident), ..signal.clone() }
    }

    async fn drop_report(&self, incident: &str) -> Result<(), RecordError> {
        let reason = format!("{IN_A_ROW} reconciles in a row were answered by the public URL");
        let event = Event::Dropped { incident: incident.to_owned(), reason };
        self.site.record.append(&event).await.map(|_| ())
    }

    async fn on_standby(&self, signal: &Signal, state: &State) -> Result<Reply, RecordError> {
        if let Some(reply) = self.fail_back_by_itself(signal, state).await {
            return Ok(reply);
        }
        let since =
            state.since.map_or(String::new(), |since| format!(", since {}", failover_core::clock(since)));
        Ok(self.quiet(format!("on its standby{since}")))
    }

    async fn fail_back_by_itself(&self, signal: &Signal, state: &State) -> Option<Reply> {
        let Failback::Automatic { well_for } = self.site.policy.failback else { return None };
        if state.stuck.is_some() || state.hold_at(Timestamp::now()).is_some() {
            return None;
        }
        let well = self.site.prober.primary(&self.site.targets).await.served.is_by(Position::Primary);
        let ready = {
            let mut counts = self.counts();
            counts.well_since = if well { counts.well_since.or(Some(Instant::now())) } else { None };
            counts.well_since.is_some_and(|since| since.elapsed() >= well_for)
        };
        if !ready {
            return None;
        }
        self.counts().well_since = None;
        let mut command = Command::new(Verb::Failback);
        command.by = Some("automatic failback".to_owned());
        command.reason = Some(format!(
            "the primary answered every reconcile for {}",
            humantime::format_duration(well_for)
        ));
        let message = format!("{}-failback", signal.message);
        Some(self.handle(&Signal { message, kind: SignalKind::Command(command), ..signal.clone() }).await)
    }

    /// What keeps a write outside any plan from being made: announced once, and said by every round.
    fn in_trouble(&self, trouble: Option<String>) -> Option<String> {
        let known = std::mem::replace(&mut self.counts().trouble, trouble.clone());
        if let Some(sentence) = trouble.as_ref().filter(|_| known != trouble) {
            self.site.announce(Kind::Trouble, sentence, json!({}), None);
        }
        trouble
    }

    fn quiet(&self, reason: String) -> Reply {
        Reply::new(Some(self.site.name.as_str()), ReplyVerdict::Stay, reason, 200)
    }
}

fn told(public: &Served) -> String {
    match public {
        Served::By(position) => format!("the {position} answered the public URL"),
        Served::Silent(why) => format!("the public URL is silent ({why})"),
        Served::Unknown(why) => format!("the public URL could not be judged ({why})"),
    }
}
