//! The open plans: who executes each, what is done of it, and who may end it.

use jiff::Timestamp;

use crate::{
    Direction, End, Illegal, State, Step, StepRecord,
    plan::{Claim, OpenPlan, Trouble},
};

/// The plans that move, and the one that maintains.
pub(super) struct OpenPlans<'a> {
    moving: &'a mut Vec<OpenPlan>,
    maintenance: &'a mut Option<OpenPlan>,
}

impl<'a> From<&'a mut State> for OpenPlans<'a> {
    fn from(state: &'a mut State) -> Self {
        Self { moving: &mut state.plans, maintenance: &mut state.maintenance }
    }
}

impl<'a> OpenPlans<'a> {
    pub(super) fn find(self, id: u64) -> Result<&'a mut OpenPlan, Illegal> {
        let mut open = self.moving.iter_mut().chain(self.maintenance);
        open.find(|plan| plan.id == id).ok_or(Illegal::NoSuchPlan(id))
    }

    pub(super) fn claim(self, id: u64, nonce: &str, number: u64) -> Result<(), Illegal> {
        let plan = self.find(id)?;
        if plan.claim.as_ref().is_none_or(|claim| claim.nonce != nonce) {
            plan.attempts += 1;
        }
        plan.claim = Some(Claim { nonce: nonce.to_owned(), entry: number });
        Ok(())
    }

    /// Says which way the plan goes that has finished this step.
    pub(super) fn record(
        self,
        id: u64,
        nonce: &str,
        number: u64,
        record: &StepRecord,
    ) -> Result<Direction, Illegal> {
        let plan = self.find(id)?;
        plan.check_executor(nonce)?;
        plan.claim = Some(Claim { nonce: nonce.to_owned(), entry: number });
        plan.steps.retain(|done| done.step != record.step);
        plan.steps.push(record.clone());
        if record.step == Step::Unroute {
            plan.steps.retain(|done| !matches!(done.step, Step::Route | Step::Verify));
        }
        Ok(plan.direction)
    }

    pub(super) fn end_attempt(
        self,
        id: u64,
        nonce: &str,
        at: Timestamp,
        (trouble, about): (Option<&str>, Option<&str>),
    ) -> Result<(), Illegal> {
        let plan = self.find(id)?;
        plan.check_executor(nonce)?;
        plan.claim = None;
        if let Some(sentence) = trouble {
            let since = plan.trouble.as_ref().filter(|t| t.is_still(about, sentence)).map_or(at, |t| t.since);
            let about = about.map(str::to_owned);
            plan.trouble = Some(Trouble { sentence: sentence.to_owned(), about, since });
        }
        Ok(())
    }

    /// A plan is ended by its executor; one that was overtaken may be ended for it by the executor of a newer one.
    pub(super) fn may_end(self, id: u64, end: End, nonce: &str) -> Result<(), Illegal> {
        let mut newer = self.moving.iter().filter(|open| open.id > id).peekable();
        let is_overtaken = newer.peek().is_some();
        let by_newer = newer.any(|open| open.check_executor(nonce).is_ok());
        let plan = self.find(id)?;
        match end {
            End::Overtaken if !is_overtaken => Err(Illegal::NotOvertaken(id)),
            End::Overtaken if by_newer => Ok(()),
            _ => plan.check_executor(nonce),
        }
    }
}
