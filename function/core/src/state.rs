//! The state of a site: the fold of its journal.
//!
//! `State::after` is the one table of legal transitions; whatever is not in it is an error of its writer.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Direction, End, Event, Hold, Order, PendingIncident, Position, Step, StepRecord, SwitchId,
    plan::{Claim, OpenPlan, Trouble},
};

/// How long a pending incident is kept.
pub const PENDING_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long message and incident ids are remembered: Pub/Sub redelivers for at most 31 days, the longest
/// retention it offers (Pub/Sub documentation, "Subscription properties", read 2026-11-20).
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);
/// The most ids remembered of each kind, so that an entry stays small.
const REMEMBERED_MOST: usize = 256;
/// How many ends of plans an entry carries.
const ENDS_KEPT: usize = 8;
/// The most incidents kept pending: own choice, many times what one outage brings, so that a flood of alerts
/// can't swell every entry. The oldest gives way.
const PENDING_MOST: usize = 32;
/// The window of the budget of automatic failovers.
const BUDGET_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Where a site is, what moves it, and what holds it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where visitors are served, as the journal says.
    pub active: Position,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Plans with an intent and no end, oldest first: the last one is the newest order, the others are overtaken.
    pub plans: Vec<OpenPlan>,
    /// The last plan that ended `Done`, or `Stuck` with traffic moved.
    pub last_move: Option<LastMove>,
    /// When automatic failovers ended `Done`, within the last 24 hours.
    pub automatic: Vec<Timestamp>,
    /// The operator's hold, if there is one.
    pub hold: Option<Hold>,
    /// Incidents that were held back.
    pub pending: Vec<PendingIncident>,
    /// Incidents that were acted on, or closed while they were pending.
    pub settled_incidents: Vec<Remembered>,
    /// Commands that were carried out or refused.
    pub settled_messages: Vec<Remembered>,
    /// The plan that can't go on without a person.
    pub stuck: Option<Stuck>,
    /// When an operator acknowledged last.
    pub acknowledged: Option<Timestamp>,
    /// The standby is still open for visitors with a cached redirect; it may be closed no sooner than this.
    pub draining: Option<Timestamp>,
    /// How long the redirect may live in a visitor's cache, in seconds, as the last `verify` saw it.
    pub redirect_lives_s: u64,
    /// Since when visitors are not served although the site is on its standby.
    pub outage: Option<Timestamp>,
    /// A write outside any plan that was begun and not seen to its end.
    pub upkeep: Option<Upkeep>,
    /// How the latest plans ended, newest last: what a waiter in another process answers.
    #[serde(default)]
    pub ends: Vec<EndedPlan>,
}

/// How a plan ended, for those who waited for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedPlan {
    /// The number of its intent.
    pub plan: u64,
    /// Which way it went.
    pub direction: Direction,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub end: End,
    /// Why, for an operator.
    pub sentence: String,
}

/// A plan that moved traffic, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMove {
    /// Which way.
    pub direction: Direction,
    /// Its order time.
    pub order_time: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The number of its intent.
    pub plan: u64,
}

/// An id that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The id.
    pub id: String,
    /// When it was dealt with.
    pub at: Timestamp,
}

/// A plan that ended `Stuck`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// The number of its intent.
    pub plan: u64,
    /// Since when.
    pub at: Timestamp,
    /// What to mend.
    pub sentence: String,
}

/// A cloud write outside any plan: claimed like a plan, so that two instances don't both make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upkeep {
    /// Who makes it.
    pub claim: Claim,
    /// What is to be so when it is made.
    pub task: UpkeepTask,
}

/// What a cloud write outside any plan is to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpkeepTask {
    /// Monitoring watches, although the site is on its standby, since visitors are not served.
    ResumeMonitoring,
    /// Monitoring is paused again, since visitors are served again.
    PauseMonitoring,
    /// The standby is closed, since no cached redirect leads to it any more.
    CloseStandby,
    /// A switch that moved by itself points here again.
    Repair(SwitchId, Position),
}

/// Why an entry may not follow a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The plan is not open.
    #[error("plan {0} is not open")]
    NoSuchPlan(u64),
    /// Somebody else executes the plan.
    #[error("plan {0} is executed by another")]
    NotTheExecutor(u64),
    /// A plan that goes the same way is open already.
    #[error("a {0} is open already")]
    AlreadyOpen(Direction),
    /// No newer order took the plan's place.
    #[error("plan {0} has not been overtaken")]
    NotOvertaken(u64),
    /// Something runs that must not be disturbed.
    #[error("a plan is open, a hold is on or the standby serves")]
    Busy,
    /// Visitors may still be led to the standby.
    #[error("the standby is not drained")]
    NotDrained,
    /// Visitors are not known to be without the standby.
    #[error("there is no outage of the standby")]
    NoOutage,
}

impl Default for State {
    fn default() -> Self {
        Self {
            active: Position::Primary,
            since: None,
            plans: Vec::new(),
            last_move: None,
            automatic: Vec::new(),
            hold: None,
            pending: Vec::new(),
            settled_incidents: Vec::new(),
            settled_messages: Vec::new(),
            stuck: None,
            acknowledged: None,
            draining: None,
            redirect_lives_s: 0,
            outage: None,
            upkeep: None,
            ends: Vec::new(),
        }
    }
}

impl State {
    /// The plan that executes now, or would next.
    pub fn running(&self) -> Option<&OpenPlan> {
        self.plans.first()
    }

    /// The plan of the newest order.
    pub fn newest(&self) -> Option<&OpenPlan> {
        self.plans.last()
    }

    /// The open plan with this id.
    pub fn plan(&self, id: u64) -> Option<&OpenPlan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// How a plan ended, if it is among the latest.
    pub fn ended(&self, plan: u64) -> Option<&EndedPlan> {
        self.ends.iter().rev().find(|ended| ended.plan == plan)
    }

    /// Whether a newer order than `plan` is open.
    pub fn is_overtaken(&self, plan: u64) -> bool {
        self.newest().is_some_and(|newest| newest.id != plan)
    }

    /// The hold, if it is still on.
    pub fn hold_at(&self, now: Timestamp) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.until > now)
    }

    /// Pending incidents that are not too old.
    pub fn pending_at(&self, now: Timestamp) -> impl Iterator<Item = &PendingIncident> {
        self.pending.iter().filter(move |incident| is_kept_at(incident, now))
    }

    /// What is known of the incident with this id, pending or to be answered by an open plan.
    pub(crate) fn waits_for(&self, id: &str) -> impl Iterator<Item = &PendingIncident> {
        let ordered = self.plans.iter().flat_map(|plan| &plan.order.incidents);
        self.pending.iter().chain(ordered).filter(move |incident| incident.id == id)
    }

    /// Whether this command was carried out or refused.
    pub fn has_settled_message(&self, id: &str) -> bool {
        self.settled_messages.iter().any(|remembered| remembered.id == id)
    }

    /// Whether this incident was acted on, or closed while it was pending.
    pub fn has_settled_incident(&self, id: &str) -> bool {
        self.settled_incidents.iter().any(|remembered| remembered.id == id)
    }

    /// The state after entry `number`, written at `at`, says that `event` happened.
    ///
    /// # Errors
    /// When the entry may not follow this state.
    pub fn after(&self, number: u64, at: Timestamp, event: &Event) -> Result<Self, Illegal> {
        let mut next = self.clone();
        match event {
            Event::Intent { direction, order, reason, nonce } => {
                next.open(number, at, (*direction, order, reason, nonce))?;
            }
            Event::Claim { plan, nonce } => next.claim(*plan, nonce, number)?,
            Event::Step { plan, nonce, record } => next.record(*plan, nonce, number, record)?,
            Event::AttemptEnded { plan, nonce, trouble } => {
                next.end_attempt(*plan, nonce, at, trouble.as_deref())?;
            }
            Event::Ended { plan, nonce, end, active, sentence, drain_until } => {
                next.may_end(*plan, *end, nonce)?;
                next.end(at, *plan, (*end, *active), sentence, *drain_until)?;
            }
            Event::Pending { incident, .. } => next.keep_pending(std::slice::from_ref(incident)),
            Event::Dropped { incident, .. } => {
                next.drop_pending(incident);
                // An open plan that ends `Unwound` must not bring back what has closed meanwhile.
                next.plans.iter_mut().for_each(|plan| plan.order.incidents.retain(|one| one.id != *incident));
                remember(&mut next.settled_incidents, incident, at);
            }
            Event::Refused { message, .. } => remember(&mut next.settled_messages, message, at),
            Event::Held { hold, message } => {
                next.hold = Some(hold.clone());
                remember(&mut next.settled_messages, message, at);
            }
            Event::Released { message, .. } => {
                next.hold = None;
                remember(&mut next.settled_messages, message, at);
            }
            Event::Acknowledged { message, .. } => {
                next.stuck = None;
                next.acknowledged = Some(at);
                remember(&mut next.settled_messages, message, at);
            }
            Event::Adopted { position, .. } => {
                if !self.plans.is_empty() {
                    return Err(Illegal::Busy);
                }
                next.arrive(*position, at);
            }
            Event::Outage { nonce, .. } => {
                if self.active != Position::Standby {
                    return Err(Illegal::NoOutage);
                }
                next.begin_upkeep(number, nonce, UpkeepTask::ResumeMonitoring)?;
                next.outage = self.outage.or(Some(at));
            }
            Event::Recovered { nonce, .. } => {
                if !self.may_recover() {
                    return Err(Illegal::NoOutage);
                }
                next.begin_upkeep(number, nonce, UpkeepTask::PauseMonitoring)?;
                next.outage = None;
            }
            Event::Drained { nonce } => {
                if self.active != Position::Primary || self.draining.is_none_or(|until| at < until) {
                    return Err(Illegal::NotDrained);
                }
                next.begin_upkeep(number, nonce, UpkeepTask::CloseStandby)?;
            }
            Event::Repaired { nonce, switch, position } => {
                let task = UpkeepTask::Repair(switch.clone(), *position);
                next.begin_upkeep(number, nonce, task)?;
            }
            Event::Kept { nonce } => next.end_upkeep(nonce),
        }
        next.forget(at);
        Ok(next)
    }

    fn open(
        &mut self,
        number: u64,
        at: Timestamp,
        (direction, order, reason, nonce): (Direction, &Order, &str, &str),
    ) -> Result<(), Illegal> {
        if let Some(newest) = self.newest() {
            let insists = order.force && !newest.order.force;
            if newest.direction == direction && !insists {
                return Err(Illegal::AlreadyOpen(direction));
            }
        }
        if direction == Direction::Rehearsal && !self.may_rehearse(at) {
            return Err(Illegal::Busy);
        }
        remember(&mut self.settled_messages, &order.message, at);
        self.plans.push(OpenPlan {
            id: number,
            direction,
            order: order.clone(),
            reason: reason.to_owned(),
            begun_at: at,
            claim: Some(Claim { nonce: nonce.to_owned(), entry: number }),
            steps: Vec::new(),
            trouble: None,
            attempts: 1,
        });
        Ok(())
    }

    /// A rehearsal closes the standby in the end: nobody may be served by it, or come to need it, meanwhile.
    fn may_rehearse(&self, at: Timestamp) -> bool {
        let idle = self.plans.is_empty() && self.hold_at(at).is_none();
        idle && self.active == Position::Primary && self.draining.is_none()
    }

    /// Monitoring is paused again only after an outage; also by whoever takes that over from a dead process.
    fn may_recover(&self) -> bool {
        let begun = self.upkeep.as_ref().is_some_and(|upkeep| upkeep.task == UpkeepTask::PauseMonitoring);
        self.active == Position::Standby && (self.outage.is_some() || begun)
    }

    fn begin_upkeep(&mut self, number: u64, nonce: &str, task: UpkeepTask) -> Result<(), Illegal> {
        if !self.plans.is_empty() {
            return Err(Illegal::Busy);
        }
        self.upkeep = Some(Upkeep { claim: Claim { nonce: nonce.to_owned(), entry: number }, task });
        Ok(())
    }

    fn end_upkeep(&mut self, nonce: &str) {
        let Some(upkeep) = self.upkeep.take_if(|upkeep| upkeep.claim.nonce == nonce) else { return };
        if upkeep.task == UpkeepTask::CloseStandby {
            self.draining = None;
        }
    }

    fn open_plan(&mut self, id: u64) -> Result<&mut OpenPlan, Illegal> {
        self.plans.iter_mut().find(|plan| plan.id == id).ok_or(Illegal::NoSuchPlan(id))
    }

    fn claim(&mut self, id: u64, nonce: &str, number: u64) -> Result<(), Illegal> {
        let plan = self.open_plan(id)?;
        if plan.claim.as_ref().is_none_or(|claim| claim.nonce != nonce) {
            plan.attempts += 1;
        }
        plan.claim = Some(Claim { nonce: nonce.to_owned(), entry: number });
        Ok(())
    }

    fn record(&mut self, id: u64, nonce: &str, number: u64, record: &StepRecord) -> Result<(), Illegal> {
        let plan = self.open_plan(id)?;
        plan.check_executor(nonce)?;
        plan.claim = Some(Claim { nonce: nonce.to_owned(), entry: number });
        plan.steps.retain(|done| done.step != record.step);
        plan.steps.push(record.clone());
        if record.step == Step::Unroute {
            plan.steps.retain(|done| !matches!(done.step, Step::Route | Step::Verify));
        }
        if let Some(lives) = record.redirect_lives_s {
            self.redirect_lives_s = lives;
        }
        Ok(())
    }

    fn end_attempt(
        &mut self,
        id: u64,
        nonce: &str,
        at: Timestamp,
        trouble: Option<&str>,
    ) -> Result<(), Illegal> {
        let plan = self.open_plan(id)?;
        plan.check_executor(nonce)?;
        plan.claim = None;
        if let Some(sentence) = trouble {
            let since = plan.trouble.as_ref().filter(|t| t.sentence == sentence).map_or(at, |t| t.since);
            plan.trouble = Some(Trouble { sentence: sentence.to_owned(), since });
        }
        Ok(())
    }

    /// A plan is ended by its executor; one that was overtaken may be ended for it by the executor of a newer one.
    fn may_end(&self, id: u64, end: End, nonce: &str) -> Result<(), Illegal> {
        let plan = self.plan(id).ok_or(Illegal::NoSuchPlan(id))?;
        let mut newer = self.plans.iter().skip_while(|open| open.id != id).skip(1).peekable();
        if end != End::Overtaken {
            return plan.check_executor(nonce);
        }
        if newer.peek().is_none() {
            return Err(Illegal::NotOvertaken(id));
        }
        let by_newer = newer.any(|open| open.check_executor(nonce).is_ok());
        if by_newer { Ok(()) } else { plan.check_executor(nonce) }
    }

    fn end(
        &mut self,
        at: Timestamp,
        id: u64,
        (end, active): (End, Position),
        sentence: &str,
        drain_until: Option<Timestamp>,
    ) -> Result<(), Illegal> {
        let plan = self.open_plan(id)?.clone();
        self.plans.retain(|open| open.id != id);
        let (direction, sentence) = (plan.direction, sentence.to_owned());
        self.ends.push(EndedPlan { plan: id, direction, at, end, sentence: sentence.clone() });
        let surplus = self.ends.len().saturating_sub(ENDS_KEPT);
        self.ends.drain(..surplus);
        if end == End::Done && direction != Direction::Rehearsal {
            // A move looks at every switch before it ends, so nothing is left of what was begun before it.
            self.upkeep = None;
        }
        match (end, plan.direction) {
            (End::Done, Direction::Failover) => self.failed_over(&plan, at),
            (End::Done, Direction::Failback) => {
                self.arrive(Position::Primary, at);
                // One that only finished what was missing may leave an earlier drain as it is.
                let still = self.draining.filter(|_| !plan.has_done(Step::Close));
                self.draining = drain_until.or(still);
                self.moved(&plan, at);
            }
            (End::Unwound, Direction::Failover) => {
                self.arrive(active, at);
                self.keep_pending(&plan.order.incidents);
            }
            (End::Stuck, _) => {
                let traffic_moved = active != self.active;
                self.arrive(active, at);
                self.stuck = Some(Stuck { plan: id, at, sentence });
                if traffic_moved {
                    self.moved(&plan, at);
                }
                if active == Position::Primary {
                    // The outage is still there, and "acknowledge" decides it.
                    self.keep_pending(&plan.order.incidents);
                } else {
                    self.remember_incidents(&plan.order.incidents, at);
                }
            }
            (End::Unwound, _) => self.arrive(active, at),
            (End::Overtaken, _) => self.hand_over(&plan, at),
            (End::Done, Direction::Rehearsal) => {}
        }
        Ok(())
    }

    /// What an overtaken plan was to answer is answered by the newer one where that goes the same way.
    fn hand_over(&mut self, plan: &OpenPlan, at: Timestamp) {
        let newer = self.plans.iter_mut().find(|newer| newer.direction == Direction::Failover);
        let Some(newer) = newer else { return self.remember_incidents(&plan.order.incidents, at) };
        for incident in &plan.order.incidents {
            if newer.order.incidents.iter().all(|known| known.id != incident.id) {
                newer.order.incidents.push(incident.clone());
            }
        }
    }

    fn failed_over(&mut self, plan: &OpenPlan, at: Timestamp) {
        self.arrive(Position::Standby, at);
        let mut incidents = plan.order.incidents.clone();
        incidents.append(&mut self.pending);
        self.remember_incidents(&incidents, at);
        // Its proof was a visitor who was served.
        self.outage = None;
        if plan.order.is_automatic() {
            self.automatic.push(at);
        }
        self.moved(plan, at);
    }

    fn remember_incidents(&mut self, incidents: &[PendingIncident], at: Timestamp) {
        for incident in incidents {
            remember(&mut self.settled_incidents, &incident.id, at);
        }
    }

    fn keep_pending(&mut self, incidents: &[PendingIncident]) {
        for incident in incidents {
            self.drop_pending(&incident.id);
            self.pending.push(incident.clone());
        }
    }

    fn moved(&mut self, plan: &OpenPlan, at: Timestamp) {
        // A pending incident may be decided by an old message: that must not make older orders look new.
        let before = self.last_move.as_ref().map_or(plan.order.at, |moved| moved.order_time);
        let (direction, order_time) = (plan.direction, before.max(plan.order.at));
        self.last_move = Some(LastMove { direction, order_time, ended_at: at, plan: plan.id });
    }

    fn arrive(&mut self, position: Position, at: Timestamp) {
        let since = self.since.filter(|_| self.active == position);
        self.turn_to(position);
        self.since = since.or(Some(at));
    }

    /// Visitors are served at `position`, nobody knows since when; what was begun for the other place is void: a
    /// standby that serves must not be closed, nor the primary's monitoring paused.
    pub(crate) fn turn_to(&mut self, position: Position) {
        if self.active != position {
            self.active = position;
            self.since = None;
            self.outage = None;
            self.upkeep = None;
        }
        if position == Position::Standby {
            self.draining = None;
        }
    }

    fn drop_pending(&mut self, id: &str) {
        self.pending.retain(|incident| incident.id != id);
    }

    /// Lets go of what no decision needs any more, so that an entry stays small.
    fn forget(&mut self, at: Timestamp) {
        self.pending.retain(|incident| is_kept_at(incident, at));
        let surplus = self.pending.len().saturating_sub(PENDING_MOST);
        self.pending.drain(..surplus);
        self.automatic.retain(|moved| at.duration_since(*moved) < BUDGET_WINDOW);
        if self.hold_at(at).is_none() {
            self.hold = None;
        }
        for remembered in [&mut self.settled_incidents, &mut self.settled_messages] {
            remembered.retain(|one| at.duration_since(one.at) < REMEMBERED_FOR);
            let surplus = remembered.len().saturating_sub(REMEMBERED_MOST);
            remembered.drain(..surplus);
        }
    }
}

/// Whether a pending incident is not too old.
pub(crate) fn is_kept_at(incident: &PendingIncident, now: Timestamp) -> bool {
    now.duration_since(incident.since) < PENDING_FOR
}

fn remember(list: &mut Vec<Remembered>, id: &str, at: Timestamp) {
    list.retain(|one| one.id != id);
    list.push(Remembered { id: id.to_owned(), at });
}

#[cfg(test)]
mod tests;
