//! Looking: `status`, `history`, `plan`. None of them writes anywhere.

use serde_json::json;
use stage::{Drill, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_who_serves_since_when_why_and_what_next() {
    let drill = Drill::start().await;
    let ran = drill.failover(&["status"]).await;
    ran.ends(0)
        .says("resume is on its PRIMARY")
        .says("is answered by the primary")
        .says("Nothing is to be done.");
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    let ran = drill.failover(&["status"]).await;
    ran.ends(0).says("resume is on its STANDBY, since").says("is answered by the standby").says("gate open");
    ran.says("an incident is open and the public URL doesn't answer")
        .says("failover send failback --site resume");
    let status = drill.failover(&["status", "--json"]).await.ends(0).json();
    assert_eq!(status["sites"][0]["serving"]["by"], "standby");
    assert_eq!(status["answers"][0]["public"], json!({"by": "standby"}));
    assert!(status["answers"][0]["primary"]["silent"].is_string(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_nobody_has_reported_is_the_headline() {
    let drill = Drill::start().await;
    drill.cut_power();
    let ran = drill.failover(&["status"]).await;
    ran.ends(3)
        .says("resume gives visitors NO ANSWER; it is on its PRIMARY")
        .says("nobody has reported it yet");
    ran.says("failover send failover --site resume");
    assert!(!ran.out.contains("Nothing is to be done"), "{}", ran.out);
    drill.restore_power();
    drill.failover(&["status"]).await.ends(0).says("resume is on its PRIMARY").says("Nothing is to be done.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_answers_again_is_said_while_visitors_are_on_the_standby() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.failover(&["status"]).await.ends(0).says("Start the primary.");
    drill.restore_power();
    drill.failover(&["status"]).await.ends(0).says("The primary answers again: return visitors to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_shown_is_the_one_that_holds_now() {
    let site = Settings::default().site.replace("cooldown = \"0s\"", "cooldown = \"1h\"");
    let drill = Drill::with(Settings { site, ..Settings::default() }, sandbox::Options::default()).await;
    drill.failover(&["act", "failover"]).await.ends(0);
    drill.failover(&["act", "failback"]).await.ends(0);
    drill.command(json!({ "command": "hold", "for": "2h", "by": "bob", "reason": "moving house" })).await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "pending", None);
    drill.failover(&["status"]).await.ends(3).says("pending Incident 0.outage").says("moving house");
    drill.order("release").await.is(200, "stay", None);
    let ran = drill.failover(&["status"]).await;
    ran.ends(3).says("cooldown");
    assert!(!ran.out.contains("moving house"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_asks_for_a_person_while_an_outage_is_held_back() {
    let drill = Drill::start().await;
    drill.command(json!({ "command": "hold", "for": "2h", "by": "bob", "reason": "moving house" })).await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "pending", None);
    let ran = drill.failover(&["status"]).await;
    ran.ends(3).says("pending Incident 0.outage").says("moving house").says("hold No automatic moves until");
    ran.says("failover send release --site resume").says("silent:").says("Connection refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_what_it_could_not_read() {
    let drill = Drill::start().await;
    for operation in ["storage.list", "storage.get"] {
        drill.sandbox.world.fault(sandbox::Aim::at(operation), sandbox::Fault::status(403));
    }
    let ran = drill.failover(&["status"]).await;
    ran.ends(1).says("unread").says("the journal of resume could not be reached");
    drill.failover(&["history"]).await.ends(1).says("error: the journal of resume").says("next:");
    let told = drill.failover(&["history", "--json"]).await.ends(1).json();
    assert!(
        told["error"]["sentence"].as_str().is_some_and(|text| text.contains("could not be reached")),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_gives_no_answer_in_time_is_told_with_what_its_last_try_met() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(sandbox::Aim::at("monitoring.get_check"), sandbox::Fault::status(503));
    let ran = drill.failover(&["status"]).await;
    ran.ends(1).says("no answer within 2.5s; the last try:").says("503");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_tells_moves_with_their_stages_and_decisions_with_their_reasons() {
    let drill = Drill::start().await;
    drill.failover(&["history"]).await.ends(0).says("Nothing has happened yet");
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("failback").await.is(200, "refused", None);
    drill.restore_power();
    drill.command(json!({ "command": "failback", "by": "alice" })).await.is(200, "move", Some("Done"));
    let ran = drill.failover(&["history"]).await;
    ran.ends(0).says("failback Done in").says("failover Done in").says("asked by an operator, says alice");
    ran.says("detected").says("verified").says("in all").says("failback refused");
    let told = drill.failover(&["history", "--last", "1", "--json"]).await.ends(0).json();
    let moves = told["sites"][0]["moves"].as_array().expect("moves");
    assert_eq!((moves.len(), &moves[0]["direction"]), (1, &json!("failback")), "{told}");
    let stages: Vec<&str> =
        moves[0]["stages"].as_array().expect("stages").iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(stages[..3], ["decided", "routed", "verified"], "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_tells_the_steps_in_order_and_what_holds_an_alert_back() {
    let site = Settings::default().site.replace("cooldown = \"0s\"", "cooldown = \"1h\"");
    let drill = Drill::with(Settings { site, ..Settings::default() }, sandbox::Options::default()).await;
    let ran = drill.failover(&["plan", "failover"]).await;
    ran.ends(0).says("1 open").says("closed → open").says("5 pause").says("watching → paused");
    ran.says("a command would move it").says("an alert would move it").says("false alarm");
    let ran = drill.failover(&["plan", "failback"]).await;
    ran.ends(3).says("would change nothing: The site is on its primary already");
    drill.failover(&["act", "failover"]).await.ends(0);
    drill.failover(&["act", "failback"]).await.ends(0);
    let told = drill.failover(&["plan", "failover", "--json"]).await.ends(0).json();
    assert_eq!(
        (&told["command"]["moves"], &told["automatic"]["verdict"]),
        (&json!(true), &json!("pending")),
        "{told}"
    );
    assert!(
        told["automatic"]["until"].is_string()
            && told["automatic"]["reason"].as_str().is_some_and(|r| r.contains("cooldown")),
        "{told}"
    );
    let (entries, writes) = (drill.sandbox.world.ledger.journal_writes().len(), drill.writes().len());
    drill.cut_power();
    drill.failover(&["plan", "failover"]).await.ends(0).says("\"acknowledge\" lifts it");
    assert_eq!((drill.sandbox.world.ledger.journal_writes().len(), drill.writes().len()), (entries, writes));
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_failback_asks_the_primary() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.failover(&["act", "failover"]).await.ends(0);
    drill.failover(&["plan", "failback"]).await.ends(3).says("would be refused").says("connection refused");
    drill.failover(&["plan", "failback", "--force"]).await.ends(0).says("would move it");
    drill.restore_power();
    drill
        .failover(&["plan", "failback"])
        .await
        .ends(0)
        .says("open → closed")
        .says("to the standby → to the primary");
}
