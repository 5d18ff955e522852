//! Page Rules: list, read, create, replace, change, delete.
//! Source: developers.cloudflare.com/api, "Page Rules"; what is refused: terraform-provider-cloudflare#265 and #60.

use serde_json::{Value, json};

use super::access::Asked;
use super::envelope::{self, CloudflareRefusal};
use super::page_rule_check::complaints;
use super::zone::{Object, Zone, fresh_id, now};
use super::{PAGE_RULE_KIND, body};
use crate::frame::call::Reply;
use crate::frame::change::Change;

/// What a caller may write, or send back as it was read.
const FIELDS: [&str; 7] = ["id", "targets", "actions", "priority", "status", "created_on", "modified_on"];

/// Those of them that are the caller's to choose.
const WRITABLE: [&str; 4] = ["targets", "actions", "priority", "status"];

pub(super) fn list(zone: &Zone, asked: &Asked) -> Result<Reply, CloudflareRefusal> {
    let status = asked.call.query("status");
    if status.is_some_and(|status| !["active", "disabled"].contains(&status)) {
        return Err(CloudflareRefusal::page_rule(vec![".status: Invalid page rule status".to_owned()]));
    }
    let wanted = |rule: &&Object| status.is_none_or(|status| rule["status"] == status);
    let mut rules: Vec<_> = zone.page_rules.iter().filter(wanted).collect();
    // Highest priority first, unless asked otherwise.
    rules.sort_by_key(|rule| std::cmp::Reverse(rule["priority"].as_u64()));
    if asked.call.query("direction") == Some("asc") {
        rules.reverse();
    }
    Ok(envelope::ok(&json!(rules)))
}

pub(super) fn get(zone: &Zone, id: &str) -> Result<Reply, CloudflareRefusal> {
    let rule = zone.page_rule(id).ok_or_else(missing)?;
    Ok(envelope::ok(&json!(rule)))
}

pub(super) fn create(zone: &mut Zone, asked: &Asked) -> Result<Reply, CloudflareRefusal> {
    let mut rule = whole(zone, asked)?;
    if zone.page_rules.len() >= zone.page_rule_quota {
        return Err(CloudflareRefusal::page_rule(vec![
            "Page Rule limit has been met. The zone has no rules left.".to_owned(),
        ]));
    }
    let id = fresh_id();
    rule.insert("id".to_owned(), json!(id));
    rule.insert("created_on".to_owned(), json!(now()));
    rule.insert("modified_on".to_owned(), json!(now()));
    zone.page_rules.push(rule.clone());
    Ok(changed(zone, asked, &id, [Value::Null, json!(rule)]))
}

/// The body becomes the rule: what it leaves out falls back to its default, `status` to `disabled`.
pub(super) fn replace(zone: &mut Zone, asked: &Asked, id: &str) -> Result<Reply, CloudflareRefusal> {
    zone.page_rule(id).ok_or_else(missing)?;
    let rule = whole(zone, asked)?;
    store(zone, asked, id, rule)
}

/// One or more fields; the others stay.
pub(super) fn patch(zone: &mut Zone, asked: &Asked, id: &str) -> Result<Reply, CloudflareRefusal> {
    let mut rule = zone.page_rule(id).ok_or_else(missing)?.clone();
    let fields = known_fields(asked)?;
    if !fields.keys().any(|field| WRITABLE.contains(&field.as_str())) {
        return Err(CloudflareRefusal::page_rule(vec![
            ".: At least one property must be provided".to_owned(),
        ]));
    }
    rule.extend(fields.into_iter().filter(|(field, _)| WRITABLE.contains(&field.as_str())));
    checked(zone, &rule)?;
    store(zone, asked, id, rule)
}

pub(super) fn delete(zone: &mut Zone, asked: &Asked, id: &str) -> Result<Reply, CloudflareRefusal> {
    let before = json!(zone.page_rule(id).ok_or_else(missing)?);
    zone.page_rules.retain(|rule| rule["id"] != id);
    Ok(changed(zone, asked, id, [before, Value::Null]))
}

fn whole(zone: &Zone, asked: &Asked) -> Result<Object, CloudflareRefusal> {
    let fields = known_fields(asked)?;
    let mut rule: Object =
        fields.into_iter().filter(|(field, _)| WRITABLE.contains(&field.as_str())).collect();
    rule.entry("priority").or_insert(json!(1));
    rule.entry("status").or_insert(json!("disabled"));
    checked(zone, &rule)?;
    Ok(rule)
}

fn store(zone: &mut Zone, asked: &Asked, id: &str, mut rule: Object) -> Result<Reply, CloudflareRefusal> {
    let stored = zone.page_rules.iter_mut().find(|stored| stored["id"] == id).ok_or_else(missing)?;
    let before = json!(stored);
    rule.insert("id".to_owned(), json!(id));
    rule.insert("created_on".to_owned(), stored["created_on"].clone());
    rule.insert("modified_on".to_owned(), json!(now()));
    stored.clone_from(&rule);
    Ok(changed(zone, asked, id, [before, json!(rule)]))
}

/// Answers with the rule as it is, or with its id if it is gone.
fn changed(zone: &mut Zone, asked: &Asked, id: &str, [before, after]: [Value; 2]) -> Reply {
    zone.publish(asked.now);
    let told = if after.is_null() { json!({ "id": id }) } else { after.clone() };
    envelope::ok(&told).changed(Change::new(PAGE_RULE_KIND, id, [before, after]).within(&zone.id))
}

fn known_fields(asked: &Asked) -> Result<Object, CloudflareRefusal> {
    let fields = body(asked.call)?;
    let unknown: Vec<_> = fields.keys().filter(|field| !FIELDS.contains(&field.as_str())).collect();
    if unknown.is_empty() {
        return Ok(fields);
    }
    let complaint = |field: &&String| format!(".: \"{field}\" is not an allowed property");
    Err(CloudflareRefusal::page_rule(unknown.iter().map(complaint).collect()))
}

fn checked(zone: &Zone, rule: &Object) -> Result<(), CloudflareRefusal> {
    let complaints = complaints(rule, &zone.hosts);
    if complaints.is_empty() { Ok(()) } else { Err(CloudflareRefusal::page_rule(complaints)) }
}

fn missing() -> CloudflareRefusal {
    CloudflareRefusal::new(404, 1002, "Invalid Page Rule identifier")
}
