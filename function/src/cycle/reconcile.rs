//! Reconcile: what moves things beside deliveries. Looks, compares, finishes what is open.
//!
//! A round that finds nothing new writes nothing and lists nothing: it asks for the journal's next number, and the public
//! URL and the primary's own once each. Rounds over many sites are in `rounds`.

use std::{sync::Arc, time::Duration};

use failover_core::{
    Command, Direction, Event, Facts, Failback, Incident, OUR_REPORT, Order, Position, Role, RouteFound,
    Served, Sighting, Signal, SignalKind, Verb, route_found,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::{
    again::Again,
    answer,
    counts::Counters,
    decide::{Decider, look_for},
    maintenance::Maintenance,
    plans::Plans,
    standby::OnStandby,
    turns::Turns,
};
use crate::{
    act::Prefetched,
    announce::Kind,
    push::Reply,
    record::{Head, RecordError},
    site::Guarded,
};

/// So many rounds in a row make a report of a silent site, an outage on the standby, or the end of either.
pub(super) const IN_A_ROW: u32 = 3;

/// What one round saw of a site.
#[derive(Debug)]
pub(super) enum Look {
    /// A plan is open: it is seen through before anything is looked at.
    Moving(Head),
    /// What was seen around.
    Around(Box<Around>),
}

/// What was seen around a site with no plan open.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) begun: Instant,
    pub(super) head: Head,
    pub(super) seen: Vec<Sighting>,
    pub(super) public: Served,
    pub(super) primary: Served,
}

/// One round of one site.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) look: Look,
    /// Whether it may count as another look.
    pub(super) is_a_look: bool,
}

impl Look {
    /// Who answered the public URL, where it was asked.
    pub(super) fn public(&self) -> Option<&Served> {
        match self {
            Self::Around(around) => Some(&around.public),
            Self::Moving(_) => None,
        }
    }
}

/// The rounds of one site.
#[derive(Debug)]
pub(super) struct Reconciler {
    site: Arc<Guarded>,
    decider: Arc<Decider>,
    plans: Arc<Plans>,
    again: Arc<Again>,
    maintenance: Maintenance,
    on_standby: OnStandby,
    counters: Counters,
    /// When its switches are looked at, where looks are rationed.
    turns: Turns,
    /// How often the schedule sends reconcile.
    every: Duration,
}

impl Reconciler {
    pub(super) fn new(
        site: Arc<Guarded>,
        (decider, plans, again): (Arc<Decider>, Arc<Plans>, Arc<Again>),
        (turns, every): (Turns, Duration),
    ) -> Self {
        let counters = Counters::default();
        let maintenance = Maintenance::new(Arc::clone(&site), Arc::clone(&plans), counters.clone());
        let on_standby = OnStandby::new(Arc::clone(&site), counters.clone());
        Self { site, decider, plans, again, maintenance, on_standby, counters, turns, every }
    }

    /// Looks at the journal, the switches, the public URL and the primary's own, at the same time where it can.
    pub(super) async fn look_around(&self, signal: &Signal) -> Result<Look, RecordError> {
        let head = look_for(&self.site, signal).await?;
        if head.state.newest().is_some() {
            return Ok(Look::Moving(head));
        }
        let head = self.expire(head, signal).await?;
        let roles = [Role::Gate, Role::Route, Role::Monitor];
        // Where a standby is about to be closed, the route is looked at whosever turn it is.
        let its_turn = head.state.draining.is_some() || self.turns.is_due(signal.order_time());
        let begun = Instant::now();
        let (seen, public, primary) = tokio::join!(
            self.site.switches.glance_at(&roles, its_turn),
            self.site.prober.public(&self.site.targets),
            self.ask_primary(),
        );
        let public = self.site.judged(public.served, &seen);
        Ok(Look::Around(Box::new(Around { begun, head, seen, public, primary })))
    }

    /// Whether visitors of this site were seen to be answered since this process began.
    pub(super) fn has_seen_an_answer(&self) -> bool {
        self.counters.now().was_answered
    }

    async fn ask_primary(&self) -> Served {
        if !self.site.policy.has_primary_url {
            return Facts::none().primary;
        }
        self.site.prober.primary(&self.site.targets).await.served
    }

    /// Does what is to be done about what was seen.
    pub(super) async fn conclude(&self, signal: &Signal, round: Round) -> Result<Reply, RecordError> {
        match round.look {
            Look::Moving(head) => Ok(self.carry_on(signal, &head).await),
            Look::Around(around) => self.act_on(signal, *around, round.is_a_look).await,
        }
    }

    /// Sees an open plan through, unless another request does so already: that one keeps this instance its processor.
    async fn carry_on(&self, signal: &Signal, head: &Head) -> Reply {
        let Some(plan) = head.state.newest() else {
            return answer::quiet(&self.site, "no plan is open any more".to_owned());
        };
        let Some(_waits) = self.plans.wait_alone() else {
            return answer::quiet(&self.site, format!("the {} of entry {} goes on", plan.direction, plan.id));
        };
        let (id, reason) = (plan.id, plan.reason.clone());
        let outcome = self.plans.see_through(id, &uuid::Uuid::new_v4().to_string()).await;
        self.again.decide(signal).await;
        answer::executed(&self.site, &reason, &outcome)
    }

    async fn act_on(
        &self,
        signal: &Signal,
        mut around: Around,
        is_a_look: bool,
    ) -> Result<Reply, RecordError> {
        if let Some(reply) = self.judge_route(signal, &mut around).await? {
            return Ok(reply);
        }
        if around.head.state.active == Position::Primary {
            around.public = self.site.of_home(around.public);
        }
        self.counters.now().begin_round(&around.head.state);
        self.counters.count(&around, is_a_look, &self.site, self.every);
        if let Some(reply) = self.again.decide(signal).await {
            return Ok(reply);
        }
        let found = self.found(&around);
        let trouble = self.maintenance.see_to_all(signal, &found).await?;
        self.on_standby.tell_of_both_places(&around);
        self.on_standby.remind(&around.head.state).await;
        let reply = match around.head.state.active {
            Position::Primary => self.at_primary(signal, &around).await?,
            Position::Standby => self.at_standby(signal, &around).await,
        };
        // What keeps the site from being tidied keeps nobody from noticing an outage.
        let told = trouble.filter(|_| reply.is_quiet());
        Ok(told.map_or(reply, |trouble| answer::quiet(&self.site, trouble)))
    }

    /// What the rules of maintenance are asked about.
    fn found<'a>(&self, around: &'a Around) -> failover_core::Round<'a> {
        let Around { head, seen, public, .. } = around;
        let long_silent = self.counters.now().silent >= IN_A_ROW;
        let (state, repair, now) = (&*head.state, self.site.repair, Timestamp::now());
        failover_core::Round { state, seen, public, long_silent, repair, now }
    }

    /// Pending incidents are kept for a day, by the clock of who published this: one that jumped ahead here must not lose
    /// them.
    async fn expire(&self, mut head: Head, signal: &Signal) -> Result<Head, RecordError> {
        let now = signal.order_time();
        let kept: Vec<&str> = head.state.pending_at(now).map(|pending| pending.id.as_str()).collect();
        let old = head.state.pending.iter().filter(|pending| !kept.contains(&pending.id.as_str()));
        let old: Vec<String> = old.map(|pending| pending.id.clone()).collect();
        if old.is_empty() {
            return Ok(head);
        }
        let _deciding = self.plans.deciding().await;
        for incident in old {
            let reason = format!("incident {incident} was pending for a day");
            head = self.site.record.append_after(&head, &Event::Dropped { incident, reason }).await?;
        }
        Ok(head)
    }

    /// Where the route is elsewhere than the journal says and no plan is open, the observation wins, or the outage that
    /// lasts does.
    async fn judge_route(&self, signal: &Signal, around: &mut Around) -> Result<Option<Reply>, RecordError> {
        let (public, primary) = (around.public.clone(), around.primary.clone());
        let facts = Facts { public, primary, switches: around.seen.clone(), ..Facts::none() };
        match route_found(&self.site.policy, &around.head.state, &facts, signal) {
            RouteFound::Left => Ok(None),
            RouteFound::Adopted(event) => {
                let _deciding = self.plans.deciding().await;
                around.head = self.site.record.append_after(&around.head, &event).await?;
                if let Event::Adopted { sentence, .. } = &event {
                    self.site.announce(Kind::Adopted, sentence, json!({}), None);
                }
                Ok(None)
            }
            RouteFound::SetAgain(order, reason) => {
                self.set_route_again(around, *order, &reason.to_string()).await.map(Some)
            }
        }
    }

    async fn set_route_again(
        &self,
        around: &Around,
        order: Order,
        reason: &str,
    ) -> Result<Reply, RecordError> {
        let nonce = uuid::Uuid::new_v4().to_string();
        let plan = {
            let _deciding = self.plans.deciding().await;
            let (direction, reason, nonce_told) = (Direction::Failover, reason.to_owned(), nonce.clone());
            let intent = Event::Intent { direction, order, reason, nonce: nonce_told };
            self.plans.begin(&around.head, &intent, &nonce, Prefetched::default()).await?
        };
        let outcome = self.plans.see_through(plan, &nonce).await;
        Ok(answer::executed(&self.site, reason, &outcome))
    }

    async fn at_primary(&self, signal: &Signal, around: &Around) -> Result<Reply, RecordError> {
        let state = &around.head.state;
        let report = state.pending.iter().find(|pending| pending.id.starts_with(OUR_REPORT));
        if let Some(report) = report.filter(|_| self.counters.now().answered >= IN_A_ROW) {
            self.drop_report(&report.id).await?;
        }
        let silent = self.counters.now().silent;
        if silent < IN_A_ROW || !state.pending.is_empty() {
            return Ok(answer::quiet(&self.site, format!("on its primary; {}", told(&around.public))));
        }
        self.counters.now().silent = 0;
        Ok(self.decider.handle(&report_of(&self.site, signal, around)).await)
    }

    async fn drop_report(&self, incident: &str) -> Result<(), RecordError> {
        let reason = format!("{IN_A_ROW} reconciles in a row were answered by the public URL");
        let event = Event::Dropped { incident: incident.to_owned(), reason };
        self.site.record.append(&event).await.map(|_| ())
    }

    async fn at_standby(&self, signal: &Signal, around: &Around) -> Reply {
        let state = &around.head.state;
        if let Some(reply) = self.fail_back_by_itself(signal, around).await {
            return reply;
        }
        let since =
            state.since.map_or(String::new(), |since| format!(", since {}", failover_core::clock(since)));
        answer::quiet(&self.site, format!("on its standby{since}"))
    }

    async fn fail_back_by_itself(&self, signal: &Signal, around: &Around) -> Option<Reply> {
        let state = &around.head.state;
        let Failback::Automatic { well_for } = self.site.policy.failback else { return None };
        if state.stuck.is_some() || state.hold_at(Timestamp::now()).is_some() {
            return None;
        }
        let well = around.primary.is_by(Position::Primary);
        let ready = {
            let mut counts = self.counters.now();
            counts.well_since = if well { counts.well_since.or(Some(Instant::now())) } else { None };
            counts.well_since.is_some_and(|since| since.elapsed() >= well_for)
        };
        if !ready {
            return None;
        }
        self.counters.now().well_since = None;
        let mut command = Command::new(Verb::Failback);
        command.standing = true;
        command.reason = Some(format!(
            "the primary answered every reconcile for {}",
            humantime::format_duration(well_for)
        ));
        let message = format!("{}-failback", signal.message);
        Some(
            self.decider
                .handle(&Signal { message, kind: SignalKind::Command(command), ..signal.clone() })
                .await,
        )
    }
}

/// Three silent rounds in a row count as a probe report, with the third one's order time.
fn report_of(site: &Guarded, signal: &Signal, around: &Around) -> Signal {
    let started_at = signal.order_time();
    let primary = match &around.primary {
        Served::Silent(why) => format!(", and so was the primary's own URL ({why})"),
        _ => String::new(),
    };
    let id = format!("{OUR_REPORT}{}-{}", site.name, started_at.as_second());
    let summary = format!("in {IN_A_ROW} reconciles in a row {}{primary}", met(&around.public));
    let incident =
        Incident { reporter: Some("reconcile".to_owned()), ..Incident::opened(id, started_at, summary) };
    Signal { kind: SignalKind::Incident(incident), ..signal.clone() }
}

/// What a report says of the public URL, in the past.
fn met(public: &Served) -> String {
    match public {
        Served::Unknown(why) => format!("the public URL could not be judged ({why})"),
        Served::Silent(why) => format!("the public URL was silent ({why})"),
        Served::By(position) => format!("the {position} answered the public URL"),
    }
}

fn told(public: &Served) -> String {
    match public {
        Served::By(position) => format!("the {position} answered the public URL"),
        Served::Silent(why) => format!("the public URL is silent ({why})"),
        Served::Unknown(why) => format!("the public URL could not be judged ({why})"),
    }
}
