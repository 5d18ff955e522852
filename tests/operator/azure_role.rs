//! The role that the Terraform module and `az` make: enough to move an address on Azure, and no action of it too much.

use std::collections::HashSet;

use sandbox::azure::pair::SUBSCRIPTION;
use serde_json::Value;
use stage::{machines::Moves, mirror::Mirror, operator::Ran};

const MOVE: &str = include_str!("../../terraform/modules/azure-virtual-ip/role.json");
const OPERATIONS: &str = include_str!("../../terraform/modules/azure-virtual-ip/operations-role.json");

/// What is only for finding out beforehand: without it everything is tried before anything is taken.
const ASKING: [&str; 2] =
    ["Microsoft.Authorization/permissions/read", "Microsoft.Network/publicIPAddresses/read"];

fn actions(role: &str) -> Vec<String> {
    let role: Value = serde_json::from_str(role).expect("JSON");
    let actions = role["Actions"].as_array().expect("a list").iter();
    actions.map(|action| action.as_str().expect("text").to_owned()).collect()
}

/// The two interfaces and all that they join.
fn places(mirror: &Mirror) -> HashSet<String> {
    let mut places = HashSet::new();
    for machine in [0, 1].map(|index| mirror.machine(index)) {
        let interface =
            mirror.sandbox.world.azure.interface(&format!("{machine}-nic")).expect("an interface");
        let properties = &interface["properties"];
        let configurations = properties["ipConfigurations"].as_array().expect("a list").iter();
        let joined = configurations.flat_map(|one| {
            let joined = &one["properties"];
            let several = ["applicationSecurityGroups", "loadBalancerBackendAddressPools"];
            let several = several.into_iter().filter_map(|key| joined[key].as_array()).flatten();
            several.chain([&joined["subnet"], &joined["publicIPAddress"]])
        });
        let all = joined.chain([&interface, &properties["networkSecurityGroup"]]);
        places.extend(all.filter_map(|place| Some(place["id"].as_str()?.to_owned())));
    }
    places
}

/// The second machine is promoted, whose identity may do this at the two interfaces and at what they join, `following`
/// in the whole subscription, and nothing else.
async fn promoted_with(moving: &[String], following: &[String], within: &str) -> (Mirror, Ran) {
    let mirror = Mirror::moving(Moves::Configuration).await;
    let azure = &mirror.sandbox.world.azure;
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    for identity in azure.identities(&mirror.machine(1)) {
        let assign = |scope: &str, actions: &[String]| {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            azure.directory.assign(&identity.principal, scope, &actions);
        };
        for place in places(&mirror) {
            assign(&place, moving);
        }
        assign(&subscription, following);
    }
    let ran = mirror.promote(1, &["--within", within]).await;
    (mirror, ran)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_are_enough_to_move_an_address() {
    let (mirror, ran) = promoted_with(&actions(MOVE), &actions(OPERATIONS), "20s").await;
    ran.ends(0);
    assert_eq!(mirror.holders(), [mirror.machine(1)]);
    assert_eq!(mirror.astray(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_follow_operations_moves_it_all_the_same() {
    let (mirror, ran) = promoted_with(&actions(MOVE), &[], "20s").await;
    ran.ends(0);
    assert_eq!(mirror.holders(), [mirror.machine(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_writes_both_interfaces_as_they_are_and_then_moves_it() {
    let all = actions(MOVE);
    let rest: Vec<String> = all.into_iter().filter(|action| !ASKING.contains(&action.as_str())).collect();
    let (mirror, ran) = promoted_with(&rest, &actions(OPERATIONS), "20s").await;
    ran.ends(0);
    assert_eq!((mirror.holders(), mirror.writes()), (vec![mirror.machine(1)], 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_action_of_the_role_is_too_much() {
    let all = actions(MOVE);
    for missing in all.iter().filter(|action| !ASKING.contains(&action.as_str())) {
        let rest: Vec<String> = all.iter().filter(|action| *action != missing).cloned().collect();
        let (mirror, ran) = promoted_with(&rest, &actions(OPERATIONS), "1s").await;
        ran.ends(1).says(missing);
        assert_ne!(mirror.holders(), [mirror.machine(1)], "without {missing}");
    }
}
