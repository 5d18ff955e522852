//! What announcements are about, and how much they ask of whoever reads them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clouds::Severity;

/// What an announcement is about. Receivers filter by these words: they are added to, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A move begins, or is carried on.
    Started,
    /// A move ended, in one of its four ways.
    Ended,
    /// A move can't go on until somebody mends something.
    Trouble,
    /// A command was refused.
    Refused,
    /// An incident was held back, and is kept.
    Pending,
    /// A pending incident is pending no more.
    Dropped,
    /// A site doesn't answer, and nothing will move by itself.
    Outage,
    /// It answers again.
    Recovered,
    /// A site was found somewhere else than the journal said.
    Adopted,
    /// A switch was found where it shouldn't be.
    Drift,
    /// It was set right.
    Repaired,
    /// The standby was closed after a failback.
    Drained,
    /// Automatic moves are forbidden for a while.
    Held,
    /// They are allowed again.
    Released,
    /// An operator has seen what was stuck.
    Acknowledged,
    /// The standby was tried out.
    Rehearsal,
    /// What would break in an outage was looked for.
    Check,
    /// Another day on the standby.
    StandbyDay,
    /// The primary answers again while visitors are served by the standby.
    PrimaryAnswers,
    /// Somebody tries whether announcements arrive.
    Test,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 20] = [
        Self::Started,
        Self::Ended,
        Self::Trouble,
        Self::Refused,
        Self::Pending,
        Self::Dropped,
        Self::Outage,
        Self::Recovered,
        Self::Adopted,
        Self::Drift,
        Self::Repaired,
        Self::Drained,
        Self::Held,
        Self::Released,
        Self::Acknowledged,
        Self::Rehearsal,
        Self::Check,
        Self::StandbyDay,
        Self::PrimaryAnswers,
        Self::Test,
    ];

    /// The word that receivers see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ended => "ended",
            Self::Trouble => "trouble",
            Self::Refused => "refused",
            Self::Pending => "pending",
            Self::Dropped => "dropped",
            Self::Outage => "outage",
            Self::Recovered => "recovered",
            Self::Adopted => "adopted",
            Self::Drift => "drift",
            Self::Repaired => "repaired",
            Self::Drained => "drained",
            Self::Held => "held",
            Self::Released => "released",
            Self::Acknowledged => "acknowledged",
            Self::Rehearsal => "rehearsal",
            Self::Check => "check",
            Self::StandbyDay => "standby_day",
            Self::PrimaryAnswers => "primary_answers",
            Self::Test => "test",
        }
    }

    /// How much it asks of a reader, unless the announcement says otherwise.
    pub fn severity(self) -> Severity {
        match self {
            Self::Trouble | Self::Outage => Severity::Critical,
            Self::Started
            | Self::Refused
            | Self::Pending
            | Self::Adopted
            | Self::Drift
            | Self::Held
            | Self::StandbyDay
            | Self::PrimaryAnswers => Severity::Warning,
            Self::Ended
            | Self::Dropped
            | Self::Recovered
            | Self::Repaired
            | Self::Drained
            | Self::Released
            | Self::Acknowledged
            | Self::Rehearsal
            | Self::Check
            | Self::Test => Severity::Info,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_written_as_it_is_serialized() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
