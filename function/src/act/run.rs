//! Runs a plan: line by line it makes sure of what must hold, does what the line says, and has it recorded.
//!
//! It knows no direction. What waits for what is in the plan (`failover_core::Plan`); how it is undone is in `undo`.

use std::{sync::Arc, time::Duration};

use failover_core::{
    Act, End, Event, Line, Need, Plan, Position, Refused, Role, Served, Skipped, Step, Unless, Within,
};
use futures::future::join_all;
use jiff::Timestamp;

use super::{
    Finish, Halt, Prefetched,
    answers::Answers,
    done::Done,
    outcome,
    permit::Permit,
    power::{PowerUp, Started},
    switches::{Setting, Switches},
};
use crate::{
    clock::Instant,
    clouds::{Change, Observation, Readiness},
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
                Err(Halt::Unwind(why)) => Box::pin(self.undo(why)).await?,
                Err(Halt::InVain(why)) => Box::pin(self.stay_where_forced(why)).await?,
                Err(Halt::Permanent(refusal)) if self.plan.refused == Refused::Undone => {
                    Box::pin(self.undo(refusal.sentence)).await?
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
        for (need, step) in self.plan.first.clone() {
            if !self.done.has(step) {
                self.make_sure(need).await?;
            }
        }
        let mut drain_until = None;
        for group in self.plan.groups().map(<[Line]>::to_vec).collect::<Vec<_>>() {
            let drains = self.drains();
            let waits = |line: &Line| drains.is_some() && line.needs.contains(&Need::Drained);
            let (later, now): (Vec<Line>, Vec<Line>) = group.into_iter().partition(waits);
            drain_until = drain_until.or(drains.filter(|_| !later.is_empty()));
            self.carry_out(&now).await?;
        }
        let wanted = self.plan.last_look().into_iter();
        let wanted = wanted.filter(|line| drain_until.is_none() || !line.needs.contains(&Need::Drained));
        let wanted: Vec<Setting> = wanted.filter_map(|line| Setting::of(&line)).collect();
        self.switches.last_look(&wanted).await?;
        let sentence = outcome::told(&self.site, &self.done).await;
        Ok(Finish { drain_until, ..Finish::new(End::Done, self.done.done_at(), sentence) })
    }

    fn drains(&self) -> Option<Timestamp> {
        self.done.drain_until(self.site.policy.drain)
    }

    /// What must hold before anything is written.
    async fn make_sure(&mut self, need: Need) -> Result<(), Halt> {
        match need {
            Need::StandbyAble => self.can_serve().await,
            // What was looked at just before it was decided is as good.
            _ if !self.done.resumed && !self.looks_again => Ok(()),
            Need::StillSilent => self.is_still_silent().await,
            Need::RoutedBack => self.is_routed_back().await,
            Need::Served(place) => self.is_served(place).await,
            _ => Ok(()),
        }
    }

    /// What was looked at long ago is looked at again: two answers in a row, and nothing is begun.
    async fn is_still_silent(&self) -> Result<(), Halt> {
        for _ in 0..2 {
            let (public, primary) = self.permit.unless_stopped(self.site.ask_places(true)).await?;
            let well = match public {
                Served::Unknown(_) => primary.is_by(Position::Primary),
                seen => seen.is_by(Position::Primary),
            };
            if !well {
                return Ok(());
            }
            self.permit.rest(self.site.pace.between_probes(Duration::ZERO)).await?;
        }
        Err(Halt::Unwind("the primary answers again".to_owned()))
    }

    /// Whether nobody is led to a standby that is about to be closed.
    async fn is_routed_back(&self) -> Result<(), Halt> {
        let seen = self.permit.unless_stopped(self.site.look_at(&[Role::Route])).await?;
        match seen.iter().find(|seen| !seen.observed.is_at(Position::Primary)) {
            None => Ok(()),
            Some(astray) => Err(Halt::Unwind(format!(
                "{} was not seen at the primary ({})",
                astray.switch, astray.observed
            ))),
        }
    }

    async fn is_served(&self, place: Position) -> Result<(), Halt> {
        let (served, _) = self.permit.unless_stopped(self.site.visit_served_by(place)).await?;
        if served { Ok(()) } else { Err(Halt::Unwind(format!("visitors are not served by the {place}"))) }
    }

    /// A move to a standby that can't serve ends before anything is written to a cloud. "Could not look" is no reason to
    /// keep visitors in the dark.
    async fn can_serve(&mut self) -> Result<(), Halt> {
        let readiness = self.prefetched.readiness.take().unwrap_or_else(|| self.site.ask_readiness());
        let patience = self.site.pace.call_timeout / 5;
        let asked = self.permit.unless_stopped(tokio::time::timeout(patience, readiness)).await?;
        let Ok(Ok(answers)) = asked else {
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
                        Ok(_) => self.record(line.step, begun, None),
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
                    self.record(line.step, begun, note);
                }
                Ok(())
            }
            Act::Start => self.start(line, begun).await,
            Act::Touch(role) => {
                self.switches.touch(role).await?;
                self.record(line.step, begun, Some("a write that changes nothing".to_owned()));
                Ok(())
            }
            Act::Answer(_) => {
                self.wait_for_answer(line).await?;
                self.record(line.step, begun, None);
                Ok(())
            }
            Act::Visitor(_) | Act::Seen(..) if line.skipped == Skipped::Unmoved && !self.has_moved => Ok(()),
            Act::Visitor(place) => self.wait_for_visitor(line, place).await,
            Act::Seen(role, position) => {
                let unless = Unless::Nothing;
                let seen = Setting { role, position, look: true, answers: None, unless, only: None };
                self.switches.last_look(&[seen]).await?;
                let note = "as its switches show; there is no public_url".to_owned();
                self.record(line.step, begun, Some(note));
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
        self.record(line.step, begun, note);
        if was_off || !no_matter { self.power_up().await_primary().await } else { Ok(()) }
    }

    fn power_up(&self) -> PowerUp<'_> {
        PowerUp { site: &self.site, switches: &self.switches, done: &self.done }
    }

    async fn wait_for_answer(&self, line: &Line) -> Result<(), Halt> {
        if line.within == Within::AnyTime {
            return self.switches.await_standby(line.unless).await;
        }
        let within = self.site.waits.verify_within;
        let answered = tokio::time::timeout(within, self.answers.standby());
        match self.switches.while_kept(&self.kept_before(line), answered).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Halt::Unwind(format!(
                "the standby was opened and didn't answer within {} s",
                within.as_secs()
            ))),
        }
    }

    /// The proof: a visitor's request to the public URL, answered by the place that visitors are led to.
    async fn wait_for_visitor(&mut self, line: &Line, place: Position) -> Result<(), Halt> {
        let begun = Instant::now();
        self.answers.waits_for(&format!("a visitor to be served by the {place}"));
        let patience = (line.within != Within::AnyTime).then_some(self.site.waits.failback_patience);
        let served = async {
            let visitor = async {
                tokio::select! {
                    biased;
                    redirect_lives = self.answers.visitor(place) => Ok(redirect_lives),
                    why = self.answers.pointless(line.unless) => Err(Halt::Unwind(why)),
                }
            };
            match patience {
                Some(patience) => tokio::time::timeout(patience, visitor).await,
                None => Ok(visitor.await),
            }
        };
        let Ok(served) = Box::pin(self.switches.while_kept(&self.kept_before(line), served)).await? else {
            return Err(self.in_vain(line, place));
        };
        let redirect_lives = served?.filter(|_| place == Position::Standby);
        let record = self.done.add(line.step, begun, None);
        record.redirect_lives_s = redirect_lives.map(|lives| lives.as_secs());
        self.note(line.step);
        Ok(())
    }

    fn in_vain(&self, line: &Line, place: Position) -> Halt {
        let patience = jiff::SignedDuration::try_from(self.site.waits.failback_patience).unwrap_or_default();
        let why = format!("the {place} didn't answer visitors within {}", failover_core::span(patience));
        if line.within == Within::FailbackPatienceByForce { Halt::InVain(why) } else { Halt::Unwind(why) }
    }

    fn kept_before(&self, line: &Line) -> Vec<Setting> {
        self.plan.kept_before(line.step).iter().filter_map(Setting::of).collect()
    }

    /// Has `step` recorded as finished, having taken since `begun`.
    pub(super) fn record(&mut self, step: Step, begun: Instant, note: Option<String>) {
        self.done.add(step, begun, note);
        self.note(step);
    }

    fn note(&self, step: Step) {
        let Some(record) = self.done.record(step) else { return };
        tracing::info!(site = %self.site.name, %step, took_ms = record.took_ms, "{} {step}: done", self.plan.direction);
        if step == Step::Route {
            self.answers.are_led_away();
        }
        let record = record.clone();
        self.permit.journal.tell(|plan, nonce| Event::Step { plan, nonce, record });
    }
}
