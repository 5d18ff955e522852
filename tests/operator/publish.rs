//! Publishing: `send`, `rehearse` and `report`, through Pub/Sub to the running function and back by its journal.

use std::time::Duration;

use sandbox::{Aim, Fault, Options, Served, Service};
use serde_json::json;
use stage::{Drill, Settings};

/// A function that Pub/Sub pushes to.
async fn pushed() -> Drill {
    let drill = Drill::start().await;
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    drill
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_published_where_its_subscription_says_and_followed_to_its_end() {
    let drill = pushed().await;
    drill.cut_power();
    let ran = drill.failover(&["send", "failover", "--reason", "the lab is dark", "--wait"]).await;
    ran.ends(0).says("published {\"by\":\"alice\",\"command\":\"failover\",\"reason\":\"the lab is dark\"}");
    ran.says("on projects/gleich-tech/topics/failover-commands").says("✓ route").says("Done");
    assert_eq!(drill.visit().await, Served::Standby);
    let ran = drill.failover(&["send", "failback", "--wait", "--json"]).await;
    let told = ran.ends(3).json();
    assert!(
        told["settled"][0]["outcome"]["refused"].as_str().is_some_and(|why| why.contains("not answered")),
        "{told}"
    );
    drill.restore_power();
    drill.failover(&["rehearse", "--wait"]).await.ends(3).says("on its standby");
    drill.failover(&["send", "failback", "--wait"]).await.ends(0).says("Done");
    drill.all_promises_hold();
}

/// The order is on its way: that the journal can't be read for a moment changes nothing about it.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_refused_for_a_moment_ends_no_waiting() {
    let drill = Drill::start().await;
    let ledger = &drill.sandbox.world.ledger;
    let until = async |fits: &dyn Fn() -> bool| {
        while !fits() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let meanwhile = async {
        until(&|| ledger.count("pubsub.publish") > 0).await;
        drill.sandbox.world.fault(Aim::service(Service::Storage), Fault::status(403));
        let refused = || ledger.number(|call| call.service == Service::Storage && call.status() == Some(403));
        until(&|| refused() > 0).await;
        drill.sandbox.world.faults.clear();
        drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    };
    let (ran, ()) = tokio::join!(drill.failover(&["send", "hold", "--wait", "--json"]), meanwhile);
    let told = ran.ends(0).json();
    assert!(told["published"]["message_id"].is_string(), "{told}");
    assert!(told["settled"][0]["outcome"]["sentence"].is_string(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_and_how_to_follow_it_is_told() {
    let drill = pushed().await;
    let told =
        drill.failover(&["send", "hold", "--for", "2h", "--site", "resume", "--json"]).await.ends(0).json();
    let published = &told["published"];
    let message = json!({"command": "hold", "site": "resume", "by": "alice", "for": "2h"});
    assert_eq!(
        (&published["message"], &published["follow"]),
        (&message, &json!("failover history --last 1 --site resume"))
    );
    let id = published["message_id"].as_str().expect("an id");
    let settled = drill.sandbox.world.pubsub.settled(id).await;
    assert_eq!(settled.status, Some(200), "{settled:?}");
    drill.failover(&["send", "release", "--wait"]).await.ends(0).says("automatic moves are on again");
    drill.failover(&["send", "check", "--wait"]).await.ends(2).says("leave --wait away");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_whose_configuration_names_the_topic_needs_no_look_at_the_subscription() {
    let settings = Settings {
        push: vec![
            ("verify", "none"),
            ("commands_topic", "projects/gleich-tech/topics/failover-commands"),
            ("alerts_topic", "projects/gleich-tech/topics/failover-alerts"),
        ],
        ..Settings::default()
    };
    let drill = Drill::with(settings, Options::default()).await;
    drill.sandbox.world.deny("pubsub.subscriptions.get");
    drill
        .failover(&["send", "reconcile"])
        .await
        .ends(0)
        .says("on projects/gleich-tech/topics/failover-commands");
    drill.failover(&["report", "down"]).await.ends(0).says("projects/gleich-tech/topics/failover-alerts");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_finds_nothing_to_do_is_followed_to_that_answer() {
    let drill = pushed().await;
    let there = "the site is on its primary already";
    drill.failover(&["send", "failback", "--wait"]).await.ends(0).says(there);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.failover(&["send", "failover", "--wait"]).await.ends(0).says("the site is on its standby already");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_the_subscription_names_the_topic() {
    let drill = pushed().await;
    drill.sandbox.world.deny("pubsub.subscriptions.get");
    let ran = drill.failover(&["send", "reconcile"]).await;
    ran.ends(1).says("error: could not read the settings of").says("next: or name the topic: --topic");
    let topic = ["--topic", "projects/gleich-tech/topics/failover-commands"];
    drill.failover(&[&["send", "reconcile"], &topic[..]].concat()).await.ends(0).says("published");
    let nowhere = ["--topic", "projects/gleich-tech/topics/not-there"];
    drill
        .failover(&[&["send", "reconcile"], &nowhere[..]].concat())
        .await
        .ends(1)
        .says("create it, or correct its name");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_pubsub_is_down_the_way_without_it_is_named() {
    let drill = Drill::start().await;
    let address = drill.sandbox.address(Service::Pubsub);
    drill.sandbox.world.listeners.open(address, false);
    let topic = "projects/gleich-tech/topics/failover-commands";
    let ran = drill.failover(&["send", "failover", "--topic", topic]).await;
    ran.ends(1)
        .says("error: could not publish to")
        .says("\"failover act\" does the same with your own credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_of_ones_own_reports_an_outage_and_the_site_moves() {
    let drill = pushed().await;
    drill.cut_power();
    let ran =
        drill.failover(&["report", "down", "--name", "my-monitor", "--reason", "no ping", "--json"]).await;
    let told = ran.ends(0).json();
    let id = told["published"]["message_id"].as_str().expect("an id");
    assert_eq!(drill.sandbox.world.pubsub.settled(id).await.status, Some(200));
    assert_eq!(drill.visit().await, Served::Standby);
    let history = drill.failover(&["history", "--json"]).await.ends(0).json();
    assert_eq!(history["sites"][0]["moves"][0]["asked_by"], "an alert");
    drill.failover(&["report", "up", "--name", "my-monitor"]).await.ends(0).says("nothing was published");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_repeats_itself_tells_of_one_outage_and_its_up_takes_it_back() {
    let drill = pushed().await;
    drill.failover(&["send", "hold", "--wait"]).await.ends(0);
    drill.cut_power();
    let mut incidents = Vec::new();
    for _ in 0..2 {
        let told = drill.failover(&["report", "down", "--json"]).await.ends(0).json();
        drill.sandbox.world.pubsub.settled(told["published"]["message_id"].as_str().expect("an id")).await;
        incidents.push(told["published"]["incident"].clone());
    }
    assert_eq!(incidents[0], incidents[1]);
    let pending = drill.failover(&["status", "--json"]).await.ends(3).json();
    assert_eq!(pending["sites"][0]["pending"].as_array().map(Vec::len), Some(1), "{pending}");
    let told = drill.failover(&["report", "up", "--json"]).await.ends(0).json();
    drill.sandbox.world.pubsub.settled(told["published"]["message_id"].as_str().expect("an id")).await;
    // Nobody reports it any more, and the site still gives no answer.
    let status = drill.failover(&["status", "--json"]).await.ends(3).json();
    assert_eq!(status["sites"][0]["pending"], json!([]));
}
