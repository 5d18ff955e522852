//! One network interface: what was asked of it, and what the network does for it meanwhile.

use std::net::Ipv4Addr;
use std::time::Instant;

use serde_json::{Value, json};

use super::operations::Outcome;

const TYPE: &str = "Microsoft.Network/networkInterfaces";

/// A write that is being carried out.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// The id of its operation.
    pub(super) operation: String,
    /// What the interface was before: until the end, the network still leads its addresses here.
    pub(super) previous: Value,
    pub(super) done: Instant,
    /// How it will have ended.
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone)]
pub(super) struct Interface {
    pub(super) id: String,
    /// The id of the virtual machine that has it.
    pub(super) machine: Option<String>,
    /// What a write can set: location, tags, properties.
    pub(super) body: Value,
    pub(super) etag: String,
    pub(super) running: Option<Running>,
    pub(super) failed: bool,
    guid: String,
    mac: String,
}

impl Interface {
    pub(super) fn new(id: String, machine: Option<String>, body: Value) -> Self {
        let [_, _, _, fourth, fifth, sixth, ..] = *uuid::Uuid::new_v4().as_bytes();
        Self {
            id,
            machine,
            body,
            etag: fresh_etag(),
            running: None,
            failed: false,
            guid: uuid::Uuid::new_v4().to_string(),
            mac: format!("00-0D-3A-{fourth:02X}-{fifth:02X}-{sixth:02X}"),
        }
    }

    pub(super) fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }

    pub(super) fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// The hardware address as the machine itself says it: without dashes.
    pub(super) fn hardware(&self) -> String {
        self.mac.replace('-', "")
    }

    pub(super) fn state(&self) -> &'static str {
        match (&self.running, self.failed) {
            (Some(_), _) => "Updating",
            (None, true) => "Failed",
            (None, false) => "Succeeded",
        }
    }

    /// The configurations that were asked for last.
    pub(super) fn configurations(&self) -> impl Iterator<Item = &Value> {
        configurations(&self.body)
    }

    /// The configurations that the network goes by: those before the write, until it is carried out.
    pub(super) fn in_force(&self) -> impl Iterator<Item = &Value> {
        configurations(self.running.as_ref().map_or(&self.body, |running| &running.previous))
    }

    /// The configurations whose addresses nobody else can have: those asked for, and those not yet given up.
    pub(super) fn held(&self) -> impl Iterator<Item = &Value> {
        let leaving = self.running.as_ref().map(|running| configurations(&running.previous));
        self.configurations().chain(leaving.into_iter().flatten())
    }

    /// The id of one of its configurations.
    pub(super) fn configuration_id(&self, configuration: &Value) -> String {
        format!("{}/ipConfigurations/{}", self.id, configuration["name"].as_str().unwrap_or_default())
    }

    /// The interface as Azure shows it.
    pub(super) fn view(&self) -> Value {
        let mut view = self.body.clone();
        view["name"] = json!(self.name());
        view["id"] = json!(self.id);
        view["type"] = json!(TYPE);
        view["etag"] = json!(self.etag);
        let properties = &mut view["properties"];
        properties["provisioningState"] = json!(self.state());
        properties["resourceGuid"] = json!(self.guid);
        properties["vnetEncryptionSupported"] = json!(false);
        properties["hostedWorkloads"] = json!([]);
        properties["tapConfigurations"] = json!([]);
        properties["dnsSettings"]["appliedDnsServers"] = json!([]);
        properties["dnsSettings"]["internalDomainNameSuffix"] = json!("k2x1.fx.internal.cloudapp.net");
        if let Some(machine) = &self.machine {
            properties["virtualMachine"] = json!({"id": machine});
            properties["macAddress"] = json!(self.mac);
            properties["primary"] = json!(true);
        }
        let shown: Vec<Value> =
            self.configurations().map(|configuration| self.shown(configuration)).collect();
        properties["ipConfigurations"] = json!(shown);
        view
    }

    fn shown(&self, configuration: &Value) -> Value {
        let mut shown = configuration.clone();
        shown["id"] = json!(self.configuration_id(configuration));
        shown["etag"] = json!(self.etag);
        shown["type"] = json!(format!("{TYPE}/ipConfigurations"));
        shown["properties"]["provisioningState"] = json!(self.state());
        shown
    }
}

pub(super) fn fresh_etag() -> String {
    format!("W/\"{}\"", uuid::Uuid::new_v4())
}

pub(super) fn configurations(body: &Value) -> impl Iterator<Item = &Value> {
    body["properties"]["ipConfigurations"].as_array().into_iter().flatten()
}

/// A configuration's private address.
pub(super) fn address(configuration: &Value) -> Option<Ipv4Addr> {
    configuration["properties"]["privateIPAddress"].as_str()?.parse().ok()
}

/// The id of a configuration's public address.
pub(super) fn public_id(configuration: &Value) -> Option<&str> {
    configuration["properties"]["publicIPAddress"]["id"].as_str()
}

/// The id of a configuration's subnet.
pub(super) fn subnet_id(configuration: &Value) -> &str {
    configuration["properties"]["subnet"]["id"].as_str().unwrap_or_default()
}

pub(super) fn is_primary(configuration: &Value) -> bool {
    configuration["properties"]["primary"] == true
}
