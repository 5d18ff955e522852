//! What happened: everything that an entry may tell, and how it is carried where a later release wrote it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use super::{Direction, End, Extent, Finding, Heard, Hold, StepRecord};
use crate::{Order, PendingIncident, Position, SwitchId, UpkeepTask};

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
    /// A switch is to be set where it belongs, while nothing moves; the writer of this holds the plan's first claim.
    Maintenance {
        /// What is to be so.
        task: UpkeepTask,
        /// On behalf of which message.
        order: Order,
        /// Why it is due.
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
    /// Visitors are not served while the site is on its standby; monitoring is resumed until they are. This and the
    /// other writes outside any plan are of earlier releases: now they are plans of maintenance.
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
        /// Whether visitors had been seen to be answered: silence says that something ended only after it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        answered: bool,
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
    /// A plan's end for the sake of a newer order: `nonce` is who ends it, and visitors stay where they are.
    pub fn overtaken(plan: u64, nonce: String, active: Position, sentence: String) -> Self {
        let (end, drain_until, retry) = (End::Overtaken, None, false);
        Self::Ended { plan, nonce, end, active, sentence, drain_until, retry }
    }

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
const KNOWN_EVENTS: [&str; 20] = [
    "intent",
    "maintenance",
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
