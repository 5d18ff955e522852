//! Whether Cloudflare stands in front of a site at all, so that its rules run.
//!
//! Sources: the pages "Zone Details" and "DNS Records for a Zone" of Cloudflare's API reference, read 2026-11-29.

use serde_json::{Value, json};

use super::ByHand;
use crate::{
    clouds::{Problem, Situation},
    host,
};

/// The records that a visitor can be led by.
const LEADING: [&str; 3] = ["A", "AAAA", "CNAME"];

/// A zone that isn't Cloudflare's to answer for, or that it only answers names for.
pub fn of_zone(zone: &Value, by_hand: &ByHand, situation: &Situation) -> Option<Problem> {
    let (name, host) = (text(&zone["name"]), situation.domain()?);
    let status = zone["status"].as_str().unwrap_or("active");
    if status != "active" {
        let sentence = format!(
            "the zone {name} is {status} at Cloudflare: visitors don't come through it, so no rule of it runs"
        );
        let mend = "https://dash.cloudflare.com   # Overview: set the zone's name servers where the domain is registered";
        return Some(Problem::critical(sentence, mend));
    }
    if zone["paused"] == true {
        let sentence =
            format!("Cloudflare is paused for the zone {name}: visitors go past it, so no rule of it runs");
        return Some(Problem::critical(sentence, by_hand.change(&json!({ "paused": false }))));
    }
    let (name, of_zone) = (host::canonical(name), host::canonical(host));
    let inside = of_zone == name || of_zone.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.'));
    (!inside && !name.is_empty()).then(|| {
        let sentence =
            format!("the rule is in the zone {name}, and visitors ask for {host}: it never runs for them");
        Problem::critical(
            sentence,
            "zone = \"…\"   # in the configuration: the id of the zone that the host is in",
        )
    })
}

/// Names that lead visitors past Cloudflare.
pub fn of_records(records: &[Value], zone: &ByHand, situation: &Situation) -> Option<Problem> {
    let host = situation.domain()?;
    let leading: Vec<&Value> =
        records.iter().filter(|record| LEADING.contains(&text(&record["type"]))).collect();
    if leading.is_empty() {
        let sentence = format!(
            "{host} has no DNS record in the zone, so visitors don't come through Cloudflare, and no rule of it runs"
        );
        let mend = format!("https://dash.cloudflare.com   # DNS: make a proxied record of {host}");
        return Some(Problem::critical(sentence, mend));
    }
    let past = leading.iter().find(|record| record["proxied"] != true)?;
    let mend = zone
        .below(&format!("dns_records/{}", text(&past["id"])))
        .change(&json!({ "proxied": true, "ttl": 1 }));
    let how = format!("the DNS record of {host} ({} {})", text(&past["type"]), text(&past["content"]));
    if leading.iter().any(|record| record["proxied"] == true) {
        let sentence =
            format!("{how} is not proxied, so some visitors go past Cloudflare, where no rule leads them");
        return Some(Problem::critical(sentence, mend));
    }
    let sentence = format!("{how} is not proxied: visitors go past Cloudflare, so no rule of it runs");
    Some(Problem::critical(sentence, mend))
}

/// An answer of the site that didn't come through Cloudflare.
pub fn of_answer(situation: &Situation) -> Option<Problem> {
    let url = situation.public_url.as_ref()?;
    let sentence = format!(
        "the answer at {url} didn't come through Cloudflare, so no rule of it runs: the DNS record isn't proxied, or the \
         zone is paused or moved away"
    );
    Some(Problem::critical(
        sentence,
        "https://dash.cloudflare.com   # DNS: switch the proxy of the host's record on",
    ))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn www() -> Situation {
        Situation::visited_at("https://www.example.com/")
    }

    #[track_caller]
    fn zone(zone: &Value, expected: Option<&str>) {
        let found = of_zone(zone, &ByHand::at("https://api/zones/z"), &www());
        assert_eq!(found.map(|problem| problem.sentence).as_deref(), expected);
    }

    #[test]
    fn a_zone_that_no_visitor_comes_through_is_found() {
        zone(&json!({"name": "example.com", "status": "active", "paused": false}), None);
        zone(&json!({"name": "Example.com"}), None);
        zone(
            &json!({"name": "example.com", "status": "active", "paused": true}),
            Some("Cloudflare is paused for the zone example.com: visitors go past it, so no rule of it runs"),
        );
        zone(
            &json!({"name": "example.com", "status": "moved", "paused": false}),
            Some(
                "the zone example.com is moved at Cloudflare: visitors don't come through it, so no rule of it runs",
            ),
        );
        zone(
            &json!({"name": "ample.com", "status": "active"}),
            Some(
                "the rule is in the zone ample.com, and visitors ask for www.example.com: it never runs for them",
            ),
        );
    }

    #[track_caller]
    fn records(records: &Value, expected: Option<&str>) {
        let records = records.as_array().expect("records");
        let found = of_records(records, &ByHand::at("https://api/zones/z"), &www());
        assert_eq!(found.map(|problem| problem.sentence).as_deref(), expected);
    }

    #[test]
    fn a_name_that_leads_past_cloudflare_is_found() {
        let grey = json!({"id": "r1", "type": "A", "content": "203.0.113.7", "proxied": false});
        let orange = json!({"id": "r2", "type": "AAAA", "content": "2001:db8::7", "proxied": true});
        records(&json!([orange, {"type": "TXT", "content": "x"}]), None);
        records(
            &json!([grey]),
            Some(
                "the DNS record of www.example.com (A 203.0.113.7) is not proxied: visitors go past Cloudflare, so no \
                 rule of it runs",
            ),
        );
        records(
            &json!([orange, grey]),
            Some(
                "the DNS record of www.example.com (A 203.0.113.7) is not proxied, so some visitors go past Cloudflare, \
                 where no rule leads them",
            ),
        );
        let none = "www.example.com has no DNS record in the zone, so visitors don't come through Cloudflare, and no \
                    rule of it runs";
        records(&json!([{"type": "MX", "content": "mail"}]), Some(none));
    }
}
