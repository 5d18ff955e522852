//! The second motor.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sandbox::{Aim, Fault, Options, Power, Served, Service};
use serde_json::json;
use stage::{Answer, Drill, PATIENCE, Settings, payload};

/// A reconcile is delivered, for the first time or again.
async fn delivered(drill: &Drill, message: &str, published: Timestamp) -> Answer {
    let body = json!({ "command": "reconcile" });
    drill.function.push(&payload::push("failover-commands", message, published, &body)).await
}

async fn every(time: &str) -> Drill {
    let top = Settings::default().top.replace("\"1ms\"", &format!("\"{time}\""));
    Drill::with(Settings { top, ..Settings::default() }, Options::default()).await
}

fn says(told: &serde_json::Value, words: &str) -> bool {
    told["message"].as_str().is_some_and(|text| text.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn three_silent_reconciles_make_up_for_an_alert_that_never_came() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    let idle = drill.sandbox.world.ledger.journal_writes().len();
    assert_eq!(idle, 0, "an idle reconcile wrote to the journal");
    drill.cut_power();
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_somebody_moved_by_hand_is_adopted() {
    let drill = Drill::start().await;
    drill.sandbox.world.promises.allow(sandbox::Promise::MovesToWhatAnswers);
    drill.route_by_hand("active");
    drill.order("reconcile").await.is(200, "stay", None).because("standby");
    drill.open_incident("0.late").await.is(200, "stay", None).because("already");
    // The standby that visitors are led to was closed: it is opened, so that they are served.
    assert_eq!(drill.visit().await, Served::Standby);
    assert_eq!(drill.sandbox.world.ledger.journal_writes().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_that_is_delivered_again_is_no_second_look() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.cut_power();
    for _ in 0..4 {
        delivered(&drill, "one", Timestamp::now()).await.is(200, "stay", None);
    }
    assert!(drill.writes().is_empty() && drill.announced("started").is_empty());
    delivered(&drill, "two", Timestamp::now()).await.is(200, "stay", None);
    delivered(&drill, "three", Timestamp::now()).await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_that_is_delivered_again_makes_no_outage_of_the_standby() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    let writes = drill.writes().len();
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    for _ in 0..4 {
        delivered(&drill, "one", Timestamp::now()).await.is(200, "stay", None);
    }
    assert!(drill.announced("outage").is_empty());
    assert_eq!(drill.writes().len(), writes);
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_closer_together_than_half_of_a_round_count_as_one() {
    let drill = every("2s").await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.cut_power();
    let begun = Instant::now();
    let mut answer = drill.order("reconcile").await;
    while answer.text("verdict") == "stay" {
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        answer = drill.order("reconcile").await;
    }
    answer.is(200, "move", Some("Done"));
    assert!(begun.elapsed() >= Duration::from_secs(2), "three looks within {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_old_reconciles_counts_nothing() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.cut_power();
    let published = Timestamp::now() - SignedDuration::from_mins(10);
    for number in 0..5 {
        delivered(&drill, &format!("old-{number}"), published).await.is(200, "stay", None);
    }
    assert!(drill.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_hides_no_outage_from_reconcile() {
    let drill = Drill::start().await;
    // To a machine whose clock is ahead, all that comes was published long ago.
    let long_ago = || Timestamp::now() - SignedDuration::from_hours(2);
    delivered(&drill, "well", long_ago()).await.is(200, "stay", None);
    drill.cut_power();
    for message in ["one", "two", "two"] {
        delivered(&drill, message, long_ago()).await.is(200, "stay", None);
    }
    let queued = long_ago() - SignedDuration::from_mins(10);
    delivered(&drill, "queued", queued).await.is(200, "stay", None);
    assert!(drill.writes().is_empty());
    delivered(&drill, "three", long_ago()).await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_own_address_answers_is_not_moved_by_our_looks_alone() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.sandbox.world.fault(Aim::service(Service::Edge), Fault::status(522));
    for _ in 0..5 {
        drill.order("reconcile").await.is(200, "stay", None).because("522");
    }
    assert!(drill.writes().is_empty() && drill.announced("started").is_empty());
    drill.cut_power();
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.sandbox.world.faults.clear();
    drill.order("reconcile").await.is(200, "move", Some("Done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_never_answered_is_not_moved_by_our_looks_alone() {
    let drill = Drill::start().await;
    drill.cut_power();
    for _ in 0..5 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    assert!(drill.writes().is_empty() && drill.announced("started").is_empty());
    drill.restore_power();
    drill.order("reconcile").await.is(200, "stay", None);
    drill.cut_power();
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.order("reconcile").await.is(200, "move", Some("Done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_site_once_answered_outlives_a_restart_once_a_check_has_told_it() {
    let mut drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("check").await.is(200, "stay", None);
    drill.restart().await;
    drill.cut_power();
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenged_site_without_an_address_of_its_own_is_left_alone() {
    let settings = Settings { primary_url: false, ..Settings::default() };
    let drill = Drill::with(settings, Options::default()).await;
    drill.order("reconcile").await.is(200, "stay", None);
    drill.sandbox.world.edge.set("resume", |edge| edge.challenge = true);
    for _ in 0..5 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    assert!(drill.writes().is_empty() && drill.announced("started").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_of_ours_that_lands_after_the_failback_is_taken_back() {
    let drill = Drill::start().await;
    let check = drill.site().seed.check;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    let pause = |check: &mut serde_json::Map<String, serde_json::Value>| {
        drop(check.insert("disabled".to_owned(), json!(true)));
    };
    drill.sandbox.world.monitoring.edit(&check, pause);
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(drill.sandbox.world.monitoring.is_enabled(&check));
    drill.announces("repaired", 1).await;
    drill.all_promises_hold();
}

/// A site that was moved there and back, whose monitoring somebody has switched off since: nobody may resume it.
async fn unmonitored() -> Drill {
    let drill = Drill::start().await;
    let (world, check) = (&drill.sandbox.world, drill.site().seed.check);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    world.monitoring.edit(&check, |check| drop(check.insert("disabled".to_owned(), json!(true))));
    world.fault(Aim::at("monitoring.patch_check"), Fault::status(403));
    drill
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_that_is_refused_for_good_is_tried_ever_more_seldom_told_each_round_and_done_once_it_may()
{
    let drill = unmonitored().await;
    let (world, check) = (&drill.sandbox.world, drill.site().seed.check);
    for _ in 0..40 {
        drill.order("reconcile").await.is(200, "stay", None).because("grant the account");
    }
    let attempts = drill.events().iter().filter(|event| *event == "attempt_ended").count();
    assert_eq!(attempts, 7, "rounds 1, 2, 4, 8, 16, 26 and 36: {:?}", drill.events());
    drill.announces("trouble", 1).await;
    drill.order("reconcile").await.is(200, "stay", None).because("it is tried again in 5 rounds");
    world.faults.clear();
    for _ in 0..5 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    assert!(world.monitoring.is_enabled(&check));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_round_has_everything_tried() {
    let drill = unmonitored().await;
    for _ in 0..9 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.sandbox.world.faults.clear();
    drill.command(json!({ "command": "reconcile", "by": "alice" })).await.is(200, "stay", None);
    assert!(drill.sandbox.world.monitoring.is_enabled(&drill.site().seed.check));
}

/// Monitoring is off, so reconcile is the only one who can notice.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_keeps_nobody_from_noticing_the_next_outage() {
    let drill = unmonitored().await;
    for _ in 0..4 {
        drill.order("reconcile").await.is(200, "stay", None).because("grant the account");
    }
    drill.cut_power();
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    // Its last step is refused, too.
    drill.order("reconcile").await.is(503, "move", None);
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

/// An old alert that comes during a failback is stale when it has ended, and the one behind it may be an outage.
#[tokio::test(flavor = "multi_thread")]
async fn every_pending_incident_is_decided_again_and_not_only_the_oldest() {
    let drill = Drill::start().await;
    let ago = |seconds| Timestamp::now() - Duration::from_secs(seconds);
    let order = payload::push("failover-commands", "order", ago(120), &json!({ "command": "failover" }));
    drill.function.push(&order).await.is(200, "move", Some("Done"));
    let held = drill.sandbox.world.stop_at("cloudflare.patch_page_rule", 1, sandbox::Moment::AfterEffect);
    let alerts = async {
        held.await.expect("visitors are led back");
        drill.alert(&payload::incident("0.old", "open", ago(60))).await.is(200, "pending", None);
        drill.open_incident("0.new").await.is(200, "pending", None);
        drill.sandbox.world.breakpoints.release();
    };
    let (answer, ()) = tokio::join!(drill.order("failback"), alerts);
    answer.is(200, "move", Some("Done"));
    let decided = |incident: &str| {
        let said = drill.function.output();
        said.lines().any(|line| line.contains("decided again") && line.contains(incident))
    };
    assert!(decided("0.old") && decided("0.new"), "{}", drill.function.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_answers_again_is_told_once_with_the_way_back() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("reconcile").await.is(200, "stay", None);
    assert!(drill.announced("primary_answers").is_empty());
    drill.restore_power();
    for _ in 0..3 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    let told = drill.announces("primary_answers", 1).await;
    assert!(says(&told[0], "answers again") && says(&told[0], "failover send failback"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_set_back_while_the_outage_lasts_is_set_again() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.route_by_hand("disabled");
    drill.order("reconcile").await.is(200, "move", Some("Done")).because("the same outage");
    assert_eq!(drill.visit().await, Served::Standby);
    assert!(drill.announced("adopted").is_empty());
    drill.announces("started", 2).await;
    drill.failover(&["history"]).await.ends(0).says("it is the same outage");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_set_back_to_a_primary_that_answers_is_adopted_and_monitoring_watches_again() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.route_by_hand("disabled");
    drill.order("reconcile").await.is(200, "stay", None).because("on its primary");
    drill.announces("adopted", 1).await;
    assert!(drill.sandbox.world.monitoring.is_enabled(&drill.site().seed.check));
    assert_eq!(drill.visit().await, Served::Primary);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_set_back_under_a_hold_is_reported_and_left() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("hold").await.is(200, "stay", None);
    drill.route_by_hand("disabled");
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.announces("drift", 1).await;
    assert!(drill.announced("adopted").is_empty());
    drill.order("release").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_answers_only_now_and_then_is_reported_once() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    for round in 0..8 {
        let power = if round % 2 == 0 { Power::On } else { Power::Failing(503) };
        drill.sandbox.world.set_standby("resume", power);
        drill.order("reconcile").await.is(200, "stay", None);
    }
    let told = drill.announces("trouble", 1).await;
    assert!(says(&told[0], "not all visitors are served"), "{told:?}");
    assert!(drill.announced("outage").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_read_is_announced_once() {
    for fault in [Fault::status(503), Fault::status(403)] {
        let drill = Drill::start().await;
        drill.order("reconcile").await.is(200, "stay", None);
        drill.sandbox.world.fault(Aim::service(Service::Storage), fault);
        for _ in 0..3 {
            assert_eq!(drill.order("reconcile").await.status, 503);
        }
        let told = drill.announces("trouble", 1).await;
        assert!(says(&told[0], "the journal of resume could not be reached"), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciles_do_not_pile_up_while_a_plan_waits() {
    let drill = Drill::start().await;
    drill.sandbox.world.set_standby("resume", Power::Off);
    drill.cut_power();
    let (function, drill) = (&drill.function, &drill);
    let alert = payload::incident("0.outage", "open", Timestamp::now());
    let push = payload::push("failover-alerts", "alert", Timestamp::now(), &alert);
    let rounds = async {
        drill.sandbox.world.ledger.ended("run.set_iam_policy", 1).await;
        for _ in 0..20 {
            let begun = Instant::now();
            drill.order("reconcile").await.is(200, "stay", None).because("goes on");
            assert!(begun.elapsed() < Duration::from_secs(5), "it waited {:?}", begun.elapsed());
        }
        drill.sandbox.world.set_standby("resume", Power::On);
    };
    let (alerted, ()) = tokio::join!(function.push(&push), rounds);
    alerted.is(200, "move", Some("Done"));
}
