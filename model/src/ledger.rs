//! The journal: folded states, each kept once and named by a number, so that a state of the search is small and the core
//! is asked once for each thing that it may be asked.
//!
//! A folded state is kept in a canonical form: sentences, ids of what is over, and the numbers of claims say nothing that
//! a later decision reads, and would make equal states look different for ever.

use std::{
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use failover_core::{
    Direction, End, Event, OUR_REPORT, Order, Position, State, Step, StepRecord, UpkeepTask,
};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::{clouds::switch, rules::Rules, scope::Scope};

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
    /// A plan begins.
    Intent { plan: u8, direction: Direction, order: Asked, by: Who },
    /// Its executor works on it still, or takes it over.
    Claim { plan: u8, by: Who },
    /// A step is finished.
    Step { plan: u8, step: Step, by: Who },
    /// The executor gives up for now.
    Attempt { plan: u8, by: Who },
    /// The plan ended; a drain began at this time.
    Ended { plan: u8, end: End, active: Position, drain: Option<u8>, by: Who },
    /// A write outside any plan begins.
    Chore { task: Chore, by: Who },
    /// It was seen to its end.
    Kept { by: Who },
}

/// A write outside any plan, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Chore {
    /// Visitors are not served on the standby.
    Outage,
    /// They are again.
    Recovered,
    /// The standby is drained.
    Drained,
    /// A switch is set again.
    Repaired(failover_core::Role, Position),
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
        }
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
            let event = self.event(line, at, scope);
            self.rules.after(&self.state(head), number, at, &event).ok().map(|next| self.keep(next))
        })
    }

    /// The same journal with its workers renamed; `NONE` is one that is no more.
    pub(crate) fn rename(&self, head: Head, names: [Who; 3]) -> Head {
        self.renamed.get_or((head, names), || {
            let mut state = (*self.state(head)).clone();
            let claims = state.plans.iter_mut().filter_map(|plan| plan.claim.as_mut());
            for claim in claims.chain(state.upkeep.iter_mut().map(|upkeep| &mut upkeep.claim)) {
                claim.nonce = who(&claim.nonce).map_or(NOBODY.to_owned(), |it| name(names[usize::from(it)]));
            }
            self.keep(state)
        })
    }

    fn event(&self, line: Line, at: Timestamp, scope: &Scope) -> Event {
        let sentence = || "so it is".to_owned();
        match line {
            Line::Told(told) => (*self.told.get(told)).clone(),
            Line::Intent { direction, order, by, .. } => {
                let order = (*self.orders.get(order)).clone();
                Event::Intent { direction, order, reason: sentence(), nonce: name(by) }
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
            Line::Ended { plan, end, active, drain, by } => {
                let drain = drain.map(|since| scope.time(since) + scope.policy.drain);
                Event::Ended {
                    plan: plan.into(),
                    nonce: name(by),
                    end,
                    active,
                    sentence: sentence(),
                    drain_until: drain,
                    retry: false,
                }
            }
            Line::Chore { task, by } => chore(task, name(by)),
            Line::Kept { by } => Event::Kept { nonce: name(by) },
        }
    }
}

/// A plan is numbered by its intent; no other number is ever asked for.
fn number_of(line: Line) -> u64 {
    match line {
        Line::Intent { plan, .. } => plan.into(),
        _ => 0,
    }
}

fn chore(task: Chore, nonce: String) -> Event {
    let sentence = String::new();
    match task {
        Chore::Outage => Event::Outage { sentence, nonce },
        Chore::Recovered => Event::Recovered { sentence, nonce },
        Chore::Drained => Event::Drained { nonce },
        Chore::Repaired(role, position) => Event::Repaired { switch: switch(role), position, nonce },
    }
}

/// The chore that brings this about.
pub(crate) fn chore_of(task: &UpkeepTask) -> Option<Chore> {
    match task {
        UpkeepTask::ResumeMonitoring => Some(Chore::Outage),
        UpkeepTask::PauseMonitoring => Some(Chore::Recovered),
        UpkeepTask::CloseStandby => Some(Chore::Drained),
        UpkeepTask::Repair(id, position) => {
            crate::clouds::role(id).map(|role| Chore::Repaired(role, *position))
        }
        UpkeepTask::Later(_) => None,
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
    for plan in &mut state.plans {
        plan.begun_at = Timestamp::UNIX_EPOCH;
        plan.attempts = plan.attempts.min(3);
        plan.claim.iter_mut().for_each(|claim| claim.entry = 0);
    }
    state.upkeep.iter_mut().for_each(|upkeep| upkeep.claim.entry = 0);
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

/// Things kept once each, by number.
#[derive(Debug)]
struct Shelf<T>(RwLock<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    all: Vec<Arc<T>>,
    ids: FxHashMap<String, u32>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(RwLock::new(Kept { all: Vec::new(), ids: FxHashMap::default() }))
    }
}

impl<T: serde::Serialize + Clone> Shelf<T> {
    fn keep(&self, thing: &T) -> u32 {
        let text = serde_json::to_string(thing).unwrap_or_default();
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = kept.ids.get(&text) {
            return *id;
        }
        let id = u32::try_from(kept.all.len()).unwrap_or(u32::MAX);
        kept.all.push(Arc::new(thing.clone()));
        kept.ids.insert(text, id);
        id
    }

    fn get(&self, id: u32) -> Arc<T> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&kept.all[id as usize])
    }
}

/// Answers that were given once and stay the same.
#[derive(Debug)]
pub(crate) struct Memo<K, V>(RwLock<FxHashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash + Copy, V: Clone> Memo<K, V> {
    /// The answer to `key`, found out once.
    pub(crate) fn get_or(&self, key: K, find: impl FnOnce() -> V) -> V {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let found = find();
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(found).clone()
    }
}
