//! Moves: over, back, undone, forced, stuck.

use sandbox::{Aim, Fault, Options, Power, Promise, Served};
use serde_json::json;
use stage::{Drill, Settings};

const FAILOVER: [&str; 3] = ["run.set_iam_policy", "cloudflare.patch_page_rule", "monitoring.patch_check"];

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_moves_visitors_to_the_standby_and_an_operator_brings_them_back() {
    let drill = Drill::start().await;
    assert_eq!(drill.visit().await, Served::Primary);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done")).because("doesn't answer");
    assert_eq!(drill.visit().await, Served::Standby);
    assert_eq!(drill.writes(), FAILOVER);
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Primary);
    assert_eq!(drill.writes().len(), 6);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failback_is_refused_while_the_primary_is_dark_and_forced_it_ends_stuck() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("failback").await.is(200, "refused", None).because("the primary has not answered");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
    let forced = json!({ "command": "failback", "force": true, "by": "alice" });
    drill.command(forced).await.is(200, "move", Some("Stuck")).because("it was forced");
    drill.open_incident("0.next").await.is(200, "pending", None).because("stuck");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_dies_during_the_failback_sends_visitors_to_the_standby_again() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let world = std::sync::Arc::clone(&drill.sandbox.world);
    let routed = world.stop_at("cloudflare.patch_page_rule", 1, sandbox::Moment::AfterEffect);
    let failback = drill.order("failback");
    let cut = async {
        routed.await.expect("routed back");
        drill.cut_power();
        world.breakpoints.release();
    };
    let (answer, ()) = tokio::join!(failback, cut);
    answer.is(200, "move", Some("Unwound")).because("led to the standby again");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_failover_leaves_a_site_alone_that_still_answers_while_the_standby_does_not() {
    let options = Options { iam_propagation: std::time::Duration::from_hours(1), ..Options::default() };
    let drill = Drill::with(Settings::default(), options).await;
    drill.order("failover").await.is(200, "move", Some("Unwound"));
    assert_eq!(drill.visit().await, Served::Primary);
    assert_eq!(drill.writes(), ["run.set_iam_policy", "run.set_iam_policy"]);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_comes_back_before_the_standby_answers_is_left_where_it_was() {
    let options = Options { iam_propagation: std::time::Duration::from_hours(1), ..Options::default() };
    let drill = Drill::with(Settings::default(), options).await;
    drill.cut_power();
    let failover = drill.open_incident("0.blip");
    let back = async {
        drill.sandbox.world.ledger.ended("run.set_iam_policy", 1).await;
        drill.restore_power();
    };
    let (answer, ()) = tokio::join!(failover, back);
    answer.is(200, "move", Some("Unwound")).because("answers visitors after all");
    assert_eq!(drill.writes(), ["run.set_iam_policy", "run.set_iam_policy"]);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_ends_the_attempt_and_the_next_delivery_goes_on() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(Aim::at("cloudflare.patch_page_rule").nth(1), Fault::status(403));
    drill.cut_power();
    drill.open_incident("0.outage").await.is(503, "move", None).because("Page Rules");
    assert_eq!(drill.writes()[0], "run.set_iam_policy");
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_could_not_serve_is_never_opened() {
    let drill = Drill::start().await;
    let service = drill.site().seed.service;
    let closed = json!("INGRESS_TRAFFIC_INTERNAL_ONLY");
    drill.sandbox.world.run.edit(&service, |service| drop(service.insert("ingress".to_owned(), closed)));
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Unwound")).because("ingress");
    assert_eq!(drill.writes(), [""; 0]);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_dead_is_not_routed_to_even_when_it_is_open() {
    let drill = Drill::start().await;
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    let order = drill.order("failover");
    order.await.is(200, "move", Some("Unwound"));
    assert!(!drill.writes().contains(&"cloudflare.patch_page_rule"));
    drill.all_promises_hold();
}
