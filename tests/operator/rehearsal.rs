//! Rehearsals by command: the standby is proven, traffic is never touched.

use std::time::Duration;

use sandbox::{Aim, Fault, Power, Served};
use serde_json::json;
use stage::{Drill, journal::Journals};

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_leaves_its_evidence_in_the_journal_and_traffic_alone() {
    let drill = Drill::start().await;
    let service = drill.site().seed.service;
    let spreads = sandbox::run::door::Spreading::After(Duration::from_millis(400));
    drill.sandbox.world.run.spread(&service, spreads, sandbox::run::door::Spreading::After(Duration::ZERO));
    let answer = drill.command(json!({ "command": "rehearse", "by": "cron" })).await;
    answer.is(200, "move", Some("Done")).because("the standby answered").because("the route may be written");
    let told = drill.failover(&["history", "--json"]).await.ends(0).json();
    let rehearsal = &told["sites"][0]["moves"][0];
    assert_eq!((&rehearsal["direction"], &rehearsal["end"]), (&json!("rehearsal"), &json!("Done")));
    let took = rehearsal["steps"][1]["took_ms"].as_u64().unwrap_or_default();
    assert!(rehearsal["steps"][1]["step"] == "answer" && took >= 300, "{rehearsal}");
    assert_eq!(drill.visit().await, Served::Primary);
    assert!(!drill.sandbox.world.run.is_granted(&service), "the standby was left open");
    let writes = ["run.set_iam_policy", "cloudflare.patch_page_rule", "run.set_iam_policy"];
    assert_eq!(drill.writes(), writes);
    assert_eq!(drill.announces("rehearsal", 1).await[0]["severity"], "INFO");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_that_fails_is_announced_like_an_outage() {
    let drill = Drill::start().await;
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    drill.order("rehearse").await.is(200, "move", Some("Unwound")).because("didn't answer within");
    assert_eq!(drill.announces("rehearsal", 1).await[0]["severity"], "ERROR");
    assert!(!drill.sandbox.world.run.is_granted(&drill.site().seed.service));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_write_is_found_in_a_rehearsal() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(Aim::at("cloudflare.patch_page_rule"), Fault::status(403));
    drill.order("rehearse").await.is(200, "move", Some("Unwound")).because("Page Rules: Edit");
    assert_eq!(drill.announces("rehearsal", 1).await[0]["severity"], "ERROR");
    assert!(!drill.sandbox.world.run.is_granted(&drill.site().seed.service));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_could_not_serve_is_not_opened_for_it() {
    let drill = Drill::start().await;
    let service = drill.site().seed.service;
    let inward = json!("INGRESS_TRAFFIC_INTERNAL_ONLY");
    drill.sandbox.world.run.edit(&service, |service| drop(service.insert("ingress".to_owned(), inward)));
    drill.order("rehearse").await.is(200, "move", Some("Unwound")).because("ingress");
    assert!(drill.writes().is_empty(), "{:?}", drill.writes());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rehearsal_while_a_hold_is_on_or_the_standby_serves() {
    let drill = Drill::start().await;
    drill.command(json!({ "command": "hold", "reason": "moving house" })).await.is(200, "stay", None);
    drill.order("rehearse").await.is(200, "refused", None).because("moving house");
    drill.order("release").await.is(200, "stay", None);
    drill.cut_power();
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.order("rehearse").await.is(200, "refused", None).because("on its standby");
    assert_eq!(drill.writes().len(), 3);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_during_a_rehearsal_is_failed_over_at_once() {
    let drill = Drill::start().await;
    let opened = drill.sandbox.world.stop_at("run.set_iam_policy", 1, sandbox::Moment::AfterEffect);
    let rehearsal = drill.order("rehearse");
    let outage = async {
        opened.await.expect("the rehearsal opens");
        drill.cut_power();
        let release = async {
            until_ordered(&drill, "failover").await;
            drill.sandbox.world.breakpoints.release();
        };
        tokio::join!(drill.open_incident("0.outage"), release).0
    };
    let (rehearsed, answer) = tokio::join!(rehearsal, outage);
    rehearsed.is(200, "move", Some("Overtaken"));
    answer.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

/// Waits until the journal has a plan of this direction.
async fn until_ordered(drill: &Drill, direction: &str) {
    let intent = format!("\"direction\":\"{direction}\"");
    let is_there = || {
        let journals = Journals::of(&drill.sandbox.world);
        journals.stored("resume").any(|(_, entry)| String::from_utf8_lossy(entry).contains(&intent))
    };
    while !is_there() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
