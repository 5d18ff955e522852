//! What only the switch between two network interfaces on Azure can get wrong.

use std::time::Duration;

use cloud_failover::{
    api::ApiErrorKind,
    clouds::{
        Change, Readiness,
        machine::{AzureMachine, Identity},
    },
};
use failover_core::{
    Observed,
    Position::{self, Primary, Standby},
};
use sandbox::{Aim, Fault, Moment, PairSeed};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, situation},
    kinds::IP_CONFIGURATION,
};

const PUT: &str = IP_CONFIGURATION.write;

fn seed() -> PairSeed {
    PairSeed::example()
}

fn hand_to(bench: &Bench, machine: Option<&str>) {
    bench.world().hand_configuration(seed().private(), machine);
}

#[track_caller]
fn names(bench: &Bench, index: usize) -> Vec<String> {
    let interface = bench.world().azure.interface(&seed().on_azure().interface_name(index)).unwrap();
    let configurations = interface["properties"]["ipConfigurations"].as_array().unwrap();
    configurations.iter().map(|configuration| configuration["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_public_address_goes_with_the_private_one() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.move_to(Standby).await;
    assert_eq!(bench.world().azure.holders(seed().public()), ["db-b"]);
    assert_eq!((names(&bench, 0), names(&bench, 1).len()), (vec!["ipconfig1".into(), "reports".into()], 3));
}

#[tokio::test]
async fn an_address_that_nobody_has_is_nowhere_until_it_is_given_whole() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    hand_to(&bench, None);
    assert_eq!(bench.look().await.observed, Observed::Mixed("neither interface has it".to_owned()));
    assert_eq!(bench.move_to(Standby).await, Change::Made);
    assert_eq!(bench.world().azure.holders(seed().public()), ["db-b"]);
}

#[tokio::test]
async fn what_was_taken_without_an_answer_is_given_with_its_pools() {
    for fault in [Fault::LostAnswer, Fault::HangAfter] {
        let bench = Bench::patient(&IP_CONFIGURATION, Duration::from_millis(600)).await;
        let pools = json!([{"id": seed().on_azure().joined()[4]}]);
        bench.world().azure.hand.set_pools("vip", &pools);
        bench.world().fault(Aim::at(PUT).nth(1), fault.clone());
        let _ = bench.set(Standby).await;
        bench.move_to(Standby).await;
        let interface = bench.world().azure.interface("db-b-nic").unwrap();
        let mut all = interface["properties"]["ipConfigurations"].as_array().unwrap().iter();
        let given = all.find(|one| one["name"] == "vip").unwrap();
        assert_eq!(given["properties"]["loadBalancerBackendAddressPools"], pools, "{fault:?}");
    }
}

#[tokio::test]
async fn a_peer_that_is_off_or_gone_loses_it_all_the_same() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().run_machine("db-a", false);
    bench.move_to(Standby).await;
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.delete_machine("db-a");
    bench.move_to(Standby).await;
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.delete_interface("db-a-nic");
    bench.move_to(Standby).await;
}

#[tokio::test]
async fn nothing_is_taken_for_an_interface_that_is_not_there() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.delete_interface("db-b-nic");
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Missing, "{cause}");
    assert!(cause.message.contains("so the address stays where it is"), "{cause}");
    assert_eq!(bench.look().await.observed, Observed::At(Primary));
    assert!(matches!(bench.switch.readiness().await.unwrap(), Readiness::Unable(_)));
}

#[tokio::test]
async fn a_standby_without_a_machine_could_not_serve_and_a_check_says_so() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    assert_eq!(findings(&bench).await, [""; 0]);
    bench.world().azure.hand.delete_machine("db-b");
    let unable = Readiness::Unable("db-b-nic is attached to no machine".to_owned());
    assert_eq!(bench.switch.readiness().await.unwrap(), unable);
    assert_eq!(findings(&bench).await, ["db-b-nic is attached to no machine"]);
}

async fn findings(bench: &Bench) -> Vec<String> {
    let checked = bench.switch.check(&situation()).await;
    checked.problems.into_iter().map(|problem| problem.sentence).collect()
}

#[tokio::test]
async fn an_address_that_can_not_be_given_goes_back_to_who_had_it() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().fault(Aim::at(PUT).nth(2), Fault::status(400));
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Refused, "{cause}");
    assert!(cause.message.ends_with("; db-a-nic has it again"), "{cause}");
    assert_eq!(bench.look().await.observed, Observed::At(Primary));
    assert_eq!(bench.world().azure.holders(seed().public()), ["db-a"]);
}

#[tokio::test]
async fn an_operation_that_fails_is_told_in_one_sentence_and_tried_again() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.fail_next_operation("InternalServerError", "An error occurred.");
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(
        (cause.kind, cause.message.as_str()),
        (
            ApiErrorKind::Transient,
            "could not take 10.0.0.250 from db-a-nic: Azure ended the change with InternalServerError: An error \
             occurred."
        )
    );
    let failed = Observed::Mixed("the last change of db-a-nic ended as Failed".to_owned());
    assert_eq!(bench.look().await.observed, failed, "what it lists may not be what it has");
    bench.move_to(Standby).await;
}

#[tokio::test]
async fn an_interface_whose_last_change_failed_is_written_again() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.fail_next_operation("InternalServerError", "An error occurred.");
    bench.set(Standby).await.unwrap_err();
    assert_eq!(bench.move_to(Primary).await, Change::Made);
}

#[tokio::test]
async fn an_interface_that_others_change_meanwhile_is_read_again() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    let reached = bench.world().stop_at(PUT, 2, Moment::BeforeEffect);
    let others = async {
        reached.await.unwrap();
        hand_to(&bench, Some("db-b"));
        hand_to(&bench, None);
        bench.world().breakpoints.release();
    };
    let (set, ()) = tokio::join!(bench.set(Standby), others);
    assert_eq!((set.unwrap(), bench.truth()), (Change::Made, Standby));
}

#[tokio::test]
async fn what_the_other_side_took_meanwhile_is_taken_from_it() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    let seen = bench.look().await;
    hand_to(&bench, Some("db-b"));
    bench.switch.set(Standby, Some(seen)).await.unwrap();
    assert_eq!(bench.truth(), Standby);
    let back = bench.look().await;
    hand_to(&bench, None);
    assert_eq!(bench.switch.set(Primary, Some(back)).await.unwrap(), Change::Made);
    assert_eq!(bench.look().await.observed, Observed::At(Primary));
}

#[tokio::test]
async fn an_operation_that_takes_its_time_is_followed_to_its_end_and_only_then_the_next_begins() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.operations_take(Duration::from_millis(700));
    bench.move_to(Standby).await;
    let calls = bench.world().ledger.calls();
    let puts = calls.iter().filter(|call| call.operation == PUT).count();
    assert_eq!(puts, 2, "one after the other, and none twice");
}

#[tokio::test]
async fn a_change_of_somebody_elses_is_waited_for() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.operations_take(Duration::from_millis(300));
    let (touched, set) = tokio::join!(bench.switch.touch(), async {
        bench.world().ledger.arrived(PUT, 1).await;
        bench.set(Standby).await
    });
    touched.unwrap();
    set.unwrap();
    assert_eq!(bench.truth(), Standby);
}

#[tokio::test]
async fn who_may_not_ask_after_operations_looks_at_the_interface() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().deny("Microsoft.Network/locations/operations/read");
    bench.move_to(Standby).await;
    bench.world().azure.hand.fail_next_operation("SubnetIsFull", "no");
    let cause = bench.set(Primary).await.unwrap_err().cause;
    assert!(cause.message.ends_with("Azure ended the change with an error and no reason"), "{cause}");
}

#[tokio::test]
async fn writes_that_are_used_up_are_waited_for_as_long_as_azure_asks() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.leave_writes(0, Duration::from_millis(900));
    bench.move_to(Standby).await;
    assert!(bench.world().ledger.count(PUT) <= 4, "it is not asked in vain again and again");
}

/// What it takes to move the address, as far as a look doesn't show it.
const NEEDED: [&str; 6] = [
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
    "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
];

#[tokio::test]
async fn whatever_permission_lacks_nothing_is_taken_and_a_check_finds_it() {
    for permission in NEEDED {
        let mut bench = Bench::of(&IP_CONFIGURATION).await;
        bench.world().deny(permission);
        bench.begin();
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!((cause.kind, bench.writes()), (ApiErrorKind::Denied, 0), "{cause}");
        assert!(
            cause.message.contains(&format!("the identity lacks {permission} on /subscriptions/")),
            "{cause}"
        );
        assert_eq!(bench.world().azure.holders(seed().private()), ["db-a"]);
        let found = findings(&bench).await;
        assert!(found.iter().any(|sentence| sentence.contains(permission)), "{found:?}");
    }
}

#[tokio::test]
async fn who_may_not_ask_after_permissions_tries_them_before_anything_is_taken() {
    for permission in NEEDED {
        let bench = Bench::of(&IP_CONFIGURATION).await;
        bench.world().deny("Microsoft.Authorization/permissions/read");
        bench.world().deny(permission);
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
        assert!(cause.message.contains(permission), "{cause}");
        assert_eq!(bench.world().azure.holders(seed().private()), ["db-a"]);
    }
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().deny("Microsoft.Authorization/permissions/read");
    bench.move_to(Standby).await;
}

#[tokio::test]
async fn the_security_groups_are_those_of_the_interface_that_it_comes_to() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.set_application_groups("db-b-nic", &Value::Null);
    let found = findings(&bench).await;
    assert!(found.iter().any(|sentence| sentence.contains("are in different security groups")), "{found:?}");
    bench.move_to(Standby).await;
    bench.move_to(Primary).await;
    let groups = |name: &str| {
        let interface = bench.world().azure.interface(name).unwrap();
        let all = interface["properties"]["ipConfigurations"].as_array().unwrap().clone();
        all.into_iter().map(|one| one["properties"]["applicationSecurityGroups"].clone()).collect::<Vec<_>>()
    };
    assert!(groups("db-a-nic").iter().all(|groups| *groups != Value::Null) && groups("db-a-nic").len() == 3);
    assert!(groups("db-b-nic").iter().all(|groups| *groups == Value::Null));
}

#[tokio::test]
async fn an_undo_puts_back_exactly_what_was_there_and_is_not_repeated() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    let configurations = || {
        let mut interface = bench.world().azure.interface("db-a-nic").unwrap();
        let all = interface["properties"]["ipConfigurations"].take();
        let all: Vec<Value> = serde_json::from_value(all).unwrap();
        all.into_iter().map(|one| json!([one["name"], one["id"], one["properties"]])).collect::<Vec<_>>()
    };
    let before = configurations();
    bench.world().fault(Aim::at(PUT).nth(2), Fault::status(400));
    bench.set(Standby).await.unwrap_err();
    assert_eq!(configurations(), before);
    let puts = bench.world().ledger.count(PUT);
    let again = bench.set(Standby).await.unwrap_err().cause;
    assert!(again.message.contains("it is not tried again while both are as they were then"), "{again}");
    assert_eq!(bench.world().ledger.count(PUT), puts, "nothing was taken");
    bench.world().azure.hand.set_application_groups("db-b-nic", &Value::Null);
    bench.move_to(Standby).await;
}

#[tokio::test]
async fn an_interface_that_was_deleted_with_its_grants_does_not_block_its_successor() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.delete_interface_with_its_grants("db-a-nic");
    assert_eq!(
        place(&bench, &seed().on_azure().machine_id(1)).await,
        Some(Standby),
        "its own interface says so"
    );
    assert!(matches!(bench.look().await.observed, Observed::Unknown(_)), "nobody could look");
    bench.move_to(Standby).await;
}

#[tokio::test]
async fn where_the_interface_that_was_not_seen_has_it_the_grant_is_told_and_nothing_is_lost() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.directory.revoke_at(&seed().on_azure().interface(0));
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
    assert!(cause.message.contains("grant the identity Microsoft.Network/networkInterfaces/read"), "{cause}");
    assert_eq!(bench.world().azure.holders(seed().private()), ["db-a"]);
}

async fn place(bench: &Bench, id: &str) -> Option<Position> {
    let machine = AzureMachine { id: id.to_owned(), name: "db".to_owned() };
    bench.switch.place_of(&Identity::Azure(machine)).await.unwrap()
}

#[tokio::test]
async fn a_machine_is_where_its_interface_is() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    assert_eq!(place(&bench, &seed().on_azure().machine_id(0)).await, Some(Primary));
    assert_eq!(place(&bench, &seed().on_azure().machine_id(1).to_uppercase()).await, Some(Standby));
    assert_eq!(place(&bench, &seed().on_azure().machine_id(1).replace("db-b", "db-c")).await, None);
    bench.world().azure.hand.delete_interface("db-b-nic");
    let me = Identity::Azure(AzureMachine { id: seed().on_azure().machine_id(1), name: "db-b".to_owned() });
    let cause = bench.switch.place_of(&me).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Missing, "{cause}");
}

fn balancer() -> String {
    seed().on_azure().joined()[4].split("/backendAddressPools").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_public_address_that_does_not_fit_is_found_and_nothing_is_taken_for_it() {
    let basic = json!({"name": "Basic"});
    let zone = "db-b is in zone 1 and db-public is of zone 2";
    let sku = "db-public is of the SKU Standard and db-lb, which db-b-nic has too, Basic";
    for (id, field, value, expected) in
        [(seed().on_azure().public_ip(), "zones", json!(["2"]), zone), (balancer(), "sku", basic, sku)]
    {
        let bench = Bench::of(&IP_CONFIGURATION).await;
        bench.world().azure.hand.edit(&id, field, value);
        let found = findings(&bench).await;
        assert!(found.iter().any(|sentence| sentence.contains(expected)), "{found:?}");
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert!(cause.message.contains(expected), "{cause}");
        assert!(cause.message.ends_with("so nothing was taken from anybody"), "{cause}");
        assert_eq!(bench.world().azure.holders(seed().public()), ["db-a"]);
        assert_eq!(bench.writes(), 0);
    }
}

#[tokio::test]
async fn the_zone_of_a_machine_is_nothing_to_an_address_of_all_zones() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().azure.hand.edit(&seed().on_azure().machine_id(1), "zones", json!(["3"]));
    assert_eq!(findings(&bench).await, [""; 0]);
    bench.move_to(Standby).await;
}

#[tokio::test]
async fn who_may_not_look_at_machines_and_load_balancers_is_told_what_was_not_compared() {
    let bench = Bench::of(&IP_CONFIGURATION).await;
    bench.world().deny("Microsoft.Compute/virtualMachines/read");
    assert_eq!(bench.switch.check(&situation()).await.notes, [""; 0]);
    bench.world().deny("Microsoft.Network/loadBalancers/read");
    let checked = bench.switch.check(&situation()).await;
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    assert!(checked.notes[0].contains("was not all compared"), "{:?}", checked.notes);
    bench.move_to(Standby).await;
}
