//! `instances.aggregatedList`: machines of all zones, one entry per zone, filtered by name.

use serde_json::{Map, Value, json};

use super::ComputeState;
use super::envelope::{ComputeDenied, require};
use super::machine::BASE;
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::strict;

/// `returnPartialSuccess`, which older descriptions have, is not among them any more.
const QUERY: [&str; 6] =
    ["filter", "includeAllScopes", "maxResults", "orderBy", "pageToken", "serviceProjectNumber"];

pub(super) fn aggregated(
    Asked { state, access, call, name: project, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    require(access, call, &["compute.instances.list"], &format!("projects/{project}"))?;
    strict::check_query(call, &QUERY)?;
    let name = strict::query(call, "filter").map(wanted_name).transpose()?;
    let mut zones: Vec<&str> = state.machines.iter().map(|machine| machine.seed.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    let begin =
        strict::query(call, "pageToken").and_then(|token| zones.iter().position(|zone| *zone == token));
    let most = strict::query(call, "maxResults").and_then(|most| most.parse().ok()).unwrap_or(500_usize);
    let page: Vec<&str> = zones.iter().skip(begin.unwrap_or(0)).take(most).copied().collect();
    let items: Map<String, Value> = page
        .iter()
        .map(|zone| (format!("zones/{zone}"), entry(state, project, zone, name.as_deref())))
        .collect();
    let mut answer = json!({
        "kind": "compute#instanceAggregatedList",
        "id": format!("projects/{project}/aggregated/instances"),
        "items": items,
        "selfLink": format!("{BASE}/projects/{project}/aggregated/instances"),
    });
    let silent: Vec<String> = page
        .iter()
        .filter(|zone| state.silent.contains(**zone))
        .map(|zone| format!("zones/{zone}"))
        .collect();
    if !silent.is_empty() {
        answer["unreachables"] = json!(silent);
    }
    if let Some(next) = zones.get(begin.unwrap_or(0) + most) {
        answer["nextPageToken"] = json!(next);
    }
    Ok(strict::ok(&answer))
}

/// A zone without a match says so instead of showing an empty list.
fn entry(state: &ComputeState, project: &str, zone: &str, name: Option<&str>) -> Value {
    let fits = |machine: &&super::machine::Machine| {
        let seed = &machine.seed;
        seed.project == project && seed.zone == zone && name.is_none_or(|name| seed.name == name)
    };
    if state.silent.contains(zone) {
        let message = format!("Scope 'zones/{zone}' is unreachable.");
        return json!({"warning": {"code": "UNREACHABLE", "message": message,
            "data": [{"key": "scope", "value": format!("zones/{zone}")}]}});
    }
    let found: Vec<Value> = state.machines.iter().filter(fits).map(super::machine::Machine::view).collect();
    if found.is_empty() {
        let message = format!("There are no results for scope 'zones/{zone}' on this page.");
        return json!({"warning": {"code": "NO_RESULTS_ON_PAGE", "message": message}});
    }
    json!({ "instances": found })
}

/// Of Google's filters, those that compare the name: `name="db-a"`, `name = db-a`, `name eq db-a`.
fn wanted_name(filter: &str) -> Result<String, ComputeDenied> {
    let wrong = || ComputeDenied::invalid("filter", filter, "Invalid list filter expression.");
    let inner = filter.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let rest = inner.strip_prefix("name").ok_or_else(wrong)?.trim_start();
    let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix("eq ")).ok_or_else(wrong)?.trim();
    let name = value.trim_matches('"');
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if plain && !name.is_empty() { Ok(name.to_owned()) } else { Err(wrong()) }
}
