//! A DNS record: whether it is what visitors ask for, could hold either content, and how soon a change is seen.
//!
//! Source: the page "DNS Records for a Zone" of Cloudflare's API reference, read 2026-11-20.

use std::{net::IpAddr, time::Duration};

use failover_core::{Observed, Position};
use serde_json::{Value, json};

use crate::{
    clouds::{Problem, Situation, cloudflare::ByHand},
    host,
};

/// What Cloudflare's `ttl` of 1, "automatic", comes to, in seconds. Longer would be longer than anybody need wait.
const AUTOMATIC: u64 = 300;

/// The shortest that every zone may have, in seconds.
const SHORTEST: u64 = 60;

/// The records that a visitor can be led by, and a switch can move.
const LEADING: [&str; 3] = ["A", "AAAA", "CNAME"];

/// Where names at Cloud Run end that belong to the service, not to visitors.
const CLOUD_RUN: &str = ".run.app";

/// What the configuration says that the record holds.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// While visitors go to the primary.
    pub primary: &'a str,
    /// While they go to the standby.
    pub standby: &'a str,
}

/// The record is gone. `others` are those that the host has now.
pub fn gone(id: &str, others: &[Value], situation: &Situation) -> Problem {
    let sentence = format!(
        "the DNS record {id} is not there, so nobody could be led to the standby: it was deleted, or made anew"
    );
    Problem::critical(sentence, named_instead(others, situation))
}

/// Records of the visitors' name that no switch moves: by each of them a part of the visitors stays where they are.
pub fn beside(
    record: &Value,
    others: &[Value],
    contents: Contents<'_>,
    zone: &str,
    situation: &Situation,
) -> Vec<Problem> {
    let moved = |other: &Value| {
        let resource = format!("zones/{zone}/dns_records/{}", other["id"].as_str().unwrap_or_default());
        other["id"] == record["id"] || situation.switches.iter().any(|switch| switch.resource == resource)
    };
    let leads = |other: &&Value| LEADING.iter().any(|kind| other["type"] == *kind);
    let unmoved = others.iter().filter(leads).filter(|other| !moved(other));
    unmoved
        .map(|other| {
            let [name, kind, content, id] = ["name", "type", "content", "id"].map(|key| text(&other[key]));
            let sentence = format!(
                "{name} has another record, {id} ({kind} {content}), which no switch moves: some visitors would go on \
                 being led to it"
            );
            let standby = if kind == text(&record["type"]) { contents.standby } else { "…" };
            let mend = format!(
                "kind = \"cloudflare_dns_record\", zone = \"{zone}\", record = \"{id}\", primary = \"{content}\", \
                 standby = \"{standby}\"   # one more switch in the configuration; or delete that record"
            );
            Problem::critical(sentence, mend)
        })
        .collect()
}

/// A wildcard says nothing of a name that has a record of its own, of whatever type.
pub fn shadowed(record: &Value, others: &[Value], situation: &Situation) -> Option<Problem> {
    let (name, host) = (plain(&record["name"]), situation.domain()?);
    let own = others.first().filter(|_| name.starts_with('*') && name != host)?;
    let sentence = format!(
        "{host} has a record of its own ({} {}), which wins over {name}: visitors would not notice a change",
        text(&own["type"]),
        text(&own["content"])
    );
    Some(Problem::critical(sentence, named_instead(others, situation)))
}

/// The record is of a name that visitors don't type, and `others`, those of the name that they do, don't lead to it.
pub fn astray(record: &Value, others: &[Value], situation: &Situation) -> Option<Problem> {
    let (name, host) = (plain(&record["name"]), situation.domain()?);
    let leads_there = |other: &Value| other["type"] == "CNAME" && plain(&other["content"]) == name;
    if others.iter().any(leads_there) {
        return None;
    }
    let sentence = format!("the DNS record is of {name}, and visitors ask for {host}: they would not notice");
    Some(Problem::critical(sentence, named_instead(others, situation)))
}

/// Whether the record is of another name than visitors type.
pub fn is_of_another(record: &Value, situation: &Situation) -> bool {
    let name = plain(&record["name"]);
    situation.domain().is_some_and(|host| match name.strip_prefix('*') {
        Some(ending) => !host.ends_with(ending),
        None => host != name,
    })
}

/// What is wrong with the record itself. What follows from another problem isn't told.
pub fn of_record(
    record: &Value,
    contents: Contents<'_>,
    observed: &Observed,
    by_hand: &ByHand,
    situation: &Situation,
) -> Vec<Problem> {
    let fixed = locked(record).or_else(|| misfit(record, contents));
    if let Some(problem) = fixed.or_else(|| foreign(record, contents, observed, by_hand, situation)) {
        return vec![problem];
    }
    let late = lasting(record, by_hand).or_else(|| undrained(record, situation));
    unmapped(contents, situation).into_iter().chain(late).collect()
}

fn locked(record: &Value) -> Option<Problem> {
    let managed = record["locked"] == true || record["meta"]["read_only"] == true;
    managed.then(|| {
        let sentence = "the DNS record is locked: Cloudflare manages it itself and would refuse the change";
        Problem::critical(
            sentence,
            "https://dash.cloudflare.com   # DNS: make a record of your own, and name it",
        )
    })
}

/// A change sends the content alone, so the record has to be of a type that can hold both.
fn misfit(record: &Value, contents: Contents<'_>) -> Option<Problem> {
    let kind = record["type"].as_str().unwrap_or_default();
    let wrong = [contents.primary, contents.standby].into_iter().find(|content| !fits(kind, content))?;
    let sentence = format!(
        "the DNS record is of type {kind}, which can't hold {wrong}: Cloudflare would refuse the change"
    );
    let mend = "primary = \"…\", standby = \"…\"   # in the configuration: two addresses for a record of type A or \
                AAAA, two host names for a CNAME";
    Some(Problem::critical(sentence, mend))
}

fn fits(kind: &str, content: &str) -> bool {
    match (kind, content.parse::<IpAddr>()) {
        ("A", Ok(address)) => address.is_ipv4(),
        ("AAAA", Ok(address)) => address.is_ipv6(),
        ("CNAME", address) => address.is_err(),
        _ => false,
    }
}

/// Where the primary answers at an address that the configuration doesn't know, nobody could be led back there.
fn foreign(
    record: &Value,
    contents: Contents<'_>,
    observed: &Observed,
    by_hand: &ByHand,
    situation: &Situation,
) -> Option<Problem> {
    let Observed::Mixed(how) = observed else { return None };
    let sentence = format!("where the DNS record leads is not known: {how}");
    let mend = match situation.settled_at.unwrap_or(Position::Primary) {
        at if situation.public.is_by(at) => {
            let content = record["content"].as_str().unwrap_or_default();
            format!("{at} = \"{content}\"   # in the configuration, since the {at} answers there")
        }
        Position::Primary => by_hand.change(&json!({ "content": contents.primary })),
        Position::Standby => by_hand.change(&json!({ "content": contents.standby })),
    };
    Some(Problem::critical(sentence, mend))
}

/// Cloud Run finds a service by the host name that visitors ask for, and knows only its own and mapped ones.
fn unmapped(contents: Contents<'_>, situation: &Situation) -> Option<Problem> {
    let target = [contents.primary, contents.standby].into_iter().find(|name| name.ends_with(CLOUD_RUN))?;
    let host = situation.domain().unwrap_or("HOST");
    let sentence =
        format!("the DNS record would lead to {target}, where Cloud Run answers 404 to who asks for {host}");
    let mend = format!(
        "gcloud beta run domain-mappings create --domain {host} --service SERVICE --region REGION   # then name what it \
         says, or a host name of your own that redirects"
    );
    Some(Problem::warning(sentence, mend))
}

/// Proxied, it moves at Cloudflare's edge, and resolvers know only that.
fn remembered(record: &Value) -> Option<Duration> {
    let seconds = record["ttl"].as_u64().filter(|ttl| *ttl != 1).unwrap_or(AUTOMATIC);
    (record["proxied"] != true).then_some(Duration::from_secs(seconds))
}

fn lasting(record: &Value, by_hand: &ByHand) -> Option<Problem> {
    let lasts = remembered(record).filter(|lasts| lasts.as_secs() > AUTOMATIC)?;
    let sentence = format!(
        "resolvers remember the DNS record for {} s, and visitors stay where it led for as long",
        lasts.as_secs()
    );
    Some(Problem::warning(sentence, by_hand.change(&json!({ "ttl": SHORTEST }))))
}

/// Who still remembers the standby after a failback must not find it closed.
fn undrained(record: &Value, situation: &Situation) -> Option<Problem> {
    let lasts = remembered(record).filter(|lasts| situation.drain.is_some_and(|drain| drain < *lasts))?;
    let sentence = format!(
        "after a failback, resolvers may lead visitors to the standby for another {} s, when it is closed already",
        lasts.as_secs()
    );
    Some(Problem::warning(sentence, format!("drain = \"{}s\"   # in the configuration", lasts.as_secs())))
}

/// The key of the configuration that names the host's own record, where it has one that could be moved.
fn named_instead(others: &[Value], situation: &Situation) -> String {
    let host = situation.domain().unwrap_or("the host");
    let movable = |other: &&Value| LEADING.iter().any(|kind| other["type"] == *kind);
    let others: Vec<&Value> = others.iter().filter(movable).collect();
    match others.as_slice() {
        [only] => {
            let id = only["id"].as_str().unwrap_or_default();
            format!("record = \"{id}\"   # in the configuration: it is of {host}")
        }
        _ => format!("https://dash.cloudflare.com   # DNS: make a record of {host}, then name it as record"),
    }
}

/// A name as it is compared.
fn plain(name: &Value) -> String {
    host::canonical(text(name))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
