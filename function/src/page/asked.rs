//! Asked: who answers where, asked while somebody looks. A position says what was set; only an answer says who serves.

use failover_core::{Position, Served};
use jiff::Timestamp;
use serde::Serialize;

use super::{Move, Serving, facts::SiteFacts};

/// Who answered, as just asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Who answered a visitor of the public URL.
    pub public: Served,
    /// Who answered at the primary's own URL, past whatever leads visitors away; none where there is no such URL.
    pub primary: Option<Served>,
    /// When they were asked.
    pub at: Timestamp,
    /// When the certificate that a visitor is shown ends, where one was shown.
    pub certificate: Option<Timestamp>,
}

impl Asked {
    /// Whether the primary was seen to answer past whatever leads visitors.
    pub fn primary_answers(&self) -> bool {
        self.primary.as_ref().is_some_and(|served| served.is_by(Position::Primary))
    }

    /// Why nobody could tell whether a visitor is answered.
    pub fn unjudged(&self) -> Option<&str> {
        match &self.public {
            Served::Unknown(why) => Some(why),
            Served::By(_) | Served::Silent(_) => None,
        }
    }
}

/// Visitors get no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dark {
    /// Since when, as far as anybody has told; none where this look is the first to see it.
    pub since: Option<Timestamp>,
    /// What was met instead of an answer.
    pub why: String,
}

/// Whether visitors are without an answer: what was just asked counts more than what was reported.
pub(super) fn dark(facts: &SiteFacts, serving: &Serving, open: Option<&Move>) -> Option<Dark> {
    let since = since(facts, serving, open);
    match facts.asked.as_ref().map(|asked| &asked.public) {
        Some(Served::By(_)) => None,
        Some(Served::Silent(why)) => Some(Dark { since, why: why.clone() }),
        // Nobody could tell: what the journal says stands.
        _ => serving.outage_since.map(|_| Dark { since, why: serving.why.clone() }),
    }
}

/// The earliest that anybody says of the outage that lasts.
fn since(facts: &SiteFacts, serving: &Serving, open: Option<&Move>) -> Option<Timestamp> {
    let pending = facts.state.iter().flat_map(|state| &state.pending).map(|pending| pending.started_at);
    let moving = open.filter(|open| open.is_for_an_outage()).map(|open| open.started_at);
    pending.chain(moving).chain(serving.outage_since).min()
}
