//! Cloud Monitoring API v3: uptime checks and open alerts.
//!
//! Source: the discovery document of `monitoring` v3, read 2026-11-20. Google's own Rust client lacks the field
//! `disabled`, hence these few calls by hand.

use std::collections::BTreeMap;

use failover_core::SiteName;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::{Google, envelope::list};
use crate::{
    api::{ApiError, ApiErrorKind, task::Task},
    clouds::google::names::CheckName,
};

const MOST_PAGES: usize = 10;
/// So many policies are read at a time: own choice, a hundred of them within a second or two.
const ABREAST: usize = 16;
/// How the metrics of uptime checks begin ("Google Cloud metrics", read 2026-11-29).
const UPTIME_METRICS: &str = "monitoring.googleapis.com/uptime_check/";

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
    Task {
        provider: super::party("Cloud Monitoring"),
        verb,
        subject: check.as_str(),
        grant,
        missing,
        refused: "",
    }
}

/// Cloud Monitoring's interface, asked by Google's client.
#[derive(Debug, Clone, Copy)]
pub struct MonitoringApi<'a> {
    pub(super) google: &'a Google,
}

impl MonitoringApi<'_> {
    /// An uptime check's whole configuration; a missing `disabled` means enabled.
    pub async fn uptime_check(self, check: &CheckName) -> Result<Value, ApiError> {
        let grant = "grant the account roles/monitoring.uptimeCheckConfigViewer in the check's project";
        let task = task("read", check, grant);
        let answer = self.google.get(&task, self.monitoring_url(check.as_str()), &[]).await?;
        task.whole(answer, "name")
    }

    /// Pauses or resumes an uptime check and gives its configuration as it is then.
    pub async fn disable_uptime_check(self, check: &CheckName, disabled: bool) -> Result<Value, ApiError> {
        let grant = "grant the account roles/monitoring.uptimeCheckConfigEditor in the check's project";
        let task = task(if disabled { "pause" } else { "resume" }, check, grant);
        let body = json!({ "name": check.as_str(), "disabled": disabled });
        self.google.patch(&task, self.monitoring_url(check.as_str()), "disabled", &body).await
    }

    /// The incidents that are open in a project.
    pub async fn open_alerts(self, project: &str) -> Result<Vec<Alert>, ApiError> {
        let task = Task {
            provider: super::party("Cloud Monitoring"),
            verb: "read the open incidents of",
            subject: project,
            grant: "grant the account monitoring.alerts.list, as roles/monitoring.viewer has",
            missing: "check the project's id",
            refused: "",
        };
        let alerts = self.all(&task, "alerts", project, &[("filter", "state=\"OPEN\"")]).await?;
        Ok(alerts.iter().map(Alert::read).collect())
    }

    /// The alert policies of a project.
    pub async fn alert_policies(self, project: &str) -> Result<Vec<Value>, ApiError> {
        let task = Task {
            provider: super::party("Cloud Monitoring"),
            verb: "read the alert policies of",
            subject: project,
            grant: "grant the account monitoring.alertPolicies.list, as roles/monitoring.viewer has",
            missing: "check the project's id",
            refused: "",
        };
        self.all(&task, "alertPolicies", project, &[]).await
    }

    /// All of a project's things of this kind. A part of them would be taken for all.
    async fn all(
        self,
        task: &Task<'_>,
        kind: &str,
        project: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, ApiError> {
        let url = self.monitoring_url(&format!("projects/{project}/{kind}"));
        let (mut found, mut page) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let mut query = [query, &[("pageSize", "100")]].concat();
            if !page.is_empty() {
                query.push(("pageToken", &page));
            }
            let answer = self.google.get(task, url.clone(), &query).await?;
            found.extend_from_slice(list(task, &answer, kind)?);
            answer["nextPageToken"].as_str().unwrap_or_default().clone_into(&mut page);
            if page.is_empty() {
                return Ok(found);
            }
        }
        Err(task.error(ApiErrorKind::Transient, &format!("has more than {} of them", MOST_PAGES * 100)))
    }

    /// An alert policy as it is.
    pub async fn alert_policy(self, policy: &str) -> Result<Value, ApiError> {
        let task = Task {
            provider: super::party("Cloud Monitoring"),
            verb: "read",
            subject: policy,
            grant: "grant the account monitoring.alertPolicies.get, as roles/monitoring.viewer has",
            missing: "check the policy's name: gcloud monitoring policies list",
            refused: "",
        };
        let answer = self.google.get(&task, self.monitoring_url(policy), &[]).await?;
        task.whole(answer, "name")
    }

    /// The first of these incidents that is about this check of this site: by its labels or its policy's, or by what that
    /// policy watches, where it may be read. Policies are read side by side, each once.
    pub async fn first_alert_of(
        self,
        alerts: Vec<Alert>,
        check: &CheckName,
        site: &SiteName,
    ) -> Result<Option<Alert>, ApiError> {
        if let Some(alert) = alerts.iter().find(|alert| alert.is_labelled(check, site) == Some(true)) {
            return Ok(Some(alert.clone()));
        }
        let open = alerts.into_iter().filter(|alert| alert.is_labelled(check, site).is_none());
        let open: BTreeMap<String, Alert> = open.map(|alert| (alert.policy.clone(), alert)).collect();
        let asked = open.into_values().map(async |alert| match self.alert_policy(&alert.policy).await {
            Ok(policy) => Ok(watches(&policy, check).then_some(alert)),
            // It was deleted, and its incident is nobody's.
            Err(error) if error.kind == ApiErrorKind::Missing => Ok(None),
            Err(error) => Err(error),
        });
        let mut asked = stream::iter(asked).buffer_unordered(ABREAST);
        let mut unread = None;
        while let Some(found) = asked.next().await {
            match found {
                Ok(Some(alert)) => return Ok(Some(alert)),
                Ok(None) => {}
                Err(error) => unread = Some(error),
            }
        }
        unread.map_or(Ok(None), Err)
    }

    fn monitoring_url(self, name: &str) -> String {
        format!("{}/v3/{name}", self.google.endpoints.monitoring())
    }
}

/// Whether a condition of `policy` names the check in its filter.
pub fn watches(policy: &Value, check: &CheckName) -> bool {
    filters(policy).any(|filter| names(filter, check))
}

/// Whether a failing check makes `policy` open an incident: a condition names it, or every uptime check. One in a query
/// language counts where it names the check.
pub fn alerts_on(policy: &Value, check: &CheckName) -> bool {
    let every = |filter: &str| filter.contains(UPTIME_METRICS) && !filter.contains("check_id");
    policy["enabled"] != false && filters(policy).any(|filter| names(filter, check) || every(filter))
}

fn names(filter: &str, check: &CheckName) -> bool {
    let quoted = ['"', '\''].map(|quote| format!("{quote}{}{quote}", check.id()));
    filter.contains("check_id") && quoted.iter().any(|name| filter.contains(name))
}

/// What the conditions of a policy look for.
fn filters(policy: &Value) -> impl Iterator<Item = &str> {
    const PLACES: [(&str, &str); 5] = [
        ("conditionThreshold", "filter"),
        ("conditionAbsent", "filter"),
        ("conditionMatchedLog", "filter"),
        ("conditionMonitoringQueryLanguage", "query"),
        ("conditionPrometheusQueryLanguage", "query"),
    ];
    let conditions = policy["conditions"].as_array().into_iter().flatten();
    conditions
        .flat_map(|condition| PLACES.map(|(kind, place)| &condition[kind][place]))
        .filter_map(Value::as_str)
}

impl Alert {
    /// Whether its labels say that it is about this check of this site; `None` where they say nothing.
    fn is_labelled(&self, check: &CheckName, site: &SiteName) -> Option<bool> {
        if let Some(id) = self.metric_labels["check_id"].as_str() {
            return Some(id == check.id());
        }
        if let Some(label) = self.policy_labels["failover_site"].as_str() {
            return Some(label == site.as_str());
        }
        // Elsewhere `site` may be a town or a department.
        (self.policy_labels["site"] == site.as_str()).then_some(true)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(kind: &str, place: &str, filter: &str) -> Value {
        json!({ "conditions": [{ kind: { place: filter } }] })
    }

    #[track_caller]
    fn judged(policy: &Value, watched: bool, alerted: bool) {
        let check: CheckName = "projects/p/uptimeCheckConfigs/resume-abc123".parse().expect("a name");
        assert_eq!((watches(policy, &check), alerts_on(policy, &check)), (watched, alerted), "{policy}");
    }

    #[test]
    fn a_label_called_site_may_mean_something_else_and_says_only_whose_it_is() {
        let labelled = |labels: Value| {
            let alert = Alert::read(&json!({ "policy": { "userLabels": labels } }));
            let check = "projects/p/uptimeCheckConfigs/resume-abc123".parse().expect("a name");
            alert.is_labelled(&check, &"resume".parse().expect("a site"))
        };
        assert_eq!(labelled(json!({"failover_site": "resume"})), Some(true));
        assert_eq!(labelled(json!({"failover_site": "blog", "site": "resume"})), Some(false));
        assert_eq!(labelled(json!({"site": "resume"})), Some(true));
        assert_eq!(labelled(json!({"site": "berlin"})), None, "the filter tells");
        assert_eq!(labelled(json!({})), None);
    }

    #[test]
    fn a_policy_is_judged_by_what_its_conditions_look_for() {
        let threshold = |filter: &str| policy("conditionThreshold", "filter", filter);
        let metric = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"";
        judged(&threshold(&format!("{metric} AND metric.label.check_id=\"resume-abc123\"")), true, true);
        judged(&threshold(&format!("{metric} AND metric.labels.check_id = 'resume-abc123'")), true, true);
        judged(&threshold(&format!("{metric} AND metric.label.check_id=\"resume-abc124\"")), false, false);
        judged(&threshold(&format!("{metric} AND resource.type=\"uptime_url\"")), false, true);
        judged(&threshold("metric.type=\"run.googleapis.com/request_count\""), false, false);
        let query = "monitoring_googleapis_com:uptime_check_check_passed{check_id=\"resume-abc123\"}";
        judged(&policy("conditionPrometheusQueryLanguage", "query", query), true, true);
        let mut off = threshold(&format!("{metric} AND metric.label.check_id=\"resume-abc123\""));
        off["enabled"] = json!(false);
        judged(&off, true, false);
        judged(&json!({}), false, false);
    }
}
