//! What maintenance leads to, as plans of its own and as earlier releases wrote it.

use jiff::Timestamp;

use crate::{
    End, EndedPlan, Illegal, Position, State, Upkeep, UpkeepTask,
    plan::{Claim, OpenPlan},
};

/// The open plan that sets a switch where it belongs, and what of the site it changes.
pub(super) struct MaintenancePlan<'a> {
    /// Whether a plan is open that moves.
    is_moving: bool,
    active: Position,
    open: &'a mut Option<OpenPlan>,
    ended: &'a mut Option<EndedPlan>,
    upkeep: &'a mut Option<Upkeep>,
    outage: &'a mut Option<Timestamp>,
    draining: &'a mut Option<Timestamp>,
    paused: &'a mut Option<Timestamp>,
    resumed: &'a mut Option<Timestamp>,
}

impl<'a> From<&'a mut State> for MaintenancePlan<'a> {
    fn from(state: &'a mut State) -> Self {
        Self {
            is_moving: !state.plans.is_empty(),
            active: state.active,
            open: &mut state.maintenance,
            ended: &mut state.maintained,
            upkeep: &mut state.upkeep,
            outage: &mut state.outage,
            draining: &mut state.draining,
            paused: &mut state.paused,
            resumed: &mut state.resumed,
        }
    }
}

impl MaintenancePlan<'_> {
    /// Something is set where it belongs: nothing moves meanwhile, and one thing is done at a time.
    pub(super) fn begin(&mut self, plan: OpenPlan, task: &UpkeepTask) -> Result<(), Illegal> {
        let is_kept = self.open.as_ref().is_some_and(|open| !open.gives_way_to(task));
        if self.is_moving || is_kept {
            return Err(Illegal::Busy);
        }
        match task {
            UpkeepTask::ResumeMonitoring if self.active != Position::Standby => {
                return Err(Illegal::NoOutage);
            }
            UpkeepTask::ResumeMonitoring => *self.outage = self.outage.or(Some(plan.begun_at)),
            UpkeepTask::PauseMonitoring if !self.may_recover() => return Err(Illegal::NoOutage),
            // It may land although nobody lives to record it.
            UpkeepTask::PauseMonitoring => (*self.outage, *self.paused) = (None, Some(plan.begun_at)),
            UpkeepTask::CloseStandby if !self.is_drained(plan.begun_at) => return Err(Illegal::NotDrained),
            UpkeepTask::CloseStandby | UpkeepTask::Repair(..) | UpkeepTask::Later(_) => {}
        }
        *self.open = Some(OpenPlan { task: Some(task.clone()), ..plan });
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
        if self.is_moving && !renewed {
            return Err(Illegal::Busy);
        }
        *self.upkeep = Some(Upkeep { claim: Claim { nonce: nonce.to_owned(), entry: number }, task });
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
            UpkeepTask::CloseStandby => *self.draining = None,
            UpkeepTask::PauseMonitoring => *self.paused = Some(at),
            UpkeepTask::ResumeMonitoring | UpkeepTask::Repair(_, Position::Primary) => {
                *self.resumed = Some(at);
            }
            UpkeepTask::Repair(..) | UpkeepTask::Later(_) => {}
        }
    }

    pub(super) fn end(&mut self, at: Timestamp, plan: &OpenPlan, end: End, sentence: &str) {
        let (direction, sentence) = (plan.direction, sentence.to_owned());
        *self.ended = Some(EndedPlan { plan: plan.id, direction, at, end, sentence });
        let on_standby = self.active == Position::Standby;
        match (end, &plan.task) {
            (End::Done, Some(task)) => {
                *self.upkeep = None;
                self.is_so(task, at);
            }
            // Visitors were not served after all.
            (End::Unwound, Some(UpkeepTask::PauseMonitoring)) if on_standby => *self.outage = Some(at),
            _ => {}
        }
    }
}
