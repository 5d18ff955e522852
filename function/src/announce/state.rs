//! The state that an announcement tells of, as a title: all that many people read of it.

use failover_core::{Direction, End, Event, Position, SiteName};

use super::{Kind, details::Details};
use crate::clouds::Severity;

/// What a title is made of.
pub(super) struct Title<'a> {
    pub(super) kind: Kind,
    pub(super) severity: Severity,
    pub(super) site: Option<&'a SiteName>,
    pub(super) details: &'a Details,
}

impl Title<'_> {
    /// `resume is on its STANDBY`: capitals are for what one must not miss.
    pub(super) fn words(&self) -> String {
        let subject = self.site.map_or("cloud-failover", SiteName::as_str);
        format!("{subject}{}", self.state())
    }

    /// What follows the subject, with a colon where it is no predicate.
    fn state(&self) -> String {
        let details = self.details;
        match self.kind {
            Kind::Started => started(details.direction).to_owned(),
            Kind::Ended => ended(details).to_owned(),
            Kind::Trouble => self.trouble(),
            Kind::Refused => refused(details),
            Kind::Recovered => self.recovered(),
            Kind::Rehearsal => self.rehearsal().to_owned(),
            Kind::Check => self.found(),
            Kind::Held => ": on HOLD, nothing moves by itself".to_owned(),
            Kind::Pending => ": an outage is reported, nothing moves".to_owned(),
            Kind::Dropped => ": the alert is closed".to_owned(),
            Kind::Outage => " gives NO ANSWER".to_owned(),
            Kind::Adopted => ": somebody else led visitors elsewhere".to_owned(),
            Kind::Drift => ": a switch is out of place".to_owned(),
            Kind::Repaired => ": a switch is in its place again".to_owned(),
            Kind::Drained => ": its standby is closed".to_owned(),
            Kind::Released => ": no hold is on any more".to_owned(),
            Kind::Acknowledged => ": acknowledged".to_owned(),
            Kind::StandbyDay => " is still on its STANDBY".to_owned(),
            Kind::PrimaryAnswers => ": its primary is back".to_owned(),
            Kind::Test => ": this is a test".to_owned(),
        }
    }

    fn trouble(&self) -> String {
        match (&self.details.watcher, self.details.direction) {
            (Some(watcher), _) => format!(": the watcher {watcher} is silent"),
            (None, Some(direction)) => format!(": the {direction} doesn't get on"),
            (None, None) if self.severity == Severity::Critical => " needs somebody".to_owned(),
            (None, None) => ": something needs a look".to_owned(),
        }
    }

    fn recovered(&self) -> String {
        match (&self.details.watcher, self.site) {
            (Some(watcher), _) => format!(": the watcher {watcher} is back"),
            (None, Some(_)) => " answers again".to_owned(),
            (None, None) => ": most sites answer again".to_owned(),
        }
    }

    fn rehearsal(&self) -> &'static str {
        match self.severity {
            Severity::Info => ": the rehearsal went well",
            Severity::Warning => ": the rehearsal was broken off",
            Severity::Critical => ": the rehearsal FAILED",
        }
    }

    fn found(&self) -> String {
        match (self.details.count(Severity::Critical), self.details.findings.len()) {
            (0, 0) if self.details.certificate_expires.is_some() => ": its certificate expires".to_owned(),
            (0, 0) if self.severity == Severity::Critical => " needs somebody".to_owned(),
            (0, 0) => ": something needs a look".to_owned(),
            (0, all) => format!(": {all} to look at"),
            (critical, _) => format!(": {critical} would FAIL in an outage"),
        }
    }
}

fn started(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Failover) => ": moving to the standby",
        Some(Direction::Failback) => ": moving back to the primary",
        Some(Direction::Rehearsal) => ": trying the standby out",
        Some(Direction::Maintenance) | None => ": a move begins",
    }
}

fn ended(details: &Details) -> &'static str {
    match (details.end, details.direction, details.active) {
        (Some(End::Done), Some(Direction::Failover), _) => " is on its STANDBY",
        (Some(End::Done), Some(Direction::Failback), _) => " is back on its primary",
        (Some(End::Unwound), _, Some(Position::Primary)) => " stays on its primary",
        (Some(End::Unwound), _, Some(Position::Standby)) => " stays on its STANDBY",
        (Some(End::Overtaken), ..) => ": a newer order takes over",
        (Some(End::Stuck), _, Some(Position::Primary)) => " is STUCK on its primary",
        (Some(End::Stuck), _, Some(Position::Standby)) => " is STUCK on its standby",
        (Some(End::Stuck), ..) => " is STUCK",
        _ => ": a move has ended",
    }
}

fn refused(details: &Details) -> String {
    let command = details.record.iter().find_map(|event| match event {
        Event::Refused { command, .. } => Some(command),
        _ => None,
    });
    command.map_or_else(|| ": an order was refused".to_owned(), |command| format!(": {command} was refused"))
}
