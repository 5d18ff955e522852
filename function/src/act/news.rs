//! What an executor announces: that it begins, what is in its way, and how it ended.

use failover_core::{Direction, End, Position, StageTime, stages};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Executor;
use crate::announce::{Announcement, Kind, Severity};

impl Executor {
    pub(super) fn announce_start(&self) {
        let (direction, site) = (self.task.direction, &self.site.name);
        let sentence = if self.task.resumed {
            format!("the {direction} of {site} is carried on: {}", self.task.reason)
        } else {
            format!("the {direction} of {site} begins: {}", self.task.reason)
        };
        if self.task.trouble.is_some() {
            // It was told that it doesn't get on; that it is tried again every minute is no news.
            tracing::info!(site = %site, "{sentence}");
            return;
        }
        self.announce(Kind::Started, &sentence, json!({ "resumed": self.task.resumed }));
    }

    pub(super) fn announce_end(&self, end: End, active: Position, sentence: &str) {
        let (direction, site) = (self.task.direction, &self.site.name);
        let details = json!({
            "end": end,
            "active": active,
            "steps": self.task.steps,
            "stages": self.stages(),
            "direction": direction,
            "plan": self.scribe.plan(),
        });
        if direction == Direction::Rehearsal {
            let said = format!("the rehearsal of {site} ended {end}: {sentence}");
            return self.announce_rehearsal(end, said, details);
        }
        let said = format!("the {direction} of {site} ended {end}: {sentence}; served from the {active}");
        self.announce(Kind::Ended, &said, details);
    }

    /// A standby that could not be proven is told like an outage: in the next one it would be missing.
    fn announce_rehearsal(&self, end: End, said: String, details: serde_json::Value) {
        let news = Announcement::new(Kind::Rehearsal, Some(self.site.name.clone()), said, Timestamp::now());
        let interrupted = self.task.resumed || end == End::Overtaken;
        let severity = match end {
            End::Done => Severity::Info,
            _ if interrupted => Severity::Warning,
            _ => Severity::Critical,
        };
        self.site.announcer.tell(news.with_details(details).with_severity(severity));
    }

    /// Where the time went since the site fell silent, or since the order was given.
    fn stages(&self) -> Vec<StageTime> {
        let open = self.scribe.plan().and_then(|plan| self.task.state.plan(plan));
        let first = self.task.steps.iter().filter_map(|done| {
            done.at.checked_sub(SignedDuration::from_millis(i64::try_from(done.took_ms).ok()?)).ok()
        });
        // A plan that began while the journal could not be reached is told from its first step on.
        let begun_at = open.map(|plan| plan.begun_at).or_else(|| first.min());
        begun_at.map_or_else(Vec::new, |begun_at| stages(&self.task.order, begun_at, &self.task.steps))
    }

    pub(super) fn announce(&self, kind: Kind, sentence: &str, mut details: serde_json::Value) {
        details["direction"] = json!(self.task.direction);
        details["plan"] = json!(self.scribe.plan());
        let incident = self.task.order.incidents.first().map(|incident| incident.id.clone());
        self.site.announce(kind, sentence, details, incident);
    }
}
