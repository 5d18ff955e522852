//! Moves: the journal's entries told as plans, each with its steps and how it ended.

use failover_core::{
    Asker, Direction, End, Entry, Event, OpenPlan, Order, Policy, State, Step, StepRecord, Trouble, steps,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Tone,
    decisions::tone_of,
    stages::{Stage, stages},
};

/// A plan, open or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The number of its intent in the journal.
    pub plan: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// Who asked for it, in words.
    pub asked_by: String,
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

    /// From its beginning to its end, or to `now`.
    pub fn took_ms(&self, now: Timestamp) -> u64 {
        super::words::milliseconds(self.begun_at, self.ended_at.unwrap_or(now))
    }
}

/// Every plan that the entries and the state tell of, newest first.
pub(super) fn moves(entries: &[Entry], state: Option<&State>, policy: &Policy) -> Vec<Move> {
    let mut tales: Vec<Tale> = Vec::new();
    for entry in entries {
        hear_of(&mut tales, &entry.state);
        hear(&mut tales, entry);
    }
    if let Some(state) = state {
        hear_of(&mut tales, state);
    }
    tales.sort_by_key(|tale| std::cmp::Reverse(tale.plan.id));
    tales.into_iter().map(|tale| tale.into_move(policy)).collect()
}

/// A plan as it was open last, all steps it ever finished, and its end.
struct Tale {
    plan: OpenPlan,
    steps: Vec<StepRecord>,
    end: Option<(Timestamp, End, String)>,
}

/// Learns of the plans that are open in `state`: it carries all but the steps that were undone later.
fn hear_of(tales: &mut Vec<Tale>, state: &State) {
    for open in &state.plans {
        match tales.iter_mut().find(|tale| tale.plan.id == open.id) {
            Some(tale) => tale.plan = open.clone(),
            None => tales.push(Tale { plan: open.clone(), steps: open.steps.clone(), end: None }),
        }
    }
}

fn hear(tales: &mut [Tale], entry: &Entry) {
    let told = |id: u64| move |tale: &&mut Tale| tale.plan.id == id;
    match &entry.event {
        Event::Step { plan, record, .. } => {
            if let Some(tale) = tales.iter_mut().find(told(*plan)) {
                tale.steps.retain(|done| done.step != record.step);
                tale.steps.push(record.clone());
            }
        }
        Event::Ended { plan, end, sentence, .. } => {
            if let Some(tale) = tales.iter_mut().find(told(*plan)) {
                tale.end = Some((entry.at, *end, sentence.clone()));
            }
        }
        _ => {}
    }
}

impl Tale {
    fn into_move(self, policy: &Policy) -> Move {
        let Self { plan, steps, end } = self;
        let (started_at, stages) = stages(&plan, &steps);
        let is_open = end.is_none();
        let (ended_at, how, outcome) = match end {
            Some((at, end, sentence)) => (Some(at), Some(end), Some(sentence)),
            None => (None, None, None),
        };
        Move {
            plan: plan.id,
            direction: plan.direction,
            asked_by: asked_by(&plan.order),
            reason: plan.reason.clone(),
            force: plan.order.force,
            begun_at: plan.begun_at,
            ended_at,
            end: how,
            outcome,
            steps: steps.iter().map(part).collect(),
            to_do: if is_open { to_do(&plan, policy) } else { Vec::new() },
            trouble: plan.trouble.filter(|_| is_open),
            attempts: plan.attempts,
            started_at,
            stages,
        }
    }
}

fn to_do(plan: &OpenPlan, policy: &Policy) -> Vec<Step> {
    let mut wanted = steps(plan.direction, policy);
    let is_asked = |step: Step| step != Step::Answer || !plan.order.force;
    wanted.retain(|step| !plan.has_done(*step) && is_asked(*step));
    wanted
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
