//! Setting the switches of a role: claim first, write, try again what may pass.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use super::{
    Executor, Halt,
    ending::Refusal,
    patience::{Tries, Unless},
};
use crate::{
    api::fence,
    clock::Instant,
    switch::{Change, Observation, Switch},
};
use failover_core::{Position, Role};
use futures::future::join_all;

/// What is made sure of before each try of a write.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// The switch is looked at: it may be there already.
    pub(super) look: bool,
    /// Visitors are led to a place only while it answers.
    pub(super) answers: Option<Position>,
}

type Setting<'a> = Pin<Box<dyn Future<Output = Result<Change, Halt>> + Send + 'a>>;

impl Executor {
    /// As `set`, for whoever is waited for by a `set`.
    pub(super) fn set_again(&self, role: Role, position: Position, before: Before) -> Setting<'_> {
        Box::pin(self.set(role, position, Vec::new(), before))
    }

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
        let mut tries = Tries::default();
        let unless = self.unless(switch.role(), position);
        loop {
            // A first try is not watched: it is under way at once.
            let watched = if tries.failed > 0 { unless } else { Unless::Nothing };
            // The answer to a try that failed may be all that was lost of it.
            if before.look || tries.failed > 0 || (seen.is_none() && switch.reads_first()) {
                let now = self.observe(switch, watched).await?;
                if now.observed.is_at(position) {
                    return Ok(if tries.failed > 0 { Change::Made } else { Change::Already });
                }
                seen = Some(now);
            }
            self.worth_it(watched, self.site.wishes.heed(switch.id())).await?;
            // Where a provider rations calls this may take minutes, so it comes before what has to be fresh.
            self.worth_it(watched, switch.await_room()).await?;
            self.may_write(before.answers, unless).await?;
            self.is_about_to_set(switch.role(), position);
            let set = fence::guard(self.standing(), switch.set(position, seen.take()));
            match self.see_to_its_end(watched, set).await? {
                Ok(change) => return Ok(change),
                Err(error) => self.after_failure(&error, &mut tries, unless).await?,
            }
        }
    }

    fn is_about_to_set(&self, role: Role, position: Position) {
        self.has_written.store(true, Ordering::Relaxed);
        if role == Role::Route && position == Position::Standby {
            self.has_asked_to_lead.store(true, Ordering::Relaxed);
        }
    }

    /// Makes sure of the claim and then of the answer: renewing a claim may take long, and an answer is good for
    /// seconds only.
    async fn may_write(&self, answers: Option<Position>, unless: Unless) -> Result<(), Halt> {
        loop {
            self.before_write().await?;
            let sure = Instant::now();
            self.still_answers(answers, unless).await?;
            if sure.elapsed() < self.site.pace.claim_for / 2 {
                return self.check();
            }
        }
    }

    /// Looks at `switch`, again and again while another try may help.
    pub(super) async fn observe(
        &self,
        switch: &Arc<dyn Switch>,
        unless: Unless,
    ) -> Result<Observation, Halt> {
        let mut tries = Tries::default();
        loop {
            self.worth_it(unless, self.site.wishes.heed(switch.id())).await?;
            match self.worth_it(unless, switch.observe()).await? {
                Ok(observation) => return Ok(observation),
                Err(error) => self.after_failure(&error, &mut tries, unless).await?,
            }
        }
    }

    /// Renews a claim that is too old to write to a cloud on. A failover goes on while the journal can't be
    /// reached: a broken journal must not keep visitors in the dark.
    pub(super) async fn before_write(&self) -> Result<(), Halt> {
        self.check()?;
        let mut tries = Tries::default();
        while self.scribe.claim_age() >= self.site.pace.claim_for {
            match self.scribe.renew().await {
                Ok(()) => break,
                Err(_) if self.goes_on_blind() => {
                    self.check()?;
                    break;
                }
                Err(why) => {
                    self.check()?;
                    let sentence = format!("the journal of {} can't be written: {why}", self.site.name);
                    self.tried_in_vain(Refusal::from(sentence), &mut tries)?;
                    self.rest(self.site.pace.backoff(tries.failed)).await?;
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
