//! DNS records: list, read, create, change, delete.
//! Source: developers.cloudflare.com/api, "DNS Records for a Zone". How contents come back: compressed IPv6
//! (cloudflare/terraform-provider-cloudflare#3354), names in Unicode (#1310), both only where they are the same value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};
use url::quirks;

use super::access::Asked;
use super::envelope::{self, CloudflareRefusal};
use super::zone::{Object, Zone, fresh_id, now};
use super::{RECORD_KIND, body};
use crate::frame::call::Reply;
use crate::frame::change::Change;

/// What a caller may change.
const FIELDS: [&str; 8] = ["type", "name", "content", "ttl", "proxied", "comment", "tags", "settings"];

/// The largest page of a list.
const LARGEST_PAGE: usize = 5_000_000;

pub(super) fn list(zone: &Zone, asked: &Asked) -> Result<Reply, CloudflareRefusal> {
    let fits = |record: &Object| {
        let is = |key: &str, field: &str| {
            let told = record[field].as_str().unwrap_or_default();
            asked.call.query(key).is_none_or(|wanted| value(told) == value(wanted))
        };
        let kind = asked.call.query("type").is_none_or(|wanted| record["type"] == wanted);
        kind && is("name", "name") && is("name.exact", "name") && is("content", "content")
    };
    let found: Vec<_> = zone.records.iter().filter(|record| fits(record)).map(|one| json!(one)).collect();
    envelope::paged(asked.call, &found, 100, 1..=LARGEST_PAGE)
}

pub(super) fn get(zone: &Zone, id: &str) -> Result<Reply, CloudflareRefusal> {
    let record = zone.records.iter().find(|record| record["id"] == id).ok_or_else(missing)?;
    Ok(envelope::ok(&json!(record)))
}

pub(super) fn create(zone: &mut Zone, asked: &Asked) -> Result<Reply, CloudflareRefusal> {
    let mut record = known_fields(asked)?;
    let id = fresh_id();
    record.insert("id".to_owned(), json!(id));
    for (field, default) in [("ttl", json!(1)), ("proxied", json!(false)), ("comment", Value::Null)] {
        record.entry(field).or_insert(default);
    }
    for (field, default) in [("tags", json!([])), ("settings", json!({})), ("meta", json!({}))] {
        record.entry(field).or_insert(default);
    }
    record.insert("proxiable".to_owned(), json!(true));
    record.insert("created_on".to_owned(), json!(now()));
    let record = accepted(zone, record)?;
    zone.records.push(record.clone());
    Ok(changed(zone, &id, [Value::Null, json!(record)]))
}

pub(super) fn patch(zone: &mut Zone, asked: &Asked, id: &str) -> Result<Reply, CloudflareRefusal> {
    let stored = zone.records.iter().find(|record| record["id"] == id).ok_or_else(missing)?;
    let (before, mut patched) = (json!(stored), stored.clone());
    patched.extend(known_fields(asked)?);
    let patched = accepted(zone, patched)?;
    for record in zone.records.iter_mut().filter(|record| record["id"] == id) {
        record.clone_from(&patched);
    }
    Ok(changed(zone, id, [before, json!(patched)]))
}

pub(super) fn delete(zone: &mut Zone, id: &str) -> Result<Reply, CloudflareRefusal> {
    let stored = zone.records.iter().find(|record| record["id"] == id).ok_or_else(missing)?;
    let before = json!(stored);
    zone.records.retain(|record| record["id"] != id);
    Ok(changed(zone, id, [before, Value::Null]))
}

/// Answers with the record as it is, or with its id if it is gone.
fn changed(zone: &Zone, id: &str, [before, after]: [Value; 2]) -> Reply {
    let told = if after.is_null() { json!({ "id": id }) } else { after.clone() };
    envelope::ok(&told).changed(Change::new(RECORD_KIND, id, [before, after]).within(&zone.id))
}

fn known_fields(asked: &Asked) -> Result<Object, CloudflareRefusal> {
    let fields = body(asked.call)?;
    match fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        Some(field) => Err(invalid(&format!("unknown or read-only field '{field}'"))),
        None => Ok(fields),
    }
}

/// The record as it is stored: checked, written as Cloudflare writes it, and at odds with none of the others.
fn accepted(zone: &Zone, mut record: Object) -> Result<Object, CloudflareRefusal> {
    check(&record)?;
    for field in ["name", "content"] {
        let told = spelled(zone, record[field].as_str().unwrap_or_default());
        record.insert(field.to_owned(), json!(told));
    }
    let others = || {
        let is_other = |other: &&Object| other["id"] != record["id"] && other["name"] == record["name"];
        zone.records.iter().filter(is_other)
    };
    if others().any(|other| other["type"] == record["type"] && other["content"] == record["content"]) {
        return Err(CloudflareRefusal::new(400, 81058, "An identical record already exists."));
    }
    if others().any(|other| other["type"] == "CNAME" || record["type"] == "CNAME") {
        let text = "An A, AAAA, or CNAME record with that host already exists.";
        return Err(CloudflareRefusal::new(400, 81053, text));
    }
    record.insert("modified_on".to_owned(), json!(now()));
    Ok(record)
}

fn check(record: &Object) -> Result<(), CloudflareRefusal> {
    let text = |field: &str| record.get(field).and_then(Value::as_str).unwrap_or_default();
    let content = text("content");
    let fits = match text("type") {
        "A" => content.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => content.parse::<Ipv6Addr>().is_ok(),
        "CNAME" => !content.is_empty() && content.parse::<IpAddr>().is_err(),
        _ => return Err(invalid("DNS record type is invalid")),
    };
    if !fits {
        return Err(invalid("Content for the record is invalid"));
    }
    if text("name").is_empty() {
        return Err(invalid("DNS name is invalid"));
    }
    // 1 means automatic, which proxied records always have.
    if !matches!(record["ttl"].as_u64(), Some(1 | 60..=86400)) {
        return Err(invalid("TTL must be between 60 and 86400 seconds, or 1 for Automatic"));
    }
    if record["proxied"] == Value::Bool(true) && record["ttl"] != 1 {
        return Err(invalid("ttl must be set to 1 when `proxied` is true"));
    }
    Ok(())
}

/// An address or a name as Cloudflare gives it back: the short form, lower case, no dot at the end.
pub(super) fn spelled(zone: &Zone, text: &str) -> String {
    let text = value(text);
    if zone.unicode_names && text.parse::<IpAddr>().is_err() {
        quirks::domain_to_unicode(&text)
    } else {
        text
    }
}

/// What an address or a name means, however it is written.
pub(super) fn value(text: &str) -> String {
    if let Ok(address) = text.parse::<IpAddr>() {
        return address.to_string();
    }
    let name = text.trim_end_matches('.').to_lowercase();
    let (wildcard, rest) = name.strip_prefix("*.").map_or(("", name.as_str()), |rest| ("*.", rest));
    let ascii = quirks::domain_to_ascii(rest);
    if ascii.is_empty() { name } else { format!("{wildcard}{ascii}") }
}

fn invalid(reason: &str) -> CloudflareRefusal {
    CloudflareRefusal::new(400, 1004, "DNS Validation Error").chained(9000, reason)
}

fn missing() -> CloudflareRefusal {
    CloudflareRefusal::new(404, 81044, "Record does not exist.")
}
