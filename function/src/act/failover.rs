//! The failover: open the standby, route, verify, pause monitoring; or undo what was done.

use std::{sync::atomic::Ordering, time::Duration};

use failover_core::{End, Position, Role, RouteOrder, Served, Step};

use super::{Executor, Finish, Halt, patience::Unless, set::Before};
use crate::{
    clock::Instant,
    switch::{Change, Observation, Readiness},
};

impl Executor {
    pub(super) async fn failover(&mut self) -> Result<Finish, Halt> {
        match self.lead_to_standby().await {
            Err(Halt::Unwind(why)) => self.unwind_failover(why).await,
            other => other,
        }
    }

    async fn lead_to_standby(&mut self) -> Result<Finish, Halt> {
        self.is_still_wanted().await?;
        self.can_serve().await?;
        self.open().await?;
        self.route_to_standby().await?;
        self.verify_standby().await?;
        self.pause().await?;
        let wanted = [Role::Gate, Role::Route, Role::Monitor].map(|role| (role, Position::Standby));
        self.settle(&wanted, self.proof()).await?;
        let sentence = format!("visitors are served by the standby: {}", self.task.reason);
        Ok(Finish::new(End::Done, Position::Standby, sentence))
    }

    /// An automatic failover that is carried on, or had to wait for its turn, is begun only if the site is still silent.
    async fn is_still_wanted(&self) -> Result<(), Halt> {
        let looked_long_ago = self.task.resumed || self.has_waited;
        if !looked_long_ago || !self.is_automatic() || self.has_done(Step::Route) {
            return Ok(());
        }
        for _ in 0..2 {
            let (public, primary) = self.unless_stopped(self.site.ask_places(true)).await?;
            let well = match public {
                Served::Unknown(_) => primary.is_by(Position::Primary),
                seen => seen.is_by(Position::Primary),
            };
            if !well {
                return Ok(());
            }
            self.rest(self.site.pace.between_probes(Duration::ZERO)).await?;
        }
        Err(Halt::Unwind("the primary answers again".to_owned()))
    }

    /// An automatic failover to a standby that can't serve ends before anything is written to a cloud. "Could
    /// not look" is no reason to keep visitors in the dark.
    async fn can_serve(&mut self) -> Result<(), Halt> {
        if !self.is_automatic() || self.has_done(Step::Open) {
            return Ok(());
        }
        let readiness = match self.task.ahead.readiness.take() {
            Some(asked) => asked,
            None => self.site.ask_readiness(),
        };
        let patience = self.site.pace.call_timeout / 5;
        let Ok(Ok(answers)) = self.unless_stopped(tokio::time::timeout(patience, readiness)).await? else {
            tracing::warn!(site = %self.site.name, "nobody could tell in time whether the standby is ready");
            return Ok(());
        };
        for answer in answers {
            match answer {
                Ok(Readiness::Unable(why)) => {
                    return Err(Halt::Unwind(format!("the standby can't serve: {why}")));
                }
                Ok(Readiness::Doubtful(why)) => tracing::warn!(site = %self.site.name, "{why}"),
                Ok(Readiness::Ready) => {}
                Err(error) => tracing::warn!(site = %self.site.name, "{}", crate::log::chain(&error)),
            }
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<(), Halt> {
        if !self.has(Role::Gate) {
            return Ok(());
        }
        let begun = Instant::now();
        let seen = self.gates_seen_ahead().await?;
        let before = Before { look: self.task.resumed, answers: None };
        let change = self.set(Role::Gate, Position::Standby, seen, before).await?;
        let note = (change == Change::Already).then(|| "it was open already".to_owned());
        self.record(Step::Open, begun, note);
        Ok(())
    }

    async fn gates_seen_ahead(&mut self) -> Result<Vec<Option<Observation>>, Halt> {
        match self.task.ahead.gates.take() {
            Some(looked) => Ok(self.unless_stopped(looked).await?.unwrap_or_default()),
            None => Ok(Vec::new()),
        }
    }

    /// Leads visitors to the standby: once it has answered, or at once where the operator chose so.
    async fn route_to_standby(&mut self) -> Result<(), Halt> {
        let proof = self.proof();
        if proof.is_some() {
            let begun = Instant::now();
            self.await_standby(Unless::PrimaryReturns).await?;
            self.record(Step::Answer, begun, None);
        }
        let begun = Instant::now();
        let before = Before { look: self.task.resumed, answers: proof };
        self.set(Role::Route, Position::Standby, Vec::new(), before).await?;
        self.record(Step::Route, begun, None);
        Ok(())
    }

    /// Who has to answer before visitors are led there: nobody where the operator chose so.
    fn proof(&self) -> Option<Position> {
        let at_once = self.task.order.force || self.site.order == RouteOrder::Together;
        (!at_once && self.site.targets.standby.is_some()).then_some(Position::Standby)
    }

    /// Waits for the proof: a visitor's request to the public URL, answered by the standby.
    async fn verify_standby(&mut self) -> Result<(), Halt> {
        if !self.site.has_visitors() {
            return self.verify_by_switches(Position::Standby).await;
        }
        let begun = Instant::now();
        self.waiting.is_for("a visitor to be served by the standby");
        let served = async {
            tokio::select! {
                biased;
                redirect_lives = self.await_visitor(Position::Standby) => Ok(redirect_lives),
                why = self.returns_while_led_away() => Err(Halt::Unwind(why)),
            }
        };
        let kept = [(Role::Gate, Position::Standby), (Role::Route, Position::Standby)];
        let redirect_lives = Box::pin(self.while_kept(&kept, self.proof(), served)).await??;
        self.record_verified(Step::Verify, begun, None, redirect_lives);
        Ok(())
    }

    /// With `order = "together"` visitors may be led to a standby that never answers: the primary is watched.
    async fn returns_while_led_away(&self) -> String {
        let undecided = self.site.order == RouteOrder::Together && !self.task.order.force;
        if !undecided || !self.site.policy.has_primary_url {
            return std::future::pending().await;
        }
        let round = self.site.pace.claim_for * 2;
        loop {
            if self.standby_serves().await {
                tokio::time::sleep(round).await;
            } else if let Ok(why) = tokio::time::timeout(round, self.primary_returns()).await {
                return why;
            }
        }
    }

    async fn standby_serves(&self) -> bool {
        self.site.prober.standby(&self.site.targets).await.served.is_by(Position::Standby)
    }

    async fn pause(&mut self) -> Result<(), Halt> {
        if !self.has(Role::Monitor) {
            return Ok(());
        }
        let begun = Instant::now();
        let before = Before { look: self.task.resumed, answers: None };
        self.set(Role::Monitor, Position::Standby, Vec::new(), before).await?;
        self.record(Step::Pause, begun, None);
        Ok(())
    }

    /// Undoes a failover that isn't wanted any more: visitors first, then the standby, then monitoring.
    async fn unwind_failover(&mut self, why: String) -> Result<Finish, Halt> {
        let told = self.has_done(Step::Open) || self.has_done(Step::Route);
        let touched = told || self.has_written.load(Ordering::Relaxed);
        if !touched && !self.follows_another() {
            return Ok(Finish::new(End::Unwound, Position::Primary, why));
        }
        self.undoing = true;
        match self.undo_failover().await {
            Ok(()) => Ok(Finish::new(End::Unwound, Position::Primary, why)),
            Err(Halt::Permanent(refusal)) => Err(Halt::Permanent(
                refusal.told(|trouble| format!("{why}, but that could not be undone yet: {trouble}")),
            )),
            Err(other) => Err(other),
        }
    }

    async fn undo_failover(&mut self) -> Result<(), Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        let routed = match self.set(Role::Route, Position::Primary, Vec::new(), before).await {
            Ok(change) => {
                if change == Change::Made || self.has_done(Step::Route) {
                    self.record(Step::Unroute, begun, None);
                }
                Ok(())
            }
            // What doesn't depend on the route is undone all the same.
            Err(refused @ Halt::Permanent(_)) => Err(refused),
            Err(other) => return Err(other),
        };
        let is_safe = routed.is_ok() || self.nobody_was_led_away().await;
        let closed = if is_safe { self.close_opened().await } else { Ok(()) };
        let resumed = self.resume_again().await;
        routed.and(closed).and(resumed)
    }

    async fn close_opened(&mut self) -> Result<(), Halt> {
        if self.task.state.draining.is_some() {
            return Ok(());
        }
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        if self.set(Role::Gate, Position::Primary, Vec::new(), before).await? == Change::Made {
            self.record(Step::Close, begun, None);
        }
        Ok(())
    }

    /// Whether no route leads to the standby, without a look at one: neither this plan nor another has led anybody there,
    /// and a visitor is served by the primary now.
    async fn nobody_was_led_away(&self) -> bool {
        let state = &self.task.state;
        let alone = state.plans.len() <= 1 && state.active == Position::Primary;
        let asked = self.has_done(Step::Route) || self.has_asked_to_lead.load(Ordering::Relaxed);
        if !alone || asked || !self.earlier_told_all() {
            return false;
        }
        self.site.visit().await.served.is_by(Position::Primary)
    }

    /// Whether all that an earlier executor did is among the steps: it ended its attempt, and there was no other.
    fn earlier_told_all(&self) -> bool {
        let plan = self.scribe.plan().and_then(|plan| self.task.state.plan(plan));
        let one = plan.is_some_and(|plan| plan.attempts == 2);
        !self.task.resumed || self.task.trouble.is_some() && one
    }

    /// Monitoring may still be paused, by an earlier failover say, whose failback this one overtook.
    async fn resume_again(&mut self) -> Result<(), Halt> {
        if !self.has_done(Step::Verify) && !self.follows_another() {
            return Ok(());
        }
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        if self.set(Role::Monitor, Position::Primary, Vec::new(), before).await? == Change::Made {
            self.record(Step::Resume, begun, None);
        }
        Ok(())
    }
}
