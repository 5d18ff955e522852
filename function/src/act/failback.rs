//! The failback: start the primary where a switch can, route back, verify, then close the standby and resume monitoring, independently of each other.

use std::time::Duration;

use failover_core::{End, Position, Role, Step};
use jiff::Timestamp;

use super::{Executor, Finish, Halt, patience::Unless, set::Before};
use crate::{clock::Instant, switch::Change};

/// A redirect that says it may be cached for longer is not waited for: nobody should keep a standby open for a
/// browser's sake for more than about an hour.
const DRAIN_AT_MOST: Duration = Duration::from_mins(65);

impl Executor {
    pub(super) async fn failback(&mut self) -> Result<Finish, Halt> {
        loop {
            match self.lead_to_primary().await {
                Err(Halt::Unwind(why)) if self.reopen_standby().await? => match self.stay(why).await {
                    Err(Halt::Unwind(_)) => {}
                    other => return other,
                },
                Err(Halt::Unwind(_)) => {}
                other => return other,
            }
            // Visitors are served by the primary after all. What was set meanwhile is looked at.
            self.task.resumed = true;
            self.rest(self.site.pace.between_probes(Duration::ZERO)).await?;
        }
    }

    /// The primary fell silent before all visitors were led there. An earlier executor, or one of several routes, may
    /// have led some of them: they are led to the standby again.
    async fn stay(&mut self, why: String) -> Result<Finish, Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: self.standby_proof() };
        let routed = self.set(Role::Route, Position::Standby, Vec::new(), before).await?;
        if routed == Change::Made || self.has_done(Step::Route) {
            self.record(Step::Unroute, begun, None);
        }
        self.pause_again().await?;
        Ok(Finish::new(End::Unwound, Position::Standby, why))
    }

    async fn lead_to_primary(&mut self) -> Result<Finish, Halt> {
        self.power_up().await?;
        let moved = self.route_to_primary().await?;
        while (moved || !self.task.order.unfinished) && !self.verify_primary().await? {
            if self.reopen_standby().await? {
                return self.primary_stayed_silent().await;
            }
        }
        self.waiting.is_for("every switch to be set");
        let drain_until = self.drain_until();
        self.close_and_resume(drain_until.is_some()).await?;
        let mut wanted = vec![(Role::Route, Position::Primary), (Role::Monitor, Position::Primary)];
        if drain_until.is_none() {
            wanted.push((Role::Gate, Position::Primary));
        }
        self.settle(&wanted, self.primary_proof()).await?;
        let caveat = self.caveat().await;
        let sentence = format!("visitors are served by the primary: {}{caveat}", self.task.reason);
        Ok(Finish { drain_until, ..Finish::new(End::Done, Position::Primary, sentence) })
    }

    /// Leads visitors to the primary; true if that took a write.
    async fn route_to_primary(&mut self) -> Result<bool, Halt> {
        let begun = Instant::now();
        let look = self.task.resumed || self.task.order.unfinished;
        if let Some(at) = self.task.ahead.answered.take() {
            // The gate had two answers; while this plan waited for its turn they have become old.
            self.has_answered(Position::Primary, at);
        }
        // Also where it was led there before: whoever undid that may have died before it was told.
        let before = Before { look, answers: self.primary_proof() };
        let change = self.set(Role::Route, Position::Primary, Vec::new(), before).await?;
        if !(self.task.order.unfinished && change == Change::Already) {
            self.record(Step::Route, begun, None);
        }
        Ok(change == Change::Made)
    }

    /// Who has to answer before visitors are led there: nobody where it was forced, or can't be asked.
    fn primary_proof(&self) -> Option<Position> {
        let asks = !self.task.order.force && self.site.policy.has_primary_url;
        asks.then_some(Position::Primary)
    }

    /// Waits for a visitor's request to be answered by the primary; false if none was in time.
    async fn verify_primary(&mut self) -> Result<bool, Halt> {
        if !self.site.has_visitors() {
            self.verify_by_switches(Position::Primary).await?;
            return Ok(true);
        }
        let begun = Instant::now();
        let patience = self.site.failback_patience;
        self.waiting.is_for("a visitor to be served by the primary");
        let visitor = tokio::time::timeout(patience, self.await_visitor(Position::Primary));
        let kept = [(Role::Route, Position::Primary)];
        if self.while_kept(&kept, self.primary_proof(), visitor).await?.is_err() {
            return Ok(false);
        }
        self.record(Step::Verify, begun, None);
        Ok(true)
    }

    async fn primary_stayed_silent(&mut self) -> Result<Finish, Halt> {
        let patience = jiff::SignedDuration::try_from(self.site.failback_patience).unwrap_or_default();
        let why = format!("the primary didn't answer visitors within {}", failover_core::span(patience));
        let begun = Instant::now();
        if self.task.order.force {
            let before = Before { look: true, answers: None };
            self.set(Role::Monitor, Position::Primary, Vec::new(), before).await?;
            self.record(Step::Resume, begun, None);
            let sentence = format!("{why}; visitors stay there as it was forced, and the standby stays open");
            return Ok(Finish::new(End::Stuck, Position::Primary, sentence));
        }
        let before = Before { look: true, answers: self.standby_proof() };
        match self.set(Role::Route, Position::Standby, Vec::new(), before).await {
            Ok(_) => {
                self.record(Step::Unroute, begun, None);
                self.pause_again().await?;
                let sentence = format!("{why}; they are led to the standby again");
                Ok(Finish::new(End::Unwound, Position::Standby, sentence))
            }
            Err(Halt::Permanent(refusal)) => {
                Err(Halt::Permanent(refusal.told(|trouble| {
                    format!("{why}, and could not be led back to the standby yet: {trouble}")
                })))
            }
            Err(other) => Err(other),
        }
    }

    /// Who has to answer before visitors are led back to the standby: it, where it can be asked.
    fn standby_proof(&self) -> Option<Position> {
        self.site.targets.standby.as_ref().map(|_| Position::Standby)
    }

    /// The standby may have been closed already, or not have been opened by an overtaken failover: it is opened, and
    /// answers, before anybody is led there again. False if the primary answered visitors first.
    async fn reopen_standby(&mut self) -> Result<bool, Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        let closed = self.follows_another() || self.has_done(Step::Close);
        if !closed {
            return Ok(true);
        }
        match self.set(Role::Gate, Position::Standby, Vec::new(), before).await {
            Ok(Change::Already) => return Ok(true),
            Ok(Change::Made) => self.record(Step::Open, begun, None),
            // A visitor was served by the primary.
            Err(Halt::Unwind(_)) => return Ok(false),
            Err(other) => return Err(other),
        }
        if self.site.targets.standby.is_none() {
            return Ok(true);
        }
        match self.await_standby(Unless::PrimaryServes).await {
            Ok(()) => Ok(true),
            Err(Halt::Unwind(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Monitoring may have been resumed already, or an overtaken failover not have paused it: it is paused once a
    /// visitor was served by the standby, and left alone if none is.
    async fn pause_again(&mut self) -> Result<(), Halt> {
        let running = self.follows_another() || self.has_done(Step::Resume);
        if !running || !self.has(Role::Monitor) {
            return Ok(());
        }
        let begun = Instant::now();
        let visitor =
            tokio::time::timeout(self.site.failback_patience, self.await_visitor(Position::Standby));
        if self.unless_stopped(visitor).await?.is_ok() {
            let before = Before { look: true, answers: None };
            if self.set(Role::Monitor, Position::Standby, Vec::new(), before).await? == Change::Made {
                self.record(Step::Pause, begun, None);
            }
        }
        Ok(())
    }

    /// Until when a visitor may come by a cached redirect; `None` if none can any more.
    fn drain_until(&self) -> Option<Timestamp> {
        if !self.has(Role::Gate) {
            return None;
        }
        let routed = self.task.steps.iter().find(|record| record.step == Step::Route).map(|record| record.at);
        let lives = Duration::from_secs(self.task.state.redirect_lives_s).min(DRAIN_AT_MOST);
        let drain = self.site.policy.drain.max(lives);
        let until = routed.and_then(|at| at.checked_add(drain).ok()).or(self.task.state.draining)?;
        (Timestamp::now() < until).then_some(until)
    }

    async fn close_and_resume(&mut self, draining: bool) -> Result<(), Halt> {
        let begun = Instant::now();
        let look = self.task.resumed || self.task.order.unfinished;
        let before = Before { look, answers: None };
        let close = async {
            if draining {
                Ok(Change::Already)
            } else {
                self.set(Role::Gate, Position::Primary, Vec::new(), before).await
            }
        };
        let resume = self.set(Role::Monitor, Position::Primary, Vec::new(), before);
        let (closed, resumed) = tokio::join!(close, resume);
        if closed.is_ok() && self.has(Role::Gate) && !draining {
            self.record(Step::Close, begun, None);
        }
        if resumed.is_ok() && self.has(Role::Monitor) {
            self.record(Step::Resume, begun, None);
        }
        closed.and(resumed).map(|_| ())
    }

    /// What an operator should know although everything went well.
    async fn caveat(&self) -> String {
        let patience = self.site.pace.call_timeout / 5;
        let asked = self.site.switches.iter().map(async |switch| {
            let unread =
                |_| Some(format!("whether an incident is still open could not be read within {patience:?}"));
            tokio::time::timeout(patience, switch.caveat(&self.site.name)).await.unwrap_or_else(unread)
        });
        let found = futures::future::join_all(asked).await;
        found.into_iter().flatten().fold(String::new(), |said, caveat| format!("{said}; {caveat}"))
    }
}
