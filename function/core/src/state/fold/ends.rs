//! What the end of a plan leads to.

use jiff::Timestamp;

use super::{
    super::{ENDS_KEPT, ENDS_WITHIN},
    Transition,
};
use crate::{Direction, End, EndedPlan, Illegal, LastMove, Position, Step, Stuck, plan::OpenPlan};

impl Transition {
    pub(super) fn end(
        &mut self,
        id: u64,
        (end, active): (End, Position),
        sentence: &str,
        drain_until: Option<Timestamp>,
    ) -> Result<(), Illegal> {
        let at = self.at;
        let plan = self.plans().find(id)?.clone();
        if self.next.maintenance.take_if(|open| open.id == id).is_some() {
            self.maintenance().end(at, &plan, end, sentence);
            return Ok(());
        }
        self.next.plans.retain(|open| open.id != id);
        let (direction, sentence) = (plan.direction, sentence.to_owned());
        self.next.ends.push(EndedPlan { plan: id, direction, at, end, sentence: sentence.clone() });
        let surplus = self.next.ends.len().saturating_sub(ENDS_KEPT);
        self.next.ends.drain(..surplus);
        if end == End::Done && direction != Direction::Rehearsal {
            // A move looks at every switch before it ends, so nothing is left of what was begun before it.
            (self.next.upkeep, self.next.maintenance) = (None, None);
        }
        match (end, plan.direction) {
            (End::Done, Direction::Failover) => self.failed_over(&plan),
            (End::Done, Direction::Failback) => {
                // It has looked at every switch.
                self.next.resumed = Some(at);
                self.arrive(Position::Primary);
                // One that only finished what was missing may leave an earlier drain as it is.
                let still = self.next.draining.filter(|_| !plan.has_done(Step::Close));
                self.next.draining = drain_until.or(still);
                self.moved(&plan);
            }
            (End::Unwound, Direction::Failover) => {
                self.arrive(active);
                self.memory().keep_pending(&plan.order.incidents);
            }
            (End::Stuck, _) => self.stuck(&plan, active, sentence),
            (End::Unwound, _) => self.arrive(active),
            (End::Overtaken, _) => self.hand_over(&plan),
            (End::Done, Direction::Rehearsal | Direction::Maintenance) => {}
        }
        Ok(())
    }

    fn stuck(&mut self, plan: &OpenPlan, active: Position, sentence: String) {
        let at = self.at;
        // A failback that overtook a failover led visitors back from where the journal never saw them.
        let led = active == plan.direction.leads_to() && plan.has_done(Step::Route);
        let traffic_moved = led || active != self.next.active;
        self.arrive(active);
        self.next.stuck =
            Some(Stuck { plan: plan.id, at, ordered: Some(plan.order.at), sentence, retry: false });
        if traffic_moved {
            self.moved(plan);
        }
        if active == Position::Primary {
            // The outage is still there, and "acknowledge" decides it.
            self.memory().keep_pending(&plan.order.incidents);
        } else {
            self.memory().settle_incidents(&plan.order.incidents, at);
        }
    }

    /// What an overtaken plan was to answer is answered by the newer one where that goes the same way.
    fn hand_over(&mut self, plan: &OpenPlan) {
        let newer = self.next.plans.iter_mut().find(|newer| newer.direction == Direction::Failover);
        let Some(newer) = newer else {
            let at = self.at;
            return self.memory().settle_incidents(&plan.order.incidents, at);
        };
        for incident in &plan.order.incidents {
            if newer.order.incidents.iter().all(|known| known.id != incident.id) {
                newer.order.incidents.push(incident.clone());
            }
        }
    }

    fn failed_over(&mut self, plan: &OpenPlan) {
        let at = self.at;
        self.arrive(Position::Standby);
        self.memory().settle_incidents(&plan.order.incidents, at);
        self.memory().settle_pending(at);
        // Its proof was a visitor who was served.
        self.next.outage = None;
        // It was tried again by itself, and brought light.
        if plan.order.is_automatic() {
            self.next.stuck.take_if(|stuck| stuck.retry);
        }
        // One that only sets again what somebody undid in the same outage costs no budget.
        if plan.order.is_automatic() && !plan.order.unfinished {
            self.next.automatic.push(at.min(latest_end(plan)));
        }
        self.moved(plan);
    }

    fn moved(&mut self, plan: &OpenPlan) {
        // A pending incident may be decided by an old message: that must not make older orders look new.
        let before = self.next.last_move.as_ref().map_or(plan.order.at, |moved| moved.order_time);
        let (direction, order_time) = (plan.direction, before.max(plan.order.at));
        let ended_at = self.at.min(latest_end(plan));
        self.next.last_move = Some(LastMove { direction, order_time, ended_at, plan: plan.id });
    }
}

/// When a plan may have ended at the latest.
fn latest_end(plan: &OpenPlan) -> Timestamp {
    plan.order.at.saturating_add(ENDS_WITHIN).unwrap_or(Timestamp::MAX)
}
