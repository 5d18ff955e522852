//! Reconcile: the second motor beside deliveries. Looks, compares, finishes what is open.
//!
//! A round that finds nothing new writes nothing and lists nothing: it asks for the journal's next number and
//! probes once.

use std::time::Duration;

use failover_core::{
    Command, Event, Failback, Incident, IncidentState, Observed, Position, Role, Served, Sighting, Signal,
    SignalKind, State, SwitchId, UpkeepTask, Verb, adopt, clock,
};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::{desk::Desk, upkeep::Chore};
use crate::{
    announce::Kind,
    push::{Reply, ReplyVerdict},
    record::{Head, RecordError},
};

/// So many rounds in a row make a report of a silent site, an outage on the standby, or the end of either.
const IN_A_ROW: u32 = 3;

/// So long may a restart have kept a process from its round: own choice, twice Cloud Scheduler's minute.
const RESTART_TAKES: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// A standby's requests are counted within this, or not told: own choice, once a day and in nobody's way.
const COUNT_WITHIN: Duration = Duration::from_secs(5);

/// The id of a report made here begins so.
const REPORT: &str = "reconcile-";

/// What this process counts from one round to the next; a restart begins again, and so does the site's next turn.
#[derive(Debug, Default)]
pub(super) struct Counts {
    turn: Option<(Position, Option<Timestamp>)>,
    silent: u32,
    answered: u32,
    well_since: Option<Instant>,
    drift: Vec<(SwitchId, String)>,
    last_round: Option<Timestamp>,
    trouble: Option<String>,
}

impl Counts {
    /// What was counted at one place says nothing of the other.
    fn begin_round(&mut self, state: &State) {
        let turn = Some((state.active, state.since));
        if self.turn != turn {
            *self = Self { turn, ..Self::default() };
        }
    }

    /// What strayed, where that is news. A switch that couldn't be looked at is where it was seen last.
    fn strays(&mut self, off: &[(&Sighting, Position)], seen: &[Sighting]) -> Option<String> {
        let said = |(s, to): &(&Sighting, Position)| {
            (s.switch.clone(), format!("{} is at {} and belongs at {to}", s.switch, s.observed))
        };
        let said: Vec<(SwitchId, String)> = off.iter().map(said).collect();
        let unseen = |switch: &SwitchId| {
            seen.iter().any(|s| s.switch == *switch && matches!(s.observed, Observed::Unknown(_)))
        };
        let is_news = said.iter().any(|stray| !self.drift.contains(stray));
        self.drift.retain(|(switch, _)| unseen(switch));
        self.drift.extend(said.iter().cloned());
        let sentences: Vec<String> = said.into_iter().map(|(_, sentence)| sentence).collect();
        is_news.then(|| sentences.join("; "))
    }
}

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

    fn count(&self, public: &Served) {
        let mut counts = self.counts();
        match public {
            Served::By(_) => {
                counts.silent = 0;
                counts.answered = counts.answered.saturating_add(1);
            }
            Served::Silent(_) => {
                counts.answered = 0;
                counts.silent = counts.silent.saturating_add(1);
            }
            // Neither silence nor proof: it neither counts nor resets.
            Served::Unknown(_) => {}
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn on_primary(
        &self,
        signal: &Signal,
        state: &State,
        public: &Served,
    ) -> Result<Reply, RecordError> {
        let report = state.pending.iter().find(|pending| pending.id.starts_with(REPORT));
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
        let incident = Incident {
            id: format!("{REPORT}{}-{}", self.site.name, started_at.as_second()),
            state: IncidentState::Open,
            started_at: Some(started_at),
            summary: format!("{IN_A_ROW} reconciles in a row found the public URL silent; {}", told(public)),
            metric: None,
            policy: None,
            labels: std::collections::BTreeMap::new(),
            check_id: None,
            host: None,
            reporter: Some("reconcile".to_owned()),
        };
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

    /// Writes outside any plan: what was begun and not ended, drained standbys, outages on the standby. Some text is
    /// why one failed.
    async fn chores(
        &self,
        state: &State,
        seen: &[Sighting],
        public: &Served,
    ) -> Result<Option<String>, RecordError> {
        let begun = state.upkeep.as_ref();
        if let Some(chore) = begun.and_then(|upkeep| self.taken_up(&upkeep.task, seen, public)) {
            return self.chore(chore, begun).await;
        }
        let now = Timestamp::now();
        let drained = state.draining.is_some_and(|until| until <= now);
        if drained && state.active == Position::Primary && is_routed_back(seen) {
            return self.chore(Chore::drained(), begun).await;
        }
        if state.active != Position::Standby {
            return Ok(None);
        }
        let silent = self.counts().silent;
        match public {
            Served::Silent(why) if silent >= IN_A_ROW && state.outage.is_none() => {
                let sentence = format!(
                    "visitors are not served although the site is on its standby ({why}); monitoring is resumed until they are"
                );
                self.site.announce(Kind::Outage, &sentence, json!({}), None);
                self.chore(Chore::outage(sentence), begun).await
            }
            Served::By(Position::Standby) if state.outage.is_some() => {
                let sentence =
                    "visitors are served by the standby again; monitoring is paused again".to_owned();
                self.site.announce(Kind::Recovered, &sentence, json!({}), None);
                self.chore(Chore::recovered(sentence), begun).await
            }
            _ => Ok(None),
        }
    }

    /// Switches that are not where the journal says: announced once, and set again where the owner wants it.
    async fn drift(
        &self,
        state: &State,
        seen: &[Sighting],
        public: &Served,
    ) -> Result<Option<String>, RecordError> {
        let off = strayed(state, seen);
        if let Some(said) = self.counts().strays(&off, seen) {
            self.site.announce(Kind::Drift, &said, json!({ "repair": self.site.repair }), None);
        }
        let mut trouble = None;
        if self.site.repair && state.upkeep.is_none() {
            for (sighting, position) in
                off.into_iter().filter(|(s, to)| may_repair(s.role, *to, seen, public))
            {
                let chore = Chore::repair(sighting.switch.clone(), sighting.role, position);
                trouble = trouble.or(self.chore(chore, None).await?);
            }
        }
        Ok(trouble)
    }

    /// Once a day while the site is on its standby: it is easy to forget where nobody misses anything.
    async fn standby_day(&self, state: &State) {
        let now = Timestamp::now();
        let before = self.counts().last_round.replace(now);
        let Some(since) = state.since.filter(|_| state.active == Position::Standby) else { return };
        // The first round of a process may have missed the hour by a restart.
        let before = before.or_else(|| now.checked_sub(RESTART_TAKES).ok()).unwrap_or(now);
        let days = |at: Timestamp| at.duration_since(since).as_hours() / 24;
        if days(now) > days(before) {
            self.announce_day(since, days(now)).await;
        }
    }

    async fn announce_day(&self, since: Timestamp, days: i64) {
        let told = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        let requests = self.requests_since(since).await;
        let served = requests.map_or_else(String::new, |requests| {
            let noun = if requests == 1 { "request" } else { "requests" };
            format!(", with {requests} {noun} so far")
        });
        let sentence =
            format!("{} has been on its standby for {told}, since {}{served}", self.site.name, clock(since));
        let details = json!({ "days": days, "since": since, "requests": requests });
        self.site.announce(Kind::StandbyDay, &sentence, details, None);
    }

    /// How many requests the standby has had; nothing where nobody can tell, or not soon.
    async fn requests_since(&self, since: Timestamp) -> Option<u64> {
        let counts = join_all(self.site.of(Role::Gate).map(|gate| gate.requests_since(since)));
        let counts = timeout(COUNT_WITHIN, counts).await.ok()?;
        counts.into_iter().filter_map(|count| count.ok().flatten()).reduce(|one, other| one + other)
    }

    fn quiet(&self, reason: String) -> Reply {
        Reply::new(Some(self.site.name.as_str()), ReplyVerdict::Stay, reason, 200)
    }

    /// What a round before this one has begun and not ended, where it is still to be so. Hours may have passed: nothing
    /// is closed that visitors are led to, and monitoring is not paused while they are not served.
    fn taken_up(&self, task: &UpkeepTask, seen: &[Sighting], public: &Served) -> Option<Chore> {
        match task {
            UpkeepTask::PauseMonitoring if public.is_by(Position::Standby) => {
                Some(Chore::recovered("monitoring is paused, as it was begun".to_owned()))
            }
            UpkeepTask::ResumeMonitoring | UpkeepTask::PauseMonitoring => {
                Some(Chore::outage("monitoring is resumed, as it was begun".to_owned()))
            }
            UpkeepTask::CloseStandby => is_routed_back(seen).then(Chore::drained),
            UpkeepTask::Repair(switch, position) => {
                let role = self.site.switches.iter().find(|s| s.id() == switch)?.role();
                may_repair(role, *position, seen, public)
                    .then(|| Chore::repair(switch.clone(), role, *position))
            }
        }
    }
}

/// The switches that are elsewhere than where the journal says, with where they belong. A route that was moved as a
/// whole has been adopted before; what is left of routes is partly here and partly there.
fn strayed<'a>(state: &State, seen: &'a [Sighting]) -> Vec<(&'a Sighting, Position)> {
    let belongs = |role| match role {
        Role::Gate if state.draining.is_some() => None,
        Role::Monitor if state.outage.is_some() => Some(Position::Primary),
        _ => Some(state.active),
    };
    let off = seen.iter().filter_map(|sighting| {
        let position = belongs(sighting.role)?;
        let strayed = matches!(&sighting.observed, Observed::At(at) if *at != position)
            || matches!(sighting.observed, Observed::Mixed(_));
        strayed.then_some((sighting, position))
    });
    off.collect()
}

/// Whether a strayed switch may be set again without asking anybody: traffic is moved by plans alone, a standby is
/// closed only where no route leads there, and monitoring is paused only while a visitor was just served by it.
fn may_repair(role: Role, to: Position, seen: &[Sighting], public: &Served) -> bool {
    match (role, to) {
        (Role::Route, _) => false,
        (Role::Gate, Position::Primary) => is_routed_back(seen),
        (Role::Monitor, Position::Standby) => public.is_by(Position::Standby),
        _ => true,
    }
}

/// Whether every route was seen to lead to the primary.
fn is_routed_back(seen: &[Sighting]) -> bool {
    seen.iter().filter(|s| s.role == Role::Route).all(|s| s.observed.is_at(Position::Primary))
}

fn told(public: &Served) -> String {
    match public {
        Served::By(position) => format!("the {position} answered the public URL"),
        Served::Silent(why) => format!("the public URL is silent ({why})"),
        Served::Unknown(why) => format!("the public URL could not be judged ({why})"),
    }
}
