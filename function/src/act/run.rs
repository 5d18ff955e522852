//! Runs a plan: line by line it makes sure of what must hold, does what the line says, and has it recorded.
//!
//! It knows no direction. What waits for what is in the plan (`failover_core::Plan`); what is made sure of first is in
//! `needs`, what proves a line in `proof`, how it is undone in `undo`.

use std::{sync::Arc, time::Duration};

use failover_core::{Act, End, Line, Need, Plan, Position, Refused, Role, Skipped, Unless};
use futures::future::join_all;

use super::{
    Finish, Halt, Prefetched,
    answers::Answers,
    done::Done,
    keep::Keeping,
    needs::Needs,
    outcome,
    permit::Permit,
    power::{PowerUp, Started},
    proof::Proof,
    step_teller::StepTeller,
    switches::{Setting, Switches},
    undo::Undoing,
};
use crate::{
    clock::Instant,
    clouds::{Change, Observation},
    site::Guarded,
};

/// One executor's run of a plan.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) site: Arc<Guarded>,
    pub(super) plan: Plan,
    pub(super) done: Done,
    pub(super) permit: Arc<Permit>,
    pub(super) answers: Arc<Answers>,
    pub(super) switches: Switches,
    pub(super) teller: StepTeller,
    /// What was read beside the intent.
    pub(super) prefetched: Prefetched,
    /// Whether what was looked at before it began is old.
    pub(super) looks_again: bool,
    /// Whether something had to be moved.
    pub(super) has_moved: bool,
}

impl Run {
    /// Runs the plan to its end, or to the end of this attempt.
    pub(super) async fn execute(&mut self) -> Result<Finish, Halt> {
        loop {
            let finish = match Box::pin(self.forward()).await {
                Err(Halt::Unwind(why)) => Box::pin(self.undoing().undo(why)).await?,
                Err(Halt::InVain(why)) => Box::pin(self.undoing().stay_where_forced(why)).await?,
                Err(Halt::Permanent(refusal)) if self.plan.refused == Refused::Undone => {
                    Box::pin(self.undoing().undo(refusal.sentence)).await?
                }
                other => return other,
            };
            if let Some(finish) = finish {
                return Ok(finish);
            }
            // Visitors are served by the primary after all. What was set meanwhile is looked at.
            self.done.resumed = true;
            self.permit.rest(self.site.pace.between_probes(Duration::ZERO)).await?;
        }
    }

    async fn forward(&mut self) -> Result<Finish, Halt> {
        if self.done.resumed && self.plan.refused == Refused::Undone {
            if self.done.state.active == Position::Standby {
                let why = "it was interrupted; the standby serves visitors and stays open";
                return Ok(Finish::new(End::Unwound, Position::Standby, why.to_owned()));
            }
            return Err(Halt::Unwind("it was interrupted; the standby is closed again".to_owned()));
        }
        let is_fresh = !self.done.resumed && !self.looks_again;
        let (site, permit, prefetched) = (&self.site, &self.permit, &mut self.prefetched);
        let mut needs = Needs { site, permit, prefetched, is_fresh };
        for (need, step) in &self.plan.first {
            if !self.done.has(*step) {
                needs.make_sure(*need).await?;
            }
        }
        let mut drain_until = None;
        for group in self.plan.groups().map(<[Line]>::to_vec).collect::<Vec<_>>() {
            let drains = self.done.drain_until(self.site.policy.drain);
            let waits = |line: &Line| drains.is_some() && line.needs.contains(&Need::Drained);
            let (later, now): (Vec<Line>, Vec<Line>) = group.into_iter().partition(waits);
            drain_until = drain_until.or(drains.filter(|_| !later.is_empty()));
            self.carry_out(&now).await?;
        }
        let wanted = self.plan.last_look().into_iter();
        let wanted = wanted.filter(|line| drain_until.is_none() || !line.needs.contains(&Need::Drained));
        let wanted: Vec<Setting> = wanted.filter_map(|line| Setting::of(&line)).collect();
        Keeping { switches: &self.switches, wanted: &wanted }.last_look().await?;
        let sentence = outcome::told(&self.site, &self.done).await;
        Ok(Finish { drain_until, ..Finish::new(End::Done, self.done.done_at(), sentence) })
    }

    /// Lines that are begun together; what is refused to one doesn't keep the others from being carried out.
    async fn carry_out(&mut self, lines: &[Line]) -> Result<(), Halt> {
        match lines {
            [] => Ok(()),
            [line] => self.do_one(line).await,
            lines => {
                let begun = Instant::now();
                self.answers.waits_for("every switch to be set");
                let all = lines.iter().map(|line| self.set(line, Vec::new()));
                let mut halt = None;
                for (line, set) in lines.iter().zip(join_all(all).await) {
                    match set {
                        Ok(_) => self.teller.record(&mut self.done, line.step, begun, None),
                        Err(why) => halt = halt.or(Some(why)),
                    }
                }
                halt.map_or(Ok(()), Err)
            }
        }
    }

    async fn do_one(&mut self, line: &Line) -> Result<(), Halt> {
        let begun = Instant::now();
        match line.act {
            Act::Set(role, position) => {
                self.answers.waits_for("every switch to be set");
                let change = self.set_first(line, (role, position)).await?;
                self.has_moved |= role == Role::Route && change == Change::Made;
                if line.skipped != Skipped::Unmoved || change == Change::Made {
                    let open = role == Role::Gate && position == Position::Standby;
                    let note = (open && change == Change::Already).then(|| "it was open already".to_owned());
                    self.teller.record(&mut self.done, line.step, begun, note);
                }
                Ok(())
            }
            Act::Start => self.start(line, begun).await,
            Act::Touch(role) => {
                self.switches.touch(role).await?;
                let note = Some("a write that changes nothing".to_owned());
                self.teller.record(&mut self.done, line.step, begun, note);
                Ok(())
            }
            Act::Answer(_) => {
                self.proof().answer(line).await?;
                self.teller.record(&mut self.done, line.step, begun, None);
                Ok(())
            }
            Act::Visitor(_) | Act::Seen(..) if line.skipped == Skipped::Unmoved && !self.has_moved => Ok(()),
            Act::Visitor(place) => {
                let redirect_lives = self.proof().visitor(line, place).await?;
                let record = self.done.add(line.step, begun, None);
                record.redirect_lives_s = redirect_lives.map(|lives| lives.as_secs());
                self.teller.tell(record);
                Ok(())
            }
            Act::Seen(role, position) => {
                let unless = Unless::Nothing;
                let seen = Setting { role, position, look: true, answers: None, unless, only: None };
                Keeping { switches: &self.switches, wanted: &[seen] }.last_look().await?;
                let note = "as its switches show; there is no public_url".to_owned();
                self.teller.record(&mut self.done, line.step, begun, Some(note));
                Ok(())
            }
        }
    }

    /// With what was seen of the switches before the plan began, where nothing of ours was written since.
    async fn set_first(&mut self, line: &Line, (role, position): (Role, Position)) -> Result<Change, Halt> {
        let ahead = if role == Role::Gate && position == Position::Standby {
            self.prefetched.gates.take()
        } else {
            None
        };
        let seen = match ahead {
            Some(looked) => self.permit.unless_stopped(looked).await?.unwrap_or_default(),
            None => Vec::new(),
        };
        if let Some(at) = self.prefetched.answered.take_if(|_| line.answers() == Some(Position::Primary)) {
            // The gate had two answers; while this plan waited for older ones they have become old.
            self.answers.has_answered(Position::Primary, at);
        }
        self.set(line, seen).await
    }

    async fn set(&self, line: &Line, seen: Vec<Option<Observation>>) -> Result<Change, Halt> {
        let Some(setting) = Setting::of(line) else { return Ok(Change::Already) };
        let look = setting.look || self.done.resumed;
        self.switches.set(&Setting { look, ..setting }, seen).await
    }

    async fn start(&mut self, line: &Line, begun: Instant) -> Result<(), Halt> {
        let Some(setting) = Setting::of(line) else { return Ok(()) };
        let no_matter = line.skipped == Skipped::Unseen || self.prefetched.answered.is_some();
        let Started { was_off, note } = self.power_up().start(setting, no_matter).await?;
        self.teller.record(&mut self.done, line.step, begun, note);
        if was_off || !no_matter { self.power_up().await_primary().await } else { Ok(()) }
    }

    fn power_up(&self) -> PowerUp<'_> {
        PowerUp { site: &self.site, switches: &self.switches, done: &self.done }
    }

    fn proof(&self) -> Proof<'_> {
        Proof { site: &self.site, plan: &self.plan, switches: &self.switches }
    }

    fn undoing(&mut self) -> Undoing<'_> {
        let Self { site, plan, done, switches, teller, .. } = self;
        Undoing { site, plan, done, switches, teller }
    }
}
