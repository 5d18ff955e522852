//! The instance metadata service of Azure's machines: who and where one is, and tokens of one's managed identities.
//!
//! Azure documentation, "Azure Instance Metadata Service" and "How to use managed identities for Azure resources on an
//! Azure VM to acquire an access token". A token's numbers are strings.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Azure;
use super::directory::{Directory, MANAGEMENT};
use super::machine::{Identity, Machine};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};

/// Versions of the instance's description.
const INSTANCE: [&str; 8] = [
    "2017-08-01",
    "2019-11-01",
    "2020-06-01",
    "2020-09-01",
    "2021-01-01",
    "2021-02-01",
    "2021-12-13",
    "2023-07-01",
];
/// Versions of the token endpoint.
const TOKEN: [&str; 3] = ["2018-02-01", "2019-08-01", "2020-06-01"];
/// The parameters that name an identity.
const NAMES: [&str; 4] = ["client_id", "object_id", "mi_res_id", "msi_res_id"];
/// What it gives tokens for besides Resource Manager: storage and the vault, which Resource Manager doesn't take.
const OTHERS: [&str; 2] = ["https://storage.azure.com/", "https://vault.azure.net"];

/// The metadata services of all machines.
#[derive(Debug)]
pub struct AzureMetadata {
    directory: Arc<Directory>,
    azure: Arc<Azure>,
    machines: Mutex<HashMap<SocketAddr, String>>,
}

impl AzureMetadata {
    /// Issues the tokens that `directory` knows, to the machines of `azure`.
    pub fn new(directory: Arc<Directory>, azure: Arc<Azure>) -> Self {
        Self { directory, azure, machines: Mutex::default() }
    }

    /// Whoever asks at this address is this machine; elsewhere it is the first one that there is.
    pub fn add_machine(&self, address: SocketAddr, machine: &str) {
        lock(&self.machines).insert(address, machine.to_owned());
    }

    fn token(&self, call: &Call, machine: &Machine) -> Reply {
        let refuse =
            |error: &str, told: &str| Reply::json(400, &json!({"error": error, "error_description": told}));
        if !version_is_one_of(call, &TOKEN) {
            return refuse(
                "bad_request_102",
                "Required query variable 'api-version' is missing or not supported",
            );
        }
        let Some(resource) = call.query("resource").filter(|resource| !resource.is_empty()) else {
            return refuse("invalid_request", "Required query variable 'resource' is missing");
        };
        if !MANAGEMENT.contains(&resource) && !OTHERS.contains(&resource) {
            let told =
                format!("AADSTS500011: The resource principal named {resource} was not found in the tenant.");
            return refuse("invalid_resource", &told);
        }
        match identity(call, machine) {
            Ok(identity) => Reply::json(200, &self.issued(identity, resource)),
            Err(told) => refuse("invalid_request", told),
        }
    }

    fn issued(&self, identity: &Identity, resource: &str) -> Value {
        let (token, lifetime) = self.directory.issue_for(&identity.principal, resource);
        let (now, seconds) =
            (Timestamp::now().as_second(), i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        json!({
            "access_token": token,
            "client_id": identity.client_id,
            "expires_in": seconds.to_string(),
            "expires_on": now.saturating_add(seconds).to_string(),
            "ext_expires_in": seconds.to_string(),
            "not_before": now.to_string(),
            "resource": resource,
            "token_type": "Bearer",
        })
    }
}

/// The identity that is asked for: the machine's own where none is named, or the only one.
fn identity<'a>(call: &Call, machine: &'a Machine) -> Result<&'a Identity, &'static str> {
    let named = NAMES.iter().find_map(|name| Some((*name, call.query(name)?)));
    if let Some((name, value)) = named {
        let of = |identity: &Identity| match name {
            "client_id" => identity.client_id.clone(),
            "object_id" => identity.principal.clone(),
            _ => identity.id.clone().unwrap_or_default(),
        };
        let found = machine.identities.iter().find(|identity| of(identity).eq_ignore_ascii_case(value));
        return found.ok_or("Identity not found");
    }
    let own = machine.identities.iter().find(|identity| identity.id.is_none());
    match (own, machine.identities.as_slice()) {
        (Some(identity), _) => Ok(identity),
        (None, [only]) => Ok(only),
        (None, []) => Err("Identity not found"),
        (None, _) => {
            Err("Multiple user assigned identities exist, please specify the clientId / resourceId of the \
                          identity in the token request")
        }
    }
}

fn version_is_one_of(call: &Call, versions: &[&str]) -> bool {
    call.query("api-version").is_some_and(|sent| versions.contains(&sent))
}

/// A value of the instance's description, or a part of it.
fn instance(call: &Call, tree: &Value) -> Reply {
    if !version_is_one_of(call, &INSTANCE) {
        let newest: Vec<&&str> = INSTANCE.iter().rev().take(3).collect();
        let told = "Bad request. api-version is invalid or was not specified in the request. For more information \
                    refer to aka.ms/azureimds";
        return Reply::json(400, &json!({"error": told, "newest-versions": newest}));
    }
    let parts = call.segments.iter().skip(2).filter(|part| !part.is_empty());
    let found = parts.into_iter().try_fold(tree, |node, part| match node {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    });
    let text = match call.query("format").unwrap_or("json") {
        "json" => false,
        "text" => true,
        _ => return Reply::json(400, &json!({"error": "Bad request. The format is not supported"})),
    };
    match found {
        None => Reply::json(404, &json!({"error": "Not found"})),
        Some(node) if text => Reply::text(200, listed(node)),
        Some(node @ (Value::Object(_) | Value::Array(_))) => Reply::json(200, node),
        Some(_) => Reply::json(400, &json!({"error": "Bad request. Leaves are only told with format=text"})),
    }
}

fn listed(node: &Value) -> String {
    let entry = |name: &str, value: &Value| {
        if value.is_object() || value.is_array() { format!("{name}/\n") } else { format!("{name}\n") }
    };
    match node {
        Value::Object(fields) => fields.iter().map(|(name, value)| entry(name, value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| entry(&index.to_string(), value)).collect()
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Provider for AzureMetadata {
    fn operation(&self, call: &Call) -> &'static str {
        match (call.method.as_str(), call.route().as_slice()) {
            ("GET", ["metadata", "identity", "oauth2", "token"]) => "azure_metadata.token",
            ("GET", ["metadata", "instance", ..]) => "azure_metadata.instance",
            _ => "azure_metadata.unknown",
        }
    }

    /// Refuses whoever doesn't say that they know whom they ask, and what a proxy has passed on.
    fn answer(&self, call: &Call) -> Reply {
        let operation = self.operation(call);
        if call.header("metadata") != Some("true") || call.header("x-forwarded-for").is_some() {
            let told = "Bad request. Required metadata header not specified";
            return match operation {
                "azure_metadata.token" => Reply::json(
                    400,
                    &json!({"error": "bad_request_102", "error_description": "Required metadata header not specified"}),
                ),
                _ => Reply::json(400, &json!({"error": told})),
            };
        }
        let name = lock(&self.machines).get(&call.local).cloned();
        let Some((machine, tree)) = self.azure.told(name.as_deref()) else {
            return Reply::json(404, &json!({"error": "Not found"}));
        };
        match operation {
            "azure_metadata.token" => self.token(call, &machine),
            "azure_metadata.instance" => instance(call, &tree),
            _ => Reply::json(404, &json!({"error": "Not found"})),
        }
        .header("server", "IMDS/150.870.65.1854")
    }

    fn refusal(&self, status: u16) -> Reply {
        let told = if status == 429 { "Too many requests" } else { "The service is updating" };
        Reply::json(status, &json!({"error": told}))
    }

    fn kind(&self, operation: &str, _call: &Call) -> Kind {
        if operation == "azure_metadata.unknown" { Kind::Write } else { Kind::Read }
    }
}
