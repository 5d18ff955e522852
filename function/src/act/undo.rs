//! Undoes a plan that isn't wanted any more, or leads nowhere.

use std::sync::atomic::Ordering;

use failover_core::{Act, End, Line, Need, Plan, Position, Role, Step, Undone};

use super::{
    Finish, Halt,
    done::Done,
    step_teller::StepTeller,
    switches::{Setting, Switches},
};
use crate::{clock::Instant, clouds::Change, site::Guarded};

/// What takes a plan's steps back: it may set switches, and says what is done.
pub(super) struct Undoing<'a> {
    pub(super) site: &'a Guarded,
    pub(super) plan: &'a Plan,
    pub(super) done: &'a mut Done,
    pub(super) switches: &'a Switches,
    pub(super) teller: &'a StepTeller,
}

impl Undoing<'_> {
    /// Undoes what was done, for this reason. Nothing comes of it where a visitor is served by the primary meanwhile: the
    /// failback is gone on with.
    pub(super) async fn undo(&mut self, why: String) -> Result<Option<Finish>, Halt> {
        let unwound = |sentence: String, run: &Self| {
            Ok(Some(Finish::new(End::Unwound, run.done.undone_at(), sentence)))
        };
        let touched = self.switches.has_written.load(Ordering::Relaxed) || !self.done.steps.is_empty();
        if !touched && !self.done.follows_another() {
            return unwound(why, self);
        }
        self.done.undoing = true;
        match self.undo_all().await {
            Ok(true) if self.leads_back() => {
                unwound(format!("{why}; visitors are led to the standby again"), self)
            }
            Ok(true) => unwound(why, self),
            Ok(false) => {
                self.done.undoing = false;
                Ok(None)
            }
            Err(Halt::Permanent(refusal)) if refusal.sentence != why => Err(Halt::Permanent(
                refusal.told(|trouble| format!("{why}, but that could not be undone yet: {trouble}")),
            )),
            Err(other) => Err(other),
        }
    }

    fn leads_back(&self) -> bool {
        self.done.undone_at() == Position::Standby && self.done.has(Step::Unroute)
    }

    /// What was forced and is in vain: nobody is led back, the standby is open for whoever comes back by himself, and what
    /// depends on nothing is done.
    pub(super) async fn stay_where_forced(&mut self, why: String) -> Result<Option<Finish>, Halt> {
        if !self.undo_all().await? {
            return Ok(None);
        }
        let lines: Vec<Line> = self.plan.lines.iter().filter(|line| line.beside).cloned().collect();
        for line in lines {
            let begun = Instant::now();
            if let Some(setting) = Setting::of(&line) {
                self.switches.set(&setting.again(), Vec::new()).await?;
                self.teller.record(self.done, line.step, begun, None);
            }
        }
        let sentence = format!("{why}; visitors stay there as it was forced, and the standby stays open");
        Ok(Some(Finish::new(End::Stuck, self.plan.direction.leads_to(), sentence)))
    }

    /// Undoes step by step; false where that has become pointless. What doesn't depend on a refused one is done.
    async fn undo_all(&mut self) -> Result<bool, Halt> {
        let mut refused = None;
        for undone in self.plan.undoing() {
            let goes = refused.is_none() || undone.alone || self.is_safe_all_the_same(&undone.line).await;
            if !goes {
                continue;
            }
            match self.undo_one(&undone).await {
                Ok(()) => {}
                Err(Halt::Unwind(_)) => return Ok(false),
                Err(halt @ Halt::Permanent(_)) => refused = refused.or(Some(halt)),
                Err(other) => return Err(other),
            }
        }
        refused.map_or(Ok(true), Err)
    }

    async fn undo_one(&mut self, Undone { of, line, always, .. }: &Undone) -> Result<(), Halt> {
        if !(*always || self.may_have_begun(*of)) || !self.may_undo(line).await? {
            return Ok(());
        }
        let Some(setting) = Setting::of(line) else { return Ok(()) };
        let begun = Instant::now();
        let change = self.switches.set(&setting, Vec::new()).await?;
        if change == Change::Made || self.done.has(*of) {
            self.teller.record(self.done, line.step, begun, None);
        }
        let opened = change == Change::Made && line.act == Act::Set(Role::Gate, Position::Standby);
        if opened && self.site.policy.has_standby_url {
            // It answers before anybody is led there again.
            self.switches.await_standby(line.unless).await?;
        }
        Ok(())
    }

    /// Whether a step may have been begun, by whomever: what is finished last is known, what was under way isn't.
    fn may_have_begun(&self, step: Step) -> bool {
        let before = self.plan.step_before(step);
        self.done.follows_another()
            || self.done.has(step)
            || before.is_some_and(|before| self.done.has(before))
    }

    /// Whether what has to hold for it does: a standby that still drains is closed later, and monitoring is paused only
    /// if a visitor is served in time.
    async fn may_undo(&self, line: &Line) -> Result<bool, Halt> {
        for need in &line.needs {
            let holds = match need {
                Need::Drained => self.done.state.draining.is_none(),
                Need::Served(place) if self.site.policy.roles.monitor => {
                    let visitor = tokio::time::timeout(
                        self.site.waits.failback_patience,
                        self.switches.answers.visitor(*place),
                    );
                    self.switches.permit.unless_stopped(visitor).await?.is_ok()
                }
                _ => true,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the standby may be closed without a look at a route: neither this plan nor another has led anybody there,
    /// and a visitor is served by the primary now.
    async fn is_safe_all_the_same(&self, line: &Line) -> bool {
        let state = &self.done.state;
        let alone = state.plans.len() <= 1 && state.active == Position::Primary;
        let asked = self.done.has(Step::Route) || self.switches.has_asked_to_lead.load(Ordering::Relaxed);
        let closes = line.act == Act::Set(Role::Gate, Position::Primary);
        if !closes || !alone || asked || !self.done.earlier_told_all(self.switches.permit.plan()) {
            return false;
        }
        self.site.visit().await.served.is_by(Position::Primary)
    }
}
