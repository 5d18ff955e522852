//! Announcements: what people and other systems are told of, beside the work and never in its way.
//!
//! Each goes to the log at once, and to every outlet (the events topic, webhooks) in the background. An outlet that
//! is slow or broken costs a line in the log; no move waits for it and none fails with it.

mod announcer;
mod background;
mod brief;
mod details;
mod event;
mod kind;
mod letter;
mod next;
mod notice;
mod ping;
mod signature;
mod state;
mod topic;
mod trouble;
mod webhook;

use failover_core::{End, SiteName};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::clouds::Severity;

pub use announcer::{Announcer, Outlet};
pub use background::Background;
pub use brief::sentence;
pub use event::{CONTENT_TYPE, SOURCE, TYPE_PREFIX};
pub use kind::Kind;
pub use ping::{Ping, Pinger};
pub use signature::SigningKey;
pub use topic::Topic;
pub use trouble::Told;
pub use webhook::{Webhook, WebhookKind};

/// One thing to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Announcement {
    /// Names this announcement for ever; a receiver that has seen it may drop it.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// How much it asks of whoever reads it.
    pub severity: Severity,
    /// The site, unless it is about all of them.
    pub site: Option<SiteName>,
    /// What happened and why, for a person.
    pub sentence: String,
    /// When it happened.
    pub at: Timestamp,
    /// The incident that led to it.
    pub incident: Option<String>,
    /// The same for machines: positions, steps and their times, findings.
    pub details: Value,
    /// What its words need of its site.
    pub background: Background,
}

impl Announcement {
    /// An announcement with a fresh id and the kind's own severity.
    pub fn new(kind: Kind, site: Option<SiteName>, sentence: impl Into<String>, at: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            kind,
            severity: kind.severity(),
            site,
            sentence: sentence.into(),
            at,
            incident: None,
            details: Value::Null,
            background: Background::default(),
        }
    }

    /// With the incident that led to it.
    pub fn of_incident(self, incident: Option<String>) -> Self {
        Self { incident, ..self }
    }

    /// With what is known of its site.
    pub fn of_site(self, background: Background) -> Self {
        Self { background, ..self }
    }

    /// With details for machines. An `end` among them says how a move ended, and with it how much is asked: one that
    /// is stuck waits for a person, one that was unwound is worth a look.
    pub fn with_details(self, details: Value) -> Self {
        let end = details.get("end").and_then(|end| End::deserialize(end).ok());
        let severity = match end {
            Some(End::Stuck) => Severity::Critical,
            Some(End::Unwound) => Severity::Warning,
            // A look that is due every week wakes nobody.
            None if self.kind == Kind::Started && details["direction"] == "rehearsal" => Severity::Info,
            Some(End::Done | End::Overtaken) | None => self.severity,
        };
        Self { severity, details, ..self }
    }

    /// With another severity than its kind's.
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The site's name, or nothing.
    fn site_name(&self) -> &str {
        self.site.as_ref().map_or("", SiteName::as_str)
    }

    /// Writes the line of the log.
    fn log(&self) {
        let (kind, site, incident) =
            (self.kind.as_str(), self.site_name(), self.incident.as_deref().unwrap_or(""));
        let (id, details, sentence) = (&self.id, &self.details, &self.sentence);
        match self.severity {
            Severity::Info => tracing::info!(kind, site, incident, id, %details, "{sentence}"),
            Severity::Warning => tracing::warn!(kind, site, incident, id, %details, "{sentence}"),
            Severity::Critical => tracing::error!(kind, site, incident, id, %details, "{sentence}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(end: End, severity: Severity) {
        let ended = Announcement::new(Kind::Ended, None, "it ended", Timestamp::UNIX_EPOCH);
        assert_eq!(ended.with_details(json!({ "end": end })).severity, severity, "{end}");
    }

    #[test]
    fn how_a_move_ended_decides_how_much_is_asked() {
        check(End::Done, Severity::Info);
        check(End::Overtaken, Severity::Info);
        check(End::Unwound, Severity::Warning);
        check(End::Stuck, Severity::Critical);
    }

    #[test]
    fn details_without_an_end_change_nothing() {
        let started = Announcement::new(Kind::Started, None, "it begins", Timestamp::UNIX_EPOCH);
        assert_eq!(started.with_details(json!({ "end": "somehow" })).severity, Severity::Warning);
    }
}
