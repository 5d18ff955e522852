//! What maintenance leads to, as plans of its own and as earlier releases wrote it.

use jiff::Timestamp;

use super::begun;
use crate::{
    Direction, End, EndedPlan, Illegal, Order, Position, State, Upkeep, UpkeepTask,
    plan::{Claim, OpenPlan},
};

impl State {
    /// Something is set where it belongs: nothing moves meanwhile, and one thing is done at a time.
    pub(super) fn maintain(
        &mut self,
        number: u64,
        at: Timestamp,
        task: &UpkeepTask,
        what: (&Order, &str, &str),
    ) -> Result<(), Illegal> {
        let is_kept = self.maintenance.as_ref().is_some_and(|open| !open.gives_way_to(task));
        if !self.plans.is_empty() || is_kept {
            return Err(Illegal::Busy);
        }
        match task {
            UpkeepTask::ResumeMonitoring if self.active != Position::Standby => {
                return Err(Illegal::NoOutage);
            }
            UpkeepTask::ResumeMonitoring => self.outage = self.outage.or(Some(at)),
            UpkeepTask::PauseMonitoring if !self.may_recover() => return Err(Illegal::NoOutage),
            // It may land although nobody lives to record it.
            UpkeepTask::PauseMonitoring => (self.outage, self.paused) = (None, Some(at)),
            UpkeepTask::CloseStandby if !self.is_drained(at) => return Err(Illegal::NotDrained),
            UpkeepTask::CloseStandby | UpkeepTask::Repair(..) | UpkeepTask::Later(_) => {}
        }
        let plan = begun(number, at, Direction::Maintenance, what);
        self.maintenance = Some(OpenPlan { task: Some(task.clone()), ..plan });
        Ok(())
    }

    /// Whether no cached redirect leads visitors of the primary to a standby that is open still.
    pub(super) fn is_drained(&self, at: Timestamp) -> bool {
        self.active == Position::Primary && self.draining.is_some_and(|until| until <= at)
    }

    /// Monitoring is paused again only after an outage; also by whoever takes that over from a dead process.
    pub(super) fn may_recover(&self) -> bool {
        let begun = self.upkeep.as_ref().is_some_and(|upkeep| upkeep.task == UpkeepTask::PauseMonitoring);
        self.active == Position::Standby && (self.outage.is_some() || begun)
    }

    pub(super) fn begin_upkeep(&mut self, number: u64, nonce: &str, task: UpkeepTask) -> Result<(), Illegal> {
        // Its writer may renew its claim beside a plan that waits for it.
        let renewed = self.upkeep.as_ref().is_some_and(|upkeep| upkeep.claim.nonce == nonce);
        if !self.plans.is_empty() && !renewed {
            return Err(Illegal::Busy);
        }
        self.upkeep = Some(Upkeep { claim: Claim { nonce: nonce.to_owned(), entry: number }, task });
        Ok(())
    }

    pub(super) fn end_upkeep(&mut self, nonce: &str, at: Timestamp) {
        if let Some(upkeep) = self.upkeep.take_if(|upkeep| upkeep.claim.nonce == nonce) {
            self.is_so(&upkeep.task, at);
        }
    }

    /// What maintenance was to bring about is so.
    fn is_so(&mut self, task: &UpkeepTask, at: Timestamp) {
        match task {
            UpkeepTask::CloseStandby => self.draining = None,
            UpkeepTask::PauseMonitoring => self.paused = Some(at),
            UpkeepTask::ResumeMonitoring | UpkeepTask::Repair(_, Position::Primary) => {
                self.resumed = Some(at);
            }
            UpkeepTask::Repair(..) | UpkeepTask::Later(_) => {}
        }
    }

    pub(super) fn end_maintenance(&mut self, at: Timestamp, plan: &OpenPlan, end: End, sentence: &str) {
        let (direction, sentence) = (plan.direction, sentence.to_owned());
        self.maintained = Some(EndedPlan { plan: plan.id, direction, at, end, sentence });
        let on_standby = self.active == Position::Standby;
        match (end, &plan.task) {
            (End::Done, Some(task)) => {
                self.upkeep = None;
                self.is_so(task, at);
            }
            // Visitors were not served after all.
            (End::Unwound, Some(UpkeepTask::PauseMonitoring)) if on_standby => self.outage = Some(at),
            _ => {}
        }
    }
}
