//! What reconcile does beside carrying plans on: drift, draining, outages on the standby, automatic failback.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sandbox::{
    Moment, Power, Served,
    monitoring::{Alert, Monitoring},
};
use serde_json::json;
use stage::{Answer, Drill, PATIENCE, Settings};

async fn with(site: &str) -> Drill {
    let site = format!("{}{site}\n", Settings::default().site);
    Drill::with(Settings { site, ..Settings::default() }, sandbox::Options::default()).await
}

/// Reconciles until an answer fits.
async fn until(drill: &Drill, fits: impl Fn(&Answer) -> bool) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = drill.order("reconcile").await;
        if fits(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn pause_by_hand(drill: &Drill) {
    let check = drill.site().seed.check;
    drill
        .sandbox
        .world
        .monitoring
        .edit(&check, |check| drop(check.insert("disabled".to_owned(), json!(true))));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_reported_once_and_left_alone() {
    let drill = Drill::start().await;
    pause_by_hand(&drill);
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "stay", None);
    let told = drill.announces("drift", 1).await;
    assert!(
        told[0]["message"].as_str().is_some_and(|text| text.contains("is at standby and belongs at primary"))
    );
    assert!(drill.writes().is_empty());
    let status = drill.failover(&["status"]).await;
    status.ends(0).says("monitoring paused").says("it belongs watching");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_repaired_where_the_owner_wants_it_and_the_journal_has_it() {
    let drill = with("repair = true").await;
    pause_by_hand(&drill);
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(drill.sandbox.world.monitoring.is_enabled(&drill.site().seed.check));
    assert_eq!(drill.writes(), ["monitoring.patch_check"]);
    drill.order("reconcile").await.is(200, "stay", None);
    drill.announces("drift", 1).await;
    drill.announces("repaired", 1).await;
    drill.failover(&["history"]).await.ends(0).says("repaired").says("is set to its primary position again");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_gate_of_a_serving_standby_is_opened_again() {
    let drill = with("repair = true").await;
    drill.cut_power();
    drill.order("failover").await.is(200, "move", Some("Done"));
    let service = drill.site().seed.service;
    drill.sandbox.world.run.replace_policy(&service, &json!({ "bindings": [] }));
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(drill.sandbox.world.run.is_granted(&service));
    assert_eq!(drill.visit().await, Served::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_are_returned_by_themselves_once_the_primary_was_well_for_long_enough() {
    let drill = with("failback = \"automatic\"\nwell_for = \"1s\"").await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("reconcile").await.is(200, "stay", None);
    drill.restore_power();
    let well = Instant::now();
    drill.order("reconcile").await.is(200, "stay", None);
    drill.cut_power();
    drill.order("reconcile").await.is(200, "stay", None);
    while well.elapsed() < Duration::from_secs(1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drill.restore_power();
    let again = Instant::now();
    drill.order("reconcile").await.is(200, "stay", None);
    until(&drill, |answer| answer.text("verdict") == "move").await.is(200, "move", Some("Done"));
    assert!(again.elapsed() >= Duration::from_secs(1), "an interruption did not begin the time anew");
    assert_eq!(drill.visit().await, Served::Primary);
    let history = drill.failover(&["history"]).await;
    history
        .ends(0)
        .says("the primary answered every reconcile for 1s")
        .says("by the site's own standing rule");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_visitors_where_they_are_also_when_the_primary_is_well() {
    let drill = with("failback = \"automatic\"\nwell_for = \"50ms\"").await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("hold").await.is(200, "stay", None);
    drill.restore_power();
    for _ in 0..4 {
        drill.order("reconcile").await.is(200, "stay", None);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    drill.order("release").await.is(200, "stay", None);
    until(&drill, |answer| answer.text("verdict") == "move").await.is(200, "move", Some("Done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_where_it_belongs_is_what_was_shown_before() {
    let drill = with("repair = true").await;
    pause_by_hand(&drill);
    let shown = drill.failover(&["plan", "failover", "--json"]).await.json()["maintenance"].clone();
    assert!(shown[0]["reason"].as_str().is_some_and(|why| why.ends_with("belongs at primary")), "{shown}");
    assert_eq!((&shown[0]["steps"][0]["step"], &shown[1]), (&json!("resume"), &json!(null)), "{shown}");
    drill.failover(&["plan", "failover"]).await.says("meanwhile   resume: ").says("paused → watching");
    drill.order("reconcile").await.is(200, "stay", None);
    assert_eq!(drill.events(), ["maintenance", "step", "ended"]);
    assert_eq!(drill.writes(), ["monitoring.patch_check"]);
    let after = drill.failover(&["plan", "failover", "--json"]).await.json();
    assert_eq!(after["maintenance"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standby_stays_open_for_as_long_as_a_browser_remembers_the_redirect() {
    let drill = Drill::start().await;
    let cached = Some("max-age=2".to_owned());
    drill.sandbox.world.edge.set("resume", |edge| edge.redirect_cache_control = cached);
    drains(&drill, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standby_stays_open_for_as_long_as_its_owner_wants() {
    drains(&with("drain = \"1s\"").await, Duration::from_secs(1)).await;
}

async fn drains(drill: &Drill, at_least: Duration) {
    let service = drill.site().seed.service;
    let is_open = || drill.sandbox.world.run.is_granted(&service);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let begun = Instant::now();
    drill.order("failback").await.is(200, "move", Some("Done"));
    assert!(is_open(), "it was closed at once");
    drill
        .failover(&["status"])
        .await
        .ends(0)
        .says("draining The standby stays open for cached redirects until");
    while is_open() {
        drill.order("reconcile").await.is(200, "stay", None);
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() >= at_least, "it was closed after {:?}", begun.elapsed());
    drill.announces("drained", 1).await;
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_on_the_standby_resumes_the_check_until_it_answers_again() {
    let drill = Drill::start().await;
    let check = drill.site().seed.check;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    assert!(!drill.sandbox.world.monitoring.is_enabled(&check));
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    for _ in 0..3 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    assert!(drill.sandbox.world.monitoring.is_enabled(&check));
    assert_eq!(drill.announces("outage", 1).await[0]["severity"], "ERROR");
    drill.failover(&["status"]).await.ends(3).says("outage Visitors have had no answer since");
    drill.sandbox.world.set_standby("resume", Power::On);
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(!drill.sandbox.world.monitoring.is_enabled(&check));
    drill.announces("outage", 1).await;
    drill.announces("recovered", 1).await;
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_before_the_move_does_not_count_after_it() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "stay", None);
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(drill.announced("outage").is_empty(), "one miss on the standby was called an outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failback_says_that_an_incident_is_still_open_and_would_swallow_the_next_alert() {
    let drill = Drill::start().await;
    let seed = drill.site().seed;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let alert = Alert {
        project: "gleich-tech".to_owned(),
        id: "0.outage".to_owned(),
        policy: Monitoring::policy_of(&seed.check),
        site: "resume".to_owned(),
        host: "will.gleich.tech".to_owned(),
        opened: Timestamp::now(),
        closed: None,
    };
    drill.sandbox.world.monitoring.put_alert(alert.clone());
    drill
        .order("failback")
        .await
        .is(200, "move", Some("Done"))
        .because("incident 0.outage")
        .because("still open");
    drill
        .sandbox
        .world
        .monitoring
        .put_alert(Alert { policy: "projects/gleich-tech/alertPolicies/7".to_owned(), ..alert });
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_the_standby_is_told_once() {
    let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
    let mut drill = Drill::with(settings, sandbox::Options::default()).await;
    drill.cut_power();
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(drill.announced("standby_day").is_empty());
    drill.function.kill().await;
    let since = Timestamp::now() - SignedDuration::from_hours(48) - SignedDuration::from_secs(20);
    drill.edit_newest_entry(|entry| entry["state"]["since"] = json!(since));
    drill.restart().await;
    drill.sandbox.world.monitoring.count_requests("resume", 1235);
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "stay", None);
    let told = drill.announces("standby_day", 1).await;
    assert!(told[0]["message"].as_str().is_some_and(|text| text.contains("for 2 days")), "{told:?}");
    assert!(
        told[0]["message"].as_str().is_some_and(|text| text.ends_with("with 1235 requests so far")),
        "{told:?}"
    );
}

/// The reconcile saw the route at the primary, and after it the gate that a failover had opened meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_failover_opened_between_two_looks_is_not_taken_for_drift() {
    let drill = with("repair = true").await;
    let world = &drill.sandbox.world;
    let looking = world.stop_at("run.get_iam_policy", 1, Moment::BeforeEffect);
    let failover = async {
        looking.await.expect("reconcile looks at the gate");
        world.ledger.ended("cloudflare.get_page_rule", 1).await;
        drill.cut_power();
        drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
        world.breakpoints.release();
    };
    let (round, ()) = tokio::join!(drill.order("reconcile"), failover);
    round.is(200, "stay", None);
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}
