//! Journal entries: what happened, in the order in which it happened, and the state that it led to.
//!
//! An entry is written once and never changed. It carries the state after it, so that a decision needs only the
//! newest one, however long the history. Formats here are read by later versions: new fields are optional. They are read
//! by the release before as well: it carries events, fields of the state and tasks that it doesn't know as they came, and
//! writes them back. Everything else needs a new version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Position, SiteName, State};

mod event;

pub use event::Event;

/// The version of the entry format that this code writes.
pub const ENTRY_VERSION: u32 = 1;

/// Which way a plan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the primary to the standby.
    Failover,
    /// From the standby back to the primary.
    Failback,
    /// Nowhere: the standby is opened, asked and closed again.
    Rehearsal,
    /// Nowhere: a switch is set where it belongs.
    Maintenance,
}

impl Direction {
    /// Where the site is when such a plan is `Done`. Maintenance leads nowhere: its plan leaves the site where it is.
    pub fn leads_to(self) -> Position {
        match self {
            Self::Failover => Position::Standby,
            Self::Failback | Self::Rehearsal | Self::Maintenance => Position::Primary,
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Failover => "failover",
            Self::Failback => "failback",
            Self::Rehearsal => "rehearsal",
            Self::Maintenance => "maintenance",
        })
    }
}

/// One thing that a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Let the public in at the standby.
    Open,
    /// The standby has answered at its own URL.
    Answer,
    /// Lead visitors to where the plan goes.
    Route,
    /// A visitor's request was served from where the plan goes.
    Verify,
    /// Pause monitoring.
    Pause,
    /// Keep the public out of the standby.
    Close,
    /// Resume monitoring.
    Resume,
    /// Lead visitors back to where they came from: the undo of `Route`.
    Unroute,
    /// Make the primary run.
    Power,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Answer => "answer",
            Self::Route => "route",
            Self::Verify => "verify",
            Self::Pause => "pause",
            Self::Close => "close",
            Self::Resume => "resume",
            Self::Unroute => "unroute",
            Self::Power => "power",
        })
    }
}

/// How a plan ended. Four words, no fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum End {
    /// It led where it should.
    Done,
    /// What it did was undone.
    Unwound,
    /// A newer order took its place.
    Overtaken,
    /// It can't go on without a person.
    Stuck,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// What an executor did, as one step of its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Which step.
    pub step: Step,
    /// When it was finished.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What an operator may want to know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `verify`: how long the redirect may live in a visitor's cache, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_lives_s: Option<u64>,
}

/// Something that would break in an outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether something would not work at all, rather than worse than it could.
    pub critical: bool,
    /// What is wrong, in one sentence.
    pub sentence: String,
    /// The command that mends it.
    pub mend: String,
}

/// How much a check could look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// So many things were looked at.
    pub looked_at: usize,
    /// So many there are.
    pub things: usize,
}

/// A sign of life of somebody who works unseen on calm days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Who: a watcher by its name, or `reconcile`.
    pub who: String,
    /// When it was heard of last.
    pub at: Timestamp,
}

/// An operator's word that nothing moves by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who said they were asking.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// One immutable line of a site's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The format's version.
    pub v: u32,
    /// Whose journal this is.
    pub site: SiteName,
    /// Its number: the first entry is 1, and there are no gaps.
    pub number: u64,
    /// When it was written, by its writer's clock.
    pub at: Timestamp,
    /// A word that no other write has: how a writer recognises its own entry after a lost answer.
    pub writer: String,
    /// What happened.
    pub event: Event,
    /// The state that it led to.
    pub state: State,
}

/// Why an entry can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEntry {
    /// It is no entry at all.
    #[error("it is not an entry ({0})")]
    Malformed(#[from] serde_json::Error),
    /// A later version wrote it.
    #[error(
        "it has version {0}, which a later release wrote, and this one reads versions up to {ENTRY_VERSION}; deploy that \
         release again"
    )]
    Newer(u32),
    /// It lies in another's place.
    #[error("it is entry {number} of site {site}")]
    Misplaced {
        /// The site it names.
        site: SiteName,
        /// The number it has.
        number: u64,
    },
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

impl Entry {
    /// Reads entry `number` of `site`.
    ///
    /// # Errors
    /// When it is malformed, of a later version, or not the entry that belongs there.
    pub fn read(bytes: &[u8], site: &SiteName, number: u64) -> Result<Self, UnreadableEntry> {
        let Versioned { v } = serde_json::from_slice(bytes)?;
        if v > ENTRY_VERSION {
            return Err(UnreadableEntry::Newer(v));
        }
        let entry: Self = serde_json::from_slice(bytes)?;
        if entry.site != *site || entry.number != number {
            return Err(UnreadableEntry::Misplaced { site: entry.site, number: entry.number });
        }
        Ok(entry)
    }

    /// The entry as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
