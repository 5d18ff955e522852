//! Moves: a journal's entries told as plans, each with its steps and how it ended. For people, never for a decision.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    Direction, End, Entry, Event, OpenPlan, Order, Position, StageTime, State, Step, StepRecord, Trouble,
    stages, started_at,
};

/// A plan, open or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The number of its intent in the journal.
    pub plan: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// What was asked for, by whom, and which incidents it answers.
    pub order: Order,
    /// Why it was decided so.
    pub reason: String,
    /// When it began: the site fell silent, or the order was given.
    pub started_at: Timestamp,
    /// When its intent was written.
    pub begun_at: Timestamp,
    /// Every step it ever finished, oldest first, also those that were undone later.
    pub steps: Vec<StepRecord>,
    /// What keeps it from going on, if it is open.
    pub trouble: Option<Trouble>,
    /// How many executors it has had.
    pub attempts: u32,
    /// How it ended; none while it is open.
    pub ended: Option<Ended>,
    /// Where the time went, from `started_at` on.
    pub stages: Vec<StageTime>,
}

/// The end of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How.
    pub end: End,
    /// Where visitors are served since; unknown where its own entry is not at hand.
    pub active: Option<Position>,
    /// What came of it, for an operator.
    pub sentence: String,
}

/// Every plan that `entries` (oldest first) and the newest `state` tell of, newest first.
pub fn moves(entries: &[Entry], state: Option<&State>) -> Vec<Move> {
    let mut tales: Vec<Tale> = Vec::new();
    for entry in entries {
        meet(&mut tales, &entry.state);
        hear(&mut tales, entry);
    }
    if let Some(state) = state {
        meet(&mut tales, state);
    }
    tales.sort_by_key(|tale| std::cmp::Reverse(tale.plan.id));
    tales.into_iter().map(Tale::told).collect()
}

/// A plan as it was open last, every step it ever finished, and its end.
struct Tale {
    plan: OpenPlan,
    steps: Vec<StepRecord>,
    ended: Option<Ended>,
}

/// Learns of the plans that are open in `state`.
fn meet(tales: &mut Vec<Tale>, state: &State) {
    for open in &state.plans {
        match tales.iter_mut().find(|tale| tale.plan.id == open.id) {
            Some(tale) => tale.plan = open.clone(),
            None => tales.push(Tale { plan: open.clone(), steps: open.steps.clone(), ended: None }),
        }
    }
}

/// Steps and ends are in events alone: a state forgets what was undone, and a plan that ended.
fn hear(tales: &mut [Tale], entry: &Entry) {
    match &entry.event {
        Event::Step { plan, record, .. } => {
            if let Some(tale) = find(tales, *plan) {
                tale.did(record);
            }
        }
        Event::Ended { plan, end, active, sentence, .. } => {
            if let Some(tale) = find(tales, *plan) {
                let (at, active, sentence) = (entry.at, Some(*active), sentence.clone());
                tale.ended = Some(Ended { at, end: *end, active, sentence });
            }
        }
        _ => {}
    }
}

fn find(tales: &mut [Tale], plan: u64) -> Option<&mut Tale> {
    tales.iter_mut().find(|tale| tale.plan.id == plan)
}

impl Tale {
    /// A step that another executor takes again was done when it was done first, unless it was undone in between.
    fn did(&mut self, record: &StepRecord) {
        let place = |step| self.steps.iter().position(|done| done.step == step);
        let is_done = match (place(record.step), undoing(record.step).and_then(place)) {
            (Some(done), undone) => undone.is_none_or(|undone| undone < done),
            (None, _) => false,
        };
        if !is_done {
            self.steps.retain(|done| done.step != record.step);
            self.steps.push(record.clone());
        }
    }

    fn told(self) -> Move {
        let Self { plan, steps, ended } = self;
        Move {
            plan: plan.id,
            direction: plan.direction,
            started_at: started_at(&plan.order, plan.begun_at),
            begun_at: plan.begun_at,
            stages: stages(&plan.order, plan.begun_at, &steps),
            steps,
            trouble: plan.trouble.filter(|_| ended.is_none()),
            attempts: plan.attempts,
            ended,
            reason: plan.reason,
            order: plan.order,
        }
    }
}

/// The step after which another is to be done again.
fn undoing(step: Step) -> Option<Step> {
    match step {
        Step::Open => Some(Step::Close),
        Step::Close => Some(Step::Open),
        Step::Route | Step::Verify => Some(Step::Unroute),
        Step::Unroute => Some(Step::Route),
        Step::Pause => Some(Step::Resume),
        Step::Resume => Some(Step::Pause),
        Step::Answer | Step::Power => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::Asker;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn order() -> Order {
        Order {
            at: at(0),
            message: "1".to_owned(),
            asker: Asker::Operator(Some("alice".to_owned())),
            reason: None,
            force: false,
            unfinished: false,
            incidents: Vec::new(),
        }
    }

    /// The entries of these events, one a second.
    fn journal(events: Vec<Event>) -> Vec<Entry> {
        let mut state = State::default();
        let site = "resume".parse().expect("a name");
        let entry = |(number, event): (u64, Event)| {
            let at = at(i64::try_from(number).unwrap_or_default());
            state = state.after(number, at, &event).expect("a legal entry");
            let writer = number.to_string();
            Entry { v: 1, site: Clone::clone(&site), number, at, writer, event, state: state.clone() }
        };
        (1..).zip(events).map(entry).collect()
    }

    fn intent(nonce: &str) -> Event {
        let (direction, reason, nonce) = (Direction::Failover, "asked".to_owned(), nonce.to_owned());
        Event::Intent { direction, order: order(), reason, nonce }
    }

    fn step(plan: u64, nonce: &str, step: Step, second: i64) -> Event {
        let record = StepRecord { step, at: at(second), took_ms: 5, note: None, redirect_lives_s: None };
        Event::Step { plan, nonce: nonce.to_owned(), record }
    }

    fn ended(plan: u64, nonce: &str, end: End, active: Position) -> Event {
        let (nonce, sentence) = (nonce.to_owned(), "so it went".to_owned());
        Event::Ended { plan, nonce, end, active, sentence, drain_until: None, retry: false }
    }

    fn shape(moves: &[Move]) -> Vec<String> {
        let words = |one: &Move| {
            let steps: Vec<String> = one.steps.iter().map(|done| done.step.to_string()).collect();
            let end = one.ended.as_ref().map_or("open".to_owned(), |ended| ended.end.to_string());
            format!("{} {} {} {end}", one.plan, one.direction, steps.join("+"))
        };
        moves.iter().map(words).collect()
    }

    #[test]
    fn a_move_keeps_its_steps_also_where_they_were_undone() {
        let events = vec![
            intent("a"),
            step(1, "a", Step::Open, 2),
            step(1, "a", Step::Route, 3),
            step(1, "a", Step::Unroute, 4),
            ended(1, "a", End::Unwound, Position::Primary),
        ];
        let entries = journal(events);
        assert_eq!(shape(&moves(&entries, None)), ["1 failover open+route+unroute Unwound"]);
    }

    #[test]
    fn a_step_that_is_taken_again_keeps_its_first_time_unless_it_was_undone() {
        let taken_twice =
            journal(vec![intent("a"), step(1, "a", Step::Open, 2), step(1, "a", Step::Open, 600)]);
        assert_eq!(moves(&taken_twice, None)[0].steps[0].at, at(2));
        let undone = [Step::Route, Step::Unroute, Step::Route];
        let events = (2..).zip(undone).map(|(second, done)| step(1, "a", done, second));
        let undone = journal([intent("a")].into_iter().chain(events).collect());
        let told = &moves(&undone, None)[0];
        assert_eq!(
            told.steps.iter().map(|done| (done.step, done.at)).collect::<Vec<_>>(),
            [(Step::Unroute, at(3)), (Step::Route, at(4))]
        );
    }

    #[test]
    fn the_newest_move_comes_first_and_an_open_one_is_open() {
        let events = vec![
            intent("a"),
            step(1, "a", Step::Open, 2),
            ended(1, "a", End::Unwound, Position::Primary),
            intent("b"),
            step(4, "b", Step::Open, 5),
        ];
        let entries = journal(events);
        assert_eq!(shape(&moves(&entries, None)), ["4 failover open open", "1 failover open Unwound"]);
        let newest = &entries[4].state;
        assert_eq!(shape(&moves(&[], Some(newest))), ["4 failover open open"]);
    }

    #[test]
    fn a_move_whose_beginning_is_not_at_hand_is_told_from_the_state_of_its_first_entry() {
        let entries = journal(vec![
            intent("a"),
            step(1, "a", Step::Open, 2),
            step(1, "a", Step::Answer, 3),
            ended(1, "a", End::Done, Position::Standby),
        ]);
        assert_eq!(shape(&moves(&entries[2..], None)), ["1 failover open+answer Done"]);
    }
}
