//! Alerting policies, to look at (discovery document of monitoring v3, `projects.alertPolicies`).

use serde_json::{Value, json};

use super::{MonitoringState, config};
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::{page, strict};

/// A name that belongs to this check alone: twenty digits at most, as the console makes them.
pub(super) fn name_for(check: &str) -> String {
    let number = check
        .bytes()
        .fold(12_942_885_046_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("projects/{}/alertPolicies/{number}", config::project(check))
}

/// A policy that opens an incident when a check fails, labelled with the site it is about.
pub(super) fn seeded(name: &str, check: &str, site: &str) -> Value {
    let check_id = check.rsplit('/').next().unwrap_or(check);
    json!({
        "name": name,
        "displayName": format!("{site} uptime failure"),
        "userLabels": {"failover_site": site},
        "conditions": [{
            "name": format!("{name}/conditions/7238353791745156150"),
            "displayName": format!("Failure of uptime check {check_id}"),
            "conditionThreshold": threshold(check_id),
        }],
        "combiner": "OR",
        "enabled": true,
        "notificationChannels": [format!("projects/{}/notificationChannels/1", config::project(name))],
        "alertStrategy": {"autoClose": "1800s"},
        "severity": "ERROR",
    })
}

/// The condition that the console makes for an uptime check: more than one location sees it fail.
pub(super) fn threshold(check_id: &str) -> Value {
    json!({
        "filter": format!(
            "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND \
             resource.type=\"uptime_url\" AND metric.label.check_id=\"{check_id}\""
        ),
        "aggregations": [{
            "alignmentPeriod": "1200s",
            "perSeriesAligner": "ALIGN_NEXT_OLDER",
            "crossSeriesReducer": "REDUCE_COUNT_FALSE",
            "groupByFields": ["resource.label.*"],
        }],
        "comparison": "COMPARISON_GT",
        "thresholdValue": 1,
        "duration": "60s",
        "trigger": {"count": 1},
    })
}

pub(super) fn get(Asked { state, access, call, name, .. }: Asked<MonitoringState>) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.alertPolicies.get", name)?;
    strict::check_query(call, &[])?;
    let policy = state.policies.get(name);
    let missing = || Refusal::not_found(format!("Cannot find alert policy {name}."));
    Ok(strict::ok(&policy.cloned().ok_or_else(missing)?))
}

pub(super) fn list(
    Asked { state, access, call, name: parent, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.alertPolicies.list", parent)?;
    strict::check_query(call, &["filter", "orderBy", "pageSize", "pageToken"])?;
    let here = state.policies.iter().filter(|(name, _)| name.starts_with(&format!("{parent}/")));
    let body = page::of(call, here.map(|(_, policy)| policy.clone()).collect(), "alertPolicies")?;
    Ok(strict::ok(&body))
}
