//! What the end of a plan leads to.

use jiff::Timestamp;

use super::super::{ENDS_KEPT, ENDS_WITHIN};
use crate::{Direction, End, EndedPlan, Illegal, LastMove, Position, State, Step, Stuck, plan::OpenPlan};

impl State {
    /// A plan is ended by its executor; one that was overtaken may be ended for it by the executor of a newer one.
    pub(super) fn may_end(&self, id: u64, end: End, nonce: &str) -> Result<(), Illegal> {
        let plan = self.plan(id).ok_or(Illegal::NoSuchPlan(id))?;
        let mut newer = self.plans.iter().filter(|open| open.id > id).peekable();
        if end != End::Overtaken {
            return plan.check_executor(nonce);
        }
        if newer.peek().is_none() {
            return Err(Illegal::NotOvertaken(id));
        }
        let by_newer = newer.any(|open| open.check_executor(nonce).is_ok());
        if by_newer { Ok(()) } else { plan.check_executor(nonce) }
    }

    pub(super) fn end(
        &mut self,
        at: Timestamp,
        id: u64,
        (end, active): (End, Position),
        sentence: &str,
        drain_until: Option<Timestamp>,
    ) -> Result<(), Illegal> {
        let plan = self.open_plan(id)?.clone();
        if self.maintenance.take_if(|open| open.id == id).is_some() {
            self.end_maintenance(at, &plan, end, sentence);
            return Ok(());
        }
        self.plans.retain(|open| open.id != id);
        let (direction, sentence) = (plan.direction, sentence.to_owned());
        self.ends.push(EndedPlan { plan: id, direction, at, end, sentence: sentence.clone() });
        let surplus = self.ends.len().saturating_sub(ENDS_KEPT);
        self.ends.drain(..surplus);
        if end == End::Done && direction != Direction::Rehearsal {
            // A move looks at every switch before it ends, so nothing is left of what was begun before it.
            (self.upkeep, self.maintenance) = (None, None);
        }
        match (end, plan.direction) {
            (End::Done, Direction::Failover) => self.failed_over(&plan, at),
            (End::Done, Direction::Failback) => {
                // It has looked at every switch.
                self.resumed = Some(at);
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
                // A failback that overtook a failover led visitors back from where the journal never saw them.
                let led = active == plan.direction.leads_to() && plan.has_done(Step::Route);
                let traffic_moved = led || active != self.active;
                self.arrive(active, at);
                self.stuck =
                    Some(Stuck { plan: id, at, ordered: Some(plan.order.at), sentence, retry: false });
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
            (End::Done, Direction::Rehearsal | Direction::Maintenance) => {}
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
        // It was tried again by itself, and brought light.
        if plan.order.is_automatic() {
            self.stuck.take_if(|stuck| stuck.retry);
        }
        // One that only sets again what somebody undid in the same outage costs no budget.
        if plan.order.is_automatic() && !plan.order.unfinished {
            self.automatic.push(at.min(latest_end(plan)));
        }
        self.moved(plan, at);
    }

    fn moved(&mut self, plan: &OpenPlan, at: Timestamp) {
        // A pending incident may be decided by an old message: that must not make older orders look new.
        let before = self.last_move.as_ref().map_or(plan.order.at, |moved| moved.order_time);
        let (direction, order_time) = (plan.direction, before.max(plan.order.at));
        let ended_at = at.min(latest_end(plan));
        self.last_move = Some(LastMove { direction, order_time, ended_at, plan: plan.id });
    }
}

/// When a plan may have ended at the latest.
fn latest_end(plan: &OpenPlan) -> Timestamp {
    plan.order.at.saturating_add(ENDS_WITHIN).unwrap_or(Timestamp::MAX)
}
