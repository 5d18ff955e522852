//! What an executor announces: that it begins, what is in its way, and how it ended.

use std::sync::Arc;

use failover_core::{Direction, End, Position, UpkeepTask, started_at};
use jiff::Timestamp;
use serde_json::json;

use super::{done::Done, permit::Permit};
use crate::{announce::Kind, clouds::Severity, site::Guarded};

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
        if done.trouble.is_some() || direction == Direction::Maintenance {
            // It was told that it doesn't get on; that it is tried again every minute is no news. Nor is maintenance
            // before it is done.
            tracing::info!(site = %site, "{sentence}");
            return;
        }
        let stages = done.stages(self.permit.plan());
        let details = json!({ "resumed": done.resumed, "reason": done.reason, "stages": stages });
        self.tell(Kind::Started, &sentence, details);
    }

    pub(super) fn end(&self, end: End, active: Position, sentence: &str, done: &Done) {
        let (direction, site) = (self.direction, &self.site.name);
        if let Some(task) = &done.task {
            return self.maintained(end, task, sentence);
        }
        let plan = self.permit.plan();
        let details = json!({
            "end": end,
            "active": active,
            "steps": done.steps,
            "stages": done.stages(plan),
            "reason": done.reason,
            "outcome": sentence,
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
        let interrupted = resumed || end == End::Overtaken;
        let severity = match end {
            End::Done => Severity::Info,
            _ if interrupted => Severity::Warning,
            _ => Severity::Critical,
        };
        let news = self.site.news(Kind::Rehearsal, said);
        self.site.announcer.tell(news.with_details(details).with_severity(severity));
    }

    /// An outage of the standby and its end are told before the write that follows them.
    fn maintained(&self, end: End, task: &UpkeepTask, sentence: &str) {
        let (kind, said, position) = match task {
            UpkeepTask::CloseStandby => {
                let said = "the standby is closed: no cached redirect leads to it any more".to_owned();
                (Kind::Drained, said, Position::Primary)
            }
            UpkeepTask::Repair(switch, position) => {
                (Kind::Repaired, format!("{switch} is set to its {position} position again"), *position)
            }
            _ => return,
        };
        if end == End::Done {
            self.tell(kind, &said, json!({ "position": position }));
        } else {
            tracing::info!(site = %self.site.name, "maintenance ended {end}: {sentence}");
        }
    }

    /// When what the move answers began.
    fn since(&self, plan: u64) -> Option<Timestamp> {
        let state = self.site.record.state();
        state.plan(plan).map(|open| started_at(&open.order, open.begun_at))
    }

    pub(super) fn tell(&self, kind: Kind, sentence: &str, mut details: serde_json::Value) {
        let plan = self.permit.plan();
        details["direction"] = json!(self.direction);
        details["plan"] = json!(plan);
        details["since"] = json!(plan.and_then(|plan| self.since(plan)));
        self.site.announce(kind, sentence, details, self.incident.clone());
    }
}
