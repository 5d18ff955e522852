//! Cloud Monitoring API v3: uptime checks and open alerts.
//!
//! Source: the discovery document of `monitoring` v3, read 2026-11-20. Google's own Rust client lacks the field
//! `disabled`, hence these few calls by hand.

use serde_json::{Value, json};

use super::Google;
use crate::api::{ApiError, names::CheckName, task::Task};

const MOST_PAGES: usize = 10;

/// An incident as Cloud Monitoring lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// `projects/P/alerts/ID`, with the ID that notifications call `incident_id`.
    pub name: String,
    /// When it was opened, as the interface writes it (RFC 3339).
    pub opened: String,
    /// The alert policy's resource name.
    pub policy: String,
    /// The alert policy's display name.
    pub policy_title: String,
    /// The labels that the policy's owner gave it, such as `failover_site`.
    pub policy_labels: Value,
    /// The labels of the metric, `check_id` among them unless the policy aggregates it away.
    pub metric_labels: Value,
    /// The labels of the watched resource, such as `host`.
    pub resource_labels: Value,
}

fn task<'a>(verb: &'static str, check: &'a CheckName, grant: &'static str) -> Task<'a> {
    let missing = "check the id of the uptime check: gcloud monitoring uptime list-configs";
    Task { provider: "Cloud Monitoring", verb, subject: check.as_str(), grant, missing, refused: "" }
}

impl Google {
    /// An uptime check's whole configuration; a missing `disabled` means enabled.
    pub async fn uptime_check(&self, check: &CheckName) -> Result<Value, ApiError> {
        let grant = "grant the account roles/monitoring.uptimeCheckConfigViewer in the check's project";
        let task = task("read", check, grant);
        let answer = self.get(&task, self.monitoring_url(check.as_str()), &[]).await?;
        task.whole(answer, "name")
    }

    /// Pauses or resumes an uptime check and gives its configuration as it is then.
    pub async fn disable_uptime_check(&self, check: &CheckName, disabled: bool) -> Result<Value, ApiError> {
        let grant = "grant the account roles/monitoring.uptimeCheckConfigEditor in the check's project";
        let task = task(if disabled { "pause" } else { "resume" }, check, grant);
        let body = json!({ "name": check.as_str(), "disabled": disabled });
        self.patch(&task, self.monitoring_url(check.as_str()), "disabled", &body).await
    }

    /// The incidents that are open in a project.
    pub async fn open_alerts(&self, project: &str) -> Result<Vec<Alert>, ApiError> {
        let task = Task {
            provider: "Cloud Monitoring",
            verb: "read the open incidents of",
            subject: project,
            grant: "grant the account monitoring.alerts.list, as roles/monitoring.viewer has",
            missing: "check the project's id",
            refused: "",
        };
        let url = self.monitoring_url(&format!("projects/{project}/alerts"));
        let mut alerts = Vec::new();
        let mut page = String::new();
        for _ in 0..MOST_PAGES {
            let mut query = vec![("filter", "state=\"OPEN\""), ("pageSize", "100")];
            if !page.is_empty() {
                query.push(("pageToken", &page));
            }
            let answer = self.get(&task, url.clone(), &query).await?;
            alerts.extend(answer["alerts"].as_array().into_iter().flatten().map(Alert::read));
            answer["nextPageToken"].as_str().unwrap_or_default().clone_into(&mut page);
            if page.is_empty() {
                break;
            }
        }
        Ok(alerts)
    }

    fn monitoring_url(&self, name: &str) -> String {
        format!("{}/v3/{name}", self.endpoints.monitoring())
    }
}

impl Alert {
    fn read(alert: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            name: text(&alert["name"]),
            opened: text(&alert["openTime"]),
            policy: text(&alert["policy"]["name"]),
            policy_title: text(&alert["policy"]["displayName"]),
            policy_labels: alert["policy"]["userLabels"].clone(),
            metric_labels: alert["metric"]["labels"].clone(),
            resource_labels: alert["resource"]["labels"].clone(),
        }
    }
}
