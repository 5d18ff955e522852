//! Evidence: what shows on a calm day that the next outage would be answered.

use failover_core::{Direction, End, Extent, Heard, State, Step};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Move,
    facts::SiteFacts,
    uptime::{Uptime, uptime},
    words::milliseconds,
};

/// What is known of the standby's readiness without an outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The last check that the journal tells of.
    pub checked: Option<Checked>,
    /// The last rehearsal that ended.
    pub rehearsed: Option<Rehearsed>,
    /// When the certificate that visitors are shown ends.
    pub certificate: Option<Timestamp>,
    /// Whom the last check had heard of: reconcile, and the watchers.
    pub heard: Vec<Heard>,
    /// What the journal tells of the last 90 days.
    pub uptime: Option<Uptime>,
}

/// A check, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// How many things it found that would break.
    pub found: usize,
    /// How much it could look at; unknown of early entries.
    pub extent: Option<Extent>,
}

/// A rehearsal, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsed {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub end: End,
    /// From the order until the standby was open and had answered, where the journal still tells.
    pub opened_ms: Option<u64>,
    /// What came of it.
    pub sentence: String,
}

/// What `facts` show, and these moves, newest first.
pub(super) fn evidence(facts: &SiteFacts, moves: &[Move], now: Timestamp) -> Evidence {
    let state = facts.state.as_ref();
    let checkup = state.and_then(|state| state.checked.as_ref());
    Evidence {
        checked: facts.checked_at.map(|at| Checked {
            at,
            found: facts.findings.len(),
            extent: checkup.and_then(|checkup| checkup.extent),
        }),
        rehearsed: rehearsed(moves).or_else(|| state.and_then(remembered)),
        certificate: facts.asked.as_ref().and_then(|asked| asked.certificate),
        heard: checkup.map_or_else(Vec::new, |checkup| checkup.heard.clone()),
        uptime: uptime(&facts.entries, now),
    }
}

fn rehearsed(moves: &[Move]) -> Option<Rehearsed> {
    moves.iter().filter(|made| made.direction == Direction::Rehearsal).find_map(|made| {
        let at_step = |step| made.steps.iter().find(|part| part.step == step).map(|part| part.at);
        let opened =
            at_step(Step::Open).max(at_step(Step::Answer)).filter(|_| at_step(Step::Answer).is_some());
        Some(Rehearsed {
            at: made.ended_at?,
            end: made.end?,
            opened_ms: opened.map(|at| milliseconds(made.begun_at, at)),
            sentence: made.outcome.clone().unwrap_or_default(),
        })
    })
}

/// The last rehearsal that the newest state still knows of, where its own entries are no longer at hand.
fn remembered(state: &State) -> Option<Rehearsed> {
    let ended = state.ends.iter().rev().find(|ended| ended.direction == Direction::Rehearsal)?;
    let (at, end, sentence) = (ended.at, ended.end, ended.sentence.clone());
    Some(Rehearsed { at, end, opened_ms: None, sentence })
}
