//! Reading, creating and patching uptime checks (discovery document of monitoring v3,
//! `projects.uptimeCheckConfigs`).

use serde_json::{Map, Value, json};

use super::config::{self, CHECK};
use super::{CHECK_KIND, MonitoringState};
use crate::frame::call::Reply;
use crate::frame::change::Change;
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::{mask, page, strict};

pub(super) fn get(Asked { state, access, call, name, .. }: Asked<MonitoringState>) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.uptimeCheckConfigs.get", name)?;
    strict::check_query(call, &[])?;
    let check = state.checks.get(name).ok_or_else(|| missing(name))?;
    Ok(strict::ok(&config::shown(check)))
}

pub(super) fn list(
    Asked { state, access, call, name: parent, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.uptimeCheckConfigs.list", parent)?;
    strict::check_query(call, &["filter", "pageSize", "pageToken"])?;
    let here = state.checks.iter().filter(|(name, _)| name.starts_with(&format!("{parent}/")));
    let all: Vec<Value> = here.map(|(_, check)| config::shown(check)).collect();
    let total = all.len();
    let mut body = page::of(call, all, "uptimeCheckConfigs")?;
    if total > 0 {
        body["totalSize"] = json!(total);
    }
    Ok(strict::ok(&body))
}

pub(super) fn create(
    Asked { state, access, call, name: parent, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.uptimeCheckConfigs.create", parent)?;
    strict::check_query(call, &[])?;
    let mut check = strict::body(call, CHECK)?;
    config::check_complete(&check)?;
    config::check_values(&check)?;
    let name = format!("{parent}/{}", id_for(&check));
    check.insert("name".to_owned(), json!(name));
    state.checks.insert(name, check.clone());
    Ok(strict::ok(&config::shown(&check)))
}

/// Changes what the mask names. Without a mask the whole configuration becomes what the body says.
pub(super) fn patch(
    Asked { state, access, call, name, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.uptimeCheckConfigs.update", name)?;
    strict::check_query(call, &["updateMask"])?;
    let update = strict::body(call, CHECK)?;
    if update.get("name").is_some_and(|named| named != name) {
        return Err(Refusal::invalid_argument("The name in the body is not the name in the path."));
    }
    let stored = state.checks.get(name).ok_or_else(|| missing(name))?;
    let before = Value::Object(stored.clone());
    let patched = patched(stored, &update, strict::query(call, "updateMask"), name)?;
    config::check_values(&patched)?;
    state.checks.insert(name.to_owned(), patched.clone());
    let body = config::shown(&patched);
    let change = Change::new(CHECK_KIND, name, [before, Value::Object(patched)]);
    Ok(strict::ok(&body).changed(change))
}

/// Not while a policy watches it: what that would leave is an alert on nothing.
pub(super) fn delete(
    Asked { state, access, call, name, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.uptimeCheckConfigs.delete", name)?;
    strict::check_query(call, &[])?;
    let id = format!("check_id=\"{}\"", name.rsplit('/').next().unwrap_or(name));
    if state.policies.values().any(|policy| policy.to_string().replace('\\', "").contains(&id)) {
        return Err(Refusal::failed_precondition("Cannot delete a check that an alerting policy watches."));
    }
    state.checks.remove(name).ok_or_else(|| missing(name))?;
    Ok(strict::ok(&json!({})))
}

fn patched(
    stored: &Map<String, Value>,
    update: &Map<String, Value>,
    mask: Option<&str>,
    name: &str,
) -> Result<Map<String, Value>, Refusal> {
    let mut check = match mask {
        None => update.clone(),
        Some(mask) => {
            let mut check = stored.clone();
            mask::apply(&mut check, update, &mask::parse(mask, CHECK)?);
            check
        }
    };
    check.insert("name".to_owned(), json!(name));
    Ok(check)
}

fn missing(name: &str) -> Refusal {
    Refusal::not_found(format!("Uptime check configuration with name='{name}' not found."))
}

/// The display name in lower case with dashes, and some letters of chance.
fn id_for(check: &Map<String, Value>) -> String {
    let display = check.get("displayName").and_then(Value::as_str).unwrap_or_default();
    let dashed: String = display
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("{dashed}-{}", &uuid::Uuid::new_v4().simple().to_string()[..11])
}
