//! Whole answers, as a client reads them: what changes from time to time is `…` here.

use serde_json::{Value, json};

use super::cloud::{Cloud, VERSION, configurations, operation_path, without_vip};
use crate::frame::call::Reply;
use crate::google::testing;

const BELOW: &str = "/subscriptions/5f2b8c1e-9d44-4c3f-8a51-27e4b6d90c13/resourceGroups/db/providers";

/// Fields that are never the same twice.
const FRESH: [&str; 4] = ["etag", "resourceGuid", "macAddress", "vmId"];

/// The value with what is never the same twice replaced.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let settled = fields.iter().map(|(name, value)| {
                let fresh = FRESH.contains(&name.as_str());
                (name.clone(), if fresh { json!("…") } else { settled(value) })
            });
            Value::Object(settled.collect())
        }
        Value::Array(items) => items.iter().map(settled).collect(),
        other => other.clone(),
    }
}

fn configuration(name: &str, ip: &str, primary: bool, more: &Value) -> Value {
    let mut configuration = json!({
        "name": name,
        "id": format!("{BELOW}/Microsoft.Network/networkInterfaces/db-b-nic/ipConfigurations/{name}"),
        "etag": "…",
        "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": ip,
            "privateIPAllocationMethod": "Static",
            "privateIPAddressVersion": "IPv4",
            "primary": primary,
            "subnet": {"id": format!("{BELOW}/Microsoft.Network/virtualNetworks/db-vnet/subnets/machines")},
            "applicationSecurityGroups": [
                {"id": format!("{BELOW}/Microsoft.Network/applicationSecurityGroups/db-asg")}
            ],
        },
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        configuration["properties"][field] = value.clone();
    }
    configuration
}

#[test]
fn an_interface() {
    let pool = format!("{BELOW}/Microsoft.Network/loadBalancers/db-lb/backendAddressPools/reports");
    let expected = json!({
        "name": "db-b-nic",
        "id": format!("{BELOW}/Microsoft.Network/networkInterfaces/db-b-nic"),
        "type": "Microsoft.Network/networkInterfaces",
        "etag": "…",
        "location": "westeurope",
        "tags": {"owner": "db-team"},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": "…",
            "macAddress": "…",
            "primary": true,
            "virtualMachine": {"id": format!("{BELOW}/Microsoft.Compute/virtualMachines/db-b")},
            "networkSecurityGroup": {"id": format!("{BELOW}/Microsoft.Network/networkSecurityGroups/db-nsg")},
            "enableAcceleratedNetworking": true,
            "enableIPForwarding": true,
            "disableTcpStateTracking": false,
            "vnetEncryptionSupported": false,
            "nicType": "Standard",
            "auxiliaryMode": "None",
            "auxiliarySku": "None",
            "hostedWorkloads": [],
            "tapConfigurations": [],
            "dnsSettings": {
                "dnsServers": ["10.0.0.53"],
                "appliedDnsServers": [],
                "internalDomainNameSuffix": "k2x1.fx.internal.cloudapp.net",
            },
            "ipConfigurations": [
                configuration("ipconfig1", "10.0.0.12", true, &json!({})),
                configuration(
                    "reports",
                    "10.0.0.32",
                    false,
                    &json!({"loadBalancerBackendAddressPools": [{"id": pool}]})
                ),
            ],
        },
    });
    assert_eq!(settled(&Cloud::new().get(1)), expected);
}

#[test]
fn the_configuration_that_moves_with_its_public_address() {
    let public = json!({"id": format!("{BELOW}/Microsoft.Network/publicIPAddresses/db-public")});
    let vip = settled(&Cloud::new().vip());
    assert_eq!(vip["properties"]["publicIPAddress"], public);
    assert_eq!(vip["properties"]["primary"], false);
}

#[test]
fn what_a_machine_is_told() {
    let cloud = Cloud::new();
    let (_, tree) = cloud.azure().told(Some("db-b")).expect("a machine");
    let hardware = cloud.get(1)["properties"]["macAddress"].as_str().expect("text").replace('-', "");
    assert_eq!(tree["network"]["interface"][0]["macAddress"], hardware);
    let expected = json!({
        "compute": {
            "azEnvironment": "AzurePublicCloud",
            "location": "westeurope",
            "name": "db-b",
            "osType": "Linux",
            "provider": "Microsoft.Compute",
            "resourceGroupName": "db",
            "resourceId": format!("{BELOW}/Microsoft.Compute/virtualMachines/db-b"),
            "subscriptionId": "5f2b8c1e-9d44-4c3f-8a51-27e4b6d90c13",
            "tagsList": [],
            "vmId": "…",
            "vmSize": "Standard_D2s_v5",
            "zone": "1",
        },
        "network": {"interface": [{
            "ipv4": {
                "ipAddress": [
                    {"privateIpAddress": "10.0.0.12", "publicIpAddress": ""},
                    {"privateIpAddress": "10.0.0.32", "publicIpAddress": ""},
                ],
                "subnet": [],
            },
            "ipv6": {"ipAddress": []},
            "macAddress": "…",
        }]},
    });
    assert_eq!(settled(&tree), expected);
}

fn get(cloud: &Cloud, path: &str) -> Reply {
    cloud.answer(&cloud.call("GET", path))
}

/// How each refusal reads, by what was asked.
#[test]
fn refusals() {
    type Ask = fn(&Cloud) -> Reply;
    let cases: [(Ask, u16, Value); 7] = [
        (
            |cloud| cloud.answer(&testing::call("GET", &cloud.path(0))),
            401,
            json!({
                "code": "AuthenticationFailed",
                "message": "Authentication failed. The 'Authorization' header is missing.",
            }),
        ),
        (
            |cloud| get(cloud, &cloud.pair.interface(0)),
            400,
            json!({
                "code": "MissingApiVersionParameter",
                "message": "The api-version query parameter (?api-version=) is required for all requests.",
                "details": [],
            }),
        ),
        (
            |cloud| get(cloud, &cloud.path(0).replace("db-a-nic", "db-x-nic")),
            404,
            json!({
                "code": "ResourceNotFound",
                "message": "The Resource 'Microsoft.Network/networkInterfaces/db-x-nic' under resource group 'db' was not \
                            found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            }),
        ),
        (
            |cloud| get(cloud, &cloud.path(0).replace("resourceGroups/db", "resourceGroups/dx")),
            404,
            json!({"code": "ResourceGroupNotFound", "message": "Resource group 'dx' could not be found."}),
        ),
        (
            |cloud| cloud.put(1, |one| one["properties"]["colour"] = json!("blue")),
            400,
            json!({
                "code": "InvalidRequestFormat",
                "message": "Cannot parse the request.",
                "details": [{
                    "code": "InvalidJson",
                    "message": "Could not find member 'colour'. Path 'properties.colour'.",
                }],
            }),
        ),
        (
            |cloud| cloud.put(1, |one| configurations(one).clear()),
            400,
            json!({
                "code": "InvalidIPConfigCount",
                "message": format!(
                    "Network interface {BELOW}/Microsoft.Network/networkInterfaces/db-b-nic must have one or more IP \
                     configurations."
                ),
                "details": [],
            }),
        ),
        (
            |cloud| cloud.put_on(1, &cloud.get(1), "W/\"0\""),
            412,
            json!({
                "code": "PreconditionFailed",
                "message": "Precondition failed. The condition 'W/\"0\"' specified using HTTP conditional header(s) is \
                            not met.",
            }),
        ),
    ];
    for (ask, status, error) in cases {
        let reply = ask(&Cloud::new());
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!((reply.status, body), (status, json!({"error": error})));
    }
}

#[test]
fn the_refusal_of_a_stranger_names_who_what_and_where() {
    let cloud = Cloud::new();
    cloud.world.deny("Microsoft.Network/networkInterfaces/read");
    let body: Value = serde_json::from_slice(&get(&cloud, &cloud.path(0)).body).expect("JSON");
    let who = super::cloud::PRINCIPAL;
    let expected = format!(
        "The client '{who}' with object id '{who}' does not have authorization to perform action \
         'Microsoft.Network/networkInterfaces/read' over scope '{BELOW}/Microsoft.Network/networkInterfaces/db-a-nic' or \
         the scope is invalid. If access was recently granted, please refresh your credentials."
    );
    assert_eq!(body, json!({"error": {"code": "AuthorizationFailed", "message": expected}}));
}

#[test]
fn an_accepted_writes_headers() {
    let cloud = Cloud::new();
    let reply = cloud.put(0, without_vip);
    let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "azure-asyncoperation",
        "content-type",
        "etag",
        "retry-after",
        "x-ms-correlation-request-id",
        "x-ms-ratelimit-remaining-subscription-writes",
        "x-ms-request-id",
    ];
    assert_eq!(names, expected);
    let path = operation_path(&reply);
    let (before, id) = path.rsplit_once('/').expect("an operation");
    let subscription = BELOW.split("/resourceGroups").next().expect("a subscription");
    assert_eq!(before, format!("{subscription}/providers/Microsoft.Network/locations/westeurope/operations"));
    assert!(id.ends_with(&format!("?api-version={VERSION}")) && id.len() == 36 + 13 + 10, "{id}");
}
