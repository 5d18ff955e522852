//! Who executes: killed processes, two processes, newer orders.

use std::time::Duration;

use failover_core::{Entry, Event};
use sandbox::{Aim, Fault, Moment, Power, Served, Service};
use stage::{Drill, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_the_middle_is_carried_on_by_the_next_delivery() {
    for (operation, moment) in [
        ("run.set_iam_policy", Moment::BeforeEffect),
        ("run.set_iam_policy", Moment::AfterEffect),
        ("cloudflare.patch_page_rule", Moment::AfterEffect),
        ("monitoring.patch_check", Moment::BeforeEffect),
    ] {
        let mut drill = Drill::start().await;
        drill.cut_power();
        let reached = drill.sandbox.world.stop_at(operation, 1, moment);
        let incident = stage::payload::incident("0.outage", "open", jiff::Timestamp::now());
        let push = stage::payload::push("failover-alerts", "1", jiff::Timestamp::now(), &incident);
        tokio::select! {
            answer = drill.function.try_push(&push) => panic!("answered before it was killed: {answer:?}"),
            reached = reached => reached.expect("the call arrives"),
        }
        drill.function.kill().await;
        drill.restart().await;
        drill.function.push(&push).await.is(200, "move", Some("Done"));
        assert_eq!(drill.visit().await, Served::Standby);
        drill.all_promises_hold();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn monitoring_is_paused_only_once_the_journal_has_told_what_comes_before_it() {
    let drill = Drill::start().await;
    drill.sandbox.world.latency.set(Service::Storage, Duration::from_millis(80));
    drill.cut_power();
    let pausing = drill.sandbox.world.stop_at("monitoring.patch_check", 1, Moment::BeforeEffect);
    tokio::select! {
        answer = drill.open_incident("0.outage") => panic!("answered before monitoring was paused: {answer:?}"),
        pausing = pausing => pausing.expect("the call arrives"),
    }
    // Whoever dies here leaves a pause that may land when visitors are back: the next one has to know that it was ours.
    let objects = drill.sandbox.world.storage.objects(&sandbox::Options::default().bucket);
    let (_, newest) = objects.first().expect("an entry");
    let newest: serde_json::Value = serde_json::from_slice(newest).expect("JSON");
    assert!(newest["state"]["paused"].is_string(), "{newest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_make_the_writes_of_one_failover() {
    // Both processes share two cores with everything else: a claim must not look dead for want of a turn.
    let top = Settings::default().top.replace("claim_for = \"500ms\"", "claim_for = \"5s\"");
    let drill = Drill::with(Settings { top, ..Settings::default() }, sandbox::Options::default()).await;
    let other = drill.second_instance().await;
    drill.cut_power();
    let incident = stage::payload::incident("0.outage", "open", jiff::Timestamp::now());
    let push = stage::payload::push("failover-alerts", "1", jiff::Timestamp::now(), &incident);
    let deliveries = (0..64).map(|n| if n % 2 == 0 { drill.function.push(&push) } else { other.push(&push) });
    for answer in futures::future::join_all(deliveries).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(drill.writes().len(), 3);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_order_overtakes_a_failover_that_waits_for_its_standby() {
    let options =
        sandbox::Options { iam_propagation: std::time::Duration::from_hours(1), ..Default::default() };
    let drill = Drill::with(Settings::default(), options).await;
    drill.cut_power();
    let failover = drill.open_incident("0.outage");
    let failback = async {
        drill.sandbox.world.ledger.ended("run.set_iam_policy", 1).await;
        drill.sandbox.world.promises.allow(sandbox::Promise::MovesToWhatAnswers);
        drill.command(serde_json::json!({ "command": "failback", "force": true })).await
    };
    let (over, back) = tokio::join!(failover, failback);
    over.is(200, "move", Some("Overtaken"));
    back.is(200, "move", Some("Stuck"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn monitoring_watches_again_when_a_failover_that_overtook_a_failback_comes_to_nothing() {
    let drill = Drill::start().await;
    let world = &drill.sandbox.world;
    drill.cut_power();
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let routed_back = world.stop_at("cloudflare.patch_page_rule", 1, Moment::AfterEffect);
    let failover = async {
        routed_back.await.expect("the failback leads visitors to the primary");
        world.set_standby("resume", Power::Failing(500));
        let release = async {
            world.ledger.until(|_| intents(&drill) == 3).await;
            world.breakpoints.release();
        };
        tokio::join!(drill.order("failover"), release).0
    };
    let (back, over) = tokio::join!(drill.order("failback"), failover);
    back.is(200, "move", Some("Overtaken"));
    over.is(200, "move", Some("Unwound"));
    assert!(world.monitoring.is_enabled(&drill.site().seed.check), "nobody watches the primary");
    assert!(!world.run.is_granted(&drill.site().seed.service));
    assert_eq!(drill.visit().await, Served::Primary);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_claimed_while_its_end_is_written_is_not_ended() {
    let mut drill = Drill::start().await;
    drill.cut_power();
    dies_once(&mut drill, "failover", "run.set_iam_policy").await;
    let world = &drill.sandbox.world;
    world.promises.allow(sandbox::Promise::MovesToWhatAnswers);
    let ending = world.breakpoints.set_saying("storage.create", 1, Moment::BeforeEffect, "Overtaken");
    let claimed = async {
        ending.await.expect("the dead executor's plan is to be ended");
        claim_newest_plan_but_one(&drill);
        world.breakpoints.release();
    };
    let failback = drill.command(serde_json::json!({ "command": "failback", "force": true }));
    tokio::join!(failback, claimed).0.is(200, "move", Some("Stuck"));
    drill.all_promises_hold();
}

/// The process is killed as soon as this write of the order is made, and another one starts.
async fn dies_once(drill: &mut Drill, order: &str, operation: &str) {
    let made = drill.sandbox.world.stop_at(operation, 1, Moment::AfterEffect);
    tokio::select! {
        answer = drill.order(order) => panic!("answered before it was killed: {answer:?}"),
        made = made => made.expect("the call arrives"),
    }
    drill.function.kill().await;
    drill.restart().await;
}

/// An executor of another process takes over the plan that is older than the newest.
fn claim_newest_plan_but_one(drill: &Drill) {
    let (storage, bucket) = (&drill.sandbox.world.storage, sandbox::Options::default().bucket);
    let (name, newest) = storage.objects(&bucket).into_iter().next().expect("an entry");
    let number = cloud_failover::journal::number(name.rsplit('/').next().expect("a key")).expect("a number");
    let entry = Entry::read(&newest, &"resume".parse().expect("a name"), number).expect("it is read");
    let [.., older, _newest] = entry.state.plans.as_slice() else {
        panic!("no two plans: {:?}", entry.state)
    };
    let event = Event::Claim { plan: older.id, nonce: "another process".to_owned() };
    let (number, at) = (number + 1, jiff::Timestamp::now());
    let state = entry.state.after(number, at, &event).expect("a claim");
    let entry = Entry { number, at, event, state, ..entry };
    let key = cloud_failover::journal::key(number).expect("a key");
    storage.put(&bucket, &format!("journal/resume/{key}"), entry.to_bytes());
}

/// A failover that the journal knows of waits its turn by the journal, which goes away before the older plan's end is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_does_not_wait_in_the_dark_for_an_end_that_the_journal_cannot_take() {
    let mut drill = Drill::start().await;
    drill.cut_power();
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.restore_power();
    dies_once(&mut drill, "failback", "cloudflare.patch_page_rule").await;
    drill.cut_power();
    let world = &drill.sandbox.world;
    let away = async {
        world.ledger.until(|_| intents(&drill) == 3).await;
        world.fault(Aim::service(Service::Storage), Fault::status(503));
    };
    let failover = async { tokio::join!(drill.order("failover"), away).0 };
    let answer = tokio::time::timeout(Duration::from_mins(1), failover).await;
    assert_eq!(answer.expect("it goes on without the journal").status, 503);
    assert_eq!(drill.visit().await, Served::Standby);
    world.faults.clear();
    drill.order("reconcile").await;
    assert_eq!(drill.visit().await, Served::Standby);
    let told = drill.events();
    let ends = told.iter().filter(|word| *word == "ended").count();
    assert_eq!(ends, 3, "the failback's end as well: {told:?}");
    drill.all_promises_hold();
}

/// How many plans the journal knows.
fn intents(drill: &Drill) -> usize {
    drill.events().iter().filter(|word| *word == "intent").count()
}
