//! Whom the edge asks, and what it says in their stead.

use std::time::Duration;

use reqwest::{Client, Response, redirect::Policy};
use serde_json::json;

use super::*;
use crate::cloudflare::{PRIMARY_CONTENT, STANDBY_CONTENT, worker_route_id};
use crate::{Caching, Options, Page, Sandbox};

async fn sandbox() -> (Sandbox, Site) {
    let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
    let site = sandbox.site("resume");
    (sandbox, site)
}

async fn get(site: &Site, path: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().expect("a client");
    client.get(site.public_url().join(path).expect("a url")).send().await.expect("an answer")
}

fn route(sandbox: &Sandbox, site: &Site) {
    let seed = &site.seed;
    sandbox.world.cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, "status", json!("active"));
}

#[tokio::test]
async fn visitors_reach_the_primary_until_the_rule_is_switched_on() {
    let (sandbox, site) = sandbox().await;
    let answer = get(&site, "/a?b=c").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cf-cache-status"]),
        (200, &"DYNAMIC".parse().expect("text"))
    );
    assert_eq!(answer.headers()["served-by"], "primary");
    route(&sandbox, &site);
    let answer = get(&site, "/a?b=c").await;
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], site.standby_url().join("a?b=c").expect("a url").as_str());
}

#[tokio::test]
async fn the_edge_asks_whoever_the_dns_record_names() {
    let (sandbox, site) = sandbox().await;
    let lead = |content: &str| {
        let zone = &site.seed.zone;
        sandbox.world.cloudflare.edits.edit_record(zone, "resume.gleich.tech", "content", json!(content));
    };
    lead(STANDBY_CONTENT);
    assert_eq!(get(&site, "/").await.status(), 403, "it lets nobody in yet");
    sandbox.world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
    assert_eq!(get(&site, "/").await.headers()["served-by"], "standby");
    sandbox.world.set_standby("resume", Power::Off);
    assert_eq!(get(&site, "/").await.status(), 521);
    lead(PRIMARY_CONTENT);
    assert_eq!(get(&site, "/").await.headers()["served-by"], "primary");
}

#[tokio::test]
async fn an_origin_that_is_off_or_dark_is_answered_for() {
    let (sandbox, site) = sandbox().await;
    sandbox.world.set_primary("resume", Power::Off);
    assert_eq!(get(&site, "/").await.status(), 521);
    sandbox.world.edge.set("resume", |edge| edge.origin_timeout = Duration::from_millis(10));
    sandbox.world.set_primary("resume", Power::Dark);
    assert_eq!(get(&site, "/").await.status(), 522);
    sandbox.world.set_primary("resume", Power::Slow(Duration::from_secs(1)));
    assert_eq!(get(&site, "/").await.status(), 522);
}

#[tokio::test]
async fn a_challenge_comes_before_any_rule() {
    let (sandbox, site) = sandbox().await;
    route(&sandbox, &site);
    sandbox.world.edge.set("resume", |edge| edge.challenge = true);
    let answer = get(&site, "/").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cf-mitigated"]),
        (403, &"challenge".parse().expect("text"))
    );
}

#[tokio::test]
async fn a_cached_page_is_served_though_the_origin_is_off_but_not_redirected_away_from() {
    let (sandbox, site) = sandbox().await;
    sandbox.world.set_primary("resume", Power::Off);
    sandbox.world.edge.set("resume", |edge| edge.cached = Some("HIT".to_owned()));
    assert_eq!(get(&site, "/").await.headers()["cf-cache-status"], "HIT");
    sandbox.world.edge.set("resume", |edge| edge.redirect_cache_control = Some("max-age=60".to_owned()));
    route(&sandbox, &site);
    let answer = get(&site, "/").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (302, &"max-age=60".parse().expect("text"))
    );
}

#[tokio::test]
async fn nothing_of_cloudflare_stands_before_a_record_that_is_not_proxied_or_a_zone_that_is_paused_or_gone() {
    let (sandbox, site) = sandbox().await;
    route(&sandbox, &site);
    let cloudflare = &sandbox.world.cloudflare;
    let zone = &site.seed.zone;
    let past = async || {
        let answer = get(&site, "/").await;
        answer.status() == 200 && !answer.headers().contains_key("cf-ray")
    };
    assert_eq!(get(&site, "/").await.status(), 302);
    cloudflare.edits.edit_record(zone, "resume.gleich.tech", "proxied", json!(false));
    assert!(past().await);
    cloudflare.edits.edit_record(zone, "resume.gleich.tech", "proxied", json!(true));
    for (field, off, on) in
        [("paused", json!(true), json!(false)), ("status", json!("moved"), json!("active"))]
    {
        cloudflare.edits.edit_zone(zone, field, off);
        assert!(past().await, "{field}");
        cloudflare.edits.edit_zone(zone, field, on);
    }
    assert_eq!(get(&site, "/").await.status(), 302);
}

#[tokio::test]
async fn records_of_one_name_are_given_out_in_turn() {
    let (sandbox, site) = sandbox().await;
    let record = |content: &str| json!({ "name": "resume.gleich.tech", "type": "A", "content": content, "proxied": true });
    sandbox
        .world
        .cloudflare
        .edits
        .set_records(&site.seed.zone, vec![record(PRIMARY_CONTENT), record("203.0.113.8")]);
    let page = Page::new(503, "nobody is here");
    sandbox.world.edge.set("resume", |edge| edge.origins = vec![(Some("203.0.113.8".to_owned()), page)]);
    let mut seen = [get(&site, "/").await.status().as_u16(), get(&site, "/").await.status().as_u16()];
    seen.sort_unstable();
    assert_eq!(seen, [200, 503]);
}

#[tokio::test]
async fn visitors_are_refused_or_moved_as_cloudflare_does_it() {
    let (sandbox, site) = sandbox().await;
    let set = |block| sandbox.world.edge.set("resume", |edge| edge.blocked = block);
    for (block, status, code) in [(Block::Firewall, 403, "1020"), (Block::RateLimit, 429, "1015")] {
        set(Some(block));
        let answer = get(&site, "/").await;
        assert_eq!(answer.status(), status);
        assert!(answer.text().await.expect("a page").contains(code));
    }
    set(None);
    sandbox.world.edge.set("resume", |edge| edge.moved_to = Some("https://www.gleich.tech/".to_owned()));
    let answer = get(&site, "/a?b=c").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (301, &"https://www.gleich.tech/a?b=c".parse().expect("text"))
    );
}

#[tokio::test]
async fn a_cached_site_is_remembered_by_what_was_asked() {
    let (sandbox, site) = sandbox().await;
    sandbox.world.edge.set("resume", |edge| edge.caching = Caching::ByUrl);
    let status = async |path: &str| format!("{:?}", get(&site, path).await.headers()["cf-cache-status"]);
    assert_eq!(status("/").await, "\"MISS\"");
    assert_eq!(status("/").await, "\"HIT\"");
    assert_eq!(status("/?fresh").await, "\"MISS\"");
    sandbox.world.set_primary("resume", Power::Off);
    assert_eq!(get(&site, "/").await.status(), 200);
    assert_eq!(get(&site, "/?another").await.status(), 521);
}

#[tokio::test]
async fn a_script_serves_from_the_closed_standby_and_page_rules_forward_nobody_beside_it() {
    let (sandbox, site) = sandbox().await;
    route(&sandbox, &site);
    let run = |script| {
        let route = worker_route_id("resume");
        sandbox.world.cloudflare.edits.edit_worker_route(&site.seed.zone, &route, "script", json!(script));
    };
    run(GATE_SCRIPT);
    assert_eq!(get(&site, "/").await.headers()["failover-served-by"], "primary");
    sandbox.world.set_primary("resume", Power::Off);
    assert_eq!(get(&site, "/").await.headers()["failover-served-by"], "standby");
    sandbox.world.set_primary("resume", Power::On);
    run(STANDBY_SCRIPT);
    assert!(sandbox.world.cloudflare.is_scripted(&site));
    assert_eq!(get(&site, "/").await.headers()["served-by"], "standby");
    assert_eq!(reqwest::get(site.standby_url()).await.expect("an answer").status(), 403);
    sandbox.world.set_standby("resume", Power::Off);
    assert_eq!(get(&site, "/").await.status(), 503);
    run("nobody-deployed-it");
    assert_eq!(get(&site, "/").await.status(), 500);
}
