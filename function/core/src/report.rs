//! Probe reports: what a prober publishes on an alerts topic, in the shape of Cloud Monitoring's notification.
//!
//! `failover report` and `failover watch` write them; the function reads them as it reads any incident, so that it
//! needs no third door.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Incident, IncidentState, SiteName};

/// The metric by which a report is known to be about uptime.
const METRIC: &str = "monitoring.googleapis.com/uptime_check/check_passed";

/// What the id of every sign of life begins with.
const HEARTBEAT: &str = "heartbeat-";

/// A watcher's sign of life: of no site, and closed, so that nothing can come of it but that it was heard.
pub fn heartbeat(watcher: &str, summary: &str) -> Value {
    json!({
        "version": "1.2",
        "incident": {
            "incident_id": format!("{HEARTBEAT}{watcher}"),
            "state": "closed",
            "summary": summary,
            "policy_name": watcher,
            "policy_user_labels": { "failover_watcher": watcher },
        },
    })
}

/// Whether an incident is a sign of life and nothing else.
pub fn is_heartbeat(incident: &Incident) -> bool {
    incident.reporter.is_some() && incident.id.starts_with(HEARTBEAT)
}

/// A prober's word on a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeReport {
    /// The site.
    pub site: SiteName,
    /// Who says so.
    pub watcher: String,
    /// The outage's id: the same when it opens and when it closes, and never that of another outage.
    pub incident: String,
    /// Whether the outage began or ended.
    pub state: IncidentState,
    /// When it began.
    pub started_at: Timestamp,
    /// When this is said.
    pub at: Timestamp,
    /// What the prober met.
    pub summary: String,
}

impl ProbeReport {
    /// How the id of every outage that this watcher reports of this site begins.
    pub fn id_prefix(watcher: &str, site: &SiteName) -> String {
        format!("{watcher}-{site}-")
    }

    /// The id of an outage that this watcher sees begin at `started_at`.
    pub fn id_of(watcher: &str, site: &SiteName, started_at: Timestamp) -> String {
        format!("{}{}", Self::id_prefix(watcher, site), started_at.as_second())
    }

    /// The message to publish.
    pub fn message(&self) -> Value {
        let (state, ended_at) = match self.state {
            IncidentState::Open => ("open", Value::Null),
            IncidentState::Closed => ("closed", json!(self.at.as_second())),
        };
        json!({
            "version": "1.2",
            "incident": {
                "incident_id": self.incident,
                "state": state,
                "started_at": self.started_at.as_second(),
                "ended_at": ended_at,
                "summary": self.summary,
                "metric": { "type": METRIC, "displayName": "Check passed", "labels": {} },
                "resource": { "type": "uptime_url", "labels": {} },
                "policy_name": self.watcher,
                "policy_user_labels": { "failover_site": self.site, "failover_watcher": self.watcher },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Concern, Notification, SiteMarks};

    fn report(state: IncidentState) -> ProbeReport {
        let site: SiteName = "resume".parse().expect("a name");
        let at = Timestamp::from_second(1_800_000_000).expect("a time");
        ProbeReport {
            incident: ProbeReport::id_of("pi", &site, at),
            site,
            watcher: "pi".to_owned(),
            state,
            started_at: at,
            at,
            summary: "connection refused".to_owned(),
        }
    }

    fn read(report: &ProbeReport) -> Incident {
        read_message(&report.message())
    }

    fn read_message(message: &Value) -> Incident {
        let bytes = serde_json::to_vec(message).expect("JSON");
        match Notification::read(&bytes) {
            Ok(Notification::Incident(incident)) => incident,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_report_is_read_as_an_incident_of_its_site() {
        let incident = read(&report(IncidentState::Open));
        assert_eq!(incident.id, "pi-resume-1800000000");
        assert_eq!(incident.reporter.as_deref(), Some("pi"));
        assert_eq!((incident.state, incident.summary.as_str()), (IncidentState::Open, "connection refused"));
        let marks = SiteMarks {
            name: "resume".parse().expect("a name"),
            check_ids: Vec::new(),
            host: None,
            policies: Vec::new(),
        };
        assert_eq!(incident.concerns(&[&marks]), Concern::Site(marks.name.clone()));
    }

    #[test]
    fn a_sign_of_life_is_of_no_site() {
        let incident = read_message(&heartbeat("pi", "pi watches 3 sites"));
        assert!(is_heartbeat(&incident) && !is_heartbeat(&read(&report(IncidentState::Open))));
        assert_eq!((incident.reporter.as_deref(), incident.state), (Some("pi"), IncidentState::Closed));
        let marks = SiteMarks {
            name: "pi".parse().expect("a name"),
            check_ids: Vec::new(),
            host: None,
            policies: Vec::new(),
        };
        assert_eq!(incident.concerns(&[&marks]), Concern::NoSite);
    }

    #[test]
    fn the_end_of_an_outage_closes_the_same_incident() {
        let (open, closed) = (read(&report(IncidentState::Open)), read(&report(IncidentState::Closed)));
        assert_eq!((open.id, closed.state), (closed.id, IncidentState::Closed));
    }
}
