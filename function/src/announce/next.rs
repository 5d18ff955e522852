//! What to type next, the one command that fits what is announced.

use failover_core::{Direction, End, SiteName};

use super::{Kind, background::WayBack, details::Details, notice::Next};
use crate::clouds::Severity;

const MENDED: Option<&str> = Some("once it is mended");

/// What the command depends on.
pub(super) struct NextCommand<'a> {
    pub(super) kind: Kind,
    pub(super) severity: Severity,
    pub(super) site: Option<&'a SiteName>,
    pub(super) way_back: WayBack,
    pub(super) details: &'a Details,
}

impl NextCommand<'_> {
    /// The command; nothing where nothing is to be done, or it goes on by itself.
    pub(super) fn next(&self) -> Option<Next> {
        let next = match self.kind {
            Kind::Ended => return self.after(),
            Kind::StandbyDay => return self.failback(Some("once the primary runs")),
            Kind::PrimaryAnswers => return self.failback(None),
            Kind::Pending => self.send("failover", Some("if visitors get no answer")),
            Kind::Held => self.send("release", Some("when automatic moves may go on")),
            Kind::Rehearsal if self.severity == Severity::Info => return None,
            Kind::Rehearsal if self.severity == Severity::Warning => self.typed("rehearse", None),
            Kind::Trouble | Kind::Outage | Kind::Rehearsal => self.typed("check", None),
            Kind::Check if !self.details.findings.is_empty() => self.typed("check", None),
            Kind::Refused | Kind::Adopted | Kind::Drift => self.typed("status", None),
            Kind::Started
            | Kind::Check
            | Kind::Dropped
            | Kind::Recovered
            | Kind::Repaired
            | Kind::Drained
            | Kind::Released
            | Kind::Acknowledged
            | Kind::Test => return None,
        };
        Some(next)
    }

    /// What a move's end leaves to do.
    fn after(&self) -> Option<Next> {
        match (self.details.end, self.details.direction) {
            (Some(End::Done), Some(Direction::Failover)) => self.failback(Some("once the primary runs")),
            (Some(End::Stuck), _) => Some(self.send("acknowledge", MENDED)),
            (Some(End::Unwound), _) => Some(self.typed("status", None)),
            _ => None,
        }
    }

    fn failback(&self, when: Option<&'static str>) -> Option<Next> {
        match self.way_back {
            WayBack::Ordered | WayBack::Promoted => Some(self.send("failback", when)),
            WayBack::Forced => {
                let next = self.send("failback", Some("once you know that the primary runs"));
                Some(Next { command: next.command + " --force", ..next })
            }
            WayBack::ByItself(_) => None,
        }
    }

    /// That nobody has to lead visitors back, where that is so.
    pub(super) fn by_itself(&self) -> Option<String> {
        let is_on_standby = matches!(self.kind, Kind::StandbyDay | Kind::PrimaryAnswers);
        match self.way_back {
            WayBack::ByItself(well_for) if is_on_standby => {
                let well_for = humantime::format_duration(well_for);
                Some(format!("They are led back by themselves once the primary has answered for {well_for}."))
            }
            _ => None,
        }
    }

    fn send(&self, verb: &str, when: Option<&'static str>) -> Next {
        if self.way_back == WayBack::Promoted {
            return self.typed("promote", Some("on the machine that is to have it"));
        }
        self.typed(&format!("send {verb}"), when)
    }

    fn typed(&self, words: &str, when: Option<&'static str>) -> Next {
        let of_site = self.site.map_or_else(String::new, |site| format!(" --site {site}"));
        Next { when, command: format!("failover {words}{of_site}") }
    }
}
