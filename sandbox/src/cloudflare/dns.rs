//! DNS records: list, read, change.
//! Source: developers.cloudflare.com/api, "DNS Records for a Zone".

use serde_json::{Value, json};

use super::access::Asked;
use super::envelope::{self, Refusal};
use super::zone::{Object, Zone, now};
use super::{Answer, body};
use crate::promises::Change;

/// What a caller may change.
const FIELDS: [&str; 8] = ["type", "name", "content", "ttl", "proxied", "comment", "tags", "settings"];

pub(super) fn list(zone: &Zone, asked: &Asked) -> Answer {
    let fits = |record: &Object| {
        let is = |key: &str, field: &str| asked.call.query(key).is_none_or(|wanted| record[field] == wanted);
        is("type", "type") && is("name", "name") && is("name.exact", "name") && is("content", "content")
    };
    let found: Vec<_> =
        zone.records.iter().filter(|record| fits(record)).map(|record| json!(record)).collect();
    let number =
        |key: &str, default| asked.call.query(key).and_then(|text| text.parse().ok()).unwrap_or(default);
    Answer::read(envelope::page(&found, number("page", 1), number("per_page", 100)))
}

pub(super) fn get(zone: &Zone, id: &str) -> Result<Answer, Refusal> {
    let record = zone.records.iter().find(|record| record["id"] == id).ok_or_else(missing)?;
    Ok(Answer::read(envelope::ok(&json!(record))))
}

pub(super) fn patch(zone: &mut Zone, asked: &Asked, id: &str) -> Result<Answer, Refusal> {
    let fields = body(asked.call)?;
    let record = zone.records.iter_mut().find(|record| record["id"] == id).ok_or_else(missing)?;
    let before = json!(record);
    let mut patched = record.clone();
    patched.extend(fields.clone());
    if let Some(field) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(invalid(&format!("unknown or read-only field '{field}'")));
    }
    check(&patched)?;
    patched.insert("modified_on".to_owned(), json!(now()));
    record.clone_from(&patched);
    let change =
        Change::Record { zone: zone.id.clone(), record: id.to_owned(), before, after: json!(patched) };
    Ok(Answer { reply: envelope::ok(&json!(patched)), change: Some(change) })
}

fn check(record: &Object) -> Result<(), Refusal> {
    if !matches!(record["type"].as_str(), Some("A" | "AAAA" | "CNAME")) {
        return Err(invalid("DNS record type is invalid"));
    }
    let content = record["content"].as_str().unwrap_or_default();
    let fits = match record["type"].as_str() {
        Some("A") => content.parse::<std::net::Ipv4Addr>().is_ok(),
        Some("AAAA") => content.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => !content.is_empty() && content.parse::<std::net::IpAddr>().is_err(),
    };
    if !fits {
        return Err(invalid("Content for the record is invalid"));
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

fn invalid(reason: &str) -> Refusal {
    Refusal::new(400, 1004, "DNS Validation Error").chained(9000, reason)
}

fn missing() -> Refusal {
    Refusal::new(404, 81044, "Record does not exist.")
}
