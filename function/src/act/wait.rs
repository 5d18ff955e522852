//! Waiting for answers: the standby's before traffic is led to it, a visitor's before monitoring is paused.
//!
//! A probe is the only proof; waiting never ends a plan by itself.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use failover_core::{Position, Role, RouteOrder, Served};

use super::{Executor, Halt, patience::Unless, set::Before, settle::serves};
use crate::clock::Instant;

/// An answer is good for this long (promise 1 says five seconds; the rest is for the write to arrive).
pub(super) const ANSWER_HOLDS: Duration = Duration::from_secs(4);

impl Executor {
    /// Waits until `place` has answered within the last seconds, if it has to.
    pub(super) async fn still_answers(&self, place: Option<Position>, unless: Unless) -> Result<(), Halt> {
        if place.is_some_and(|place| self.answered_lately(place)) {
            return Ok(());
        }
        match place {
            Some(Position::Standby) => self.await_standby(unless).await,
            Some(Position::Primary) => self.primary_answers().await,
            None => Ok(()),
        }
    }

    /// An answer of one place says nothing of the other.
    pub(super) fn answered_lately(&self, place: Position) -> bool {
        let last = self.answered_at.lock().map_or(None, |last| *last);
        last.is_some_and(|(by, at)| by == place && at.elapsed() < ANSWER_HOLDS)
    }

    pub(super) fn has_answered(&self, by: Position, at: Instant) {
        if let Ok(mut answered_at) = self.answered_at.lock() {
            *answered_at = Some((by, at));
        }
    }

    /// Waits until the standby answers at its own URL. Visitors go on being asked for meanwhile: where the primary
    /// serves them after all, what was done is to be undone. A standby that somebody closes is opened again.
    pub(super) async fn await_standby(&self, unless: Unless) -> Result<(), Halt> {
        self.waiting.is_for("the standby to answer");
        let answered = async {
            tokio::select! {
                biased;
                () = self.standby_answers() => Ok(()),
                why = self.is_pointless(unless) => Err(Halt::Unwind(why)),
            }
        };
        self.while_kept(&[(Role::Gate, Position::Standby)], None, answered).await?
    }

    /// Waits for `answer`. What this plan set for it is looked at meanwhile, and set again where somebody moved it;
    /// visitors are led back only to a place that has the `proof`.
    pub(super) async fn while_kept<T>(
        &self,
        kept: &[(Role, Position)],
        proof: Option<Position>,
        answer: impl Future<Output = T>,
    ) -> Result<T, Halt> {
        let mut answer = pin!(answer);
        loop {
            let race = async {
                tokio::select! {
                    biased;
                    answered = &mut answer => Some(answered),
                    () = self.until_moved(kept) => None,
                }
            };
            if let Some(answered) = self.unless_stopped(race).await? {
                return Ok(answered);
            }
            for &(role, position) in kept {
                let answers = proof.filter(|_| role == Role::Route);
                self.set_again(role, position, Before { look: true, answers }).await?;
            }
        }
    }

    async fn until_moved(&self, kept: &[(Role, Position)]) {
        loop {
            tokio::time::sleep(self.site.pace.claim_for).await;
            for &(role, position) in kept {
                if self.has_moved(role, position).await {
                    return;
                }
            }
        }
    }

    /// Whether a switch of this role was seen elsewhere; one that could not be looked at now is where it was.
    async fn has_moved(&self, role: Role, position: Position) -> bool {
        for switch in self.site.of(role) {
            let Ok(seen) = switch.glance().await else { continue };
            let observed = seen.observed;
            if !serves(role, position, &observed) {
                tracing::warn!(site = %self.site.name, switch = %switch.id(), %observed, "not at {position} any more; it is set again");
                return true;
            }
        }
        false
    }

    pub(super) async fn standby_answers(&self) {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let served = self.site.prober.standby(&self.site.targets).await.served;
            if served.is_by(Position::Standby) {
                return self.has_answered(Position::Standby, asked);
            }
            tracing::debug!(site = %self.site.name, ?served, "the standby doesn't answer yet");
            self.waiting.saw(told(&served));
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }

    /// One look at the primary past the redirect; a failback that finds it silent has nothing to lead visitors to.
    async fn primary_answers(&self) -> Result<(), Halt> {
        let asked = Instant::now();
        match self.unless_stopped(self.site.prober.primary(&self.site.targets)).await?.served {
            Served::By(Position::Primary) => {
                self.has_answered(Position::Primary, asked);
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
        loop {
            if self.is_automatic() {
                tokio::time::sleep(self.site.pace.between_probes(self.begun.elapsed())).await;
            }
            // Counted over all waits of this plan: between two tries of a write there is time for one answer only.
            let in_a_row = match self.ask_primary().await {
                Served::By(Position::Primary) => self.answers_in_a_row.fetch_add(1, Ordering::Relaxed) + 1,
                Served::Unknown(_) => 0,
                Served::Silent(_) | Served::By(Position::Standby) => {
                    self.answers_in_a_row.store(0, Ordering::Relaxed);
                    0
                }
            };
            if in_a_row >= wanted_in_a_row {
                return "the primary answers visitors after all, and nobody was led to the standby yet"
                    .to_owned();
            }
            if !self.is_automatic() {
                tokio::time::sleep(self.site.pace.between_probes(self.begun.elapsed())).await;
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
        let mut in_a_row = 0;
        loop {
            let (served, answer) = self.site.visit_served_by(place).await;
            in_a_row = if served { in_a_row + 1 } else { 0 };
            if in_a_row >= self.site.visitors_needed() {
                return answer.redirect_lives;
            }
            if served {
                continue;
            }
            self.waiting.saw(told(&answer.served));
            tracing::debug!(site = %self.site.name, served = ?answer.served, "visitors aren't served by the {place} yet");
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }
}

/// What was seen instead of what is waited for.
fn told(served: &Served) -> String {
    match served {
        Served::By(position) => format!("the {position} answered"),
        Served::Silent(why) | Served::Unknown(why) => why.clone(),
    }
}
