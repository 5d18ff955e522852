//! Setting the switches of a role: claim first, write, try again what may pass.

use std::sync::Arc;

use failover_core::{Position, Role};
use futures::future::join_all;
use tokio::time::Instant;

use super::{Executor, Halt};
use crate::{
    api::{ApiErrorKind, fence},
    switch::{Change, Observation, Switch, SwitchError},
};

/// What is made sure of before each try of a write.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// The switch is looked at: it may be there already.
    pub(super) look: bool,
    /// Visitors are led to a place only while it answers.
    pub(super) answers: Option<Position>,
}

impl Executor {
    /// Sets every switch of `role` to `position`, together. A refused one doesn't keep the others from being set.
    pub(super) async fn set(
        &self,
        role: Role,
        position: Position,
        seen: Vec<Option<Observation>>,
        before: Before,
    ) -> Result<Change, Halt> {
        let switches = self.site.switches.iter().filter(|switch| switch.role() == role);
        let seen = seen.into_iter().chain(std::iter::repeat(None));
        let all = switches.zip(seen).map(|(switch, seen)| self.set_one(switch, position, seen, before));
        let mut change = Change::Already;
        let mut halt = None;
        for set in join_all(all).await {
            match set {
                Ok(Change::Made) => change = Change::Made,
                Ok(Change::Already) => {}
                Err(stopped @ Halt::Stop(_)) => return Err(stopped),
                Err(other) => halt = halt.or(Some(other)),
            }
        }
        halt.map_or(Ok(change), Err)
    }

    async fn set_one(
        &self,
        switch: &Arc<dyn Switch>,
        position: Position,
        mut seen: Option<Observation>,
        before: Before,
    ) -> Result<Change, Halt> {
        let mut tries = 0;
        loop {
            // The answer to a try that failed may be all that was lost of it.
            if before.look || tries > 0 || (seen.is_none() && switch.reads_first()) {
                let now = self.observe(switch).await?;
                if now.observed.is_at(position) {
                    return Ok(if tries > 0 { Change::Made } else { Change::Already });
                }
                seen = Some(now);
            }
            // Where a provider rations calls this may take minutes, so it comes before what has to be fresh.
            self.unless_stopped(switch.await_room()).await?;
            self.may_write(before.answers).await?;
            let set = switch.set(position, seen.take());
            match fence::guard(self.standing(), set).await {
                Ok(change) => return Ok(change),
                Err(error) => self.after_failure(&error, &mut tries).await?,
            }
        }
    }

    /// Makes sure of the claim and then of the answer: renewing a claim may take long, and an answer is good for
    /// seconds only.
    async fn may_write(&self, answers: Option<Position>) -> Result<(), Halt> {
        loop {
            self.before_write().await?;
            let sure = Instant::now();
            self.still_answers(answers).await?;
            if sure.elapsed() < self.site.pace.claim_for / 2 {
                return self.check();
            }
        }
    }

    /// Looks at `switch`, again and again while another try may help.
    pub(super) async fn observe(&self, switch: &Arc<dyn Switch>) -> Result<Observation, Halt> {
        let mut tries = 0;
        loop {
            match self.unless_stopped(switch.observe()).await? {
                Ok(observation) => return Ok(observation),
                Err(error) => self.after_failure(&error, &mut tries).await?,
            }
        }
    }

    /// Waits before the next try, or says that there is none.
    pub(super) async fn after_failure(&self, error: &SwitchError, tries: &mut u32) -> Result<(), Halt> {
        self.check()?;
        let sentence = crate::log::chain(error);
        if error.cause.is_permanent() {
            return Err(Halt::Permanent(sentence));
        }
        tracing::warn!(site = %self.site.name, switch = %error.switch, tries, "{sentence}; trying again");
        let backoff = self.site.pace.backoff(*tries);
        let wait = match error.cause.kind {
            ApiErrorKind::Conflict if *tries == 0 => std::time::Duration::ZERO,
            ApiErrorKind::Busy(asked) | ApiErrorKind::Rationed(asked) => asked.max(backoff),
            ApiErrorKind::Throttled => self.site.pace.throttled(*tries),
            _ => backoff,
        };
        *tries += 1;
        self.rest(wait).await
    }

    /// Renews a claim that is too old to write to a cloud on. A failover goes on while the journal can't be
    /// reached: a broken journal must not keep visitors in the dark.
    pub(super) async fn before_write(&self) -> Result<(), Halt> {
        self.check()?;
        let mut tries = 0;
        while self.scribe.claim_age() >= self.site.pace.claim_for {
            match self.scribe.renew().await {
                Ok(()) => break,
                Err(_) if self.goes_on_blind() => {
                    self.check()?;
                    break;
                }
                Err(_) => {
                    self.check()?;
                    self.rest(self.site.pace.backoff(tries)).await?;
                    tries += 1;
                }
            }
        }
        self.check()
    }

    /// Whether the claim still stands, looked at where a write is sent.
    pub(super) fn standing(&self) -> fence::Standing {
        self.scribe.standing(self.site.pace.claim_for, self.goes_on_blind())
    }

    fn goes_on_blind(&self) -> bool {
        self.task.direction == failover_core::Direction::Failover
    }
}
