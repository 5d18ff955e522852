//! What the page is made of: a site as its journal, its switches and the last check showed it.

use failover_core::{Entry, Policy, Sighting, SiteName, State};
use jiff::Timestamp;
use serde::Serialize;

use super::Asked;
use crate::clouds::Severity;

/// All that is known of a site at one moment. What could not be read is absent, and `troubles` says why.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// Its name.
    pub name: SiteName,
    /// What visitors type, where there are any.
    pub public_url: Option<String>,
    /// Where the standby answers.
    pub standby_url: Option<String>,
    /// Where the primary answers past the redirect.
    pub primary_url: Option<String>,
    /// What its owner decided about its moves.
    pub policy: Policy,
    /// The topic on which commands are published, `projects/P/topics/T`.
    pub commands_topic: String,
    /// Where the site is, as the journal says.
    pub state: Option<State>,
    /// The newest entries of the journal, oldest first.
    pub entries: Vec<Entry>,
    /// The switches as they were seen last.
    pub switches: Vec<Glimpse>,
    /// Who answered, as just asked; none if nobody was.
    pub asked: Option<Asked>,
    /// What the last check found.
    pub findings: Vec<Finding>,
    /// When it found that.
    pub checked_at: Option<Timestamp>,
    /// What could not be read, and why, for an operator.
    pub troubles: Vec<String>,
}

/// A switch as it was seen at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// What was seen.
    pub sighting: Sighting,
    /// When.
    pub at: Timestamp,
}

/// Something that would break in an outage, as a check found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub sentence: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

impl From<&failover_core::Finding> for Finding {
    fn from(found: &failover_core::Finding) -> Self {
        Self {
            severity: if found.critical { Severity::Critical } else { Severity::Warning },
            sentence: found.sentence.clone(),
            mend: Some(found.mend.clone()),
        }
    }
}
