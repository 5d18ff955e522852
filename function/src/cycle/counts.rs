//! What reconcile counts from one round to the next.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use failover_core::{Observed, Position, Served, Sighting, State, SwitchId};
use jiff::Timestamp;
use tokio::time::Instant;

use super::reconcile::Around;
use crate::site::Guarded;

/// Looks by which it is told whether a standby answers everybody.
const LATELY: usize = 10;

/// So many misses among them are no accident: own choice, one may be a deploy.
const MISSES: usize = 2;

/// Maintenance that is refused for good is tried every so many rounds at last: own choice, what is granted meanwhile is used
/// within ten minutes, and a month of refusals doesn't fill the journal.
const TRIED_EVERY: u32 = 10;

/// What this process counts from one round to the next; a restart begins again, and so does a move.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Where the site was when it was counted, and since when.
    place: Option<(Position, Option<Timestamp>)>,
    pub(super) silent: u32,
    pub(super) answered: u32,
    /// When the last look that counted was begun.
    counted_at: Option<Instant>,
    /// Whether the site was seen answered, at whichever place.
    pub(super) was_answered: bool,
    /// Whether the last looks that counted were answered, oldest first.
    lately: VecDeque<bool>,
    pub(super) is_flickering: bool,
    pub(super) well_since: Option<Instant>,
    /// Whether the primary answered when it was asked last, on the standby.
    pub(super) primary_answers: Option<bool>,
    pub(super) drift: Vec<(SwitchId, String)>,
    pub(super) last_round: Option<Timestamp>,
    refused: Option<Refused>,
}

/// A plan of maintenance that could not be done.
#[derive(Debug)]
struct Refused {
    plan: u64,
    /// How often in a row.
    times: u32,
    /// How many rounds it is left alone still.
    rests: u32,
}

/// The counts of one site, for all who count or ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters(Arc<Mutex<Counts>>);

impl Counts {
    /// What was counted at one place says nothing of the other.
    pub(super) fn begin_round(&mut self, state: &State) {
        let place = Some((state.active, state.since));
        if self.place != place {
            *self = Self { place, was_answered: self.was_answered, ..Self::default() };
        }
    }

    /// Whether a look begun at `at` is one of its own: closer together than half of a round they count as one.
    fn is_another(&mut self, at: Instant, every: Duration) -> bool {
        let another = self.counted_at.is_none_or(|before| at.saturating_duration_since(before) >= every / 2);
        if another {
            self.counted_at = Some(at);
        }
        another
    }

    fn count(&mut self, seen: Seen, counts: bool) {
        match seen {
            Seen::Answered => {
                self.was_answered = true;
                self.silent = 0;
                self.answered = self.answered.saturating_add(u32::from(counts));
            }
            Seen::Silent => {
                self.answered = 0;
                self.silent = self.silent.saturating_add(u32::from(counts));
            }
            Seen::Neither => return,
        }
        if counts {
            self.lately.push_back(seen == Seen::Answered);
            let surplus = self.lately.len().saturating_sub(LATELY);
            self.lately.drain(..surplus);
        }
    }

    /// This plan of maintenance could not be done: it rests for no round, then 1, 3, 7, and 9 from then on.
    pub(super) fn was_refused(&mut self, plan: u64) {
        let before =
            self.refused.as_ref().filter(|refused| refused.plan == plan).map_or(0, |refused| refused.times);
        let rests = 2_u32.saturating_pow(before).min(TRIED_EVERY) - 1;
        self.refused = Some(Refused { plan, times: before + 1, rests });
    }

    /// Whether this plan of maintenance is left alone for this round, and for how many more.
    pub(super) fn rests(&mut self, plan: u64) -> Option<u32> {
        let resting = self.refused.as_mut().filter(|refused| refused.plan == plan && refused.rests > 0)?;
        resting.rests -= 1;
        Some(resting.rests)
    }

    /// How many of how many looks were missed, where some were answered and it is no accident.
    pub(super) fn flicker(&self) -> Option<(usize, usize)> {
        let misses = self.lately.iter().filter(|answered| !**answered).count();
        (misses >= MISSES && misses < self.lately.len()).then_some((misses, self.lately.len()))
    }

    /// What strayed, where that is news. A switch that couldn't be looked at is where it was seen last.
    pub(super) fn strays(&mut self, off: &[(&Sighting, Position)], seen: &[Sighting]) -> Option<String> {
        let said = |(s, to): &(&Sighting, Position)| {
            (s.switch.clone(), format!("{} is at {} and belongs at {to}", s.switch, s.observed))
        };
        let said: Vec<(SwitchId, String)> = off.iter().map(said).collect();
        let unseen = |switch: &SwitchId| {
            seen.iter().any(|s| s.switch == *switch && matches!(s.observed, Observed::Unknown(_)))
        };
        let is_news = said.iter().any(|stray| !self.drift.contains(stray));
        self.drift.retain(|(switch, _)| unseen(switch));
        self.drift.extend(said.iter().cloned());
        let sentences: Vec<String> = said.into_iter().map(|(_, sentence)| sentence).collect();
        is_news.then(|| sentences.join("; "))
    }
}

/// What a look says about an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Answered,
    Silent,
    Neither,
}

/// On the primary nobody else may have raised an alarm: there the public URL's silence counts only where the primary's
/// own URL is silent too, or there is none. On the standby it alone tells whether visitors are served.
fn seen(around: &Around, active: Position, has_primary_url: bool) -> Seen {
    match &around.public {
        Served::By(_) => Seen::Answered,
        Served::Silent(_)
            if active == Position::Standby || !has_primary_url || around.primary.is_silent() =>
        {
            Seen::Silent
        }
        // Neither silence nor proof: it neither counts nor resets.
        _ => Seen::Neither,
    }
}

impl Counters {
    /// Counts what was seen around; `is_a_look` is false for a message that was delivered before.
    pub(super) fn count(&self, around: &Around, is_a_look: bool, site: &Guarded, every: Duration) {
        let state = &around.head.state;
        let seen = seen(around, state.active, site.policy.has_primary_url);
        let mut counts = self.now();
        let known = counts.was_answered || state.was_answered();
        let judged = seen == Seen::Answered || (seen == Seen::Silent && known);
        let another = judged && is_a_look && counts.is_another(around.begun, every);
        if judged {
            counts.count(seen, another);
        }
    }

    /// What was counted so far.
    pub(super) fn now(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
