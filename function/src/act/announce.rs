//! What an executor announces: that it begins, what is in its way, and how it ended.

use std::sync::Arc;

use failover_core::{Direction, End, Position};
use jiff::Timestamp;
use serde_json::json;

use super::{done::Done, permit::Permit};
use crate::{
    announce::{Announcement, Kind},
    clouds::Severity,
    site::Guarded,
};

/// Who tells people of one plan.
#[derive(Debug)]
pub(super) struct Teller {
    pub(super) site: Arc<Guarded>,
    pub(super) permit: Arc<Permit>,
    pub(super) direction: Direction,
    /// The incident it answers.
    pub(super) incident: Option<String>,
}

impl Teller {
    pub(super) fn start(&self, done: &Done) {
        let (direction, site) = (self.direction, &self.site.name);
        let begins = if done.resumed { "is carried on" } else { "begins" };
        let sentence = format!("the {direction} of {site} {begins}: {}", done.reason);
        if done.trouble.is_some() {
            // It was told that it doesn't get on; that it is tried again every minute is no news.
            tracing::info!(site = %site, "{sentence}");
            return;
        }
        self.tell(Kind::Started, &sentence, json!({ "resumed": done.resumed }));
    }

    pub(super) fn end(&self, end: End, active: Position, sentence: &str, done: &Done) {
        let (direction, site) = (self.direction, &self.site.name);
        let plan = self.permit.plan();
        let details = json!({
            "end": end,
            "active": active,
            "steps": done.steps,
            "stages": done.stages(plan),
            "direction": direction,
            "plan": plan,
        });
        if direction == Direction::Rehearsal {
            let said = format!("the rehearsal of {site} ended {end}: {sentence}");
            return self.rehearsal(end, said, details, done.resumed);
        }
        let said = format!("the {direction} of {site} ended {end}: {sentence}; served from the {active}");
        self.tell(Kind::Ended, &said, details);
    }

    /// A standby that could not be proven is told like an outage: in the next one it would be missing.
    fn rehearsal(&self, end: End, said: String, details: serde_json::Value, resumed: bool) {
        let news = Announcement::new(Kind::Rehearsal, Some(self.site.name.clone()), said, Timestamp::now());
        let interrupted = resumed || end == End::Overtaken;
        let severity = match end {
            End::Done => Severity::Info,
            _ if interrupted => Severity::Warning,
            _ => Severity::Critical,
        };
        self.site.announcer.tell(news.with_details(details).with_severity(severity));
    }

    pub(super) fn tell(&self, kind: Kind, sentence: &str, mut details: serde_json::Value) {
        details["direction"] = json!(self.direction);
        details["plan"] = json!(self.permit.plan());
        self.site.announce(kind, sentence, details, self.incident.clone());
    }
}
