//! What happens meanwhile: others write, the primary returns, a cloud gives way, while a plan waits for its turn or for an
//! answer.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use failover_core::Event;
use sandbox::{Aim, Fault, Moment, Options, Power, Served, World};
use serde_json::{Value, json};
use stage::{Drill, Settings, journal::Journals, switches};

/// As the stage sets it: a claim is renewed after half of it.
const CLAIM_FOR: Duration = Duration::from_millis(500);

/// Calls are waited for longer than a busy machine takes, so that what is held counts as under way.
fn patient() -> Settings {
    let top = Settings::default().top.replace("call_timeout = \"1s\"", "call_timeout = \"5s\"");
    Settings { top, ..Settings::default() }
}

async fn with_site(lines: &str) -> Drill {
    let settings = patient();
    let site = format!("{}{lines}", settings.site);
    Drill::with(Settings { site, ..settings }, Options::default()).await
}

/// Waits until the journal knows so many plans.
async fn intents(world: &World, number: usize) {
    let known = || {
        let entries = Journals::of(world).entries("resume");
        entries.iter().filter(|entry| matches!(entry.event, Event::Intent { .. })).count()
    };
    world.ledger.until(|_| known() >= number).await;
}

/// Somebody's apply sets the standby's policy as it was before.
fn closes_the_standby(drill: &Drill, before: &Value) {
    drill.sandbox.world.run.replace_policy(&drill.site().seed.service, before);
}

fn policy(drill: &Drill) -> Value {
    drill.sandbox.world.run.policy(&drill.site().seed.service).expect("a policy")
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain: {what}");
}

/// An incident arrives while this process closes the standby; the close goes on once the failover is in the journal.
async fn incident_while_closing(drill: &Drill, plans: usize, closing: impl Future, held: impl Future) {
    let world = Arc::clone(&drill.sandbox.world);
    let alarm = async {
        held.await;
        drill.cut_power();
        let goes_on = async {
            intents(&world, plans).await;
            world.breakpoints.release();
        };
        tokio::join!(drill.open_incident("0.meanwhile"), goes_on).0
    };
    let (_, answer) = tokio::join!(closing, alarm);
    answer.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_begins_while_a_drained_standby_is_closed_opens_it_again() {
    let drill = with_site("drain = \"1s\"\n").await;
    drill.cut_power();
    drill.open_incident("0.first").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    let held = drill.sandbox.world.stop_at("run.set_iam_policy", 1, Moment::BeforeEffect);
    let begun = AtomicBool::new(false);
    let closing = async {
        while !begun.load(Ordering::Relaxed) {
            drill.order("reconcile").await;
            // As often as the provider's budget has looks for.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let held = async {
        held.await.expect("it is drained");
        begun.store(true, Ordering::Relaxed);
    };
    incident_while_closing(&drill, 3, closing, held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_begins_while_a_rehearsal_closes_the_standby_opens_it_again() {
    let drill = with_site("").await;
    let held = drill.sandbox.world.stop_at("run.set_iam_policy", 2, Moment::BeforeEffect);
    incident_while_closing(&drill, 2, drill.order("rehearse"), held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_somebody_closes_while_it_is_waited_for_is_opened_again() {
    let drill = Drill::start().await;
    let before = policy(&drill);
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    drill.cut_power();
    let apply = async {
        drill.sandbox.world.ledger.ended("run.set_iam_policy", 1).await;
        closes_the_standby(&drill, &before);
        drill.sandbox.world.set_standby("resume", Power::On);
    };
    let (answer, ()) = tokio::join!(drill.open_incident("0.outage"), apply);
    answer.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_somebody_closes_once_visitors_were_led_there_is_opened_again() {
    let drill = Drill::start().await;
    let before = policy(&drill);
    drill.cut_power();
    let world = Arc::clone(&drill.sandbox.world);
    let routed = world.stop_at("cloudflare.patch_page_rule", 1, Moment::AfterEffect);
    let apply = async {
        routed.await.expect("visitors are led there");
        closes_the_standby(&drill, &before);
        world.breakpoints.release();
    };
    let (answer, ()) = tokio::join!(drill.open_incident("0.outage"), apply);
    answer.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_waits_longer_than_an_operator_would_says_once_for_what() {
    let drill = Drill::start().await;
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    drill.cut_power();
    let waits = || {
        let said = drill.announced("trouble");
        let waits = |line: &&Value| {
            line["message"].as_str().is_some_and(|s| s.contains("it waits for the standby to answer"))
        };
        said.iter().filter(waits).count()
    };
    let mend = async {
        until("that it is said", || waits() > 0).await;
        drill.sandbox.world.set_standby("resume", Power::On);
    };
    let (answer, ()) = tokio::join!(drill.open_incident("0.outage"), mend);
    answer.is(200, "move", Some("Done"));
    assert_eq!(waits(), 1, "{:?}", drill.announced("trouble"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failback_leads_nobody_back_to_a_standby_that_fell_silent_meanwhile() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let world = Arc::clone(&drill.sandbox.world);
    let led = world.stop_at("cloudflare.patch_page_rule", 1, Moment::AfterEffect);
    let trouble = async {
        led.await.expect("visitors are led to the primary");
        drill.cut_power();
        world.fault(Aim::at("cloudflare.patch_page_rule"), Fault::status(503));
        world.breakpoints.release();
        let patches = world.ledger.count("cloudflare.patch_page_rule");
        world.ledger.ended("cloudflare.patch_page_rule", patches + 2).await;
        world.set_standby("resume", Power::Failing(500));
        drill.restore_power();
        // The primary answers visitors again, who stay where they are, however the provider does.
    };
    let (answer, ()) = tokio::join!(drill.order("failback"), trouble);
    answer.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Primary);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_without_the_journal_waits_for_the_write_that_this_process_has_begun() {
    let drill = with_site("").await;
    drill.cut_power();
    drill.open_incident("0.first").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let world = Arc::clone(&drill.sandbox.world);
    let closing = world.stop_at("run.set_iam_policy", 1, Moment::BeforeEffect);
    let alarm = async {
        closing.await.expect("the failback closes the standby");
        world.fault(Aim::service(sandbox::Service::Storage), Fault::status(503));
        drill.cut_power();
        let begun = drill.announced("started").len();
        let goes_on = async {
            until("a move without the journal", || drill.announced("started").len() > begun).await;
            world.breakpoints.release();
        };
        tokio::join!(drill.open_incident("0.second"), goes_on).0
    };
    let (_, answer) = tokio::join!(drill.order("failback"), alarm);
    assert_eq!(answer.status, 503, "it is not recorded yet: {answer:?}");
    assert_eq!(drill.visit().await, Served::Standby);
    world.faults.clear();
    drill.order("reconcile").await;
    drill.open_incident("0.second").await.is(200, "stay", None);
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_that_a_move_without_the_journal_overtook_closes_nothing_afterwards() {
    let drill = with_site("").await;
    let world = Arc::clone(&drill.sandbox.world);
    let opening = world.stop_at("run.set_iam_policy", 1, Moment::AfterEffect);
    let alarm = async {
        opening.await.expect("the rehearsal opens the standby");
        world.fault(Aim::service(sandbox::Service::Storage), Fault::status(503));
        drill.cut_power();
        let goes_on = async {
            until("a move without the journal", || !drill.announced("started").is_empty()).await;
            world.faults.clear();
            // What tells of it arrives, and nobody hears that it did.
            world.fault(Aim::at("storage.create").times(3), Fault::LostAnswer);
            world.breakpoints.release();
        };
        tokio::join!(drill.open_incident("0.outage"), goes_on).0
    };
    tokio::join!(drill.order("rehearse"), alarm);
    world.faults.clear();
    for _ in 0..3 {
        drill.order("reconcile").await;
    }
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_rule_is_written_as_it_is_now_and_not_as_it_was_before_the_wait() {
    let seed = sandbox::SiteSeed::example();
    let switches = [switches::invoker(&seed), switches::redirect_rule(&seed)].join("\n");
    let drill = Drill::with(Settings { switches: Some(switches), ..patient() }, Options::default()).await;
    let world = Arc::clone(&drill.sandbox.world);
    // The first try is not answered for longer than an answer of the standby is good for.
    world.fault(Aim::at("cloudflare.patch_rule").nth(1), Fault::Hang);
    drill.cut_power();
    let edit = async {
        let reads = || world.ledger.count("cloudflare.get_entrypoint");
        world.ledger.until(|records| records.iter().any(|r| r.operation == "cloudflare.patch_rule")).await;
        world.set_standby("resume", Power::Failing(500));
        let before = reads();
        until("a look before the second try", || reads() > before).await;
        world.cloudflare.edits.edit_redirect_rule(
            &seed.zone,
            &seed.redirect,
            "description",
            json!("edited by alice"),
        );
        world.set_standby("resume", Power::On);
    };
    let (answer, ()) = tokio::join!(drill.open_incident("0.outage"), edit);
    answer.is(200, "move", Some("Done"));
    let rule = world.cloudflare.redirect_rule(&seed.zone, &seed.redirect).expect("the rule");
    assert_eq!((&rule["description"], &rule["enabled"]), (&json!("edited by alice"), &json!(true)));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_refused_is_tried_again_and_closes_the_standby_that_nobody_was_led_to() {
    let drill = Drill::start().await;
    let world = Arc::clone(&drill.sandbox.world);
    for operation in ["cloudflare.patch_page_rule", "cloudflare.get_page_rule"] {
        world.fault(Aim::at(operation), Fault::status(403));
    }
    drill.cut_power();
    drill.open_incident("0.first").await.is(503, "move", None);
    drill.restore_power();
    drill.order("reconcile").await.is(503, "move", None).because("could not be undone yet");
    assert!(
        !world.run.is_granted(&drill.site().seed.service),
        "nobody was led to the standby, and it is open"
    );
    world.faults.clear();
    drill.order("reconcile").await.is(200, "move", Some("Unwound"));
    drill.cut_power();
    drill.open_incident("0.second").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_back_before_its_provider_is_left_where_it_was() {
    let drill = Drill::start().await;
    let world = Arc::clone(&drill.sandbox.world);
    world.fault(Aim::at("cloudflare.patch_page_rule"), Fault::status(500));
    drill.cut_power();
    let back = async {
        world.ledger.ended("cloudflare.patch_page_rule", 2).await;
        drill.restore_power();
    };
    let (answer, ()) = tokio::join!(drill.open_incident("0.outage"), back);
    answer.is(200, "move", Some("Unwound")).because("answers visitors after all");
    assert_eq!(drill.visit().await, Served::Primary);
    assert!(!world.run.is_granted(&drill.site().seed.service));
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_every_minute_is_told_once() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(Aim::at("run.set_iam_policy"), Fault::status(403));
    drill.cut_power();
    drill.open_incident("0.outage").await.is(503, "move", None);
    for _ in 0..3 {
        drill.order("reconcile").await.is(503, "move", None);
    }
    drill.announces("started", 1).await;
    drill.announces("trouble", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_waits_for_the_journal_leaves_no_pile_of_claims_behind() {
    let begun = std::time::Instant::now();
    let drill = with_site("").await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    let world = Arc::clone(&drill.sandbox.world);
    let held = world.stop_at("cloudflare.patch_page_rule", 1, Moment::AfterEffect);
    let away = async {
        held.await.expect("visitors are led to the primary");
        let entries = world.ledger.journal_writes().len();
        world.fault(Aim::service(sandbox::Service::Storage), Fault::status(503));
        let tried = || world.ledger.journal_writes().len();
        // The claim is too old to write on by the time that the executor goes on.
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.breakpoints.release();
        until("many tries to write", || tried() > entries + 12).await;
        world.faults.clear();
    };
    let (answer, ()) = tokio::join!(drill.order("failback"), away);
    answer.is(200, "move", Some("Done"));
    let claims = drill.events().iter().filter(|word| *word == "claim").count();
    // As many as it takes to keep a claim alive for so long, however often one was asked for.
    let due = begun.elapsed().div_duration_f64(CLAIM_FOR / 2).ceil();
    let claims = f64::from(u32::try_from(claims).expect("a count"));
    assert!(claims < due + 4.0, "{claims} claims, and {due} were due");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_visitors_find_by_name_is_proven_by_three_answers_in_a_row() {
    let seed = sandbox::SiteSeed::example();
    let switches = [switches::invoker(&seed), switches::record(&seed)].join("\n");
    let served_by = "served_by = { header = \"served-by\", primary = \"primary\", standby = \"standby\" }\n";
    let site = format!("{}{served_by}", Settings::default().site);
    let settings = Settings { switches: Some(switches), site, ..Settings::default() };
    let drill = Drill::with(settings, Options::default()).await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    let calls = drill.sandbox.world.ledger.calls();
    let led = calls.iter().position(|call| call.operation == "cloudflare.patch_dns_record").expect("a move");
    let visits = calls[led..].iter().filter(|call| call.operation == "edge.visit").count();
    assert!(visits >= 3, "{visits} answers");
    drill.all_promises_hold();
}
