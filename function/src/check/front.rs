//! Whether Cloudflare stands in front of a site at all, so that its rules run; and whether a Worker stands before them.
//!
//! Sources: the pages "Zone Details", "DNS Records for a Zone" and "List Routes" of Cloudflare's API reference, and "Page
//! Rules" of the Workers documentation, read 2026-11-29.

use serde_json::{Value, json};

use super::{ByHand, Problem, Situation, pattern::page_rule_captures};
use crate::api::names;

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
    let (name, of_zone) = (names::canonical(name), names::canonical(host));
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

/// A Worker on the site's pages, where Cloudflare ignores page rules that forward. Of several routes the most specific
/// one counts, and one without a script keeps Workers away.
pub fn of_workers(routes: &Value, situation: &Situation) -> Option<Problem> {
    let pages = situation.pages();
    let fits =
        |route: &&Value| pages.iter().any(|page| page_rule_captures(text(&route["pattern"]), page).is_some());
    let matching = routes.as_array().into_iter().flatten().filter(fits);
    let route = matching.max_by_key(|route| text(&route["pattern"]).len())?;
    let script = route["script"].as_str().filter(|script| !script.is_empty())?;
    let sentence = format!(
        "the Worker {script} runs at {}, and where a Worker runs Cloudflare ignores page rules that forward: nobody \
         would be led to the standby",
        text(&route["pattern"])
    );
    let mend =
        "kind = \"cloudflare_redirect_rule\"   # in the configuration: redirect rules run before Workers";
    Some(Problem::critical(sentence, mend))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use failover_core::{Position, Served};

    use super::*;

    fn visited_at(url: &str) -> Situation {
        Situation {
            site: "resume".parse().expect("a name"),
            settled_at: Some(Position::Primary),
            public: Served::By(Position::Primary),
            public_url: Some(url.parse().expect("a URL")),
            standby_url: None,
            primary_url: None,
            drain: None,
            member: "user:YOU".to_owned(),
            switches: Vec::new(),
        }
    }

    fn www() -> Situation {
        visited_at("https://www.example.com/")
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

    #[test]
    fn a_worker_on_the_sites_pages_is_found_unless_a_closer_route_keeps_it_away() {
        let found = |routes: Value| of_workers(&routes, &www()).map(|problem| problem.sentence);
        for pattern in ["www.example.com/*", "*example.com/*", "*.example.com/*", "https://www.example.com/*"]
        {
            let sentence = found(json!([{"pattern": pattern, "script": "shop"}])).expect(pattern);
            assert!(sentence.starts_with(&format!("the Worker shop runs at {pattern}")), "{sentence}");
        }
        assert_eq!(found(json!([{"pattern": "api.example.com/*", "script": "api"}])), None);
        assert_eq!(found(json!([{"pattern": "www.example.com/*"}])), None);
        assert_eq!(found(json!([{"pattern": "www.example.com/*", "script": null}])), None);
        let kept_away =
            json!([{"pattern": "*example.com/*", "script": "shop"}, {"pattern": "www.example.com/*"}]);
        assert_eq!(found(kept_away), None);
    }
}
