//! A journal that is slow, gone, or unreadable.

use std::sync::Arc;

use cloud_failover::journal::key;
use jiff::Timestamp;
use sandbox::{Aim, Fault, Moment, Served, ledger::Record};
use serde_json::json;
use stage::{Drill, Settings, payload};

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_journal_does_not_keep_visitors_in_the_dark() {
    let drill = Drill::start().await;
    for operation in ["storage.list", "storage.get", "storage.create"] {
        drill.sandbox.world.fault(Aim::at(operation), Fault::status(503));
    }
    drill.cut_power();
    let answer = drill.open_incident("0.outage").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.sandbox.world.faults.clear();
    let recorded = drill.open_incident("0.outage").await;
    assert_eq!(recorded.status, 200, "{recorded:?}");
    drill.open_incident("0.outage").await.is(200, "stay", None);
    assert_eq!(drill.writes().len(), 3, "{:?}", drill.writes());
    drill.all_promises_hold();
}

/// The listing brings the newest entry along, so the intent is the second call and not the third. An instance that had
/// listed before the order came asks for the next number, and is told that there is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_cold_instance_with_a_history_makes_two_calls_to_the_journal_before_it_moves_anything() {
    let mut drill = Drill::start().await;
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.order("failback").await.is(200, "move", Some("Done"));
    drill.function.kill().await;
    let position = drill.sandbox.world.ledger.position();
    drill.restart().await;
    drill.cut_power();
    drill.order("failover").await.is(200, "move", Some("Done"));
    let calls = drill.sandbox.world.ledger.since(position);
    let before = calls.iter().take_while(|call| call.kind != sandbox::Kind::Write);
    let asked = before.filter(|call| call.operation.starts_with("storage") && call.status() != Some(404));
    assert_eq!(asked.map(|call| call.operation).collect::<Vec<_>>(), ["storage.list", "storage.create"]);
    drill.all_promises_hold();
}

/// A policy takes longer to read than a journal: whoever reads one after the other lets visitors wait for both. What was
/// seen ahead is believed where the journal then says that nothing of ours was at work.
#[tokio::test(flavor = "multi_thread")]
async fn the_gate_is_looked_at_before_the_journal_has_told_anything() {
    for (instance, reads) in [("cold", "storage.list"), ("warm", "storage.get")] {
        let mut drill = Drill::start().await;
        let world = Arc::clone(&drill.sandbox.world);
        if instance == "warm" {
            drill.order("failover").await.is(200, "move", Some("Done"));
            drill.order("failback").await.is(200, "move", Some("Done"));
        }
        let held = world.stop_at(reads, 1, Moment::BeforeEffect);
        if instance == "cold" {
            drill.restart().await;
        }
        drill.cut_power();
        let position = world.ledger.position();
        let looked = |records: &[Record]| {
            let ours = records.iter().filter(|record| record.sequence > position);
            ours.filter(|record| record.operation == "run.get_iam_policy").count()
        };
        let watch = async {
            held.await.expect("the journal is asked");
            world.ledger.until(|records| looked(records) == 1).await;
            world.breakpoints.release();
        };
        let (answer, ()) = tokio::join!(drill.open_incident("0.outage"), watch);
        answer.is(200, "move", Some("Done"));
        let calls = world.ledger.since(position);
        let before: Vec<_> = calls.into_iter().take_while(|call| call.kind != sandbox::Kind::Write).collect();
        assert_eq!(looked(&before), 1, "{instance}: it was looked at once");
        drill.all_promises_hold();
    }
}

/// Nothing is begun a second time on what the store doesn't know, and it is told before anything is decided on it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_not_written_yet_is_known_and_written_before_all_else() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(Aim::service(sandbox::Service::Storage), Fault::status(503));
    drill.cut_power();
    assert_eq!(drill.open_incident("0.outage").await.status, 503);
    assert_eq!(drill.visit().await, Served::Standby);
    drill.open_incident("0.sister").await.is(503, "stay", None).because("on its standby already");
    assert_eq!(drill.open_incident("0.outage").await.status, 503);
    assert_eq!(drill.writes().len(), 3, "{:?}", drill.writes());
    drill.sandbox.world.faults.clear();
    drill.order("hold").await.is(200, "stay", None);
    let told = drill.events();
    let first: Vec<_> = told.iter().map(String::as_str).filter(|word| *word != "claim").collect();
    assert_eq!(first, ["intent", "step", "step", "step", "step", "step", "ended", "held"]);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_entry_stops_automatic_moves_and_is_named() {
    let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
    let mut drill = Drill::with(settings, sandbox::Options::default()).await;
    drill.command(json!({ "command": "hold", "for": "1h" })).await.is(200, "stay", None);
    drill.function.kill().await;
    drill.spoil_newest_entry();
    drill.restart().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(503, "stay", None).because("entry 1");
    assert_eq!(drill.order("reconcile").await.status, 503);
    for told in drill.announces("trouble", 2).await {
        let message = told["message"].as_str().unwrap_or_default();
        assert!(message.contains("automatic moves stop") && !message.contains("acted on"), "{message}");
    }
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

/// A later release was rolled back, or a disk is broken: an operator's word goes on however much can't be read.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_goes_on_after_any_number_of_entries_that_cannot_be_read() {
    for unreadable in [1, 20, 200] {
        let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
        let mut drill = Drill::with(settings, sandbox::Options::default()).await;
        drill.command(json!({ "command": "hold", "for": "1h", "by": "alice" })).await.is(200, "stay", None);
        drill.function.kill().await;
        for number in 2..2 + unreadable {
            drill.put_entry(&key(number).expect("a number"), &json!({ "v": 2, "shape": "of a later time" }));
        }
        drill.restart().await;
        drill.cut_power();
        let answer = drill.open_incident("0.outage").await;
        answer.is(503, "stay", None).because("automatic moves stop until an operator's command");
        drill.order("acknowledge").await.is(200, "stay", None);
        drill.open_incident("0.outage").await.is(200, "pending", None).because("says alice");
        drill.order("failover").await.is(200, "move", Some("Done"));
        drill.all_promises_hold();
    }
}

/// An instance that knew the journal before it was spoilt goes on when somebody else has gone on after it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_knew_an_older_entry_goes_on_from_the_newest() {
    let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
    let drill = Drill::with(settings, sandbox::Options::default()).await;
    let second = drill.second_instance().await;
    drill.order("hold").await.is(200, "stay", None);
    drill.put_entry(&key(2).expect("a number"), &json!({ "v": 2 }));
    let acknowledge = payload::push(
        "failover-commands",
        "acknowledge",
        Timestamp::now(),
        &json!({ "command": "acknowledge" }),
    );
    second.push(&acknowledge).await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "stay", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_was_read_before_the_journal_went_away_still_binds() {
    let drill = Drill::start().await;
    drill.order("hold").await.is(200, "stay", None);
    drill.sandbox.world.fault(Aim::service(sandbox::Service::Storage), Fault::status(503));
    drill.cut_power();
    let answer = drill.open_incident("0.outage").await;
    answer.is(503, "stay", None).because("automatic moves are off until").because("was read 0 s ago");
    assert!(drill.writes().is_empty());
}

/// A home without power doesn't refuse: it hangs, and so does Cloudflare's edge before its 522.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_hangs_is_silent_without_the_journal_too() {
    let site = Settings::default().site.replace("confirm_within = \"2s\"", "confirm_within = \"200ms\"");
    let top = Settings::default().top.replace("probe_timeout = \"500ms\"", "probe_timeout = \"5s\"");
    let drill = Drill::with(Settings { top, site, ..Settings::default() }, sandbox::Options::default()).await;
    drill.sandbox.world.edge.set("resume", |edge| edge.origin_timeout = std::time::Duration::from_secs(30));
    drill.sandbox.world.set_primary("resume", sandbox::Power::Dark);
    drill.sandbox.world.fault(Aim::service(sandbox::Service::Storage), Fault::status(503));
    assert_eq!(drill.open_incident("0.outage").await.status, 503);
    assert_eq!(drill.visit().await, Served::Standby);
}

/// Opening is refused for longer than a plan tries; then the role is granted, and nobody is awake.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_is_stuck_in_the_dark_is_tried_again_by_itself() {
    let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
    let mut drill = Drill::with(settings, sandbox::Options::default()).await;
    drill.sandbox.world.deny("run.services.setIamPolicy");
    drill.cut_power();
    assert_eq!(drill.open_incident("0.outage").await.status, 503);
    let ago = |minutes| json!(Timestamp::now() - jiff::SignedDuration::from_mins(minutes));
    drill.function.kill().await;
    drill.edit_newest_entry(|entry| entry["state"]["plans"][0]["trouble"]["since"] = ago(31));
    drill.restart().await;
    drill.order("reconcile").await.is(200, "move", Some("Stuck"));
    drill.sandbox.world.access.allow("run.services.setIamPolicy");
    drill.order("reconcile").await.is(200, "stay", None);
    drill.function.kill().await;
    drill.edit_newest_entry(|entry| entry["state"]["stuck"]["at"] = ago(6));
    drill.restart().await;
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

/// A release was rolled back: the one before reads no further, says so, and moves nothing by itself.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_a_later_version_is_named_and_leaves_automatic_moves_alone() {
    let later = failover_core::ENTRY_VERSION + 1;
    let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
    let mut drill = Drill::with(settings, sandbox::Options::default()).await;
    drill.order("acknowledge").await.is(200, "stay", None);
    drill.order("acknowledge").await.is(200, "stay", None);
    drill.function.kill().await;
    drill.edit_newest_entry(|entry| entry["v"] = json!(later));
    drill.restart().await;
    drill.cut_power();
    let told = format!(
        "entry 2 of the journal of resume can't be read: it has version {later}, which a later release wrote"
    );
    for answer in [drill.order("reconcile").await, drill.open_incident("0.outage").await] {
        answer.is(503, "stay", None).because(&told).because("deploy that release again");
    }
    assert!(drill.writes().is_empty(), "{:?}", drill.writes());
    drill.failover(&["status"]).await.ends(1).says("unread").says(&told);
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

/// What each earlier release wrote, up to a failover that its executor left in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_any_earlier_release_is_read_and_its_open_failover_carried_on() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("core/tests/fixtures/samples");
    for sample in std::fs::read_dir(samples).expect("samples") {
        let journal = std::fs::read_to_string(sample.expect("a sample").path()).expect("its text");
        let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
        let mut drill = Drill::with(settings, sandbox::Options::default()).await;
        drill.function.kill().await;
        for (line, number) in journal.lines().zip(1..) {
            drill.put_entry(&key(number).expect("a number"), &serde_json::from_str(line).expect("JSON"));
        }
        drill.restart().await;
        drill.cut_power();
        drill.failover(&["history"]).await.ends(0).says("failback Done in").says("failover");
        drill.order("reconcile").await.is(200, "move", Some("Done"));
        assert_eq!(drill.visit().await, Served::Standby);
        drill.all_promises_hold();
    }
}
