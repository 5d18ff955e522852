//! `State::after`: the one table of legal transitions, and what each leads to.
//!
//! Whatever is not in it is an error of its writer, and no entry of a journal.

use jiff::Timestamp;

use super::{BUDGET_WINDOW, Checkup, State, UpkeepTask};
use crate::{
    Direction, Event, Illegal, Order, Position, Step, StepRecord,
    plan::{Claim, OpenPlan},
};

mod ends;
mod maintenance;
mod memory;
mod open_plans;

use maintenance::MaintenancePlan;
use memory::Memory;
use open_plans::OpenPlans;

/// What one entry, with its number and its time, makes of the state before it.
struct Transition {
    next: State,
    number: u64,
    at: Timestamp,
}

impl State {
    /// The state after entry `number`, written at `at`, says that `event` happened.
    ///
    /// # Errors
    /// When the entry may not follow this state.
    pub fn after(&self, number: u64, at: Timestamp, event: &Event) -> Result<Self, Illegal> {
        let mut transition = Transition { next: self.clone(), number, at };
        transition.apply(event)?;
        transition.forget(event);
        Ok(transition.next)
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
}

impl Transition {
    fn apply(&mut self, event: &Event) -> Result<(), Illegal> {
        let (number, at) = (self.number, self.at);
        match event {
            Event::Intent { direction, order, reason, nonce } => {
                self.open(*direction, (order, reason, nonce))?;
            }
            Event::Maintenance { task, order, reason, nonce } => {
                self.maintenance()
                    .begin(begun(number, at, Direction::Maintenance, (order, reason, nonce)), task)?;
            }
            Event::Claim { plan, nonce } => self.plans().claim(*plan, nonce, number)?,
            Event::Step { plan, nonce, record } => self.record(*plan, nonce, record)?,
            Event::AttemptEnded { plan, nonce, trouble, about } => {
                self.plans().end_attempt(*plan, nonce, at, (trouble.as_deref(), about.as_deref()))?;
            }
            Event::Ended { plan, nonce, end, active, sentence, drain_until, retry } => {
                self.plans().may_end(*plan, *end, nonce)?;
                self.end(*plan, (*end, *active), sentence, *drain_until)?;
                let stuck = self.next.stuck.iter_mut().filter(|stuck| stuck.plan == *plan);
                stuck.for_each(|stuck| stuck.retry = *retry);
            }
            Event::Pending { incident, .. } => self.memory().keep_pending(std::slice::from_ref(incident)),
            Event::Dropped { incident, .. } => {
                self.memory().drop_pending(incident);
                // An open plan that ends `Unwound` must not bring back what has closed meanwhile.
                self.next
                    .plans
                    .iter_mut()
                    .for_each(|plan| plan.order.incidents.retain(|one| one.id != *incident));
                self.memory().settle_incident(incident, at);
            }
            Event::Confirmed { plan, ordered, message, .. } => {
                self.confirm(*plan, *ordered, message)?;
                self.memory().settle_message(message, at);
            }
            Event::Refused { message, .. } => self.memory().settle_message(message, at),
            Event::Held { hold, message } => {
                self.next.hold = Some(hold.clone());
                self.next.hold_ordered = self.next.hold_ordered.max(Some(hold.since));
                self.memory().settle_message(message, at);
            }
            Event::Released { message, ordered, .. } => {
                self.next.hold = None;
                self.next.hold_ordered = self.next.hold_ordered.max(*ordered);
                self.memory().settle_message(message, at);
            }
            Event::Acknowledged { message, ordered, .. } => {
                self.next.stuck = None;
                self.next.acknowledged = Some(ordered.map_or(at, |ordered| ordered.min(at)));
                self.memory().settle_message(message, at);
            }
            Event::Adopted { position, .. } => {
                if !self.next.plans.is_empty() {
                    return Err(Illegal::Busy);
                }
                self.arrive(*position);
            }
            Event::Outage { nonce, .. } => {
                if self.next.active != Position::Standby {
                    return Err(Illegal::NoOutage);
                }
                self.maintenance().begin_upkeep(number, nonce, UpkeepTask::ResumeMonitoring)?;
                self.next.outage = self.next.outage.or(Some(at));
            }
            Event::Recovered { nonce, .. } => {
                if !self.maintenance().may_recover() {
                    return Err(Illegal::NoOutage);
                }
                self.maintenance().begin_upkeep(number, nonce, UpkeepTask::PauseMonitoring)?;
                self.next.outage = None;
            }
            Event::Drained { nonce } => {
                if !self.maintenance().is_drained(at) {
                    return Err(Illegal::NotDrained);
                }
                self.maintenance().begin_upkeep(number, nonce, UpkeepTask::CloseStandby)?;
            }
            Event::Repaired { nonce, switch, position } => {
                let task = UpkeepTask::Repair(switch.clone(), *position);
                self.maintenance().begin_upkeep(number, nonce, task)?;
            }
            Event::Kept { nonce } => self.maintenance().end_upkeep(nonce, at),
            Event::Later(_) => {}
            Event::Checked { looked_as, findings, extent, heard, answered } => {
                self.next.answered = self.next.answered.or(answered.then_some(at));
                let (looked_as, findings) = (looked_as.clone(), findings.clone());
                let (extent, heard) = (*extent, heard.clone());
                self.next.checked = Some(Checkup { at, looked_as, findings, extent, heard });
            }
        }
        Ok(())
    }

    fn plans(&mut self) -> OpenPlans<'_> {
        OpenPlans::from(&mut self.next)
    }

    fn maintenance(&mut self) -> MaintenancePlan<'_> {
        MaintenancePlan::from(&mut self.next)
    }

    fn memory(&mut self) -> Memory<'_> {
        Memory::from(&mut self.next)
    }

    fn open(
        &mut self,
        direction: Direction,
        (order, reason, nonce): (&Order, &str, &str),
    ) -> Result<(), Illegal> {
        if let Some(newest) = self.next.newest() {
            let insists = order.force && !newest.order.force;
            if newest.direction == direction && !insists {
                return Err(Illegal::AlreadyOpen(direction));
            }
        }
        let state = &self.next;
        let idle = state.plans.is_empty() && state.hold_at(self.at).is_none();
        let may_begin = match direction {
            // It closes the standby in the end: nobody may be served by it, or come to need it, meanwhile.
            Direction::Rehearsal => idle && state.active == Position::Primary && state.draining.is_none(),
            Direction::Maintenance => false,
            Direction::Failover | Direction::Failback => true,
        };
        if !may_begin {
            return Err(Illegal::Busy);
        }
        let at = self.at;
        self.memory().settle_message(&order.message, at);
        self.next.plans.push(begun(self.number, at, direction, (order, reason, nonce)));
        Ok(())
    }

    /// An order that asked for what is so already, or is being made so: it counts, though it began nothing.
    fn confirm(&mut self, plan: Option<u64>, ordered: Timestamp, message: &str) -> Result<(), Illegal> {
        if let Some(id) = plan {
            self.plans().find(id)?.joined.push(message.to_owned());
        }
        self.next.confirmed = self.next.confirmed.max(Some(ordered));
        Ok(())
    }

    fn record(&mut self, id: u64, nonce: &str, record: &StepRecord) -> Result<(), Illegal> {
        let number = self.number;
        let direction = self.plans().record(id, nonce, number, record)?;
        if let Some(lives) = record.redirect_lives_s {
            self.next.redirect_lives_s = lives;
        }
        match record.step {
            // What follows it is the pause: it may land although nobody lives to record it.
            Step::Verify if direction == Direction::Failover => self.next.paused = Some(record.at),
            Step::Pause => self.next.paused = Some(record.at),
            Step::Resume => self.next.resumed = Some(record.at),
            _ => {}
        }
        Ok(())
    }

    fn arrive(&mut self, position: Position) {
        let since = self.next.since.filter(|_| self.next.active == position);
        self.next.turn_to(position);
        self.next.since = since.or(Some(self.at));
    }

    /// Lets go of what no decision needs any more, so that an entry stays small.
    fn forget(&mut self, event: &Event) {
        let at = self.at.min(self.ordered_last(event).unwrap_or(Timestamp::MIN));
        self.memory().forget(at);
        self.next.automatic.retain(|moved| at.duration_since(*moved) < BUDGET_WINDOW);
        if self.next.hold_at(at).is_none() {
            self.next.hold = None;
        }
    }

    /// The newest time that somebody else's clock vouches for: a clock of ours that jumps ahead once must not let go of
    /// a hold, an incident or the day's budget for good.
    fn ordered_last(&self, event: &Event) -> Option<Timestamp> {
        let told = match event {
            Event::Intent { order, .. } => Some(order.at),
            Event::Confirmed { ordered, .. } => Some(*ordered),
            _ => None,
        };
        let state = &self.next;
        let moved = state.last_move.as_ref().map(|moved| moved.order_time);
        let open = state.plans.iter().map(|plan| plan.order.at).max();
        [told, moved, open, state.confirmed, state.hold_ordered].into_iter().flatten().max()
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
