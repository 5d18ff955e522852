//! What Cloud Monitoring publishes: notifications of schema 1.2 (Monitoring documentation, "Notification channels",
//! sections "Pub/Sub" and "schema"; shapes as captured from real messages).

use serde_json::{Value, json};

use crate::google::metadata::{PROJECT, PROJECT_NUMBER};
use crate::google::monitoring::Monitoring;
use crate::sites::site::Site;

/// An incident and what is said about it.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its id, the same when it closes.
    pub id: String,
    /// When it began, in seconds since 1970.
    pub started_at: i64,
    /// The site that the policy's user label names.
    pub site: String,
    /// The uptime check's resource name.
    pub check: String,
    /// The host that was checked.
    pub host: String,
    /// The place that saw it, where every place has an incident of its own.
    pub location: String,
}

impl Incident {
    /// An incident of a site that is known by its name alone.
    pub fn new(site: &str, id: &str, started_at: i64) -> Self {
        Self {
            id: id.to_owned(),
            started_at,
            site: site.to_owned(),
            check: format!("projects/{PROJECT}/uptimeCheckConfigs/{site}-abc123"),
            host: format!("{site}.example"),
            location: String::new(),
        }
    }

    /// A fresh incident of a site that is being served, begun now.
    pub fn of_site(site: &Site) -> Self {
        let started_at = jiff::Timestamp::now().as_second();
        let host = site.public_url().host_str().unwrap_or_default().to_owned();
        let check = site.seed.check.clone();
        Self { check, host, ..Self::new(site.name(), &fresh_id(), started_at) }
    }

    /// The incident of one place alone.
    pub fn at_location(self, location: &str) -> Self {
        Self { location: location.to_owned(), ..self }
    }

    /// The notification that it opened.
    pub fn open(&self) -> Value {
        let label = self.resource_label();
        let summary = format!(
            "Check passed for {label} with metric labels {{}} is above the threshold of 1.000 with a value of 3.000."
        );
        self.notification("open", &Value::Null, &summary, "[ALERT - Error]")
    }

    /// The notification that it closed.
    pub fn closed(&self, ended_at: i64) -> Value {
        let label = self.resource_label();
        let summary = format!("Check passed for {label} returned to normal with a value of 0.000.");
        self.notification("closed", &json!(ended_at), &summary, "[RESOLVED - Error]")
    }

    fn notification(&self, state: &str, ended_at: &Value, summary: &str, subject: &str) -> Value {
        let id = &self.id;
        let host = &self.host;
        let check_id = self.check_id();
        let policy = Monitoring::policy_of(&self.check);
        json!({
            "version": "1.2",
            "incident": {
                "incident_id": id,
                "scoping_project_id": PROJECT,
                "scoping_project_number": PROJECT_NUMBER,
                "url": format!(
                    "https://console.cloud.google.com/monitoring/alerting/alerts/{id}\
                     ?channelType=cloud-pubsub&project={PROJECT}"
                ),
                "started_at": self.started_at,
                "ended_at": ended_at,
                "state": state,
                "summary": summary,
                "observed_value": "3.000",
                "threshold_value": "1",
                "severity": "Error",
                "resource": {"type": "uptime_url", "labels": {"project_id": PROJECT, "host": host}},
                "resource_id": "",
                "resource_name": self.resource_label(),
                "resource_display_name": host,
                "resource_type_display_name": "Uptime Check URL",
                "metric": {
                    "type": "monitoring.googleapis.com/uptime_check/check_passed",
                    "displayName": "Check passed",
                    "labels": self.metric_labels(),
                },
                "metadata": {"system_labels": {}, "user_labels": {}},
                "policy_name": format!("{} uptime failure", self.site),
                "policy_user_labels": {"failover_site": self.site},
                "condition_name": format!("Failure of uptime check {check_id}"),
                "condition": {
                    "name": format!("{policy}/conditions/7238353791745156150"),
                    "displayName": format!("Failure of uptime check {check_id}"),
                    "conditionThreshold": Monitoring::threshold_of(check_id),
                },
                "documentation": {
                    "content": "",
                    "mime_type": "",
                    "subject": format!("{subject} {} uptime failure for {host}", self.site),
                },
            },
        })
    }

    fn check_id(&self) -> &str {
        self.check.rsplit('/').next().unwrap_or_default()
    }

    fn resource_label(&self) -> String {
        format!("{PROJECT} {}", self.host)
    }

    fn metric_labels(&self) -> Value {
        let mut labels = json!({"check_id": self.check_id()});
        if !self.location.is_empty() {
            labels["checker_location"] = json!(self.location);
        }
        labels
    }
}

/// Twelve letters behind "0.", as Monitoring's ids are.
pub fn fresh_id() -> String {
    let letters = uuid::Uuid::new_v4().simple().to_string();
    format!("0.{}", &letters[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_and_closed_are_the_same_incident() {
        let incident = Incident::new("resume", "0.abc", 100);
        let [open, closed] = [incident.open(), incident.closed(200)].map(|told| told["incident"].clone());
        assert_eq!(open["incident_id"], closed["incident_id"]);
        assert_eq!((&open["state"], &open["ended_at"]), (&json!("open"), &Value::Null));
        assert_eq!((&closed["state"], &closed["ended_at"]), (&json!("closed"), &json!(200)));
        assert_eq!(open["policy_user_labels"]["failover_site"], "resume");
    }

    #[test]
    fn values_are_text_and_the_projects_number_is_a_number() {
        let incident = Incident::new("resume", "0.abc", 100).open()["incident"].clone();
        assert!(incident["observed_value"].is_string() && incident["threshold_value"].is_string());
        assert!(incident["scoping_project_number"].is_u64());
    }

    #[test]
    fn a_place_is_named_only_where_places_have_incidents_of_their_own() {
        let incident = Incident::new("resume", "0.abc", 100);
        let labels = |incident: &Incident| incident.open()["incident"]["metric"]["labels"].clone();
        assert_eq!(labels(&incident), json!({"check_id": "resume-abc123"}));
        let expected = json!({"check_id": "resume-abc123", "checker_location": "usa-iowa"});
        assert_eq!(labels(&incident.at_location("usa-iowa")), expected);
    }
}
