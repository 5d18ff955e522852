//! The checker against a site that loses its power.

use serde_json::{Value, json};

use super::*;
use crate::google::pubsub::{Subscription, subscription, topic};
use crate::{Options, Power, Sandbox, Service};

const PERIOD: Duration = Duration::from_millis(10);

/// A sandbox whose alerts can be read: nobody is pushed to.
async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
    sandbox.world.pubsub.subscribe(Subscription::pull(subscription("alerts-seen"), topic("failover-alerts")));
    sandbox
}

fn alerts(sandbox: &Sandbox) -> Vec<Value> {
    let waiting = sandbox.world.pubsub.waiting(&subscription("alerts-seen"));
    waiting.iter().map(|(data, _)| serde_json::from_slice(data).expect("JSON")).collect()
}

/// Waits until so many alerts were published, and answers with them.
async fn alerts_after(sandbox: &Sandbox, number: usize) -> Vec<Value> {
    loop {
        let alerts = alerts(sandbox);
        if alerts.len() >= number {
            return alerts;
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Waits until the edge has been asked so many times more.
async fn visits(sandbox: &Sandbox, more: usize) {
    let so_far = sandbox.world.ledger.count("edge.visit");
    sandbox.world.ledger.ended("edge.visit", so_far + more).await;
}

fn check(sandbox: &Sandbox, settings: Settings) -> Checker {
    Checker::start(sandbox.world.clone(), PERIOD, settings)
}

fn pause(sandbox: &Sandbox) {
    sandbox.world.monitoring.edit(&sandbox.site("resume").seed.check, |check| {
        check.insert("disabled".to_owned(), json!(true));
    });
}

#[tokio::test]
async fn a_site_that_answers_causes_no_alert() {
    let sandbox = sandbox().await;
    let _checker = check(&sandbox, Settings::default());
    visits(&sandbox, 18).await;
    assert!(alerts(&sandbox).is_empty());
}

#[tokio::test]
async fn one_outage_is_one_incident_that_closes_when_the_site_is_back() {
    let sandbox = sandbox().await;
    let checker = check(&sandbox, Settings::default());
    sandbox.world.set_primary("resume", Power::Off);
    let open = alerts_after(&sandbox, 1).await.remove(0);
    assert_eq!((&open["version"], &open["incident"]["state"]), (&json!("1.2"), &json!("open")));
    assert_eq!(open["incident"]["metric"]["labels"]["check_id"], "resume-abc123");
    assert_eq!(sandbox.world.monitoring.open_alerts().len(), 1);
    visits(&sandbox, 18).await;
    assert_eq!(alerts(&sandbox).len(), 1);
    sandbox.world.set_primary("resume", Power::On);
    let closed = alerts_after(&sandbox, 2).await.remove(1);
    assert_eq!(closed["incident"]["incident_id"], open["incident"]["incident_id"]);
    assert!(checker.open_incidents().is_empty() && sandbox.world.monitoring.open_alerts().is_empty());
}

#[tokio::test]
async fn every_place_may_have_an_incident_of_its_own() {
    let sandbox = sandbox().await;
    let _checker = check(&sandbox, Settings { per_location: true, ..Settings::default() });
    sandbox.world.set_primary("resume", Power::Failing(500));
    let opened = alerts_after(&sandbox, 6).await;
    let mut ids: Vec<&str> =
        opened.iter().filter_map(|alert| alert["incident"]["incident_id"].as_str()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    assert_eq!(opened[1]["incident"]["metric"]["labels"]["checker_location"], "usa-iowa");
}

#[tokio::test]
async fn pausing_the_check_closes_the_incident_and_ends_the_probes() {
    let sandbox = sandbox().await;
    let _checker = check(&sandbox, Settings::default());
    sandbox.world.set_primary("resume", Power::Off);
    alerts_after(&sandbox, 1).await;
    pause(&sandbox);
    assert_eq!(alerts_after(&sandbox, 2).await[1]["incident"]["state"], "closed");
    let asked = sandbox.world.ledger.count("edge.visit");
    tokio::time::sleep(3 * PERIOD).await;
    assert_eq!(sandbox.world.ledger.count("edge.visit"), asked);
}

#[tokio::test]
async fn an_incident_that_stays_open_swallows_the_next_alert() {
    let sandbox = sandbox().await;
    let checker = check(&sandbox, Settings { keeps_incidents_open: true, ..Settings::default() });
    sandbox.world.set_primary("resume", Power::Off);
    alerts_after(&sandbox, 1).await;
    for power in [Power::On, Power::Off] {
        sandbox.world.set_primary("resume", power);
        visits(&sandbox, 18).await;
    }
    assert_eq!(alerts(&sandbox).len(), 1);
    assert_eq!(checker.open_incidents().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_the_standby_is_followed() {
    let sandbox = sandbox().await;
    let site = sandbox.site("resume");
    let _checker = check(&sandbox, Settings::default());
    sandbox.world.set_primary("resume", Power::Off);
    alerts_after(&sandbox, 1).await;
    sandbox.world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
    let rule = format!("/client/v4/zones/{}/pagerules/{}", site.seed.zone, site.seed.rule);
    let url = sandbox.url(Service::Cloudflare).join(&rule).expect("a url");
    let token = Options::default().cloudflare_token;
    let patch = reqwest::Client::new().patch(url).bearer_auth(token).json(&json!({"status": "active"}));
    assert!(patch.send().await.expect("an answer").status().is_success());
    assert_eq!(alerts_after(&sandbox, 2).await[1]["incident"]["state"], "closed");
}
