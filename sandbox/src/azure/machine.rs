//! Virtual machines: what they know of themselves, and who they are.

use serde_json::{Value, json};

use super::AzureState;
use super::interface::{address, public_id};

/// An identity of a machine: its own, or one that was assigned to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The object id of its principal, whose permissions count.
    pub principal: String,
    /// The client id.
    pub client_id: String,
    /// The resource id of one that was assigned; the machine's own has none.
    pub id: Option<String>,
}

impl Identity {
    /// The identity that comes and goes with the machine.
    pub fn own() -> Self {
        let random = || uuid::Uuid::new_v4().to_string();
        Self { principal: random(), client_id: random(), id: None }
    }

    /// One of its own life, which machines may share.
    pub fn assigned(id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::own() }
    }
}

/// A virtual machine.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// `/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/N`.
    pub(super) id: String,
    pub(super) location: String,
    pub(super) identities: Vec<Identity>,
    pub(super) running: bool,
    pub(super) guid: String,
}

impl Machine {
    pub(super) fn new(id: String, location: &str) -> Self {
        let guid = uuid::Uuid::new_v4().to_string();
        Self { id, location: location.to_owned(), identities: vec![Identity::own()], running: true, guid }
    }

    pub(super) fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// As Azure shows it to whoever may look.
    pub(super) fn view(&self) -> Value {
        json!({
            "name": self.name(), "id": self.id, "type": "Microsoft.Compute/virtualMachines", "location": self.location,
            "zones": ["1"], "properties": {"vmId": self.guid, "provisioningState": "Succeeded"},
        })
    }

    /// What its metadata service says.
    pub(super) fn tree(&self, state: &AzureState) -> Value {
        let part = |index: usize| self.id.split('/').nth(index).unwrap_or_default();
        json!({
            "compute": {
                "azEnvironment": "AzurePublicCloud",
                "location": self.location,
                "name": self.name(),
                "osType": "Linux",
                "provider": "Microsoft.Compute",
                "resourceGroupName": part(4),
                "resourceId": self.id,
                "subscriptionId": part(2),
                "tagsList": [],
                "vmId": self.guid,
                "vmSize": "Standard_D2s_v5",
                "zone": "1",
            },
            "network": {"interface": self.interfaces(state)},
        })
    }

    fn interfaces(&self, state: &AzureState) -> Vec<Value> {
        let own = |interface: &&super::interface::Interface| {
            interface.machine.as_ref().is_some_and(|machine| machine.eq_ignore_ascii_case(&self.id))
        };
        let shown = state.interfaces.iter().filter(own).map(|interface| {
            let addresses: Vec<Value> = interface
                .in_force()
                .map(|one| {
                    let public = public_id(one).and_then(|id| state.network.public(id));
                    json!({
                        "privateIpAddress": address(one).map(|ip| ip.to_string()).unwrap_or_default(),
                        "publicIpAddress": public.map(|public| public.ip.to_string()).unwrap_or_default(),
                    })
                })
                .collect();
            json!({
                "ipv4": {"ipAddress": addresses, "subnet": []},
                "ipv6": {"ipAddress": []},
                "macAddress": interface.hardware(),
            })
        });
        shown.collect()
    }
}
