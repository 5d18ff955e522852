//! A machine that was promoted takes its address, by the real binary on a network of loopback addresses.

use std::time::{Duration, Instant};

use sandbox::{Aim, Fault, Service};
use stage::{machines::Moves, mirror::Mirror};

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_standby_takes_the_address_from_a_dead_peer() {
    let mirror = Mirror::start().await;
    assert_eq!(mirror.client_sees().await.as_deref(), Some("mirror-a"));
    mirror.sandbox.world.run_machine("mirror-a", false);
    let ran = mirror.promote(1, &["--reason", "mirror-a is gone"]).await;
    ran.ends(0).says(
        "visitors are served by the standby: asked for, says mirror-b, which was promoted: mirror-a is gone",
    );
    assert_eq!((mirror.client_sees().await.as_deref(), mirror.holders().len()), (Some("mirror-b"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_promotion_runs_is_what_was_shown_before() {
    let mirror = Mirror::start().await;
    mirror.sandbox.world.run_machine("mirror-a", false);
    let steps = |list: &serde_json::Value| -> Vec<String> {
        let steps = list.as_array().expect("a list").iter();
        steps.map(|step| step["step"].as_str().expect("a step").to_owned()).collect()
    };
    let shown = mirror.operator(&["plan", "failover", "--force", "--json"]).await.json();
    mirror.promote(1, &[]).await.ends(0);
    let told = mirror.operator(&["history", "--json"]).await.ends(0).json();
    assert_eq!(steps(&shown["steps"]), steps(&told["sites"][0]["moves"][0]["steps"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_azure_a_promoted_standby_takes_both_addresses_and_its_peer_takes_them_back() {
    let mirror = Mirror::moving(Moves::Configuration).await;
    mirror.sandbox.world.run_machine("mirror-a", false);
    let ran = mirror.promote(1, &["--json"]).await.ends(0).json();
    assert!(ran["machine"].as_str().is_some_and(|id| id.ends_with("/virtualMachines/mirror-b")), "{ran}");
    assert_eq!(
        (mirror.client_sees().await.as_deref(), mirror.holders()),
        (Some("mirror-b"), vec!["mirror-b".into()])
    );
    mirror.sandbox.world.run_machine("mirror-a", true);
    mirror.promote(0, &[]).await.ends(0);
    assert_eq!(
        (mirror.client_sees().await.as_deref(), mirror.holders()),
        (Some("mirror-a"), vec!["mirror-a".into()])
    );
    assert_eq!(mirror.astray(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_azure_of_both_sides_at_once_exactly_one_ends_up_with_it() {
    let mirror = Mirror::moving(Moves::Configuration).await;
    let (a, b) = tokio::join!(mirror.promote(0, &[]), mirror.promote(1, &[]));
    assert_eq!(mirror.holders().len(), 1, "{a:#?}{b:#?}");
    let winner = if mirror.holders() == [mirror.machine(0)] { &a } else { &b };
    assert_eq!(winner.status, 0, "{a:#?}{b:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_azure_an_identity_that_may_not_look_is_told_what_to_grant_and_ends_with_1() {
    let mirror = Mirror::moving(Moves::Configuration).await;
    mirror.sandbox.world.deny("Microsoft.Network/networkInterfaces/read");
    let ran = mirror.promote(0, &["--within", "1s"]).await;
    ran.ends(1).says("grant the identity Microsoft.Network/networkInterfaces/read");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_azure_a_check_that_reaches_nobody_is_not_green() {
    let mirror = Mirror::moving(Moves::Configuration).await;
    mirror.sandbox.world.fault(Aim::service(Service::Azure).times(u32::MAX), Fault::Reset);
    let ran = mirror.operator(&["check"]).await;
    assert_ne!(ran.status, 0, "{ran:#?}");
    assert!(!ran.out.contains("Nothing was found"), "{ran:#?}");
    ran.says("could not read mirror-a-nic: Azure could not be reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_azure_a_machine_takes_it_from_one_whose_interface_and_grants_are_gone() {
    let mirror = Mirror::moving(Moves::Configuration).await;
    mirror.sandbox.world.azure.hand.delete_interface_with_its_grants(&format!("{}-nic", mirror.machine(0)));
    mirror.promote(1, &["--within", "15s"]).await.ends(0);
    assert_eq!(mirror.holders(), [mirror.machine(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_primary_takes_it_back_when_it_is_promoted_again() {
    let mirror = Mirror::start().await;
    mirror.promote(1, &[]).await.ends(0);
    let answer = mirror.promote(0, &["--json"]).await.ends(0).json();
    assert_eq!((&answer["place"], &answer["answer"]["end"]), (&"primary".into(), &"Done".into()));
    assert_eq!(mirror.client_sees().await.as_deref(), Some("mirror-a"));
    let history = mirror.operator(&["history"]).await;
    history.ends(0).says("failover").says("failback").says("mirror-b, which was promoted");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_system_start_who_has_it_already_keeps_it_and_says_so() {
    let mirror = Mirror::start().await;
    mirror.promote(0, &[]).await.ends(0);
    assert_eq!(mirror.holders(), ["mirror-a"]);
    assert_eq!(mirror.writes(), 0);
    mirror.take_away();
    mirror.promote(0, &[]).await.ends(0);
    assert_eq!(mirror.holders(), ["mirror-a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_both_sides_at_once_exactly_one_ends_up_with_it() {
    let mirror = Mirror::start().await;
    let (a, b) = tokio::join!(mirror.promote(0, &[]), mirror.promote(1, &[]));
    let won: Vec<&str> = [(&a, "mirror-a"), (&b, "mirror-b")]
        .iter()
        .filter(|(ran, _)| ran.status == 0)
        .map(|(_, name)| *name)
        .collect();
    let last = won.last().expect("somebody was promoted");
    assert_eq!(mirror.holders().len(), 1, "{a:#?}{b:#?}");
    assert!(won.contains(&mirror.holders()[0].as_str()), "{last}: {a:#?}{b:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_visitors_the_switches_are_the_proof() {
    let mirror = Mirror::with("file:{folder}/journal", false).await;
    mirror.promote(1, &[]).await.ends(0);
    assert_eq!(mirror.holders(), ["mirror-b"]);
    let told = mirror.operator(&["history", "--json"]).await;
    assert!(told.out.contains("as its switches show; there is no public_url"), "{told:#?}");
    assert!(mirror.folder.path().join("journal").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_is_busy_is_asked_again() {
    let mirror = Mirror::start().await;
    mirror.sandbox.world.fault(Aim::at("compute.update_network_interface").times(2), Fault::status(503));
    mirror.promote(1, &[]).await.ends(0);
    assert_eq!(mirror.holders(), ["mirror-b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_to_grant_and_ends_with_1() {
    let mirror = Mirror::start().await;
    mirror.sandbox.world.deny("compute.instances.updateNetworkInterface");
    let ran = mirror.promote(1, &["--within", "1s"]).await;
    ran.ends(1).says("grant the account compute.instances.updateNetworkInterface");
    assert_eq!(mirror.holders(), ["mirror-a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_neither_is_told_so() {
    let mirror = Mirror::start().await;
    let ran = mirror.operator(&["promote", "--site", "db"]).await;
    ran.ends(2).says("failover-00001-abc is neither primary nor standby of any switch of db");
    let ran = mirror.nowhere(&["promote", "--within", "1s"]).await;
    ran.ends(1).says("nobody could tell which machine this is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_of_time_is_one_and_what_is_waited_for_is_said_on_the_way() {
    let mirror = Mirror::start().await;
    mirror.hand_to_a_third();
    let begun = Instant::now();
    let ran = mirror.promote(1, &["--within", "5s", "--json"]).await;
    // Beside the bound, time for what has begun, and for a machine under load.
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    ran.ends(1).says("IP_IN_USE_BY_ANOTHER_RESOURCE");
    let said = ran.err.lines().filter(|line| line.starts_with("failover: taking db for mirror-b ("));
    assert!(said.clone().count() >= 1, "{ran:#?}");
    assert!(said.clone().any(|line| line.contains("IP_IN_USE")), "{ran:#?}");
    assert!(ran.json()["answer"]["reason"].as_str().is_some_and(|reason| reason.contains("IP_IN_USE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_to_end_halfway_gives_what_it_has_taken() {
    let mirror = Mirror::start().await;
    mirror.sandbox.world.compute.operations_take(Duration::from_secs(1));
    let mut process = mirror.begin_promotion(1);
    mirror.sandbox.world.ledger.arrived("compute.update_network_interface", 1).await;
    let pid = process.id().expect("it runs").to_string();
    let asked = std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    assert!(asked.success());
    let ended = tokio::time::timeout(Duration::from_mins(1), process.wait()).await.expect("an end");
    assert!(ended.expect("a status").code().is_some(), "it ended by itself");
    assert_eq!(mirror.holders(), ["mirror-b"]);
    mirror.promote(1, &[]).await.ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_not_taken_again_and_again_from_a_holder_that_lives() {
    let mirror = Mirror::start().await;
    // Whatever is given to the second machine is refused.
    mirror.sandbox.world.fault(Aim::at("compute.update_network_interface").nth(2), Fault::status(400));
    mirror.promote(1, &["--within", "6s"]).await.ends(1).says("mirror-a has it again");
    assert_eq!(mirror.holders(), ["mirror-a"]);
    assert_eq!(mirror.writes(), 3, "taken once, refused once, given back once");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_function_nobody_is_told_to_send_it_commands() {
    let mirror = Mirror::start().await;
    mirror.sandbox.world.deny("compute.instances.updateNetworkInterface");
    mirror.promote(1, &["--within", "1s"]).await.ends(1).says("so nothing was taken from anybody");
    let told = mirror.operator(&["status"]).await;
    told.says("failover promote --site db").says("failover act failover --site db --force");
    for wrong in ["failover send", "by itself within a minute", "gcloud pubsub"] {
        assert!(!told.out.contains(wrong), "{wrong}: {told:#?}");
    }
}

/// Whoever looks waits for so long, and no longer: a cloud that takes longer says nothing about who is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_gives_no_answer_is_no_silence_of_the_site() {
    let mirror = Mirror::start().await;
    mirror.operator(&["status"]).await.ends(0).says("is answered by the primary");
    mirror.sandbox.world.fault(Aim::service(Service::Compute), Fault::Hang);
    let ran = mirror.operator(&["status"]).await;
    ran.says("could not be judged").says("somebody answers, but who has the address was not seen");
    assert!(!ran.out.contains("NO ANSWER"), "{ran:#?}");
}
