//! `State::after`: the one table of legal transitions, and what each leads to.
//!
//! Whatever is not in it is an error of its writer, and no entry of a journal.

use jiff::Timestamp;

use super::{
    BUDGET_WINDOW, Checkup, PENDING_MOST, REMEMBERED_FOR, REMEMBERED_MOST, Remembered, State, UpkeepTask,
    is_kept_at,
};
use crate::{
    Direction, Event, Illegal, Order, PendingIncident, Position, Step, StepRecord,
    plan::{Claim, OpenPlan, Trouble},
};

mod ends;
mod maintenance;

impl State {
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
            Event::Maintenance { task, order, reason, nonce } => {
                next.maintain(number, at, task, (order, reason, nonce))?;
            }
            Event::Claim { plan, nonce } => next.claim(*plan, nonce, number)?,
            Event::Step { plan, nonce, record } => next.record(*plan, nonce, number, record)?,
            Event::AttemptEnded { plan, nonce, trouble, about } => {
                next.end_attempt(*plan, nonce, at, (trouble.as_deref(), about.as_deref()))?;
            }
            Event::Ended { plan, nonce, end, active, sentence, drain_until, retry } => {
                next.may_end(*plan, *end, nonce)?;
                next.end(at, *plan, (*end, *active), sentence, *drain_until)?;
                next.stuck
                    .iter_mut()
                    .filter(|stuck| stuck.plan == *plan)
                    .for_each(|stuck| stuck.retry = *retry);
            }
            Event::Pending { incident, .. } => next.keep_pending(std::slice::from_ref(incident)),
            Event::Dropped { incident, .. } => {
                next.drop_pending(incident);
                // An open plan that ends `Unwound` must not bring back what has closed meanwhile.
                next.plans.iter_mut().for_each(|plan| plan.order.incidents.retain(|one| one.id != *incident));
                remember(&mut next.settled_incidents, incident, at);
            }
            Event::Confirmed { plan, ordered, message, .. } => {
                next.confirm(*plan, *ordered, message)?;
                remember(&mut next.settled_messages, message, at);
            }
            Event::Refused { message, .. } => remember(&mut next.settled_messages, message, at),
            Event::Held { hold, message } => {
                next.hold = Some(hold.clone());
                next.hold_ordered = next.hold_ordered.max(Some(hold.since));
                remember(&mut next.settled_messages, message, at);
            }
            Event::Released { message, ordered, .. } => {
                next.hold = None;
                next.hold_ordered = next.hold_ordered.max(*ordered);
                remember(&mut next.settled_messages, message, at);
            }
            Event::Acknowledged { message, ordered, .. } => {
                next.stuck = None;
                next.acknowledged = Some(ordered.map_or(at, |ordered| ordered.min(at)));
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
                if !self.is_drained(at) {
                    return Err(Illegal::NotDrained);
                }
                next.begin_upkeep(number, nonce, UpkeepTask::CloseStandby)?;
            }
            Event::Repaired { nonce, switch, position } => {
                let task = UpkeepTask::Repair(switch.clone(), *position);
                next.begin_upkeep(number, nonce, task)?;
            }
            Event::Kept { nonce } => next.end_upkeep(nonce, at),
            Event::Later(_) => {}
            Event::Checked { looked_as, findings, extent, heard, answered } => {
                next.answered = next.answered.or(answered.then_some(at));
                let (looked_as, findings) = (looked_as.clone(), findings.clone());
                let (extent, heard) = (*extent, heard.clone());
                next.checked = Some(Checkup { at, looked_as, findings, extent, heard });
            }
        }
        next.forget(at.min(next.ordered_last(event).unwrap_or(Timestamp::MIN)));
        Ok(next)
    }

    /// The newest time that somebody else's clock vouches for: a clock of ours that jumps ahead once must not let go of
    /// a hold, an incident or the day's budget for good.
    fn ordered_last(&self, event: &Event) -> Option<Timestamp> {
        let told = match event {
            Event::Intent { order, .. } => Some(order.at),
            Event::Confirmed { ordered, .. } => Some(*ordered),
            _ => None,
        };
        let moved = self.last_move.as_ref().map(|moved| moved.order_time);
        let open = self.plans.iter().map(|plan| plan.order.at).max();
        [told, moved, open, self.confirmed, self.hold_ordered].into_iter().flatten().max()
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
        let may_begin = match direction {
            Direction::Rehearsal => self.may_rehearse(at),
            Direction::Maintenance => false,
            Direction::Failover | Direction::Failback => true,
        };
        if !may_begin {
            return Err(Illegal::Busy);
        }
        remember(&mut self.settled_messages, &order.message, at);
        self.plans.push(begun(number, at, direction, (order, reason, nonce)));
        Ok(())
    }

    /// An order that asked for what is so already, or is being made so: it counts, though it began nothing.
    fn confirm(&mut self, plan: Option<u64>, ordered: Timestamp, message: &str) -> Result<(), Illegal> {
        if let Some(id) = plan {
            self.open_plan(id)?.joined.push(message.to_owned());
        }
        self.confirmed = self.confirmed.max(Some(ordered));
        Ok(())
    }

    /// A rehearsal closes the standby in the end: nobody may be served by it, or come to need it, meanwhile.
    fn may_rehearse(&self, at: Timestamp) -> bool {
        let idle = self.plans.is_empty() && self.hold_at(at).is_none();
        idle && self.active == Position::Primary && self.draining.is_none()
    }

    fn open_plan(&mut self, id: u64) -> Result<&mut OpenPlan, Illegal> {
        let mut open = self.plans.iter_mut().chain(&mut self.maintenance);
        open.find(|plan| plan.id == id).ok_or(Illegal::NoSuchPlan(id))
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
        let pauses = plan.direction == Direction::Failover;
        if let Some(lives) = record.redirect_lives_s {
            self.redirect_lives_s = lives;
        }
        match record.step {
            // What follows it is the pause: it may land although nobody lives to record it.
            Step::Verify if pauses => self.paused = Some(record.at),
            Step::Pause => self.paused = Some(record.at),
            Step::Resume => self.resumed = Some(record.at),
            _ => {}
        }
        Ok(())
    }

    fn end_attempt(
        &mut self,
        id: u64,
        nonce: &str,
        at: Timestamp,
        (trouble, about): (Option<&str>, Option<&str>),
    ) -> Result<(), Illegal> {
        let plan = self.open_plan(id)?;
        plan.check_executor(nonce)?;
        plan.claim = None;
        if let Some(sentence) = trouble {
            let since = plan.trouble.as_ref().filter(|t| t.is_still(about, sentence)).map_or(at, |t| t.since);
            let about = about.map(str::to_owned);
            plan.trouble = Some(Trouble { sentence: sentence.to_owned(), about, since });
        }
        Ok(())
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
            (self.upkeep, self.maintenance) = (None, None);
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

/// A plan that has just begun.
fn begun(
    number: u64,
    at: Timestamp,
    direction: Direction,
    (order, reason, nonce): (&Order, &str, &str),
) -> OpenPlan {
    OpenPlan {
        id: number,
        direction,
        order: order.clone(),
        reason: reason.to_owned(),
        begun_at: at,
        claim: Some(Claim { nonce: nonce.to_owned(), entry: number }),
        steps: Vec::new(),
        trouble: None,
        attempts: 1,
        joined: Vec::new(),
        task: None,
    }
}

fn remember(list: &mut Vec<Remembered>, id: &str, at: Timestamp) {
    list.retain(|one| one.id != id);
    list.push(Remembered { id: id.to_owned(), at });
}
