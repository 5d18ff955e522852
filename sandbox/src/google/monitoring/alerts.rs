//! Alerts, which notifications call incidents (discovery document of monitoring v3, `projects.alerts`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::MonitoringState;
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::{page, strict};

/// One alert of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The project that hosts the policy.
    pub project: String,
    /// The incident's id, as notifications carry it.
    pub id: String,
    /// The policy's resource name.
    pub policy: String,
    /// The site that the policy's label names; empty where it has none.
    pub site: String,
    /// The host that was checked.
    pub host: String,
    /// When it opened.
    pub opened: Timestamp,
    /// When it closed, if it did.
    pub closed: Option<Timestamp>,
}

impl Alert {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("projects/{}/alerts/{}", self.project, self.id)
    }

    /// Whether it is still open.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    fn state(&self) -> &'static str {
        if self.is_open() { "OPEN" } else { "CLOSED" }
    }

    fn shown(&self) -> Value {
        let mut alert = json!({
            "name": self.name(),
            "state": self.state(),
            "openTime": self.opened.to_string(),
            "resource": {"type": "uptime_url", "labels": {"project_id": self.project, "host": self.host}},
            "metric": {"type": "monitoring.googleapis.com/uptime_check/check_passed"},
            "policy": {
                "name": self.policy,
                "displayName": format!("{} uptime failure", self.site),
                "severity": "ERROR",
            },
        });
        if !self.site.is_empty() {
            alert["policy"]["userLabels"] = json!({"failover_site": self.site});
        }
        if let Some(closed) = self.closed {
            alert["closeTime"] = json!(closed.to_string());
        }
        alert
    }
}

pub(super) fn get(Asked { state, access, call, name, .. }: Asked<MonitoringState>) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.alerts.get", name)?;
    strict::check_query(call, &[])?;
    let other = || state.others.iter().find(|alert| alert["name"] == name).cloned();
    let alert = state.alerts.get(name).map(Alert::shown).or_else(other);
    let missing = || Refusal::not_found(format!("Cannot find alert {name}."));
    alert.map(|found| strict::ok(&found)).ok_or_else(missing)
}

/// Newest first, as the interface lists them.
pub(super) fn list(
    Asked { state, access, call, name: parent, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.alerts.list", parent)?;
    strict::check_query(call, &["filter", "orderBy", "pageSize", "pageToken"])?;
    let wanted = wanted_state(call)?;
    let prefix = format!("{parent}/");
    let text = |alert: &Value, field: &str| alert[field].as_str().unwrap_or_default().to_owned();
    let fits = |alert: &Value| {
        text(alert, "name").starts_with(&prefix) && wanted.is_none_or(|wanted| alert["state"] == wanted)
    };
    let all = state.others.iter().cloned().chain(state.alerts.values().map(Alert::shown));
    let mut found: Vec<Value> = all.filter(fits).collect();
    found.sort_by_key(|alert| std::cmp::Reverse(text(alert, "openTime").parse::<Timestamp>().ok()));
    let body = page::of(call, found, "alerts")?;
    Ok(strict::ok(&body))
}

/// The only filter that is understood: `state="OPEN"` or `state="CLOSED"`, with or without quotes and spaces.
fn wanted_state(call: &Call) -> Result<Option<&'static str>, Refusal> {
    let Some(filter) = strict::query(call, "filter") else { return Ok(None) };
    let plain: String = filter.chars().filter(|letter| !letter.is_whitespace() && *letter != '"').collect();
    match plain.as_str() {
        "state=OPEN" => Ok(Some("OPEN")),
        "state=CLOSED" => Ok(Some("CLOSED")),
        _ => Err(Refusal::invalid_argument(format!("Field filter had an invalid value of \"{filter}\"."))),
    }
}
