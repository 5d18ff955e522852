//! Which script runs on which URLs of a zone: list, read, create, replace, delete routes of Workers.
//! Source: developers.cloudflare.com/api, "Workers Routes", and /workers/configuration/routing/routes. The interface takes
//! and returns `request_limit_fail_open`, which its reference doesn't name.

use serde_json::{Value, json};

use super::access::Asked;
use super::envelope::{self, CloudflareRefusal};
use super::scripts::Scripts;
use super::visit::Visit;
use super::wildcard;
use super::zone::{Object, Zone, fresh_id};
use super::{WORKER_ROUTE_KIND, body};
use crate::frame::call::Reply;
use crate::frame::change::Change;

/// What a caller may write, or send back as it was read.
const FIELDS: [&str; 4] = ["id", "pattern", "script", "request_limit_fail_open"];

pub(super) fn list(zone: &Zone) -> Reply {
    envelope::ok(&json!(zone.worker_routes))
}

pub(super) fn get(zone: &Zone, id: &str) -> Result<Reply, CloudflareRefusal> {
    Ok(envelope::ok(&json!(stored(zone, id)?)))
}

pub(super) fn create(zone: &mut Zone, asked: &Asked, scripts: &Scripts) -> Result<Reply, CloudflareRefusal> {
    let id = fresh_id();
    let route = whole(zone, asked, scripts, &id)?;
    zone.worker_routes.push(route.clone());
    Ok(changed(zone, asked, &id, [Value::Null, json!(route)]))
}

/// The body becomes the route: without a script it runs none.
pub(super) fn replace(
    zone: &mut Zone,
    asked: &Asked,
    scripts: &Scripts,
    id: &str,
) -> Result<Reply, CloudflareRefusal> {
    let before = json!(stored(zone, id)?);
    let route = whole(zone, asked, scripts, id)?;
    for stored in zone.worker_routes.iter_mut().filter(|route| route["id"] == id) {
        stored.clone_from(&route);
    }
    Ok(changed(zone, asked, id, [before, json!(route)]))
}

pub(super) fn delete(zone: &mut Zone, asked: &Asked, id: &str) -> Result<Reply, CloudflareRefusal> {
    let before = json!(stored(zone, id)?);
    zone.worker_routes.retain(|route| route["id"] != id);
    Ok(changed(zone, asked, id, [before, Value::Null]))
}

/// The script that runs for this visit, if any: the most specific pattern decides, also where it has no script.
pub(super) fn script(routes: &[Object], visit: &Visit) -> Option<String> {
    let matching =
        routes.iter().filter(|route| matches(route["pattern"].as_str().unwrap_or_default(), visit));
    let route = matching.max_by_key(|route| route["pattern"].as_str().map_or(0, str::len))?;
    route.get("script")?.as_str().filter(|script| !script.is_empty()).map(ToOwned::to_owned)
}

/// Patterns say nothing of queries; one without a scheme matches both.
fn matches(pattern: &str, visit: &Visit) -> bool {
    let host_and_path = format!("{}{}", visit.host, visit.path);
    let text =
        if pattern.contains("://") { format!("{}://{host_and_path}", visit.scheme) } else { host_and_path };
    wildcard::captures(pattern, &text).is_some()
}

fn whole(zone: &Zone, asked: &Asked, scripts: &Scripts, id: &str) -> Result<Object, CloudflareRefusal> {
    let mut route = body(asked.call)?;
    if let Some(field) = route.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(CloudflareRefusal::new(
            400,
            10001,
            format!("Unable to parse request body: unknown field {field}"),
        ));
    }
    let pattern = route.get("pattern").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !is_pattern(&pattern, &zone.hosts) {
        return Err(CloudflareRefusal::new(400, 10022, "workers.api.error.invalid_route_pattern"));
    }
    let script = route.get("script").cloned().unwrap_or_default();
    if script.as_str().is_some_and(|script| !script.is_empty() && !scripts.has(script)) {
        return Err(CloudflareRefusal::new(404, 10007, "workers.api.error.script_not_found"));
    }
    let twice = |other: &Object| other["pattern"] == *pattern && other["id"] != id;
    if zone.worker_routes.iter().any(twice) {
        return Err(CloudflareRefusal::new(409, 10020, "workers.api.error.duplicate_route"));
    }
    route.insert("id".to_owned(), json!(id));
    route.entry("request_limit_fail_open").or_insert(json!(false));
    if script.as_str().is_none_or(str::is_empty) {
        route.remove("script");
    }
    Ok(route)
}

/// A host of the zone, of which the beginning may be `*`, and a path of which the end may be.
fn is_pattern(pattern: &str, hosts: &[String]) -> bool {
    let rest = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let of_the_zone = hosts.iter().any(|known| wildcard::captures_any_case(host, known).is_some());
    let stars = |text: &str, at: Option<usize>| text.find('*') == at && text.matches('*').count() < 2;
    let host_fits = !host.contains('*') || stars(host, Some(0));
    let path_fits = !path.contains('*') || stars(path, path.len().checked_sub(1));
    of_the_zone && host_fits && path_fits && !pattern.contains('?')
}

fn stored<'a>(zone: &'a Zone, id: &str) -> Result<&'a Object, CloudflareRefusal> {
    let missing = || CloudflareRefusal::new(404, 10009, "workers.api.error.route_not_found");
    zone.worker_routes.iter().find(|route| route["id"] == id).ok_or_else(missing)
}

/// Answers with the route as it is, or with its id if it is gone.
fn changed(zone: &mut Zone, asked: &Asked, id: &str, [before, after]: [Value; 2]) -> Reply {
    zone.publish(asked.now);
    let told = if after.is_null() { json!({ "id": id }) } else { after.clone() };
    envelope::ok(&told).changed(Change::new(WORKER_ROUTE_KIND, id, [before, after]).within(&zone.id))
}
