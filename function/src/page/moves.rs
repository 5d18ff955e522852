//! Moves: the journal's entries told as plans, each with its steps and how it ended.

use failover_core::{
    Asker, Direction, End, Entry, OpenPlan, Order, Plan, Policy, State, Step, StepRecord, Terms, Trouble,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Tone, decisions::tone_of, stages::Stage};

/// A plan, open or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The number of its intent in the journal.
    pub plan: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// Who asked for it, in words.
    pub asked_by: String,
    /// Whether an alert asked for it.
    #[serde(skip)]
    pub by_alert: bool,
    /// Why it was decided so.
    pub reason: String,
    /// Whether it was asked for without the safety of an answer.
    pub force: bool,
    /// When its intent was written.
    pub begun_at: Timestamp,
    /// When it ended; none while it is open.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<End>,
    /// What came of it, for an operator.
    pub outcome: Option<String>,
    /// What was done, in the order in which it was finished.
    pub steps: Vec<Part>,
    /// What is still to be done, if it is open.
    pub to_do: Vec<Step>,
    /// What keeps it from going on, if it is open.
    pub trouble: Option<Trouble>,
    /// How many executors it has had.
    pub attempts: u32,
    /// When the site fell silent, or the order was given.
    pub started_at: Timestamp,
    /// Where the time went, from `started_at` on.
    pub stages: Vec<Stage>,
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which.
    pub step: Step,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When it was finished.
    pub at: Timestamp,
    /// How long it took.
    pub took_ms: u64,
    /// What an operator may want to know of it.
    pub note: Option<String>,
}

impl Move {
    /// How much its end asks of a reader.
    pub fn tone(&self) -> Tone {
        self.end.map_or(Tone::Notice, tone_of)
    }

    /// How it ended, in one word.
    pub fn end_word(&self) -> String {
        self.end.map_or_else(|| "open".to_owned(), |end| end.to_string())
    }

    /// What came of it, where its end doesn't say that already.
    pub fn remark(&self) -> Option<&str> {
        self.outcome.as_deref().filter(|_| self.end != Some(End::Done))
    }

    /// Whether it was begun because visitors got no answer: then it began when the site fell silent.
    pub fn is_for_an_outage(&self) -> bool {
        self.direction == Direction::Failover && self.by_alert
    }

    /// From its beginning to its end, or to `now`.
    pub fn took_ms(&self, now: Timestamp) -> u64 {
        super::words::milliseconds(self.begun_at, self.ended_at.unwrap_or(now))
    }
}

/// Every plan that the entries and the state tell of, newest first.
pub fn moves(entries: &[Entry], state: Option<&State>, policy: &Policy) -> Vec<Move> {
    failover_core::moves(entries, state).into_iter().map(|told| shown(told, state, policy)).collect()
}

fn shown(told: failover_core::Move, state: Option<&State>, policy: &Policy) -> Move {
    let open = state.and_then(|state| state.plan(told.plan)).filter(|_| told.ended.is_none());
    let (ended_at, end, outcome) = match told.ended {
        Some(ended) => (Some(ended.at), Some(ended.end), Some(ended.sentence)),
        None => (None, None, None),
    };
    Move {
        plan: told.plan,
        direction: told.direction,
        asked_by: asked_by(&told.order),
        by_alert: told.order.asker == Asker::Incident,
        force: told.order.force,
        reason: told.reason,
        begun_at: told.begun_at,
        ended_at,
        end,
        outcome,
        steps: told.steps.iter().map(part).collect(),
        to_do: open.map_or_else(Vec::new, |plan| to_do(plan, policy)),
        trouble: told.trouble,
        attempts: told.attempts,
        started_at: told.started_at,
        stages: told.stages.iter().map(Stage::from).collect(),
    }
}

fn to_do(plan: &OpenPlan, policy: &Policy) -> Vec<Step> {
    let wanted = Plan::new(plan.direction, policy, Terms::from(&plan.order));
    wanted.steps().filter(|step| !plan.has_done(*step)).collect()
}

fn part(record: &StepRecord) -> Part {
    let took = SignedDuration::from_millis(i64::try_from(record.took_ms).unwrap_or(0));
    Part {
        step: record.step,
        begun_at: record.at.checked_sub(took).unwrap_or(record.at),
        at: record.at,
        took_ms: record.took_ms,
        note: record.note.clone(),
    }
}

fn asked_by(order: &Order) -> String {
    let who = match &order.asker {
        Asker::Incident => "an alert".to_owned(),
        Asker::Operator(Some(by)) => format!("an operator, says {by}"),
        Asker::Operator(None) => "an operator".to_owned(),
        Asker::Itself => "its own standing rule".to_owned(),
    };
    if order.force { format!("{who}, with force") } else { who }
}
