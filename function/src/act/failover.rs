//! The failover: open the standby, route, verify, pause monitoring; or undo what was done.

use std::time::Duration;

use failover_core::{End, Position, Role, RouteOrder, Step};
use tokio::time::Instant;

use super::{Executor, Finish, Halt, set::Before};
use crate::switch::{Change, Observation, Readiness};

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

    /// An automatic failover that is carried on is begun again only if the site is still silent.
    async fn is_still_wanted(&self) -> Result<(), Halt> {
        if !self.task.resumed || !self.is_automatic() || self.has_done(Step::Route) {
            return Ok(());
        }
        for _ in 0..2 {
            let asked = tokio::time::timeout(self.site.confirm_within, self.site.visit());
            match self.unless_stopped(asked).await? {
                Ok(answer) if answer.served.is_by(Position::Primary) => {}
                _ => return Ok(()),
            }
            self.rest(self.site.pace.between_probes(Duration::ZERO)).await?;
        }
        Err(Halt::Unwind("the public URL answers again".to_owned()))
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
            self.await_standby().await?;
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
        loop {
            let round = self.site.pace.claim_for * 2;
            let served = tokio::time::timeout(round, self.await_visitor(Position::Standby));
            let race = async {
                tokio::select! {
                    biased;
                    served = served => Ok(served.ok()),
                    why = self.returns_while_led_away() => Err(Halt::Unwind(why)),
                }
            };
            if let Some(redirect_lives) = self.unless_stopped(Box::pin(race)).await?? {
                self.record_verified(Step::Verify, begun, None, redirect_lives);
                return Ok(());
            }
            // Perhaps somebody moved the route back meanwhile.
            let before = Before { look: true, answers: self.proof() };
            self.set(Role::Route, Position::Standby, Vec::new(), before).await?;
        }
    }

    /// With `order = "together"` visitors may be led to a standby that never answers: the primary is watched.
    async fn returns_while_led_away(&self) -> String {
        let undecided = self.site.order == RouteOrder::Together && !self.task.order.force;
        if undecided && self.site.policy.has_primary_url && !self.standby_serves().await {
            return self.primary_returns().await;
        }
        std::future::pending().await
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
        let touched = self.has_done(Step::Open) || self.has_done(Step::Route);
        if !touched && !self.follows_another() {
            return Ok(Finish::new(End::Unwound, Position::Primary, why));
        }
        match self.undo_failover().await {
            Ok(()) => Ok(Finish::new(End::Unwound, Position::Primary, why)),
            Err(Halt::Permanent(trouble)) => {
                let sentence = format!("{why}, but that could not be undone: {trouble}");
                Ok(Finish::new(End::Stuck, self.active_by_steps(), sentence))
            }
            Err(other) => Err(other),
        }
    }

    async fn undo_failover(&mut self) -> Result<(), Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        let routed = self.set(Role::Route, Position::Primary, Vec::new(), before).await?;
        if routed == Change::Made || self.has_done(Step::Route) {
            self.record(Step::Unroute, begun, None);
        }
        let begun = Instant::now();
        if self.task.state.draining.is_none() {
            let closed = self.set(Role::Gate, Position::Primary, Vec::new(), before).await?;
            if closed == Change::Made {
                self.record(Step::Close, begun, None);
            }
        }
        self.resume_again().await
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
