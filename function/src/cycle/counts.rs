//! What reconcile counts from one round to the next.

use failover_core::{Observed, Position, Served, Sighting, State, SwitchId};
use jiff::Timestamp;
use tokio::time::Instant;

use super::desk::Desk;

/// What this process counts from one round to the next; a restart begins again, and so does the site's next turn.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) turn: Option<(Position, Option<Timestamp>)>,
    pub(super) silent: u32,
    pub(super) answered: u32,
    pub(super) well_since: Option<Instant>,
    pub(super) drift: Vec<(SwitchId, String)>,
    pub(super) last_round: Option<Timestamp>,
    pub(super) trouble: Option<String>,
}

impl Counts {
    /// What was counted at one place says nothing of the other.
    pub(super) fn begin_round(&mut self, state: &State) {
        let turn = Some((state.active, state.since));
        if self.turn != turn {
            *self = Self { turn, ..Self::default() };
        }
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

impl Desk {
    pub(super) fn count(&self, public: &Served) {
        let mut counts = self.counts();
        match public {
            Served::By(_) => {
                counts.silent = 0;
                counts.answered = counts.answered.saturating_add(1);
            }
            Served::Silent(_) => {
                counts.answered = 0;
                counts.silent = counts.silent.saturating_add(1);
            }
            // Neither silence nor proof: it neither counts nor resets.
            Served::Unknown(_) => {}
        }
    }

    pub(super) fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
