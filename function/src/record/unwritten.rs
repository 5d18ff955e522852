//! What executors gave to the record and the store doesn't have yet: for the moment that writing takes, or for as long as
//! the journal is away.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use failover_core::{Event, State};
use jiff::Timestamp;
use tokio::sync::watch;

use super::RecordError;
use crate::{clock::Instant, journal::NEWEST_POSSIBLE};

/// A plan whose intent isn't written has a number that no entry can have.
const FIRST: u64 = NEWEST_POSSIBLE + 1;

/// How far the record is with what one executor gave it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// So many of its entries are in the journal.
    pub(crate) count: u64,
    /// When the newest of them was begun to be written.
    pub(crate) at: Instant,
    /// Whether one may not follow what others wrote: the plan is another's, or has ended.
    pub(crate) refused: bool,
    /// Why the journal can't be written now.
    pub(crate) away: Option<Away>,
}

/// A journal that could not be written.
#[derive(Debug, Clone)]
pub(crate) struct Away {
    /// When the try was begun.
    pub(crate) begun: Instant,
    /// Why, in a sentence.
    pub(crate) why: String,
}

impl Written {
    /// Of an executor that has its claim since `at`.
    pub(crate) fn since(at: Instant) -> Self {
        Self { count: 0, at, refused: false, away: None }
    }

    pub(super) fn told(self) -> Owner {
        Arc::new(watch::Sender::new(self))
    }
}

/// Whose entry it is, and who is told what became of it.
pub(crate) type Owner = Arc<watch::Sender<Written>>;

/// An entry that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) event: Event,
    owner: Owner,
    /// For how many entries of its owner it stands.
    counted: u64,
    at: Timestamp,
    /// An intent's number until it is written.
    plan: Option<u64>,
    /// Whether it was there while the journal was away.
    waited: bool,
}

/// All that there is to write, oldest first.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    queue: VecDeque<Accepted>,
    /// Whether somebody is at it.
    pub(super) is_being_written: bool,
    /// Why the last try failed.
    away: Option<RecordError>,
    /// How many intents were accepted.
    plans: u64,
    /// Under which numbers they were written.
    numbers: BTreeMap<u64, u64>,
}

impl Unwritten {
    /// Accepts an entry. Any entry renews its executor's claim: a claim behind others that wait is renewed by those.
    pub(super) fn accept(&mut self, event: Event, owner: &Owner, counted: u64) {
        let mut ours = self.queue.iter_mut().rev().filter(|one| Arc::ptr_eq(&one.owner, owner));
        match ours.next().filter(|_| matches!(event, Event::Claim { .. })) {
            Some(last) => last.counted += counted,
            None => self.push(event, owner, counted, None),
        }
    }

    /// Accepts a plan's intent, and says which number the plan has until that is written.
    pub(super) fn accept_plan(&mut self, intent: Event) -> u64 {
        let plan = FIRST + self.plans;
        self.plans += 1;
        self.push(intent, &Written::since(Instant::now()).told(), 0, Some(plan));
        plan
    }

    /// Who is told of a plan's intent, while that isn't written.
    pub(super) fn owner_of(&self, plan: u64) -> Option<Owner> {
        self.queue.iter().find(|one| one.plan == Some(plan)).map(|one| Arc::clone(&one.owner))
    }

    fn push(&mut self, event: Event, owner: &Owner, counted: u64, plan: Option<u64>) {
        let (owner, at) = (Arc::clone(owner), Timestamp::now());
        let waited = self.away.is_some();
        self.queue.push_back(Accepted { event, owner, counted, at, plan, waited });
    }

    /// What is to be written next, under the number that its plan has in the journal by now.
    pub(super) fn next(&self) -> Option<Accepted> {
        let next = self.queue.front()?.clone();
        Some(Accepted { event: self.renumbered(next.event), ..next })
    }

    fn renumbered(&self, event: Event) -> Event {
        match event.plan().and_then(|plan| self.numbers.get(&plan)) {
            Some(number) => event.of_plan(*number),
            None => event,
        }
    }

    /// The number that a plan has in the journal; none while its intent isn't there.
    pub(super) fn number_of(&self, plan: u64) -> Option<u64> {
        if plan < FIRST { Some(plan) } else { self.numbers.get(&plan).copied() }
    }

    /// The next one is entry `number` now.
    pub(super) fn wrote(&mut self, number: u64, begun: Instant) {
        self.away = None;
        let Some(written) = self.queue.pop_front() else { return };
        if let Some(plan) = written.plan {
            self.numbers.insert(plan, number);
        }
        written.owner.send_modify(|seen| {
            seen.count += written.counted;
            seen.at = begun;
            seen.away = None;
        });
    }

    /// The next one may not follow what others wrote, and what depends on it won't either.
    pub(super) fn refused(&mut self) {
        if let Some(refused) = self.queue.pop_front() {
            refused.owner.send_modify(|seen| seen.refused = true);
        }
    }

    /// The next one could not be written, nor could those behind it.
    pub(super) fn failed(&mut self, begun: Instant, why: RecordError) {
        let away = Away { begun, why: why.to_string() };
        for waiting in &mut self.queue {
            waiting.waited = true;
            waiting.owner.send_modify(|seen| seen.away = Some(away.clone()));
        }
        self.away = Some(why);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether something of this executor is still to be written.
    pub(super) fn has_some_of(&self, owner: &Owner) -> bool {
        self.queue.iter().any(|one| Arc::ptr_eq(&one.owner, owner))
    }

    /// Whether what the store says is not all that happened: a plan that it doesn't know was begun, or it was away when it
    /// was to be told of more. Not so for the moment that writing takes.
    pub(super) fn goes_first(&self) -> bool {
        self.queue.iter().any(|one| one.waited || one.plan.is_some())
    }

    /// Why the last try to write failed.
    pub(super) fn why_away(&self) -> Option<&RecordError> {
        self.away.as_ref()
    }

    /// The state after `written`, with what isn't there yet; what may not follow is left out.
    pub(super) fn over(&self, written: &State, newest: u64) -> State {
        let mut state = written.clone();
        for (number, one) in (newest + 1..).zip(&self.queue) {
            let event = self.renumbered(one.event.clone());
            if let Ok(next) = state.after(one.plan.unwrap_or(number), one.at, &event) {
                state = next;
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use failover_core::{Asker, Direction, End, Order, Position};

    use super::*;

    fn owner() -> Owner {
        Written::since(Instant::now()).told()
    }

    fn intent() -> Event {
        let at = Timestamp::now();
        let (message, asker, incidents) = ("m".to_owned(), Asker::Operator(None), Vec::new());
        let order = Order { at, message, asker, reason: None, force: true, unfinished: false, incidents };
        let (direction, reason) = (Direction::Failover, "an outage".to_owned());
        Event::Intent { direction, order, reason, nonce: "us".to_owned() }
    }

    fn claim(plan: u64) -> Event {
        Event::Claim { plan, nonce: "us".to_owned() }
    }

    fn ended(plan: u64) -> Event {
        let (end, active, sentence) = (End::Done, Position::Standby, "there".to_owned());
        Event::Ended { plan, nonce: "us".to_owned(), end, active, sentence, drain_until: None, retry: false }
    }

    fn away() -> RecordError {
        RecordError::Silent("shop".parse().expect("a name"))
    }

    #[test]
    fn what_is_not_written_is_known_as_if_it_were() {
        let mut unwritten = Unwritten::default();
        let plan = unwritten.accept_plan(intent());
        let us = unwritten.owner_of(plan).expect("its owner");
        let state = unwritten.over(&State::default(), 7);
        assert_eq!(state.newest().map(|open| open.id), Some(plan));
        assert_eq!(unwritten.number_of(plan), None);
        unwritten.accept(ended(plan), &us, 1);
        let state = unwritten.over(&State::default(), 7);
        assert_eq!((state.active, state.plans.len()), (Position::Standby, 0));
    }

    #[test]
    fn entries_of_a_plan_take_the_number_under_which_its_intent_was_written() {
        let mut unwritten = Unwritten::default();
        let plan = unwritten.accept_plan(intent());
        let us = unwritten.owner_of(plan).expect("its owner");
        unwritten.accept(ended(plan), &us, 1);
        unwritten.wrote(12, Instant::now());
        assert_eq!(unwritten.number_of(plan), Some(12));
        assert_eq!(unwritten.next().and_then(|next| next.event.plan()), Some(12));
        unwritten.wrote(13, Instant::now());
        assert_eq!((us.borrow().count, unwritten.is_empty()), (1, true));
        assert_eq!(unwritten.number_of(12), Some(12));
    }

    #[test]
    fn a_claim_behind_what_waits_is_no_entry_of_its_own() {
        let (mut unwritten, us, others) = (Unwritten::default(), owner(), owner());
        for by in [&us, &others, &us, &us] {
            unwritten.accept(claim(3), by, 1);
        }
        for _ in 0..2 {
            unwritten.wrote(4, Instant::now());
        }
        assert_eq!((us.borrow().count, others.borrow().count, unwritten.is_empty()), (3, 1, true));
    }

    #[test]
    fn everybody_who_waits_is_told_that_the_journal_is_away_and_only_who_was_written_that_it_is_back() {
        let (mut unwritten, us, others) = (Unwritten::default(), owner(), owner());
        unwritten.accept(claim(3), &us, 1);
        unwritten.accept(claim(5), &others, 1);
        assert!(!unwritten.goes_first(), "it is being written at this moment");
        unwritten.failed(Instant::now(), away());
        assert!(unwritten.goes_first() && unwritten.why_away().is_some());
        assert!(us.borrow().away.is_some() && others.borrow().away.is_some());
        unwritten.wrote(9, Instant::now());
        assert!(us.borrow().away.is_none() && others.borrow().away.is_some());
        assert!(unwritten.has_some_of(&others) && !unwritten.has_some_of(&us));
        assert!(unwritten.goes_first(), "what waited for the journal is not all told");
        unwritten.accept(claim(3), &us, 1);
        unwritten.wrote(10, Instant::now());
        assert!(!unwritten.goes_first(), "what came after it is of the moment");
    }

    #[test]
    fn a_plan_that_the_store_does_not_know_goes_first_and_may_be_refused() {
        let mut unwritten = Unwritten::default();
        let plan = unwritten.accept_plan(intent());
        let us = unwritten.owner_of(plan).expect("its owner");
        assert!(unwritten.goes_first());
        unwritten.refused();
        assert!(us.borrow().refused);
        assert_eq!((unwritten.number_of(plan), unwritten.goes_first()), (None, false));
    }
}
