//! Single Redirects through the Rulesets API: the phase `http_request_dynamic_redirect` of a zone.
//! Source: developers.cloudflare.com/ruleset-engine/rulesets-api. Every write answers with the whole ruleset.

use serde_json::{Value, json};

use super::access::Asked;
use super::envelope::{self, CloudflareRefusal};
use super::redirect_check::{check, missing_field, refused};
use super::zone::{Object, Ruleset, Zone, fresh_id, now};
use super::{REDIRECTS_KIND, body};
use crate::frame::call::Reply;
use crate::frame::change::Change;

/// The only phase that the sandbox has.
const PHASE: &str = "http_request_dynamic_redirect";

/// What a caller may say about a rule.
const FIELDS: [&str; 7] =
    ["id", "action", "action_parameters", "expression", "description", "enabled", "ref"];

pub(super) fn list(zone: &Zone) -> Reply {
    let rulesets: Vec<_> = zone.redirects.iter().map(Ruleset::summary).collect();
    envelope::ok(&json!(rulesets))
}

pub(super) fn get(zone: &Zone, id: &str) -> Result<Reply, CloudflareRefusal> {
    let ruleset = zone.redirects.as_ref().filter(|ruleset| ruleset.id == id).ok_or_else(no_ruleset)?;
    Ok(envelope::ok(&ruleset.json()))
}

pub(super) fn entrypoint(zone: &Zone, phase: &str) -> Result<Reply, CloudflareRefusal> {
    let ruleset = zone.redirects.as_ref().filter(|_| phase == PHASE).ok_or_else(|| no_entrypoint(phase))?;
    Ok(envelope::ok(&ruleset.json()))
}

/// Replaces every rule of the phase, whosever it is.
pub(super) fn replace(zone: &mut Zone, asked: &Asked, phase: &str) -> Result<Reply, CloudflareRefusal> {
    if phase != PHASE {
        return Err(no_entrypoint(phase));
    }
    let fields = body(asked.call)?;
    let rules = fields.get("rules").and_then(Value::as_array).ok_or_else(|| missing_field("rules"))?;
    let rules = rules.iter().map(|rule| complete(rule.as_object().cloned().unwrap_or_default(), None));
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    let before = zone.redirects.as_ref().map_or(Value::Null, Ruleset::json);
    zone.redirects.get_or_insert_with(|| Ruleset::new(&zone.id));
    write(zone, asked, before, |ruleset| ruleset.rules = rules)
}

/// Appends a rule.
pub(super) fn create(zone: &mut Zone, asked: &Asked, ruleset: &str) -> Result<Reply, CloudflareRefusal> {
    let before = known(zone, ruleset)?.json();
    let rule = complete(body(asked.call)?, None)?;
    if known(zone, ruleset)?.rules.len() >= zone.redirect_quota {
        return Err(CloudflareRefusal::new(400, 20217, "exceeded maximum number of rules in the phase"));
    }
    if taken(zone, &rule["ref"], &Value::Null) {
        return Err(refused("'ref' must be unique in a ruleset", "/ref"));
    }
    write(zone, asked, before, |ruleset| ruleset.rules.push(rule))
}

/// The whole rule: what the body leaves out falls back to its default, as the docs don't promise to keep it.
pub(super) fn patch(
    zone: &mut Zone,
    asked: &Asked,
    ruleset: &str,
    rule: &str,
) -> Result<Reply, CloudflareRefusal> {
    let before = known(zone, ruleset)?.json();
    let at = index(known(zone, ruleset)?, rule)?;
    let patched = complete(body(asked.call)?, Some(&known(zone, ruleset)?.rules[at]))?;
    if taken(zone, &patched["ref"], &patched["id"]) {
        return Err(refused("'ref' must be unique in a ruleset", "/ref"));
    }
    write(zone, asked, before, |ruleset| ruleset.rules[at] = patched)
}

pub(super) fn delete(
    zone: &mut Zone,
    asked: &Asked,
    ruleset: &str,
    rule: &str,
) -> Result<Reply, CloudflareRefusal> {
    let before = known(zone, ruleset)?.json();
    let at = index(known(zone, ruleset)?, rule)?;
    write(zone, asked, before, |ruleset| {
        ruleset.rules.remove(at);
    })
}

fn write(
    zone: &mut Zone,
    asked: &Asked,
    before: Value,
    edit: impl FnOnce(&mut Ruleset),
) -> Result<Reply, CloudflareRefusal> {
    // Validated and nothing else: answered with no result.
    if asked.call.query("dry_run") == Some("true") {
        return Ok(envelope::ok(&Value::Null));
    }
    let ruleset = zone.redirects.as_mut().ok_or_else(no_ruleset)?;
    edit(ruleset);
    ruleset.version += 1;
    ruleset.updated = now();
    let after = ruleset.json();
    zone.publish(asked.now);
    let change = Change::new(REDIRECTS_KIND, PHASE, [before, after.clone()]).within(&zone.id);
    Ok(envelope::ok(&after).changed(change))
}

/// A rule as it is stored, with every default filled in.
fn complete(mut rule: Object, stored: Option<&Object>) -> Result<Object, CloudflareRefusal> {
    if let Some(field) = rule.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(refused(&format!("unknown or read-only field '{field}'"), &format!("/{field}")));
    }
    check(&rule)?;
    let id = stored.map_or_else(|| json!(fresh_id()), |stored| stored["id"].clone());
    if rule.get("id").is_some_and(|given| *given != id) {
        return Err(refused("'id' does not match the rule", "/id"));
    }
    let version = stored.and_then(|stored| stored["version"].as_str()?.parse::<u64>().ok()).unwrap_or(0);
    rule.entry("description").or_insert(json!(""));
    rule.entry("enabled").or_insert(json!(true));
    rule.entry("ref").or_insert(id.clone());
    rule.insert("id".to_owned(), id);
    rule.insert("version".to_owned(), json!((version + 1).to_string()));
    rule.insert("last_updated".to_owned(), json!(now()));
    Ok(rule)
}

fn taken(zone: &Zone, reference: &Value, except: &Value) -> bool {
    let rules = zone.redirects.iter().flat_map(|ruleset| &ruleset.rules);
    rules.into_iter().any(|rule| rule["ref"] == *reference && rule["id"] != *except)
}

fn known<'a>(zone: &'a Zone, id: &str) -> Result<&'a Ruleset, CloudflareRefusal> {
    zone.redirects.as_ref().filter(|ruleset| ruleset.id == id).ok_or_else(no_ruleset)
}

fn index(ruleset: &Ruleset, rule: &str) -> Result<usize, CloudflareRefusal> {
    let at = ruleset.rules.iter().position(|known| known["id"] == rule);
    at.ok_or_else(|| CloudflareRefusal::new(404, 10003, "could not find rule"))
}

fn no_ruleset() -> CloudflareRefusal {
    CloudflareRefusal::new(404, 10003, "could not find ruleset")
}

fn no_entrypoint(phase: &str) -> CloudflareRefusal {
    CloudflareRefusal::new(
        404,
        10003,
        format!("could not find entrypoint ruleset in the \"{phase}\" phase at the zone level"),
    )
}
