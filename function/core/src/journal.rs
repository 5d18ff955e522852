//! Journal entries: what happened, in the order in which it happened, and the state that it led to.
//!
//! An entry is written once and never changed. It carries the state after it, so that a decision needs only the
//! newest one, however long the history. Formats here are read by later versions: new fields are optional. They are read
//! by the release before as well: it carries events, fields of the state and tasks that it doesn't know as they came, and
//! writes them back. Everything else needs a new version.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use crate::{Order, PendingIncident, Position, SiteName, State, SwitchId};

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
}

impl Direction {
    /// Where the site is when such a plan is `Done`.
    pub fn leads_to(self) -> Position {
        match self {
            Self::Failover => Position::Standby,
            Self::Failback | Self::Rehearsal => Position::Primary,
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Failover => "failover",
            Self::Failback => "failback",
            Self::Rehearsal => "rehearsal",
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

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A plan begins; its writer holds its first claim.
    Intent {
        /// Which way it goes.
        direction: Direction,
        /// What was asked for.
        order: Order,
        /// Why it was decided so.
        reason: String,
        /// Its executor.
        nonce: String,
    },
    /// An executor says that it still works on the plan, or takes it over.
    Claim {
        /// The plan's id: the number of its intent.
        plan: u64,
        /// Its executor.
        nonce: String,
    },
    /// A step was finished.
    Step {
        /// The plan's id.
        plan: u64,
        /// Its executor.
        nonce: String,
        /// What was done.
        record: StepRecord,
    },
    /// The executor gave up for now and lets its claim go; the next delivery or reconcile carries the plan on.
    AttemptEnded {
        /// The plan's id.
        plan: u64,
        /// Its executor.
        nonce: String,
        /// What to mend; `None` when it only stopped (shutting down, say).
        trouble: Option<String>,
        /// What it is the matter with, whatever words the provider found this time: operation, switch and kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    /// A plan ended.
    Ended {
        /// The plan's id.
        plan: u64,
        /// Its executor; for one that was overtaken, also the executor of the newer plan. Unknown in early entries.
        #[serde(default)]
        nonce: String,
        /// How.
        end: End,
        /// Where visitors are served now.
        active: Position,
        /// Why, for an operator.
        sentence: String,
        /// A failback's standby may be closed no sooner than this; `None` when it is closed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drain_until: Option<Timestamp>,
        /// `Stuck` with nobody led away and nothing left to undo: another try is no risk, and needs no person.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retry: bool,
    },
    /// An incident was held back and is kept.
    Pending {
        /// Which.
        incident: PendingIncident,
        /// Why it was held back.
        reason: String,
    },
    /// A pending incident is pending no more.
    Dropped {
        /// Its id.
        incident: String,
        /// Why.
        reason: String,
    },
    /// A command was refused, for good.
    Refused {
        /// The message's id.
        message: String,
        /// The command's word.
        command: String,
        /// Who said they were asking.
        by: Option<String>,
        /// Why it was refused.
        reason: String,
    },
    /// An operator's failover or failback found the site there already, or on its way: nothing new is begun, and
    /// no order that is older is carried out any more.
    Confirmed {
        /// The open plan that it joined; none where the site is there already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<u64>,
        /// Its order time.
        ordered: Timestamp,
        /// The message's id.
        message: String,
        /// The command's word.
        command: String,
        /// Who said they were asking.
        by: Option<String>,
        /// Why nothing new was begun.
        reason: String,
    },
    /// An operator forbids automatic moves for a while.
    Held {
        /// The hold.
        hold: Hold,
        /// The message's id.
        message: String,
    },
    /// An operator allows automatic moves again.
    Released {
        /// Who said they were asking.
        by: Option<String>,
        /// The message's id.
        message: String,
        /// Its order time; unknown in early entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ordered: Option<Timestamp>,
    },
    /// An operator has seen what is stuck, and lifts cooldown and budget.
    Acknowledged {
        /// Who said they were asking.
        by: Option<String>,
        /// The message's id.
        message: String,
        /// Its order time, by which it counts: a clock that runs ahead here would have it lift what is still to come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ordered: Option<Timestamp>,
    },
    /// The route was observed elsewhere than the journal said, with no plan open: the observation wins.
    Adopted {
        /// Where visitors are served.
        position: Position,
        /// What was seen.
        sentence: String,
    },
    /// Visitors are not served while the site is on its standby; monitoring is resumed until they are.
    Outage {
        /// What was seen.
        sentence: String,
        /// Who acts on it.
        nonce: String,
    },
    /// Visitors are served again; monitoring is paused again.
    Recovered {
        /// What was seen.
        sentence: String,
        /// Who acts on it.
        nonce: String,
    },
    /// Cached redirects have run out: the standby is closed.
    Drained {
        /// Who acts on it.
        nonce: String,
    },
    /// A cloud write outside any plan was seen to its end.
    Kept {
        /// Who made it.
        nonce: String,
    },
    /// A check found something else than the one before it, or the one before it was a day ago.
    Checked {
        /// As whom it looked.
        looked_as: String,
        /// What would break in an outage, worst first; nothing when all of it is mended.
        findings: Vec<Finding>,
        /// How much it could look at; early entries don't tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extent: Option<Extent>,
        /// Whom it had heard of last when it looked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        heard: Vec<Heard>,
    },
    /// A switch had moved by itself and is set again.
    Repaired {
        /// Which switch.
        switch: SwitchId,
        /// Where it is set.
        position: Position,
        /// Who acts on it.
        nonce: String,
    },
    /// Something that only a later release knows, as it came. What it led to is in the entry's state.
    #[serde(skip)]
    Later(Value),
}

impl Event {
    /// The plan that it is about; an intent's is its own number.
    pub fn plan(&self) -> Option<u64> {
        match self {
            Self::Claim { plan, .. }
            | Self::Step { plan, .. }
            | Self::AttemptEnded { plan, .. }
            | Self::Ended { plan, .. } => Some(*plan),
            _ => None,
        }
    }

    /// The same about the plan that has this number.
    #[must_use]
    pub fn of_plan(mut self, number: u64) -> Self {
        if let Self::Claim { plan, .. }
        | Self::Step { plan, .. }
        | Self::AttemptEnded { plan, .. }
        | Self::Ended { plan, .. } = &mut self
        {
            *plan = number;
        }
        self
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Later(event) => event.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        let is_known = event["type"].as_str().is_none_or(|word| KNOWN_EVENTS.contains(&word));
        if is_known { Self::deserialize(event).map_err(D::Error::custom) } else { Ok(Self::Later(event)) }
    }
}

/// The words for events that this release knows.
const KNOWN_EVENTS: [&str; 19] = [
    "intent",
    "claim",
    "step",
    "attempt_ended",
    "ended",
    "pending",
    "dropped",
    "refused",
    "confirmed",
    "held",
    "released",
    "acknowledged",
    "adopted",
    "outage",
    "recovered",
    "drained",
    "kept",
    "checked",
    "repaired",
];

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
