//! The switches as an executor sets them: claim first, write, try again what may pass.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use failover_core::{Act, Line, Position, Role, SwitchId, Unless};
use futures::future::join_all;

use super::{
    answers::Answers,
    ending::Halt,
    patience::{Patience, Tries},
    permit::Permit,
};
use crate::{
    api::fence,
    clock::Instant,
    clouds::{Change, Observation, Switch},
    site::Guarded,
};

/// Switches of one role to be set, and what is made sure of before each try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) role: Role,
    pub(super) position: Position,
    /// The switch is looked at: it may be there already.
    pub(super) look: bool,
    /// Visitors are led to a place only while it answers.
    pub(super) answers: Option<Position>,
    /// What makes another try pointless.
    pub(super) unless: Unless,
    /// Only this switch of the role.
    pub(super) only: Option<SwitchId>,
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<Change, Halt>> + Send + 'a>>;

/// One executor's hands on the clouds.
#[derive(Debug)]
pub(super) struct Switches {
    pub(super) site: Arc<Guarded>,
    pub(super) permit: Arc<Permit>,
    pub(super) answers: Arc<Answers>,
    pub(super) patience: Patience,
    /// Whether a cloud may have been changed by this executor.
    pub(super) has_written: AtomicBool,
    /// Whether visitors may have been led to the standby by this executor.
    pub(super) has_asked_to_lead: AtomicBool,
}

impl Setting {
    /// What a line of a plan sets; nothing where it only waits.
    pub(super) fn of(line: &Line) -> Option<Self> {
        let (role, position) = match line.act {
            Act::Set(role, position) => (role, position),
            Act::Start => (Role::Power, Position::Primary),
            _ => return None,
        };
        let (look, answers, only) = (line.looks, line.answers(), line.only.clone());
        Some(Self { role, position, look, answers, unless: line.unless, only })
    }

    /// The same, where it may be there already.
    pub(super) fn again(&self) -> Self {
        Self { look: true, ..self.clone() }
    }
}

impl Switches {
    /// As `set`, for whoever is waited for by a `set`.
    pub(super) fn set_again(&self, setting: &Setting) -> Work<'_> {
        let setting = setting.again();
        Box::pin(async move { self.set(&setting, Vec::new()).await })
    }

    /// Sets every switch of a role, together. A refused one doesn't keep the others from being set.
    pub(super) async fn set(
        &self,
        setting: &Setting,
        seen: Vec<Option<Observation>>,
    ) -> Result<Change, Halt> {
        let is_meant =
            |switch: &&Arc<dyn Switch>| setting.only.as_ref().is_none_or(|only| only == switch.id());
        let seen = seen.into_iter().chain(std::iter::repeat(None));
        let all = self.site.switches.of(setting.role).filter(is_meant).zip(seen);
        let all = all.map(|(switch, seen)| self.set_one(switch, setting, seen));
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
        setting: &Setting,
        mut seen: Option<Observation>,
    ) -> Result<Change, Halt> {
        let Setting { position, look, answers, unless, .. } = *setting;
        let mut tries = Tries::default();
        loop {
            // A first try is not watched: it is under way at once.
            let watched = if tries.failed > 0 { unless } else { Unless::Nothing };
            // The answer to a try that failed may be all that was lost of it.
            if look || tries.failed > 0 || (seen.is_none() && switch.reads_first()) {
                let now = self.observe(switch, watched).await?;
                if now.observed.is_at(position) {
                    return Ok(if tries.failed > 0 { Change::Made } else { Change::Already });
                }
                seen = Some(now);
            }
            self.patience.worth_it(watched, self.site.wishes.heed(switch.id())).await?;
            // Where a provider rations calls this may take minutes, so it comes before what has to be fresh.
            self.patience.worth_it(watched, switch.await_room()).await?;
            if (setting.role, position) == (Role::Monitor, Position::Standby) {
                self.tell_first().await?;
            }
            self.may_write(answers, unless).await?;
            self.is_about_to_set(setting);
            let set = fence::guard(self.permit.standing(), switch.set(position, seen.take()));
            match self.patience.see_to_its_end(watched, set).await? {
                Ok(change) => return Ok(change),
                Err(error) => self.patience.after_failure(&error, &mut tries, unless).await?,
            }
        }
    }

    /// A pause may land long after its sender died, when visitors are back at the primary. Whoever finds monitoring off then
    /// knows by the journal that it was ours: so it has all of this plan's steps by now, or can't be reached.
    async fn tell_first(&self) -> Result<(), Halt> {
        let told = self.permit.unless_stopped(self.permit.journal.flush_or_trouble()).await?;
        if let Err(why) = told {
            tracing::warn!(site = %self.site.name, %why, "monitoring is paused before the journal tells why");
        }
        Ok(())
    }

    fn is_about_to_set(&self, setting: &Setting) {
        self.has_written.store(true, Ordering::Relaxed);
        if setting.role == Role::Route && setting.position == Position::Standby {
            self.has_asked_to_lead.store(true, Ordering::Relaxed);
        }
    }

    /// Makes sure of the claim and then of the answer: renewing a claim may take long, and an answer is good for
    /// seconds only.
    async fn may_write(&self, answers: Option<Position>, unless: Unless) -> Result<(), Halt> {
        loop {
            self.patience.before_write().await?;
            let sure = Instant::now();
            self.still_answers(answers, unless).await?;
            if sure.elapsed() < self.permit.claim_for / 2 {
                return self.permit.check();
            }
        }
    }

    /// Waits until `place` has answered within the last seconds, if it has to. A failback that finds the primary silent
    /// has nothing to lead visitors to.
    async fn still_answers(&self, place: Option<Position>, unless: Unless) -> Result<(), Halt> {
        let Some(place) = place.filter(|place| !self.answers.answered_lately(*place)) else { return Ok(()) };
        match place {
            Position::Standby => self.await_standby(unless).await,
            Position::Primary => {
                self.permit.unless_stopped(self.answers.primary()).await?.map_err(Halt::Unwind)
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
            self.patience.worth_it(unless, self.site.wishes.heed(switch.id())).await?;
            match self.patience.worth_it(unless, switch.observe()).await? {
                Ok(observation) => return Ok(observation),
                Err(error) => self.patience.after_failure(&error, &mut tries, unless).await?,
            }
        }
    }

    /// Sends every switch of a role a write that changes nothing.
    pub(super) async fn touch(&self, role: Role) -> Result<(), Halt> {
        for switch in self.site.switches.of(role) {
            let mut tries = Tries::default();
            loop {
                self.patience.before_write().await?;
                match fence::guard(self.permit.standing(), switch.touch()).await {
                    Ok(()) => break,
                    Err(error) => self.patience.after_failure(&error, &mut tries, Unless::Nothing).await?,
                }
            }
        }
        Ok(())
    }
}
