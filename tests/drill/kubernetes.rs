//! A primary on Kubernetes: started by a failback, never asked for by a failover, and no reason to be held up.

use std::time::Duration;

use sandbox::{Aim, Fault, Options, Served, SiteSeed};
use serde_json::json;
use stage::{Drill, Settings, switches};

/// The look at the deployment that follows its start.
const ONCE_STARTED: u32 = 3;

/// The example's switches, and the deployment, with these lines.
fn settings(lines: &str) -> Settings {
    let seed = SiteSeed::example();
    let (usual, scale) = (switches::usual(&seed), switches::scale(&seed.name, "{folder}/kubeconfig"));
    Settings { switches: Some(format!("{usual}\n{scale}{lines}")), ..Settings::default() }
}

async fn drill(lines: &str) -> Drill {
    Drill::with(settings(lines), Options::default()).await
}

/// The same, whose deployment was scaled down: visitors are on the standby.
async fn scaled_down(lines: &str) -> Drill {
    let drill = drill(lines).await;
    drill.sandbox.world.kubernetes.scale("resume", 0);
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill
}

fn asked_of_the_cluster(drill: &Drill) -> Vec<&'static str> {
    let calls = drill.sandbox.world.ledger.select(|call| call.operation.starts_with("kubernetes."));
    calls.iter().map(|call| call.operation).collect()
}

/// Whatever the cluster is asked from now on, it gives no answer.
fn cluster_dies(drill: &Drill) {
    for operation in ["kubernetes.get_deployment", "kubernetes.patch_scale"] {
        drill.sandbox.world.fault(Aim::at(operation).times(u32::MAX), Fault::Hang);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failback_starts_the_primary_waits_for_it_and_asks_it_before_visitors_come() {
    let drill = drill("").await;
    drill.sandbox.world.kubernetes.starting_takes(Duration::from_millis(500));
    drill.sandbox.world.kubernetes.scale("resume", 0);
    drill.open_incident("0.outage").await.is(200, "move", Some("Done")).because("answered 503");
    assert_eq!(asked_of_the_cluster(&drill), [""; 0], "an outage asks the cluster nothing");
    drill.order("failback").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Primary);
    assert_eq!(drill.sandbox.world.kubernetes.replicas("resume"), 1);
    assert_eq!(drill.writes()[3..5], ["kubernetes.patch_scale", "cloudflare.patch_page_rule"]);
    drill.failover(&["history"]).await.ends(0).says("powered");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_cluster_holds_up_neither_a_failover_nor_a_failback_whose_primary_answers() {
    let drill = drill("").await;
    cluster_dies(&drill);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Primary);
    drill.failover(&["history"]).await.ends(0).says("Kubernetes gave no answer within");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_primary_of_which_nothing_can_be_seen_is_not_returned_to() {
    let drill = drill("").await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    cluster_dies(&drill);
    drill.order("failback").await.is(200, "refused", None).because("the primary has not answered");
    let looked = drill.failover(&["plan", "failback"]).await;
    looked.ends(3).says("the primary has not answered twice in a row");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_get_ready_leaves_visitors_on_the_standby_and_stays_on() {
    let drill = scaled_down("ready_within = \"1s\"\n").await;
    drill.sandbox.world.kubernetes.starting_takes(Duration::from_hours(1));
    let why =
        "the primary was started and isn't ready within 1s; it stays on, and visitors stay on the standby";
    drill.order("failback").await.is(200, "move", Some("Unwound")).because(why);
    assert_eq!(drill.visit().await, Served::Standby);
    assert_eq!(drill.sandbox.world.kubernetes.replicas("resume"), 1);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_gives_no_answer_in_time_is_looked_at_before_the_primary_is_given_up() {
    let drill = scaled_down("ready_within = \"1ms\"\n").await;
    drill.sandbox.world.fault(Aim::at("kubernetes.get_deployment").nth(ONCE_STARTED), Fault::Hang);
    drill.order("failback").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Primary);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_gives_no_answer_any_more_is_not_said_to_be_unready() {
    let drill = scaled_down("ready_within = \"1ms\"\n").await;
    for nth in ONCE_STARTED..ONCE_STARTED + 100 {
        drill.sandbox.world.fault(Aim::at("kubernetes.get_deployment").nth(nth), Fault::Hang);
    }
    let why = "the primary was started, and whether it is ready could not be seen within 1ms; it stays on";
    drill.order("failback").await.is(200, "move", Some("Unwound")).because(why);
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_busy_for_a_moment_does_not_refuse_a_failback() {
    for fault in [Fault::retry_after(429, 0), Fault::status(500)] {
        let drill = drill("").await;
        drill.sandbox.world.kubernetes.scale("resume", 0);
        drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
        drill.sandbox.world.fault(Aim::at("kubernetes.get_deployment").times(1), fault);
        drill.order("failback").await.is(200, "move", Some("Done"));
        assert_eq!(drill.visit().await, Served::Primary);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_ready_and_silent_leaves_visitors_on_the_standby() {
    let drill = scaled_down("ready_within = \"1s\"\n").await;
    drill.cut_power();
    drill
        .order("failback")
        .await
        .is(200, "move", Some("Unwound"))
        .because("the primary is on and hasn't answered");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_insists_does_not_wait_for_a_dead_cluster() {
    let drill = drill("").await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    cluster_dies(&drill);
    drill.restore_power();
    let forced = json!({ "command": "failback", "force": true, "by": "alice" });
    drill.command(forced).await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Primary);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_order_does_not_wait_for_a_primary_that_is_starting() {
    let drill = scaled_down("").await;
    drill.sandbox.world.kubernetes.starting_takes(Duration::from_hours(1));
    let failback = drill.order("failback");
    let failover = async {
        drill.sandbox.world.ledger.ended("kubernetes.patch_scale", 1).await;
        drill.order("failover").await
    };
    let (failback, failover) = tokio::join!(failback, failover);
    failback.is(200, "move", Some("Overtaken"));
    failover.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_missing_is_named_by_a_check_and_by_a_failback() {
    let drill = drill("").await;
    drill.failover(&["check"]).await.says("looked");
    drill.sandbox.world.kubernetes.deny("patch", "deployments/scale");
    let found = drill.failover(&["check"]).await;
    found.says("cannot patch resource \"deployments/scale\"").says("patch on deployments/scale");
    drill.sandbox.world.kubernetes.scale("resume", 0);
    drill.failover(&["check"]).await.says("the site is on its primary, but").says("is scaled to 0");
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    let refused = drill.order("failback").await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    refused.because("; grant the account get on deployments and patch on deployments/scale");
    assert_eq!(drill.visit().await, Served::Standby);
}
