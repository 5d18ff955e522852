//! Waiting for answers: the standby's before traffic is led to it, a visitor's before monitoring is paused.
//!
//! A probe is the only proof; waiting never ends a plan by itself.

use std::time::Duration;

use failover_core::{Position, RouteOrder, Served};
use tokio::time::Instant;

use super::{Executor, Halt};

/// An answer is good for this long (promise 1 says five seconds; the rest is for the write to arrive).
const ANSWER_HOLDS: Duration = Duration::from_secs(4);

impl Executor {
    /// Waits until `place` has answered within the last seconds, if it has to.
    pub(super) async fn still_answers(&self, place: Option<Position>) -> Result<(), Halt> {
        if self.answered_lately() {
            return Ok(());
        }
        match place {
            Some(Position::Standby) => self.await_standby().await,
            Some(Position::Primary) => self.primary_answers().await,
            None => Ok(()),
        }
    }

    pub(super) fn answered_lately(&self) -> bool {
        let at = self.answered_at.lock().map_or(None, |at| *at);
        at.is_some_and(|at| at.elapsed() < ANSWER_HOLDS)
    }

    pub(super) fn has_answered(&self, at: Instant) {
        if let Ok(mut answered_at) = self.answered_at.lock() {
            *answered_at = Some(at);
        }
    }

    /// Waits until the standby answers at its own URL. The public URL goes on being asked meanwhile: where it
    /// answers after all, what was done is to be undone.
    pub(super) async fn await_standby(&self) -> Result<(), Halt> {
        let race = async {
            tokio::select! {
                biased;
                () = self.standby_answers() => Ok(()),
                why = self.primary_returns() => Err(Halt::Unwind(why)),
            }
        };
        self.unless_stopped(race).await?
    }

    pub(super) async fn standby_answers(&self) {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let served = self.site.prober.standby(&self.site.targets).await.served;
            if served.is_by(Position::Standby) {
                return self.has_answered(asked);
            }
            tracing::debug!(site = %self.site.name, ?served, "the standby doesn't answer yet");
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }

    /// One look at the primary past the redirect; a failback that finds it silent has nothing to lead visitors to.
    async fn primary_answers(&self) -> Result<(), Halt> {
        let asked = Instant::now();
        match self.unless_stopped(self.site.prober.primary(&self.site.targets)).await?.served {
            Served::By(Position::Primary) => {
                self.has_answered(asked);
                Ok(())
            }
            Served::By(Position::Standby) => Err(Halt::Unwind("the standby answered for the primary".into())),
            Served::Silent(why) | Served::Unknown(why) => {
                Err(Halt::Unwind(format!("the primary doesn't answer any more ({why}); nothing was moved")))
            }
        }
    }

    /// Ends, with the reason, when what a failover has done so far should be undone; never for one that is forced.
    pub(super) async fn primary_returns(&self) -> String {
        if self.task.order.force {
            return std::future::pending().await;
        }
        let wanted_in_a_row = if self.is_automatic() { 2 } else { 1 };
        if !self.is_automatic() {
            tokio::time::sleep(self.site.verify_within.saturating_sub(self.begun.elapsed())).await;
        }
        let begun = Instant::now();
        let mut in_a_row = 0;
        loop {
            if self.is_automatic() {
                tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
            }
            match self.ask_primary().await {
                Served::By(Position::Primary) => in_a_row += 1,
                Served::Unknown(_) => {}
                Served::Silent(_) | Served::By(Position::Standby) => in_a_row = 0,
            }
            if in_a_row >= wanted_in_a_row {
                return "the primary answers visitors after all, and the standby hasn't answered yet"
                    .to_owned();
            }
            if !self.is_automatic() {
                tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
            }
        }
    }

    /// Asks the primary as visitors reach it: by the public URL, or past the redirect once they are led away.
    async fn ask_primary(&self) -> Served {
        let led_away = self.site.order == RouteOrder::Together && self.has_done(failover_core::Step::Route);
        if !led_away {
            return self.site.visit().await.served;
        }
        if !self.site.policy.has_primary_url {
            return Served::Unknown("there is no way to ask the primary past the redirect".to_owned());
        }
        self.site.prober.primary(&self.site.targets).await.served
    }

    /// Waits until a visitor of the public URL is served by `place`, and says how long the redirect to it lives.
    pub(super) async fn await_visitor(&self, place: Position) -> Option<Duration> {
        let begun = Instant::now();
        loop {
            let answer = self.site.visit().await;
            if answer.served.is_by(place) {
                return answer.redirect_lives;
            }
            tracing::debug!(site = %self.site.name, served = ?answer.served, "visitors aren't served by the {place} yet");
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }
}
