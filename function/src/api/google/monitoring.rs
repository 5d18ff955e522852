//! Cloud Monitoring API v3: uptime checks and open alerts.
//!
//! Source: the discovery document of `monitoring` v3, read 2026-11-20. Google's own Rust client lacks the field
//! `disabled`, hence these few calls by hand.

use failover_core::SiteName;
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

    /// An alert policy as it is.
    pub async fn alert_policy(&self, policy: &str) -> Result<Value, ApiError> {
        let task = Task {
            provider: "Cloud Monitoring",
            verb: "read",
            subject: policy,
            grant: "grant the account monitoring.alertPolicies.get, as roles/monitoring.viewer has",
            missing: "check the policy's name: gcloud monitoring policies list",
            refused: "",
        };
        let answer = self.get(&task, self.monitoring_url(policy), &[]).await?;
        task.whole(answer, "name")
    }

    /// Whether an open incident is about this check of this site: by its labels, by its policy's, or by what that
    /// policy watches, where it may be read.
    pub async fn is_alert_of(
        &self,
        alert: &Alert,
        check: &CheckName,
        site: &SiteName,
    ) -> Result<bool, ApiError> {
        if let Some(id) = alert.metric_labels["check_id"].as_str() {
            return Ok(id == check.id());
        }
        let label =
            ["failover_site", "site"].into_iter().find_map(|label| alert.policy_labels[label].as_str());
        if let Some(label) = label {
            return Ok(label == site.as_str());
        }
        match self.alert_policy(&alert.policy).await {
            Ok(policy) => Ok(watches(&policy, check)),
            Err(error) if error.is_permanent() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn monitoring_url(&self, name: &str) -> String {
        format!("{}/v3/{name}", self.endpoints.monitoring())
    }
}

/// Whether a condition of `policy` names the check in its filter.
pub fn watches(policy: &Value, check: &CheckName) -> bool {
    let conditions = policy["conditions"].as_array().into_iter().flatten();
    let named = format!("\"{}\"", check.id());
    conditions
        .flat_map(|condition| {
            ["conditionThreshold", "conditionAbsent"].map(|kind| &condition[kind]["filter"])
        })
        .any(|filter| {
            filter.as_str().is_some_and(|filter| filter.contains("check_id") && filter.contains(&named))
        })
}

impl Alert {
    /// What notifications call `incident_id`.
    pub fn id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

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
