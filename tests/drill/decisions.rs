//! Signals that move nothing, or nothing twice.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stage::{Drill, Settings, payload};

#[tokio::test(flavor = "multi_thread")]
async fn six_checker_locations_and_a_redelivery_make_one_failover() {
    let drill = Drill::start().await;
    drill.cut_power();
    let incidents =
        (0..6).map(|location| payload::incident(&format!("0.location{location}"), "open", Timestamp::now()));
    let incidents: Vec<_> = incidents.collect();
    let answers = futures::future::join_all(incidents.iter().map(|incident| drill.alert(incident))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(drill.writes().len(), 3);
    let journal = drill.sandbox.world.ledger.journal_writes().len();
    for incident in &incidents {
        drill.alert(incident).await.is(200, "stay", None);
    }
    assert_eq!(drill.writes().len(), 3);
    assert_eq!(
        drill.sandbox.world.ledger.journal_writes().len(),
        journal,
        "a redelivery wrote to the journal"
    );
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_alarm_writes_to_no_cloud_and_is_decided_again_when_the_site_is_gone() {
    let drill = Drill::start().await;
    drill.open_incident("0.alarm").await.is(200, "pending", None).because("still answers");
    assert!(drill.writes().is_empty());
    drill.cut_power();
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_incident_and_monitorings_test_and_a_strangers_incident_move_nothing() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.close_incident("0.closed").await.is(200, "stay", None).because("proves nothing");
    let mut foreign = payload::incident("0.foreign", "open", Timestamp::now());
    foreign["incident"]["policy_user_labels"] = json!({});
    foreign["incident"]["resource"] = json!({});
    drill.alert(&foreign).await.is(200, "stay", None).because("no site");
    assert!(drill.writes().is_empty());
    let journal = drill.sandbox.world.ledger.journal_writes().len();
    assert_eq!(journal, 1, "the journal keeps that the incident has closed, should its open come later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_an_incident_pending_until_its_release() {
    let drill = Drill::start().await;
    drill
        .command(json!({ "command": "hold", "for": "2h", "by": "alice", "reason": "moving house" }))
        .await
        .is(200, "stay", None);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "pending", None).because("moving house");
    drill.order("release").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cooldown_holds_the_next_failover_back_until_it_is_acknowledged() {
    let settings = Settings {
        site: Settings::default().site.replace("cooldown = \"0s\"", "cooldown = \"1h\""),
        ..Settings::default()
    };
    let drill = Drill::with(settings, sandbox::Options::default()).await;
    drill.cut_power();
    drill.open_incident("0.first").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    drill.cut_power();
    let later = payload::incident("0.second", "open", Timestamp::now() + SignedDuration::from_secs(2));
    drill.alert(&later).await.is(200, "pending", None).because("cooldown");
    drill.order("acknowledge").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_the_earlier_outage_is_stale_after_the_failback() {
    let drill = Drill::start().await;
    let began = Timestamp::now() - SignedDuration::from_secs(30);
    drill.cut_power();
    let incident = payload::incident("0.first", "open", began);
    drill.alert(&incident).await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    drill.cut_power();
    let late = payload::incident("0.sibling", "open", began);
    drill.alert(&late).await.is(200, "stay", None).because("stale");
    assert_eq!(drill.writes().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_mean_no_site_are_answered_400() {
    let drill = Drill::start().await;
    drill
        .command(json!({ "command": "failover", "site": "nowhere" }))
        .await
        .is(400, "refused", None)
        .because("resume");
    assert!(drill.writes().is_empty());
}
