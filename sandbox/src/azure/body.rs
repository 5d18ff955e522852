//! What a network interface's representation may hold, and what of it a write can set.
//!
//! A PUT replaces the whole: what isn't in it is gone, or is what a new interface would have. What the service only ever
//! says may be sent back and means nothing (azure-mgmt-network 33.1.0, `NetworkInterface`).

use serde_json::{Map, Value, json};

use super::envelope::AzureDenied;
use crate::frame::call::Call;
use crate::google::strict::{Fields, Shape};

/// Another resource, of which only the id counts.
const REFERENCE: Shape = Shape::Any;
const REFERENCES: Shape = Shape::List(&Shape::Any);

const CONFIGURATION: Fields = &[
    ("name", Shape::Text),
    ("id", Shape::Text),
    ("etag", Shape::Text),
    ("type", Shape::Text),
    ("properties", Shape::Object(CONFIGURATION_PROPERTIES)),
];

const CONFIGURATION_PROPERTIES: Fields = &[
    ("privateIPAddress", Shape::Text),
    ("privateIPAllocationMethod", Shape::Text),
    ("privateIPAddressVersion", Shape::Text),
    ("privateIPAddressPrefixLength", Shape::Int),
    ("primary", Shape::Bool),
    ("subnet", REFERENCE),
    ("publicIPAddress", REFERENCE),
    ("gatewayLoadBalancer", REFERENCE),
    ("virtualNetworkTaps", REFERENCES),
    ("applicationSecurityGroups", REFERENCES),
    ("applicationGatewayBackendAddressPools", REFERENCES),
    ("loadBalancerBackendAddressPools", REFERENCES),
    ("loadBalancerInboundNatRules", REFERENCES),
    ("privateLinkConnectionProperties", Shape::Any),
    ("provisioningState", Shape::Text),
];

const DNS: Fields = &[
    ("dnsServers", Shape::List(&Shape::Text)),
    ("internalDnsNameLabel", Shape::Text),
    ("appliedDnsServers", Shape::List(&Shape::Text)),
    ("internalFqdn", Shape::Text),
    ("internalDomainNameSuffix", Shape::Text),
];

const PROPERTIES: Fields = &[
    ("ipConfigurations", Shape::List(&Shape::Object(CONFIGURATION))),
    ("networkSecurityGroup", REFERENCE),
    ("dnsSettings", Shape::Object(DNS)),
    ("enableAcceleratedNetworking", Shape::Bool),
    ("enableIPForwarding", Shape::Bool),
    ("disableTcpStateTracking", Shape::Bool),
    ("nicType", Shape::Text),
    ("auxiliaryMode", Shape::Text),
    ("auxiliarySku", Shape::Text),
    ("workloadType", Shape::Text),
    ("migrationPhase", Shape::Text),
    ("privateLinkService", REFERENCE),
    ("virtualMachine", REFERENCE),
    ("privateEndpoint", REFERENCE),
    ("dscpConfiguration", REFERENCE),
    ("tapConfigurations", REFERENCES),
    ("hostedWorkloads", Shape::List(&Shape::Text)),
    ("macAddress", Shape::Text),
    ("primary", Shape::Bool),
    ("vnetEncryptionSupported", Shape::Bool),
    ("defaultOutboundConnectivityEnabled", Shape::Bool),
    ("resourceGuid", Shape::Text),
    ("provisioningState", Shape::Text),
];

const INTERFACE: Fields = &[
    ("location", Shape::Text),
    ("tags", Shape::Labels),
    ("extendedLocation", Shape::Any),
    ("properties", Shape::Object(PROPERTIES)),
    ("id", Shape::Text),
    ("name", Shape::Text),
    ("type", Shape::Text),
    ("kind", Shape::Text),
    ("etag", Shape::Text),
];

/// Fields that take nothing but these words, in whatever case.
const WORDS: [(&str, &[&str]); 5] = [
    ("privateIPAllocationMethod", &["Static", "Dynamic"]),
    ("privateIPAddressVersion", &["IPv4", "IPv6"]),
    ("nicType", &["Standard", "Elastic"]),
    ("auxiliaryMode", &["None", "MaxConnections", "Floating", "AcceleratedConnections"]),
    ("auxiliarySku", &["None", "A1", "A2", "A4", "A8"]),
];

/// What is only ever said.
const SAID: [&str; 5] = ["id", "name", "type", "kind", "etag"];
const PROPERTIES_SAID: [&str; 11] = [
    "virtualMachine",
    "privateEndpoint",
    "dscpConfiguration",
    "tapConfigurations",
    "hostedWorkloads",
    "macAddress",
    "primary",
    "vnetEncryptionSupported",
    "defaultOutboundConnectivityEnabled",
    "resourceGuid",
    "provisioningState",
];
const DNS_SAID: [&str; 3] = ["appliedDnsServers", "internalFqdn", "internalDomainNameSuffix"];
const CONFIGURATION_SAID: [&str; 2] = ["privateLinkConnectionProperties", "provisioningState"];

/// Reads the body as an interface.
///
/// # Errors
/// 400 for one that can't be read, with a field that is unknown or of the wrong type, or without a location.
pub(super) fn read(call: &Call) -> Result<Value, AzureDenied> {
    let value: Value = serde_json::from_slice(&call.body).map_err(|error| {
        AzureDenied::invalid(
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{error}'."),
        )
    })?;
    check(&value, Shape::Object(INTERFACE), "")?;
    if value["location"].as_str().is_none_or(str::is_empty) {
        let message = "The location property is required for this definition.";
        return Err(AzureDenied::invalid("LocationRequired", message));
    }
    Ok(value)
}

fn check(value: &Value, shape: Shape, path: &str) -> Result<(), AzureDenied> {
    match (shape, value) {
        (_, Value::Null) | (Shape::Any, _) => Ok(()),
        (Shape::Object(fields), Value::Object(object)) => object.iter().try_for_each(|(name, value)| {
            let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let known = fields.iter().find(|(field, _)| field == name).ok_or_else(|| {
                AzureDenied::unreadable(&format!("Could not find member '{name}'. Path '{place}'."))
            })?;
            check(value, known.1, &place)?;
            check_word(name, value, &place)
        }),
        (Shape::List(item), Value::Array(items)) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| check(value, *item, &format!("{path}[{index}]"))),
        (Shape::Labels, Value::Object(labels)) if labels.values().all(Value::is_string) => Ok(()),
        (Shape::Text, Value::String(_)) | (Shape::Bool, Value::Bool(_)) | (Shape::Int, Value::Number(_)) => {
            Ok(())
        }
        _ => Err(AzureDenied::unreadable(&format!("Error converting value {value}. Path '{path}'."))),
    }
}

fn check_word(name: &str, value: &Value, path: &str) -> Result<(), AzureDenied> {
    match value.as_str().filter(|word| words(name).is_some() && canonical(name, word).is_none()) {
        None => Ok(()),
        Some(word) => {
            Err(AzureDenied::unreadable(&format!("Error converting value \"{word}\". Path '{path}'.")))
        }
    }
}

fn words(name: &str) -> Option<&'static [&'static str]> {
    WORDS.iter().find(|(field, _)| *field == name).map(|(_, words)| *words)
}

/// The word as Azure writes it.
fn canonical(name: &str, word: &str) -> Option<&'static str> {
    words(name)?.iter().copied().find(|known| known.eq_ignore_ascii_case(word))
}

/// What of a representation is set by writing it, with what a new interface has where nothing is said.
pub(super) fn settable(sent: &Value) -> Value {
    let mut body = without_nulls(sent);
    remove(&mut body, &SAID);
    let mut properties = taken(&mut body, "properties", json!({}));
    remove(&mut properties, &PROPERTIES_SAID);
    let sent = taken(&mut properties, "ipConfigurations", json!([]));
    reduce(&mut properties);
    spell(&mut properties);
    let mut dns = taken(&mut properties, "dnsSettings", json!({}));
    remove(&mut dns, &DNS_SAID);
    default(&mut dns, "dnsServers", json!([]));
    properties["dnsSettings"] = dns;
    for field in ["enableAcceleratedNetworking", "enableIPForwarding", "disableTcpStateTracking"] {
        default(&mut properties, field, json!(false));
    }
    default(&mut properties, "nicType", json!("Standard"));
    for field in ["auxiliaryMode", "auxiliarySku"] {
        default(&mut properties, field, json!("None"));
    }
    let configurations: Vec<Value> =
        sent.as_array().into_iter().flatten().map(settable_configuration).collect();
    properties["ipConfigurations"] = json!(alone_is_primary(configurations));
    body["properties"] = properties;
    body
}

/// The same of one configuration.
pub(super) fn settable_configuration(sent: &Value) -> Value {
    let mut properties = sent.get("properties").cloned().unwrap_or_else(|| json!({}));
    remove(&mut properties, &CONFIGURATION_SAID);
    reduce(&mut properties);
    spell(&mut properties);
    default(&mut properties, "privateIPAllocationMethod", json!("Dynamic"));
    default(&mut properties, "privateIPAddressVersion", json!("IPv4"));
    default(&mut properties, "primary", json!(false));
    json!({"name": sent.get("name").cloned().unwrap_or_else(|| json!("")), "properties": properties})
}

/// The only configuration is the primary one, said or not.
fn alone_is_primary(mut configurations: Vec<Value>) -> Vec<Value> {
    if let [only] = configurations.as_mut_slice() {
        only["properties"]["primary"] = json!(true);
    }
    configurations
}

/// Of other resources only the id is kept.
fn reduce(properties: &mut Value) {
    for value in properties.as_object_mut().into_iter().flat_map(Map::values_mut) {
        match value {
            Value::Object(reference) if reference.contains_key("id") => {
                reference.retain(|field, _| field == "id");
            }
            Value::Array(references) => {
                for reference in references.iter_mut().filter_map(Value::as_object_mut) {
                    reference.retain(|field, _| field == "id");
                }
            }
            _ => {}
        }
    }
}

/// Says words as Azure does.
fn spell(properties: &mut Value) {
    for (name, value) in properties.as_object_mut().into_iter().flatten() {
        if let Some(word) = value.as_str().and_then(|word| canonical(name, word)) {
            *value = json!(word);
        }
    }
}

fn taken(value: &mut Value, field: &str, otherwise: Value) -> Value {
    value.as_object_mut().and_then(|object| object.remove(field)).unwrap_or(otherwise)
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn remove(value: &mut Value, fields: &[&str]) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|field, _| !fields.contains(&field.as_str()));
    }
}

fn default(value: &mut Value, field: &str, default: Value) {
    if let Some(object) = value.as_object_mut() {
        object.entry(field).or_insert(default);
    }
}
