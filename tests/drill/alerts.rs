//! Alerts as Monitoring and Pub/Sub really send them: out of order, replayed, without what would name a site.

use std::time::Duration;

use jiff::Timestamp;
use sandbox::{Aim, Fault, Served};
use serde_json::{Value, json};
use stage::{Drill, PATIENCE, payload};

/// The guarded site with its example's uptime check.
fn check_id(drill: &Drill) -> String {
    drill.site().seed.check.rsplit('/').next().unwrap_or_default().to_owned()
}

/// An incident without a word on which site it means, but for these fields.
fn nameless(id: &str, fields: &[(&str, Value)]) -> Value {
    let mut body = payload::incident(id, "open", Timestamp::now());
    body["incident"]["policy_user_labels"] = json!({});
    body["incident"]["resource"] = json!({ "type": "gce_instance", "labels": { "instance_id": "1" } });
    for (field, value) in fields {
        body["incident"][*field] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_whose_check_is_named_by_its_conditions_filter_alone_fails_over() {
    let drill = Drill::start().await;
    drill.cut_power();
    let filter = format!(
        "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.label.check_id=\"{}\" AND \
         resource.type=\"gce_instance\"",
        check_id(&drill)
    );
    let condition = json!({ "name": "projects/acme/alertPolicies/7/conditions/8",
        "conditionThreshold": { "filter": filter, "comparison": "COMPARISON_GT", "thresholdValue": 1 } });
    let incident = nameless("0.filter", &[("condition", condition)]);
    drill.alert(&incident).await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_counts_for_nothing_says_truly_why_and_is_announced_once() {
    let drill = Drill::start().await;
    drill.cut_power();
    let metric = json!({ "type": "__missing__", "labels": { "check_id": check_id(&drill) } });
    let condition = json!({ "name": "projects/acme/alertPolicies/7/conditions/8",
        "conditionPrometheusQueryLanguage": { "query": "x", "duration": "120s" } });
    let fields = [("metric", metric), ("condition", condition)];
    let why = "names the site resume and moves nothing: its metric is \"__missing__\"";
    drill.alert(&nameless("0.promql", &fields)).await.is(200, "stay", None).because(why);
    let answer = drill.alert(&nameless("0.again", &fields)).await;
    answer.because("policies = [\"projects/acme/alertPolicies/7\"]");
    let host = drill.site().public_url().host_str().unwrap_or_default().to_owned();
    let resource = json!({ "type": "uptime_url", "labels": { "host": host } });
    let old =
        nameless("0.old", &[("resource", resource), ("metric", Value::Null), ("condition", Value::Null)]);
    drill.alert(&old).await.is(200, "stay", None).because("moves nothing: it names no metric");
    drill.announces("trouble", 2).await;
    assert!(drill.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_closed_before_it_opened_is_not_kept() {
    let drill = Drill::start().await;
    drill.close_incident("0.x").await.is(200, "stay", None);
    drill.open_incident("0.x").await.is(200, "stay", None).because("was dealt with before");
    drill.cut_power();
    drill.order("reconcile").await.is(200, "stay", None);
    let journal = drill.sandbox.world.ledger.journal_writes().len();
    drill.close_incident("0.x").await.is(200, "stay", None);
    assert_eq!(
        drill.sandbox.world.ledger.journal_writes().len(),
        journal,
        "a redelivery wrote to the journal"
    );
    assert!(drill.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_replayed_from_the_dead_letter_topic_is_refused_short_of_force() {
    let drill = Drill::start().await;
    let replayed = |order: Value| {
        let mut push = payload::push("failover-commands", &payload::fresh_id(), Timestamp::now(), &order);
        push["message"]["attributes"] = json!({
            "CloudPubSubDeadLetterSourceDeliveryCount": "100",
            "CloudPubSubDeadLetterSourceSubscription": "failover-commands",
            "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-01-23T20:00:00.000+00:00",
        });
        push
    };
    let answer = drill.function.push(&replayed(json!({ "command": "failover" }))).await;
    answer.is(200, "refused", None).because("more than an hour ago");
    assert!(drill.writes().is_empty());
    assert_eq!(drill.visit().await, Served::Primary);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_through_a_broken_way_says_so_at_the_first_decision() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(Aim::at("edge.visit"), Fault::status(530));
    let led = async {
        while drill.writes().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drill.sandbox.world.faults.clear();
    };
    let (answer, led) = tokio::join!(drill.open_incident("0.tunnel"), tokio::time::timeout(PATIENCE, led));
    led.expect("visitors are led to the standby");
    answer.is(200, "move", Some("Done")).because("the way through Cloudflare is broken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_well_behind_a_challenge_is_left_alone() {
    let drill = Drill::start().await;
    drill.sandbox.world.edge.set("resume", |edge| edge.challenge = true);
    drill.open_incident("0.bots").await.is(200, "pending", None).because("challenge of Cloudflare's");
    assert!(drill.writes().is_empty());
    drill.cut_power();
    drill.sandbox.world.edge.set("resume", |edge| edge.challenge = false);
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_well_site_whose_pages_are_cached_is_left_alone_by_reconcile() {
    let drill = Drill::start().await;
    drill.sandbox.world.edge.set("resume", |edge| edge.cached = Some("HIT".to_owned()));
    for _ in 0..4 {
        drill.order("reconcile").await.is(200, "stay", None).because("could not be judged");
    }
    assert!(drill.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_pages_are_cached_comes_back() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.power").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.sandbox.world.edge.set("resume", |edge| edge.cached = Some("HIT".to_owned()));
    drill.order("failback").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn our_looks_alone_leave_a_site_that_lives_behind_a_broken_way() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.sandbox.world.fault(Aim::at("edge.visit"), Fault::status(530));
    for _ in 0..4 {
        drill.order("reconcile").await;
    }
    assert!(drill.writes().is_empty(), "{:?}", drill.writes());
}
