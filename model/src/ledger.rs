//! The journal: folded states, each kept once and named by a number, so that a state of the search is small and the core
//! is asked once for each thing that it may be asked.
//!
//! A folded state is kept in a canonical form: sentences, ids of what is over, and the numbers of claims say nothing that
//! a later decision reads, and would make equal states look different for ever.

use std::sync::Arc;

use failover_core::{Direction, End, Event, OUR_REPORT, Order, Position, State, Step, StepRecord};
use jiff::Timestamp;
use trace::may_follow;

use crate::{
    chore::{Chore, task_of},
    memo::{Memo, Shelf},
    rules::Rules,
    scope::{Minute, Scope, at_minute},
};

/// Names a folded state.
pub(crate) type Head = u32;
/// Names an event that a decision writes.
pub(crate) type Told = u32;
/// Names an order.
pub(crate) type Asked = u32;
/// Who writes: the number of a worker.
pub(crate) type Who = u8;

/// The name of an executor that is no more.
const NOBODY: &str = "x";

/// An entry, in few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Line {
    /// What a decision writes.
    Told(Told),
    /// A plan begins, or began while the journal was away.
    Intent { plan: u8, direction: Direction, order: Asked, by: Who, blind: bool },
    /// Its executor works on it still, or takes it over.
    Claim { plan: u8, by: Who },
    /// A step is finished.
    Step { plan: u8, step: Step, by: Who },
    /// The executor gives up for now.
    Attempt { plan: u8, by: Who },
    /// The plan ended; the standby is left open until then.
    Ended { plan: u8, end: End, active: Position, drain: Option<Minute>, by: Who },
    /// Maintenance begins.
    Maintenance { plan: u8, task: Chore, order: Asked, by: Who },
}

/// All folded states met so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    rules: Rules,
    states: Shelf<State>,
    told: Shelf<Event>,
    orders: Shelf<Order>,
    after: Memo<(Head, Line, u8), Option<Head>>,
    renamed: Memo<(Head, [Who; 3]), Head>,
    /// What was written although no recorded journal may have it.
    forbidden: Memo<Head, String>,
}

impl Ledger {
    /// An empty one.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            states: Shelf::default(),
            told: Shelf::default(),
            orders: Shelf::default(),
            after: Memo::default(),
            renamed: Memo::default(),
            forbidden: Memo::default(),
        }
    }

    /// Why the newest entry of this journal is one that no recorded journal may have, if it is.
    pub(crate) fn forbidden(&self, head: Head) -> Option<String> {
        self.forbidden.known(head)
    }

    /// The head of a journal in this state.
    pub(crate) fn keep(&self, state: State) -> Head {
        let state = canonical(state);
        self.states.keep(&state)
    }

    /// The state at this head.
    pub(crate) fn state(&self, head: Head) -> Arc<State> {
        self.states.get(head)
    }

    /// Keeps what a decision writes.
    pub(crate) fn tell(&self, event: &Event) -> Told {
        self.told.keep(event)
    }

    /// What a decision wrote.
    pub(crate) fn event_told(&self, told: Told) -> Arc<Event> {
        self.told.get(told)
    }

    /// Keeps an order.
    pub(crate) fn order(&self, order: &Order) -> Asked {
        self.orders.keep(order)
    }

    /// What was ordered.
    pub(crate) fn ordered(&self, order: Asked) -> Arc<Order> {
        self.orders.get(order)
    }

    /// The head after `line`, if it may be written.
    pub(crate) fn append(&self, scope: &Scope, head: Head, line: Line, clock: u8) -> Option<Head> {
        self.after.get_or((head, line, clock), || {
            let (number, at) = (number_of(line), scope.time(clock));
            let (event, before) = (self.event(line, at), self.state(head));
            let next = self.rules.after(&before, number, at, &event).ok().map(|next| self.keep(next))?;
            if let Err(why) = may_follow(&scope.policy, &before, at, &event) {
                self.forbidden.keep(next, format!("{why}: {event:?}"));
            }
            Some(next)
        })
    }

    /// The same journal with its workers renamed; `NONE` is one that is no more.
    pub(crate) fn rename(&self, head: Head, names: [Who; 3]) -> Head {
        self.renamed.get_or((head, names), || {
            let mut state = (*self.state(head)).clone();
            let claims = state.plans.iter_mut().filter_map(|plan| plan.claim.as_mut());
            for claim in claims.chain(state.maintenance.iter_mut().filter_map(|plan| plan.claim.as_mut())) {
                claim.nonce = who(&claim.nonce).map_or(NOBODY.to_owned(), |it| name(names[usize::from(it)]));
            }
            self.keep(state)
        })
    }

    fn event(&self, line: Line, at: Timestamp) -> Event {
        let sentence = || "so it is".to_owned();
        match line {
            Line::Told(told) => (*self.told.get(told)).clone(),
            Line::Intent { direction, order, by, blind, .. } => {
                let order = (*self.orders.get(order)).clone();
                let reason = if blind { "the journal can't be reached".to_owned() } else { sentence() };
                Event::Intent { direction, order, reason, nonce: name(by) }
            }
            Line::Claim { plan, by } => Event::Claim { plan: plan.into(), nonce: name(by) },
            Line::Step { plan, step, by } => {
                let record = StepRecord { step, at, took_ms: 0, note: None, redirect_lives_s: None };
                Event::Step { plan: plan.into(), nonce: name(by), record }
            }
            Line::Attempt { plan, by } => {
                let (trouble, about) = (Some(sentence()), Some("a write".to_owned()));
                Event::AttemptEnded { plan: plan.into(), nonce: name(by), trouble, about }
            }
            Line::Ended { plan, end, active, drain, by } => Event::Ended {
                plan: plan.into(),
                nonce: name(by),
                end,
                active,
                sentence: sentence(),
                drain_until: drain.map(at_minute),
                retry: false,
            },
            Line::Maintenance { task, order, by, .. } => {
                let order = (*self.orders.get(order)).clone();
                Event::Maintenance { task: task_of(task), order, reason: sentence(), nonce: name(by) }
            }
        }
    }
}

/// A plan is numbered by its intent; no other number is ever asked for.
fn number_of(line: Line) -> u64 {
    match line {
        Line::Intent { plan, .. } | Line::Maintenance { plan, .. } => plan.into(),
        _ => 0,
    }
}

/// A worker that is no more.
pub(crate) const NONE: Who = 9;

/// The nonce of a worker.
pub(crate) fn name(who: Who) -> String {
    match who {
        0 => "a".to_owned(),
        1 => "b".to_owned(),
        2 => "c".to_owned(),
        _ => NOBODY.to_owned(),
    }
}

/// The worker that has this nonce, if it is at work.
pub(crate) fn who(nonce: &str) -> Option<Who> {
    (0..3).find(|who| name(*who) == nonce)
}

fn canonical(mut state: State) -> State {
    state.ends = state.ends.pop().into_iter().collect();
    for ended in &mut state.ends {
        (ended.at, ended.sentence) = (Timestamp::UNIX_EPOCH, String::new());
    }
    state.maintained.iter_mut().for_each(|ended| ended.at = Timestamp::UNIX_EPOCH);
    for plan in state.plans.iter_mut().chain(&mut state.maintenance) {
        plan.begun_at = Timestamp::UNIX_EPOCH;
        "so it is".clone_into(&mut plan.reason);
        plan.attempts = plan.attempts.min(3);
        plan.claim.iter_mut().for_each(|claim| claim.entry = 0);
    }
    state.last_move.iter_mut().for_each(|moved| moved.plan = 0);
    state.stuck.iter_mut().for_each(|stuck| stuck.plan = 0);
    // Whoever reconciles reports each silence anew: such an id never comes again.
    state.settled_incidents.retain(|one| !one.id.starts_with(OUR_REPORT));
    for list in [&mut state.settled_incidents, &mut state.settled_messages] {
        // What is remembered for a month is remembered for as long as any scope lasts.
        for one in list.iter_mut() {
            one.at = crate::scope::beginning();
        }
        list.sort_by(|one, other| one.id.cmp(&other.id));
    }
    state
}
