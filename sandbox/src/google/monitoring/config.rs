//! The configuration of an uptime check and what may be written into it (discovery document of monitoring v3,
//! `UptimeCheckConfig`).

use serde_json::{Map, Value, json};

use crate::google::refusal::Refusal;
use crate::google::strict::{Fields, Shape};

const HTTP_CHECK: Fields = &[
    ("requestMethod", Shape::Text),
    ("useSsl", Shape::Bool),
    ("path", Shape::Text),
    ("port", Shape::Int),
    ("authInfo", Shape::Object(&[("username", Shape::Text), ("password", Shape::Text)])),
    ("maskHeaders", Shape::Bool),
    ("headers", Shape::Labels),
    ("contentType", Shape::Text),
    ("customContentType", Shape::Text),
    ("validateSsl", Shape::Bool),
    ("body", Shape::Text),
    (
        "acceptedResponseStatusCodes",
        Shape::List(&Shape::Object(&[("statusValue", Shape::Int), ("statusClass", Shape::Text)])),
    ),
    ("pingConfig", Shape::Object(PING)),
    ("serviceAgentAuthentication", Shape::Object(&[("type", Shape::Text)])),
];
const PING: Fields = &[("pingsCount", Shape::Int)];
const MATCHER: Fields = &[
    ("content", Shape::Text),
    ("matcher", Shape::Text),
    ("jsonPathMatcher", Shape::Object(&[("jsonPath", Shape::Text), ("jsonMatcher", Shape::Text)])),
];

/// The fields of a check.
pub(super) const CHECK: Fields = &[
    ("name", Shape::Text),
    ("displayName", Shape::Text),
    ("monitoredResource", Shape::Object(&[("type", Shape::Text), ("labels", Shape::Labels)])),
    ("resourceGroup", Shape::Object(&[("groupId", Shape::Text), ("resourceType", Shape::Text)])),
    ("syntheticMonitor", Shape::Any),
    ("httpCheck", Shape::Object(HTTP_CHECK)),
    ("tcpCheck", Shape::Object(&[("port", Shape::Int), ("pingConfig", Shape::Object(PING))])),
    ("period", Shape::Text),
    ("timeout", Shape::Text),
    ("contentMatchers", Shape::List(&Shape::Object(MATCHER))),
    ("checkerType", Shape::Text),
    ("selectedRegions", Shape::List(&Shape::Text)),
    ("isInternal", Shape::Bool),
    ("internalCheckers", Shape::List(&Shape::Any)),
    ("userLabels", Shape::Labels),
    ("disabled", Shape::Bool),
    ("logCheckFailures", Shape::Bool),
];

/// How often a check may run.
const PERIODS: [&str; 4] = ["60s", "300s", "600s", "900s"];

/// Where checkers stand, and how many stand there.
const REGIONS: [(&str, usize); 7] = [
    ("USA", 3),
    ("EUROPE", 1),
    ("SOUTH_AMERICA", 1),
    ("ASIA_PACIFIC", 1),
    ("USA_OREGON", 1),
    ("USA_IOWA", 1),
    ("USA_VIRGINIA", 1),
];

/// An HTTPS check as an operator would have made it.
pub(super) fn seeded(name: &str, host: &str) -> Map<String, Value> {
    let value = json!({
        "name": name,
        "displayName": format!("{host} answers"),
        "monitoredResource": {"type": "uptime_url", "labels": {"project_id": project(name), "host": host}},
        "httpCheck": {
            "requestMethod": "GET",
            "useSsl": true,
            "path": "/",
            "port": 443,
            "validateSsl": true,
            "headers": {"X-Probe": "uptime"},
            "acceptedResponseStatusCodes": [{"statusClass": "STATUS_CLASS_2XX"}],
        },
        "period": "60s",
        "timeout": "10s",
        "contentMatchers": [{"content": "<html", "matcher": "CONTAINS_STRING"}],
        "checkerType": "STATIC_IP_CHECKERS",
        "userLabels": {"owner": "web-team"},
    });
    match value {
        Value::Object(check) => check,
        _ => Map::new(),
    }
}

/// The project in a resource's name.
pub(super) fn project(name: &str) -> &str {
    name.split('/').nth(1).unwrap_or_default()
}

pub(super) fn is_disabled(check: &Map<String, Value>) -> bool {
    check.get("disabled") == Some(&Value::Bool(true))
}

/// As the interface shows it: falsehoods at the top are left out, defaults are filled in.
pub(super) fn shown(check: &Map<String, Value>) -> Value {
    let mut check = check.clone();
    check.retain(|_, value| *value != Value::Bool(false));
    for (field, default) in [("period", "60s"), ("timeout", "10s"), ("checkerType", "STATIC_IP_CHECKERS")] {
        check.entry(field).or_insert_with(|| json!(default));
    }
    Value::Object(check)
}

/// Refuses values that Monitoring wouldn't store.
///
/// # Errors
/// 400 `INVALID_ARGUMENT`.
pub(super) fn check_values(check: &Map<String, Value>) -> Result<(), Refusal> {
    let text = |field: &str| check.get(field).and_then(Value::as_str);
    if let Some(period) = text("period").filter(|period| !PERIODS.contains(period)) {
        return Err(Refusal::invalid_argument(format!(
            "Field uptime_check_config.period had an invalid value: {period} is not one of 60s, 300s, 600s, 900s."
        )));
    }
    if let Some(timeout) = text("timeout").filter(|timeout| !is_timeout(timeout)) {
        return Err(Refusal::invalid_argument(format!(
            "Field uptime_check_config.timeout had an invalid value: {timeout} is not between 1s and 60s."
        )));
    }
    check_regions(check)?;
    let kinds = ["httpCheck", "tcpCheck"].iter().filter(|kind| check.contains_key(**kind)).count();
    if kinds > 1 {
        return Err(Refusal::invalid_argument("Only one of http_check and tcp_check can be set."));
    }
    Ok(())
}

/// What a new check can't do without.
///
/// # Errors
/// 400 `INVALID_ARGUMENT`.
pub(super) fn check_complete(check: &Map<String, Value>) -> Result<(), Refusal> {
    let has = |fields: &[&str]| fields.iter().any(|field| check.contains_key(*field));
    let needed: [(&str, &[&str]); 3] = [
        ("display_name", &["displayName"]),
        ("resource", &["monitoredResource", "resourceGroup", "syntheticMonitor"]),
        ("check_request_type", &["httpCheck", "tcpCheck", "syntheticMonitor"]),
    ];
    let missing = needed.iter().find(|(_, fields)| !has(fields));
    missing.map_or(Ok(()), |(name, _)| {
        Err(Refusal::invalid_argument(format!("Field uptime_check_config.{name} is required.")))
    })
}

fn is_timeout(timeout: &str) -> bool {
    let seconds = timeout.strip_suffix('s').and_then(|seconds| seconds.parse::<f64>().ok());
    seconds.is_some_and(|seconds| (1.0..=60.0).contains(&seconds))
}

/// At least three checkers, or all of them.
fn check_regions(check: &Map<String, Value>) -> Result<(), Refusal> {
    let regions = check.get("selectedRegions").and_then(Value::as_array).into_iter().flatten();
    let mut locations = 0;
    let mut any = false;
    for region in regions.filter_map(Value::as_str) {
        let known = REGIONS.iter().find(|(name, _)| *name == region);
        let (_, checkers) = known.ok_or_else(|| {
            Refusal::invalid_argument(format!(
                "Invalid value at 'uptime_check_config.selected_regions', \"{region}\""
            ))
        })?;
        locations += checkers;
        any = true;
    }
    if any && locations < 3 {
        return Err(Refusal::invalid_argument(
            "The selected regions must have at least 3 checker locations.",
        ));
    }
    Ok(())
}
