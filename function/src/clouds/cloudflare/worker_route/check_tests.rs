//! Which routes run before ours or in its stead, and what the quota comes to.

use failover_core::Position;

use super::*;

const OURS: &str = "www.example.com/*";

fn www() -> Situation {
    Situation::visited_at("https://www.example.com/")
}

fn zone() -> ByHand {
    ByHand::at("https://api/zones/z")
}

/// What is found of our route among these others, for the pages of a site at www.example.com.
fn found(pattern: &str, others: &[Value]) -> Vec<String> {
    let mut routes =
        vec![json!({ "id": "r", "pattern": pattern, "script": "www-gate", "request_limit_fail_open": true })];
    routes.extend(others.iter().cloned());
    let observe = |_: &Value| Observed::At(Position::Primary);
    let wanted = Wanted { pattern, observe: &observe };
    let problems = of_routes(&routes, &wanted, &zone(), &www());
    problems.into_iter().map(|problem| problem.sentence).collect()
}

#[test]
fn a_route_that_runs_in_the_stead_of_ours_is_found() {
    let other = |pattern: &str, script: Value| json!({ "id": "o", "pattern": pattern, "script": script });
    assert_eq!(found(OURS, &[]), [""; 0]);
    for pattern in ["*example.com/*", "*.example.com/*", "example.com/*", "api.example.com/v1/items/*"] {
        assert_eq!(found(OURS, &[other(pattern, json!("shop"))]), [""; 0], "{pattern}");
    }
    // With a scheme it says no more of the host and path than ours.
    assert_eq!(found(OURS, &[other("https://www.example.com/*", json!("shop"))]), [""; 0]);
    let page =
        www().pages().into_iter().find(|page| page.path().len() > 1).expect("a page below the front one");
    let closer = format!("www.example.com{}*", page.path());
    let in_its_stead = |runs: &str| {
        format!(
            "the Workers route {closer} is more specific and runs {runs}: its visitors would not be led to the standby"
        )
    };
    assert_eq!(found(OURS, &[other(&closer, json!("shop"))]), [in_its_stead("the script shop")]);
    assert_eq!(found(OURS, &[other(&closer, json!(null))]), [in_its_stead("no script")]);
}

#[test]
fn a_route_that_misses_pages_is_found() {
    let [missed] = &found("www.example.com/shop/*", &[])[..] else { panic!("one finding") };
    assert!(missed.starts_with("the Workers route www.example.com/shop/* doesn't match"), "{missed}");
    assert_eq!(found("*example.com/*", &[]), [""; 0]);
    assert_eq!(found("*.example.com/*", &[]), [""; 0]);
}

#[test]
fn a_redirect_rule_that_runs_before_the_worker_is_found() {
    let rule = |expression: &str, enabled: bool| {
        let rule = json!({ "id": "i", "ref": "moved", "enabled": enabled, "expression": expression });
        redirected(&json!({ "id": "rs", "rules": [rule] }), &zone(), &www()).map(|problem| problem.sentence)
    };
    let sentence = "the redirect rule moved leads visitors away before any Worker runs".to_owned();
    assert_eq!(rule("http.host eq \"www.example.com\"", true), Some(sentence));
    assert_eq!(rule("http.host eq \"www.example.com\"", false), None);
    assert_eq!(rule("http.host eq \"shop.example.com\"", true), None);
}

#[test]
fn a_worker_on_the_sites_pages_is_found_unless_a_closer_route_keeps_it_away() {
    let found = |routes: &[Value]| in_the_way(routes, &www()).map(|problem| problem.sentence);
    for pattern in ["www.example.com/*", "*example.com/*", "*.example.com/*", "https://www.example.com/*"] {
        let sentence = found(&[json!({"pattern": pattern, "script": "shop"})]).expect(pattern);
        assert!(sentence.starts_with(&format!("the Worker shop runs at {pattern}")), "{sentence}");
    }
    assert_eq!(found(&[json!({"pattern": "api.example.com/*", "script": "api"})]), None);
    assert_eq!(found(&[json!({"pattern": OURS})]), None);
    assert_eq!(found(&[json!({"pattern": OURS, "script": null})]), None);
    let kept_away = [json!({"pattern": "*example.com/*", "script": "shop"}), json!({"pattern": OURS})];
    assert_eq!(found(&kept_away), None);
}

#[test]
fn requests_that_come_near_the_free_plans_end_are_a_finding() {
    let told = |requests: u64| {
        let Checked { problems, notes, .. } = of_requests(requests);
        problems.into_iter().map(|problem| problem.sentence).chain(notes).collect::<Vec<_>>()
    };
    let begin = "the account's Workers answered";
    assert_eq!(
        told(1_234),
        [format!("{begin} 1234 requests in the last 24 hours, of 100000 that the free plan answers")]
    );
    let [near] = &told(91_000)[..] else { panic!("one") };
    assert!(
        near.starts_with(&format!("{begin} 91000 requests in the last 24 hours, and the free plan ends")),
        "{near}"
    );
    assert!(of_requests(100_000).problems.len() == 1 && of_requests(100_001).problems.is_empty());
    assert!(told(5_000_000)[0].ends_with("which takes the paid plan"));
}
