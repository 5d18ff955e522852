//! What of a representation is set by writing it.

use serde_json::{Value, json};

use crate::azure::body::{read, settable};
use crate::google::testing;

#[track_caller]
fn sets(sent: &Value, pointer: &str, expected: &Value) {
    let settable = settable(sent);
    assert_eq!(settable.pointer(pointer).unwrap_or(&Value::Null), expected, "{pointer} of {settable}");
}

#[track_caller]
fn unreadable(sent: &Value, expected: &str) {
    let call = testing::call("PUT", "/").with_body(sent.to_string());
    let denied = read(&call).expect_err("it is refused");
    let told = denied
        .details
        .first()
        .map_or(denied.message.as_str(), |detail| detail["message"].as_str().unwrap_or(""));
    assert_eq!((denied.status, told), (400, expected));
}

#[test]
fn what_is_not_said_is_what_a_new_interface_has() {
    let nothing = json!({"location": "westeurope"});
    for (pointer, expected) in [
        ("/properties/enableIPForwarding", json!(false)),
        ("/properties/enableAcceleratedNetworking", json!(false)),
        ("/properties/disableTcpStateTracking", json!(false)),
        ("/properties/nicType", json!("Standard")),
        ("/properties/auxiliaryMode", json!("None")),
        ("/properties/auxiliarySku", json!("None")),
        ("/properties/dnsSettings", json!({"dnsServers": []})),
        ("/properties/ipConfigurations", json!([])),
        ("/properties/networkSecurityGroup", Value::Null),
        ("/tags", Value::Null),
    ] {
        sets(&nothing, pointer, &expected);
    }
}

#[test]
fn what_is_only_ever_said_is_not_set() {
    let said = json!({
        "location": "westeurope", "id": "x", "name": "x", "type": "x", "kind": "Regular", "etag": "x",
        "properties": {
            "provisioningState": "Failed", "macAddress": "x", "resourceGuid": "x", "primary": false,
            "virtualMachine": {"id": "x"}, "hostedWorkloads": ["x"],
            "dnsSettings": {"appliedDnsServers": ["x"], "internalFqdn": "x", "internalDnsNameLabel": "label"},
        },
    });
    for pointer in ["/id", "/name", "/type", "/kind", "/etag"] {
        sets(&said, pointer, &Value::Null);
    }
    for name in
        ["provisioningState", "macAddress", "resourceGuid", "primary", "virtualMachine", "hostedWorkloads"]
    {
        sets(&said, &format!("/properties/{name}"), &Value::Null);
    }
    sets(&said, "/properties/dnsSettings", &json!({"dnsServers": [], "internalDnsNameLabel": "label"}));
}

#[test]
fn null_means_not_said() {
    let sent = json!({"location": "x", "tags": null, "properties": {"networkSecurityGroup": null, "enableIPForwarding": null}});
    sets(&sent, "/tags", &Value::Null);
    sets(&sent, "/properties/enableIPForwarding", &json!(false));
    assert!(settable(&sent).get("tags").is_none());
}

#[test]
fn of_another_resource_only_the_id_counts() {
    let expanded = json!({"location": "x", "properties": {
        "networkSecurityGroup": {"id": "group", "properties": {"securityRules": []}},
        "ipConfigurations": [{"name": "one", "properties": {
            "subnet": {"id": "subnet", "name": "machines", "properties": {"addressPrefix": "10.0.0.0/24"}},
            "applicationSecurityGroups": [{"id": "asg", "location": "x"}],
        }}],
    }});
    sets(&expanded, "/properties/networkSecurityGroup", &json!({"id": "group"}));
    sets(&expanded, "/properties/ipConfigurations/0/properties/subnet", &json!({"id": "subnet"}));
    let groups = "/properties/ipConfigurations/0/properties/applicationSecurityGroups";
    sets(&expanded, groups, &json!([{"id": "asg"}]));
}

#[test]
fn a_configuration_has_its_own_defaults_and_one_alone_is_the_primary() {
    let of = |count: usize| {
        let all: Vec<Value> =
            (0..count).map(|index| json!({"name": format!("c{index}"), "properties": {}})).collect();
        json!({"location": "x", "properties": {"ipConfigurations": all}})
    };
    let at = |property: &str| format!("/properties/ipConfigurations/0/properties/{property}");
    sets(&of(1), &at("primary"), &json!(true));
    sets(&of(2), &at("primary"), &json!(false));
    sets(&of(1), &at("privateIPAllocationMethod"), &json!("Dynamic"));
    sets(&of(1), &at("privateIPAddressVersion"), &json!("IPv4"));
    let said = json!({"location": "x", "properties": {"ipConfigurations": [
        {"name": "one", "id": "x", "etag": "x", "properties": {"provisioningState": "Failed"}}
    ]}});
    sets(&said, &at("provisioningState"), &Value::Null);
    sets(&said, "/properties/ipConfigurations/0/etag", &Value::Null);
}

#[test]
fn words_are_taken_in_any_case_and_kept_as_azure_writes_them() {
    let sent = json!({"location": "x", "properties": {
        "nicType": "standard",
        "auxiliaryMode": "maxconnections",
        "ipConfigurations": [{"name": "one", "properties": {
            "privateIPAllocationMethod": "STATIC",
            "privateIPAddressVersion": "ipv4",
        }}],
    }});
    assert!(read(&testing::call("PUT", "/").with_body(sent.to_string())).is_ok());
    let at = "/properties/ipConfigurations/0/properties";
    sets(&sent, "/properties/nicType", &json!("Standard"));
    sets(&sent, "/properties/auxiliaryMode", &json!("MaxConnections"));
    sets(&sent, &format!("{at}/privateIPAllocationMethod"), &json!("Static"));
    sets(&sent, &format!("{at}/privateIPAddressVersion"), &json!("IPv4"));
}

#[test]
fn what_can_not_be_is_named_with_its_place() {
    let within = |properties: Value| json!({"location": "x", "properties": properties});
    for (sent, expected) in [
        (json!({"location": "x", "sku": {}}), "Could not find member 'sku'. Path 'sku'."),
        (json!({"location": 1}), "Error converting value 1. Path 'location'."),
        (json!({"location": "x", "tags": {"a": 1}}), "Error converting value {\"a\":1}. Path 'tags'."),
        (json!({"location": "x", "tags": []}), "Error converting value []. Path 'tags'."),
        (within(json!([])), "Error converting value []. Path 'properties'."),
        (
            within(json!({"ipConfigurations": {}})),
            "Error converting value {}. Path 'properties.ipConfigurations'.",
        ),
        (
            within(json!({"ipConfigurations": ["vip"]})),
            "Error converting value \"vip\". Path 'properties.ipConfigurations[0]'.",
        ),
        (
            within(json!({"dnsSettings": {"dnsServers": [1]}})),
            "Error converting value 1. Path 'properties.dnsSettings.dnsServers[0]'.",
        ),
        (
            within(json!({"ipConfigurations": [{"properties": {"primary": "true"}}]})),
            "Error converting value \"true\". Path 'properties.ipConfigurations[0].properties.primary'.",
        ),
        (
            within(json!({"ipConfigurations": [{"properties": {"privateIPAllocationMethod": "Sticky"}}]})),
            "Error converting value \"Sticky\". Path \
             'properties.ipConfigurations[0].properties.privateIPAllocationMethod'.",
        ),
        (within(json!({"nicType": "Odd"})), "Error converting value \"Odd\". Path 'properties.nicType'."),
        (json!({}), "The location property is required for this definition."),
        (json!({"location": ""}), "The location property is required for this definition."),
    ] {
        unreadable(&sent, expected);
    }
}
