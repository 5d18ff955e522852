//! The role that Terraform makes for moving an address: enough, and nothing too much.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::cloud::{Cloud, PRINCIPAL, configuration, configurations, operation_path, without_vip};
use crate::azure::pair::SUBSCRIPTION;

/// The actions of a role as `az role definition create` reads it.
fn actions(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform/modules/azure-virtual-ip").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let role: Value = serde_json::from_str(&text).expect("JSON");
    let actions = role["Actions"].as_array().expect("actions").iter();
    actions.map(|action| action.as_str().expect("text").to_owned()).collect()
}

/// The documentation's pair, asked by somebody who may do this to the interfaces and what they join, and nothing else.
fn limited(moving: &[String], following: &[String]) -> Cloud {
    let cloud = Cloud::new();
    let assign = |scope: &str, actions: &[String]| {
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        cloud.azure().directory.assign(PRINCIPAL, scope, &actions);
    };
    let interfaces = [0, 1].map(|index| cloud.pair.on_azure().interface(index));
    interfaces.iter().chain(&cloud.pair.on_azure().joined()).for_each(|place| assign(place, moving));
    assign(&format!("/subscriptions/{SUBSCRIPTION}"), following);
    cloud
}

/// Every status on the way of the address to the second interface, as far as it gets.
fn statuses(cloud: &Cloud) -> Vec<u16> {
    let mut seen = Vec::new();
    for index in [0, 1] {
        let read = cloud.answer(&cloud.call("GET", &cloud.path(index)));
        seen.push(read.status);
        if read.status != 200 {
            return seen;
        }
        let accepted = cloud.put(index, |one| match index {
            0 => without_vip(one),
            _ => configurations(one).push(vip(cloud)),
        });
        seen.push(accepted.status);
        if accepted.status != 200 {
            return seen;
        }
        seen.push(cloud.answer(&cloud.call("GET", &operation_path(&accepted))).status);
    }
    seen
}

fn vip(cloud: &Cloud) -> Value {
    let mut vip = configuration("vip", "10.0.0.250");
    vip["properties"]["publicIPAddress"] = json!({"id": cloud.pair.on_azure().public_ip()});
    vip
}

#[test]
fn the_role_is_enough_to_move_an_address() {
    let cloud = limited(&actions("role.json"), &actions("operations-role.json"));
    assert_eq!(statuses(&cloud), [200; 6]);
    assert_eq!(cloud.holders(), ["db-b"]);
}

#[test]
fn none_of_its_actions_can_be_left_out() {
    let role = actions("role.json");
    // Asking after what one may, and where the public address is, moves nothing.
    let asking = ["Microsoft.Authorization/permissions/read", "Microsoft.Network/publicIPAddresses/read"];
    for left_out in role.iter().filter(|action| !asking.contains(&action.as_str())) {
        let rest: Vec<String> = role.iter().filter(|action| *action != left_out).cloned().collect();
        let seen = statuses(&limited(&rest, &actions("operations-role.json")));
        assert_eq!(seen.last(), Some(&403), "without {left_out}: {seen:?}");
    }
}

#[test]
fn without_the_role_at_the_subscription_only_operations_can_not_be_followed() {
    let cloud = limited(&actions("role.json"), &[]);
    assert_eq!(statuses(&cloud), [200, 200, 403, 200, 200, 403]);
    assert_eq!(cloud.holders(), ["db-b"], "the address has moved all the same");
}
