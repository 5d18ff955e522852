//! How many calls this process makes at Cloudflare, and whose turn it is.
//!
//! Cloudflare allows a user 1,200 calls in five minutes, over all tokens, and 200 a second from one address; whoever
//! makes one more is refused everything for five minutes (its page "Rate limits", read 2026-11-20). So a process keeps
//! below that and leaves the rest to others. What moves a site goes first, in the order in which the sites are
//! configured; glances are given a small share and never wait.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// The time over which Cloudflare counts.
const WINDOW: Duration = Duration::from_mins(5);
/// Calls in a window: a hundred less than Cloudflare allows, for others who use the same account.
const CALLS: usize = 1_100;
/// Glances in a window, of those: a thousand sites can be moved at once after any number of them.
const GLANCES: usize = 100;
/// Calls in a second: half of what Cloudflare allows one address.
const PER_SECOND: usize = 100;
/// A turn is good for this long: what was made sure of before a write is as old by then (promise 1).
const TURN_HOLDS: Duration = Duration::from_secs(5);
/// A wish to be left alone is heeded for so long: longer than that visitors don't wait for a try.
const WISH_AT_MOST: Duration = Duration::from_mins(1);
/// After a refusal the first call is waited for so long, its turn and a slow answer included: own choice.
const TRYING_TAKES: Duration = Duration::from_secs(15);

/// Why a call is made: what comes first here goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// It moves a site.
    Write,
    /// Somebody waits for it.
    Read,
    /// It may as well be made later: where calls are scarce it is refused rather than waited for.
    Glance,
}

impl Purpose {
    /// How many calls of a window may be of this purpose: half of them may be reads, so that writes aren't kept
    /// waiting by any number of them.
    fn share(self) -> usize {
        match self {
            Self::Write => CALLS,
            Self::Read => CALLS / 2,
            Self::Glance => GLANCES,
        }
    }
}

/// Whose turn is whose: by purpose, then in the order of the configuration, then as they came.
type Turn = (Purpose, u32, u64);

/// The calls of one process.
#[derive(Debug)]
pub(crate) struct Budget {
    /// How long nobody asks after a refusal for too many calls, by how many came in a row.
    pauses: [Duration; 5],
    state: Mutex<CallsMade>,
}

#[derive(Debug, Default)]
struct CallsMade {
    /// When calls were made in this window, and why.
    made: VecDeque<(Instant, Purpose)>,
    waiting: BTreeMap<Turn, Arc<Notify>>,
    arrived: u64,
    /// Refusals in a row, and when the pause after the last one is over.
    refused: usize,
    shut_until: Option<Instant>,
    /// After a refusal one call goes ahead, and the others wait for what it is told.
    trying_until: Option<Instant>,
}

/// What stands in a call's way.
#[derive(Debug)]
enum Obstacle {
    /// Nothing changes before then, unless somebody is told something.
    Until(Instant),
    /// Others go first; whoever goes wakes the next.
    Others,
}

impl Budget {
    pub(crate) fn new(pauses: [Duration; 5]) -> Self {
        Self { pauses, state: Mutex::default() }
    }

    /// Waits for one's turn; the call counts as made from then on, and what it was told is told to the grant.
    ///
    /// # Cancellation
    /// Whoever stops waiting makes room for the next.
    pub(crate) async fn turn(self: &Arc<Self>, purpose: Purpose, rank: u32) -> Grant {
        let place = self.queue(purpose, rank);
        loop {
            let went = self.state().go(place.turn, Instant::now());
            match went {
                Ok(()) => return self.grant(),
                Err(Obstacle::Others) => place.woken.notified().await,
                Err(Obstacle::Until(then)) => {
                    let _ = tokio::time::timeout_at(then, place.woken.notified()).await;
                }
            }
        }
    }

    /// Leave for a call that may as well be made later.
    ///
    /// # Errors
    /// Where calls are scarce: after how long another try makes sense.
    pub(crate) fn glance(self: &Arc<Self>) -> Result<Grant, Duration> {
        self.state().glance(Instant::now())?;
        Ok(self.grant())
    }

    fn grant(self: &Arc<Self>) -> Grant {
        Grant { budget: Arc::clone(self), since: Instant::now() }
    }

    fn queue(&self, purpose: Purpose, rank: u32) -> Place<'_> {
        let mut state = self.state();
        state.arrived += 1;
        let (turn, woken) = ((purpose, rank, state.arrived), Arc::new(Notify::new()));
        state.waiting.insert(turn, Arc::clone(&woken));
        Place { budget: self, turn, woken }
    }

    fn state(&self) -> MutexGuard<'_, CallsMade> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallsMade {
    /// Makes the call, if it is its turn.
    fn go(&mut self, turn: Turn, now: Instant) -> Result<(), Obstacle> {
        if self.waiting.first_key_value().is_none_or(|(first, _)| *first != turn) {
            return Err(Obstacle::Others);
        }
        if let Some(then) = self.full_until(turn.0, now) {
            return Err(Obstacle::Until(then));
        }
        self.make(now, turn.0);
        Ok(())
    }

    fn glance(&mut self, now: Instant) -> Result<(), Duration> {
        let full_until = self.full_until(Purpose::Glance, now);
        let crowded_until = (!self.waiting.is_empty()).then(|| now + Duration::from_secs(1));
        if let Some(then) = [full_until, crowded_until].into_iter().flatten().max() {
            return Err(then - now);
        }
        self.make(now, Purpose::Glance);
        Ok(())
    }

    fn make(&mut self, now: Instant, purpose: Purpose) {
        self.made.push_back((now, purpose));
        self.trying_until = (self.refused > 0).then(|| now + TRYING_TAKES);
    }

    /// When there is room for another call of this purpose; `None` is now.
    fn full_until(&mut self, purpose: Purpose, now: Instant) -> Option<Instant> {
        while self.made.front().is_some_and(|made| now.duration_since(made.0) >= WINDOW) {
            self.made.pop_front();
        }
        let nth_newest = |n: usize| self.made.len().checked_sub(n).map(|place| self.made[place].0);
        let window = nth_newest(CALLS).map(|made| made + WINDOW);
        let second = nth_newest(PER_SECOND).map(|made| made + Duration::from_secs(1));
        let mut alike = self.made.iter().rev().filter(|made| made.1 == purpose);
        let share = alike.nth(purpose.share() - 1).map(|made| made.0 + WINDOW);
        let waits = [window, second, share, self.shut_until, self.trying_until];
        waits.into_iter().flatten().max().filter(|then| *then > now)
    }

    /// After a refusal for too many calls nobody asks for a while, longer each time in a row.
    fn learn(&mut self, asked: Instant, heard: Heard, pauses: &[Duration; 5]) {
        // What was asked before the last refusal's pause was over tells nothing new.
        if self.shut_until.is_some_and(|then| asked < then) {
            return;
        }
        self.trying_until = None;
        if let Heard::TooMany(wish) = heard {
            let pause = wish.map(|wish| wish.min(WISH_AT_MOST));
            let pause = pause.unwrap_or(pauses[self.refused.min(pauses.len() - 1)]);
            self.shut_until = Some(Instant::now() + pause);
            self.refused += 1;
        } else {
            self.refused = 0;
        }
        self.wake();
    }

    fn wake(&self) {
        if let Some((_, woken)) = self.waiting.first_key_value() {
            woken.notify_one();
        }
    }
}

/// What a call was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// That there were too many, maybe with a wish for how long to wait.
    TooMany(Option<Duration>),
    /// Anything else, or nothing.
    AnythingElse,
}

/// Leave to make one call.
#[derive(Debug)]
pub(crate) struct Grant {
    budget: Arc<Budget>,
    since: Instant,
}

impl Grant {
    /// Whether a call may be made on it still.
    pub(crate) fn is_good(&self) -> bool {
        let shut_since = self.budget.state().shut_until.is_some_and(|then| self.since < then);
        !shut_since && self.since.elapsed() < TURN_HOLDS
    }

    /// What the call was told: a refusal for too many calls, maybe with a wish for how long, or anything else.
    pub(crate) fn answered(self, heard: Heard) {
        self.budget.state().learn(self.since, heard, &self.budget.pauses);
    }
}

/// A place in the queue; given up, the next one is woken.
struct Place<'a> {
    budget: &'a Budget,
    turn: Turn,
    woken: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.waiting.remove(&self.turn);
        state.wake();
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
