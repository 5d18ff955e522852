//! A write is the whole interface, on top of what it was.

use serde_json::{Value, json};

use super::cloud::{Cloud, Edit, configuration, configurations, names, read, refused, without_vip};
use crate::frame::promises::Promise;

#[test]
fn an_interface_is_read_with_its_etag_in_the_header_and_in_every_part() {
    let cloud = Cloud::new();
    let reply = cloud.answer(&cloud.call("GET", &cloud.path(0)));
    let interface = read(&reply);
    let etag = interface["etag"].as_str().expect("an etag");
    assert!(etag.starts_with("W/\"") && etag.ends_with('"') && etag.len() == 40, "{etag}");
    assert_eq!(reply.header_value("etag"), Some(etag));
    assert_eq!(interface["properties"]["ipConfigurations"][0]["etag"], etag);
    assert_eq!(interface["id"], cloud.pair.on_azure().interface(0));
    assert_eq!(interface["properties"]["virtualMachine"]["id"], cloud.pair.on_azure().machine_id(0));
    assert_eq!(interface["properties"]["provisioningState"], "Succeeded");
    assert_eq!(names(&interface), ["ipconfig1", "reports", "vip"]);
    assert!(reply.header_value("x-ms-request-id").is_some());
}

#[test]
fn paths_are_read_without_regard_to_case() {
    let cloud = Cloud::new();
    let path = cloud.path(0).to_lowercase();
    assert_eq!(read(&cloud.answer(&cloud.call("GET", &path)))["id"], cloud.pair.on_azure().interface(0));
}

#[test]
fn what_was_read_can_be_written_back_and_changes_nothing() {
    let cloud = Cloud::new();
    let before = cloud.get(0);
    let reply = cloud.put(0, |_| {});
    assert_eq!((reply.status, reply.header_value("Azure-AsyncOperation")), (200, None));
    assert_eq!(read(&reply), before);
    assert_eq!(cloud.get(0), before);
}

/// What is left out of a write is gone: each edit, where to look afterwards, and what is there, as JSON.
const LEFT_OUT: [(Edit, &str, &str); 6] = [
    (|one| drop(one.as_object_mut().unwrap().remove("tags")), "/tags", "null"),
    (|one| forget(one, "networkSecurityGroup"), "/properties/networkSecurityGroup", "null"),
    (|one| forget(one, "dnsSettings"), "/properties/dnsSettings/dnsServers", "[]"),
    (|one| forget(one, "enableIPForwarding"), "/properties/enableIPForwarding", "false"),
    (|one| forget(one, "enableAcceleratedNetworking"), "/properties/enableAcceleratedNetworking", "false"),
    (
        |one| configurations(one).iter_mut().for_each(|one| forget(one, "applicationSecurityGroups")),
        "/properties/ipConfigurations/1/properties/applicationSecurityGroups",
        "null",
    ),
];

fn forget(value: &mut Value, property: &str) {
    value["properties"].as_object_mut().expect("properties").remove(property);
}

#[test]
fn what_is_left_out_is_gone_and_a_broken_promise() {
    for (edit, pointer, expected) in LEFT_OUT {
        let cloud = Cloud::new();
        let found = |interface: &Value| interface.pointer(pointer).unwrap_or(&Value::Null).to_string();
        assert_ne!(found(&cloud.get(0)), expected, "{pointer}");
        let reply = cloud.put(0, edit);
        assert_eq!(reply.status, 200, "{pointer}: {}", String::from_utf8_lossy(&reply.body));
        assert_eq!(found(&cloud.get(0)), expected, "{pointer}");
        let broken = cloud.world.promises.violations();
        assert!(matches!(broken.as_slice(), [one] if one.promise == Promise::NothingForeign), "{pointer}");
    }
}

#[test]
fn the_configuration_that_moves_is_ours_and_another_one_is_not() {
    let cloud = Cloud::new();
    assert_eq!(cloud.put(0, without_vip).status, 200);
    assert!(cloud.world.promises.violations().is_empty(), "{:?}", cloud.world.promises.violations());
    cloud.put(0, |one| configurations(one).retain(|one| one["name"] != "reports"));
    assert_eq!(cloud.world.promises.violations().len(), 1);
}

#[test]
fn what_the_service_only_says_may_be_sent_and_means_nothing() {
    let cloud = Cloud::new();
    let before = cloud.get(0);
    let reply = cloud.put(0, |one| {
        one["etag"] = json!("W/\"of somebody else\"");
        one["properties"]["provisioningState"] = json!("Failed");
        one["properties"]["resourceGuid"] = json!("mine");
        one["properties"]["virtualMachine"] = json!({"id": "/another"});
        one["properties"]["dnsSettings"]["appliedDnsServers"] = json!(["192.0.2.1"]);
        configurations(one)[0]["id"] = json!("/another");
    });
    assert_eq!((read(&reply), cloud.get(0)), (before.clone(), before));
}

#[test]
fn a_write_needs_the_etag_that_it_is_made_on_top_of() {
    let cloud = Cloud::new();
    let first = cloud.get(0);
    let stale = first["etag"].as_str().expect("an etag");
    assert_eq!(cloud.put(0, without_vip).status, 200);
    refused(&cloud.put_on(0, &first, stale), 412, "PreconditionFailed");
    refused(&cloud.put_on(0, &first, "W/\"made up\""), 412, "PreconditionFailed");
    assert_eq!(cloud.put_on(0, &first, "*").status, 200, "any will do");
    let unconditional = cloud.call("PUT", &cloud.path(0)).with_body(first.to_string());
    assert_eq!(cloud.answer(&unconditional).status, 200, "nothing is asked of who asks for nothing");
    let mut only_new = unconditional;
    only_new.headers.insert("if-none-match", "*".parse().expect("a header"));
    refused(&cloud.answer(&only_new), 412, "PreconditionFailed");
}

#[test]
fn the_etag_changes_with_the_write_and_again_when_it_is_carried_out() {
    let cloud = Cloud::new();
    let before = cloud.get(0)["etag"].clone();
    let accepted = read(&cloud.put(0, without_vip))["etag"].clone();
    let after = cloud.get(0)["etag"].clone();
    assert!(before != accepted && accepted != after && before != after);
}

#[test]
fn an_interface_that_is_not_there_is_made_and_nobody_asked_for_it() {
    let cloud = Cloud::new();
    let mut body = cloud.get(1);
    *configurations(&mut body) =
        vec![json!({"name": "only", "properties": {"subnet": {"id": cloud.pair.on_azure().subnet()}}})];
    let path = cloud.path(1).replace("db-b-nic", "db-c-nic");
    let mut call = cloud.call("PUT", &path).with_body(body.to_string());
    let made = cloud.answer(&call);
    assert_eq!(made.status, 201);
    let made = read(&made);
    assert_eq!(made["properties"]["ipConfigurations"][0]["properties"]["primary"], true, "it is alone");
    assert!(made["properties"].get("virtualMachine").is_none());
    assert_eq!(cloud.world.promises.violations().len(), 1);
    cloud.azure().hand.delete_interface("db-c-nic");
    call.headers.insert("if-match", "*".parse().expect("a header"));
    refused(&cloud.answer(&call), 412, "PreconditionFailed");
}

#[test]
fn what_is_not_there_is_not_found() {
    let cloud = Cloud::new();
    let cases = [
        ("db-a-nic", "db-c-nic", "ResourceNotFound"),
        ("resourceGroups/db", "resourceGroups/dp", "ResourceGroupNotFound"),
        ("5f2b8c1e", "5f2b8c1f", "SubscriptionNotFound"),
        (
            "Microsoft.Network/networkInterfaces/",
            "Microsoft.Network/publicIPPrefixes/",
            "InvalidResourceType",
        ),
    ];
    for (there, not_there, code) in cases {
        let path = cloud.path(0).replace(there, not_there);
        refused(&cloud.answer(&cloud.call("GET", &path)), 404, code);
    }
    refused(&cloud.answer(&cloud.call("POST", &cloud.path(0))), 404, "InvalidResourceType");
}

#[test]
fn a_body_that_can_not_be_read_is_refused() {
    let mistakes: [(Edit, &str); 5] = [
        (|one| one["properties"]["enableIpForwarding"] = json!(true), "InvalidRequestFormat"),
        (|one| one["properties"]["enableIPForwarding"] = json!("yes"), "InvalidRequestFormat"),
        (|one| configurations(one)[0]["properties"]["privateIp"] = json!("10.0.0.1"), "InvalidRequestFormat"),
        (|one| one["Etag"] = json!("W/\"x\""), "InvalidRequestFormat"),
        (|one| drop(one.as_object_mut().unwrap().remove("location")), "LocationRequired"),
    ];
    for (edit, code) in mistakes {
        refused(&Cloud::new().put(0, edit), 400, code);
    }
    let cloud = Cloud::new();
    let broken = cloud.call("PUT", &cloud.path(0)).with_body("{");
    refused(&cloud.answer(&broken), 400, "InvalidRequestContent");
    refused(&cloud.put(0, |one| one["location"] = json!("eastus")), 409, "InvalidResourceLocation");
    assert_eq!(
        cloud.put(0, |one| one["location"] = json!("West Europe")).status,
        200,
        "the same, as people write it"
    );
}

#[test]
fn a_field_that_is_unknown_is_named_with_its_place() {
    let cloud = Cloud::new();
    let reply =
        cloud.put(0, |one| configurations(one).push(json!({"name": "x", "properties": {"subnetId": "y"}})));
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    let told = &body["error"]["details"][0]["message"];
    assert_eq!(
        told,
        "Could not find member 'subnetId'. Path 'properties.ipConfigurations[3].properties.subnetId'."
    );
}

#[test]
fn writes_are_counted_and_refused_when_none_is_left() {
    let cloud = Cloud::new();
    let left = |reply: &crate::Reply| {
        reply.header_value("x-ms-ratelimit-remaining-subscription-writes").map(str::to_owned)
    };
    assert_eq!(left(&cloud.put(0, |_| {})).as_deref(), Some("1199"));
    assert_eq!(left(&cloud.put(0, |_| {})).as_deref(), Some("1198"));
    cloud.azure().hand.leave_writes(0, std::time::Duration::from_secs(40));
    let reply = cloud.put(0, |_| {});
    refused(&reply, 429, "SubscriptionRequestsThrottled");
    assert_eq!(reply.header_value("retry-after"), Some("40"));
    cloud.azure().hand.leave_writes(0, std::time::Duration::ZERO);
    assert_eq!(cloud.put(0, |_| {}).status, 200, "an hour later there are some again");
}

#[test]
fn an_address_that_is_left_to_azure_is_the_next_free_one_and_stays() {
    let cloud = Cloud::new();
    let mut dynamic = configuration("extra", "");
    dynamic["properties"].as_object_mut().unwrap().retain(|key, _| !key.starts_with("privateIP"));
    cloud.put(1, |one| configurations(one).push(dynamic));
    let given = |cloud: &Cloud| cloud.get(1)["properties"]["ipConfigurations"][2]["properties"].clone();
    let extra = given(&cloud);
    assert_eq!(
        (&extra["privateIPAddress"], &extra["privateIPAllocationMethod"]),
        (&json!("10.0.0.4"), &json!("Dynamic"))
    );
    cloud.put(1, |one| {
        configurations(one)[2]["properties"].as_object_mut().unwrap().remove("privateIPAddress");
        configurations(one).push(configuration("more", "10.0.0.5"));
    });
    assert_eq!(given(&cloud)["privateIPAddress"], "10.0.0.4");
}

#[test]
fn a_patch_changes_tags_and_nothing_else() {
    let cloud = Cloud::new();
    let patch = |body: Value| cloud.answer(&cloud.call("PATCH", &cloud.path(0)).with_body(body.to_string()));
    let before = cloud.get(0);
    assert_eq!(patch(json!({"tags": {"team": "db"}})).status, 200);
    let after = cloud.get(0);
    assert_eq!(after["tags"], json!({"team": "db"}));
    assert_eq!(
        (names(&after), &after["properties"]["dnsSettings"]),
        (names(&before), &before["properties"]["dnsSettings"])
    );
    refused(&patch(json!({"properties": {"enableIPForwarding": false}})), 400, "InvalidRequestFormat");
}

#[test]
fn all_configurations_of_an_interface_are_in_the_same_security_groups() {
    let cloud = Cloud::new();
    let reply = cloud.put(0, |one| {
        let groups = &mut configurations(one)[1]["properties"]["applicationSecurityGroups"];
        *groups = json!([]);
    });
    refused(&reply, 400, "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups");
}
