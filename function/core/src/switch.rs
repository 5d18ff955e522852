//! The vocabulary of switches: what one is called, where it points, what was seen of it.
//!
//! Used by decisions and by the shell's providers. It knows no provider and does no I/O.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which of its two places something points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// The place that serves in ordinary times.
    Primary,
    /// The copy that serves during an outage.
    Standby,
}

impl Position {
    /// The other place.
    pub fn opposite(self) -> Self {
        match self {
            Self::Primary => Self::Standby,
            Self::Standby => Self::Primary,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        })
    }
}

/// What a switch was seen to be; "could not look" is never "not there".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Observed {
    /// It points here.
    At(Position),
    /// It is partly at one place and partly at the other; the text says how.
    Mixed(String),
    /// Nobody could look; the text says why.
    Unknown(String),
}

impl Observed {
    /// Whether the switch was seen at `position`, for certain.
    pub fn is_at(&self, position: Position) -> bool {
        *self == Self::At(position)
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(position) => position.fmt(f),
            Self::Mixed(how) => write!(f, "mixed ({how})"),
            Self::Unknown(why) => write!(f, "unknown ({why})"),
        }
    }
}

/// What a switch does for a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Lets the public in at the standby, or keeps it out.
    Gate,
    /// Leads visitors to the primary or to the standby.
    Route,
    /// Watches the primary, or is paused while the standby serves.
    Monitor,
    /// Makes the primary itself run: set before it is asked to answer.
    Power,
}

/// Names one thing in the world that a switch moves: no two switches may have the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SwitchId {
    /// The kind as the configuration spells it, such as `cloud_run_invoker`.
    pub kind: String,
    /// The provider's name of the thing, such as `projects/p/locations/l/services/s`.
    pub resource: String,
}

impl SwitchId {
    /// Names `resource`, moved by a switch of this `kind`.
    pub fn new(kind: &str, resource: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), resource: resource.into() }
    }
}

impl fmt::Display for SwitchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.resource)
    }
}
