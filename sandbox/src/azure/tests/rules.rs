//! What an interface has to be like, in the codes that Azure refuses others with.

use serde_json::{Value, json};

use super::cloud::{Cloud, Edit, configuration, configurations, names, refused, without_vip};

/// Every rule: the edit of the second interface that breaks it, and the code.
const RULES: [(Edit, &str); 17] = [
    (|one| configurations(one).clear(), "InvalidIPConfigCount"),
    (
        |one| drop(one["properties"].as_object_mut().unwrap().remove("ipConfigurations")),
        "InvalidIPConfigCount",
    ),
    (|one| configurations(one).push(configuration("IPCONFIG1", "10.0.0.99")), "DuplicateResourceName"),
    (|one| configurations(one).push(configuration("", "10.0.0.99")), "InvalidRequestFormat"),
    (|one| primary(one, 0, false), "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary"),
    (|one| primary(one, 1, true), "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary"),
    (
        |one| {
            primary(one, 0, false);
            primary(one, 1, true);
        },
        "IpConfigDeleteNotSupported",
    ),
    (|one| configurations(one)[0]["name"] = json!("renamed"), "IpConfigDeleteNotSupported"),
    (|one| drop(configurations(one).remove(0)), "IpConfigDeleteNotSupported"),
    (|one| set(one, "privateIPAddress", Value::Null), "PrivateIPAddressMissing"),
    (|one| set(one, "privateIPAddress", json!("10.0.0")), "InvalidIPAddress"),
    (|one| set(one, "privateIPAddress", json!("10.0.1.32")), "PrivateIPAddressNotInSubnet"),
    (|one| set(one, "privateIPAddress", json!("10.0.0.3")), "PrivateIPAddressInReservedRange"),
    (|one| set(one, "privateIPAddress", json!("10.0.0.255")), "PrivateIPAddressInReservedRange"),
    (|one| set(one, "subnet", json!({})), "InvalidRequestFormat"),
    (|one| set(one, "subnet", json!({"id": "/subscriptions/x/subnets/y"})), "InvalidResourceReference"),
    (|one| set(one, "publicIPAddress", json!({"id": "/publicIPAddresses/y"})), "InvalidResourceReference"),
];

fn primary(interface: &mut Value, index: usize, primary: bool) {
    configurations(interface)[index]["properties"]["primary"] = json!(primary);
}

/// Sets a property of the second configuration.
fn set(interface: &mut Value, property: &str, value: Value) {
    configurations(interface)[1]["properties"][property] = value;
}

#[test]
fn an_interface_keeps_every_rule_or_stays_as_it_is() {
    for (index, (edit, code)) in RULES.into_iter().enumerate() {
        let cloud = Cloud::new();
        let before = cloud.get(1);
        let reply = cloud.put(1, edit);
        assert_eq!(reply.status, 400, "rule {index}: {}", String::from_utf8_lossy(&reply.body));
        refused(&reply, 400, code);
        assert_eq!(cloud.get(1), before, "rule {index}");
    }
}

#[test]
fn only_one_of_several_is_removed_and_never_the_last() {
    let cloud = Cloud::new();
    assert_eq!(cloud.put(1, |one| configurations(one).truncate(1)).status, 200);
    assert_eq!(names(&cloud.get(1)), ["ipconfig1"]);
    let told = refused(&cloud.put(1, |one| configurations(one).clear()), 400, "InvalidIPConfigCount");
    assert!(told.contains("must have one or more IP configurations"), "{told}");
}

#[test]
fn an_address_that_another_interface_has_is_refused_and_its_holder_named() {
    let cloud = Cloud::new();
    let taken = configuration("vip", "10.0.0.250");
    let told = refused(&cloud.put(1, |one| configurations(one).push(taken)), 400, "PrivateIPAddressInUse");
    assert!(told.ends_with("networkInterfaces/db-a-nic/ipConfigurations/vip."), "{told}");
    let twice = configuration("again", "10.0.0.32");
    let told = refused(&cloud.put(1, |one| configurations(one).push(twice)), 400, "PrivateIPAddressInUse");
    assert!(told.ends_with("networkInterfaces/db-b-nic/ipConfigurations/reports."), "{told}");
}

#[test]
fn a_public_address_that_is_attached_elsewhere_is_refused_and_its_holder_named() {
    let cloud = Cloud::new();
    let mut wanted = configuration("vip", "10.0.0.251");
    wanted["properties"]["publicIPAddress"] = json!({"id": cloud.pair.on_azure().public_ip().to_uppercase()});
    let told =
        refused(&cloud.put(1, |one| configurations(one).push(wanted.clone())), 400, "PublicIPAddressInUse");
    assert!(told.ends_with("/db-a-nic/ipConfigurations/vip."), "{told}");
    cloud.put(0, without_vip);
    assert_eq!(cloud.put(1, |one| configurations(one).push(wanted)).status, 200, "it is free now");
}

#[test]
fn all_configurations_are_in_one_network() {
    let cloud = Cloud::new();
    let other = crate::network::PairSeed { name: "other".to_owned(), network: [10, 9, 0] };
    cloud.azure().add_pair(&other);
    let mut stray = configuration("stray", "10.9.0.77");
    stray["properties"]["subnet"] = json!({"id": other.on_azure().subnet()});
    refused(&cloud.put(1, |one| configurations(one).push(stray)), 400, "SubnetsNotInSameVnet");
}

#[test]
fn the_same_address_in_another_network_is_another_address() {
    let cloud = Cloud::new();
    let other = crate::network::PairSeed { name: "other".to_owned(), network: [10, 0, 0] };
    cloud.azure().add_pair(&other);
    cloud.put(0, without_vip);
    assert_eq!(cloud.put(1, |one| configurations(one).push(configuration("vip", "10.0.0.250"))).status, 200);
}

#[test]
fn a_group_that_is_not_there_can_not_be_joined() {
    let cloud = Cloud::new();
    let gone = json!({"id": format!("{}-gone", cloud.pair.on_azure().public_ip())});
    let reply = cloud.put(1, |one| one["properties"]["networkSecurityGroup"] = gone);
    refused(&reply, 400, "InvalidResourceReference");
}

#[test]
fn a_subnet_that_is_full_has_no_address_to_give() {
    let cloud = Cloud::new();
    let full = |one: &mut Value| {
        let held = ["10.0.0.11", "10.0.0.12", "10.0.0.31", "10.0.0.32", "10.0.0.250"];
        let free = (4..255).map(|last| format!("10.0.0.{last}")).filter(|ip| !held.contains(&ip.as_str()));
        configurations(one).extend(free.map(|ip| configuration(&ip, &ip)));
    };
    assert_eq!(cloud.put(1, full).status, 200);
    let mut dynamic = configuration("extra", "");
    dynamic["properties"].as_object_mut().unwrap().retain(|key, _| !key.starts_with("privateIP"));
    refused(&cloud.put(0, |one| configurations(one).push(dynamic)), 400, "SubnetIsFull");
}
