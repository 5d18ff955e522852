//! Plans: the steps of a move in the order in which they wait for each other, and who executes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Direction, Illegal, Order, Step, StepRecord, UpkeepTask};

mod table;

pub use table::{Act, Line, Need, Plan, Refused, Skipped, Terms, Undo, Undone, Unless, Within};

/// Who executes a plan now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The executor's word.
    pub nonce: String,
    /// The number of the entry by which it said so last: a claim whose number stands still is dead.
    pub entry: u64,
}

/// What an operator has to mend before a plan can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The sentence that says what to mend.
    pub sentence: String,
    /// What it is the matter with; entries of older versions don't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Since when it has been the same.
    pub since: Timestamp,
}

/// A plan with an intent and no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPlan {
    /// The number of its intent.
    pub id: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// What was asked for.
    pub order: Order,
    /// Why it was decided so.
    pub reason: String,
    /// When its intent was written.
    pub begun_at: Timestamp,
    /// Who executes it; `None` when its executor let go.
    pub claim: Option<Claim>,
    /// What was done.
    pub steps: Vec<StepRecord>,
    /// What keeps it from going on.
    pub trouble: Option<Trouble>,
    /// How many executors there have been.
    pub attempts: u32,
    /// Messages of further orders that ask for the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<String>,
    /// Maintenance: what is to be so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<UpkeepTask>,
}

impl Trouble {
    /// Whether it is this trouble still: the same thing is refused, whatever words were found for it.
    pub fn is_still(&self, about: Option<&str>, sentence: &str) -> bool {
        self.about.is_some() && self.about.as_deref() == about || self.sentence == sentence
    }
}

impl OpenPlan {
    /// Whether its last attempt was refused by what only a person can mend, rather than by what may pass.
    pub fn is_refused(&self) -> bool {
        // What it is about ends with the kind of the error.
        let may_pass =
            |trouble: &Trouble| trouble.about.as_ref().is_some_and(|it| it.ends_with(": transient"));
        self.claim.is_none() && self.trouble.as_ref().is_some_and(|trouble| !may_pass(trouble))
    }

    /// Whether `step` was finished by an executor of this plan.
    pub fn has_done(&self, step: Step) -> bool {
        self.steps.iter().any(|record| record.step == step)
    }

    /// Whether this message asked for it, first or as well.
    pub fn was_asked_for_by(&self, message: &str) -> bool {
        self.order.message == message || self.joined.iter().any(|joined| joined == message)
    }

    /// Maintenance: whether `other` may be begun in its place. What is refused must not keep everything else from being
    /// done, nor what only a later release knows.
    pub fn gives_way_to(&self, other: &UpkeepTask) -> bool {
        match &self.task {
            Some(UpkeepTask::Later(_)) | None => true,
            Some(task) => self.claim.is_none() && task != other,
        }
    }

    /// Whether this executor holds the claim.
    ///
    /// # Errors
    /// When it doesn't.
    pub(crate) fn check_executor(&self, nonce: &str) -> Result<(), Illegal> {
        match &self.claim {
            Some(claim) if claim.nonce == nonce => Ok(()),
            _ => Err(Illegal::NotTheExecutor(self.id)),
        }
    }
}
