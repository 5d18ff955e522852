//! What an executor is given, and how its attempt came out.

use std::sync::Arc;

use crate::{
    clock::Instant,
    clouds::{Observation, Readiness, SwitchError},
};
use failover_core::{Direction, End, OpenPlan, Order, State, StepRecord, Trouble, UpkeepTask};

/// How an executor's attempt came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How the plan ended, if it ended.
    pub end: Option<End>,
    /// What happened, or what to mend, for an operator.
    pub sentence: String,
    /// Whether the journal has it.
    pub recorded: bool,
    /// Whether another executor has the plan now.
    pub lost: bool,
}

/// What was read beside the intent, so that it costs no time.
#[derive(Debug, Default)]
pub struct Prefetched {
    /// What the gate switches showed, in the order of the configuration, looked at when no plan and no other work of ours
    /// was open. Nothing of ours was written from then to the intent.
    pub gates: Option<tokio::task::JoinHandle<Vec<Option<Observation>>>>,
    /// Whether the standby could serve.
    pub readiness: Option<tokio::task::JoinHandle<Vec<Result<Readiness, SwitchError>>>>,
    /// When the primary was asked for the answers that the gate of a failback had.
    pub answered: Option<Instant>,
}

/// Which plan to execute, and what its executor has to know of it.
#[derive(Debug)]
pub struct Assignment {
    /// The plan's number, in this process alone while the journal can't be reached.
    pub plan: u64,
    /// This executor's word.
    pub nonce: String,
    /// When its first claim was begun to be written.
    pub claimed_at: Instant,
    /// Which way.
    pub direction: Direction,
    /// Maintenance: what is to be so.
    pub task: Option<UpkeepTask>,
    /// What was asked for.
    pub order: Order,
    /// Why.
    pub reason: String,
    /// What earlier executors did.
    pub steps: Vec<StepRecord>,
    /// What kept earlier executors from going on.
    pub trouble: Option<Trouble>,
    /// Whether an earlier executor may have written to a cloud.
    pub resumed: bool,
    /// The site's state when this executor began.
    pub state: Arc<State>,
    /// What was read beside the intent.
    pub prefetched: Prefetched,
}

impl Outcome {
    /// Not settled here, for this reason.
    pub fn unsettled(why: &str) -> Self {
        Self { end: None, sentence: why.to_owned(), recorded: false, lost: false }
    }

    /// As another process's executor recorded it.
    pub fn of(ended: Option<&failover_core::EndedPlan>) -> Self {
        match ended {
            Some(ended) => {
                let (end, sentence) = (Some(ended.end), ended.sentence.clone());
                Self { end, sentence, recorded: true, lost: false }
            }
            None => Self::unsettled(
                "the plan is not open any more, and how it ended is not among the latest ends",
            ),
        }
    }
}

impl Assignment {
    /// To carry `plan` on, claimed under `nonce`.
    pub fn carrying_on(plan: &OpenPlan, nonce: String, claimed_at: Instant, state: Arc<State>) -> Self {
        Self {
            plan: plan.id,
            nonce,
            claimed_at,
            direction: plan.direction,
            task: plan.task.clone(),
            order: plan.order.clone(),
            reason: plan.reason.clone(),
            steps: plan.steps.clone(),
            trouble: plan.trouble.clone(),
            resumed: true,
            state,
            prefetched: Prefetched::default(),
        }
    }
}
