//! What interfaces join: subnets, public addresses, security groups.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::pair::LOCATION;
use crate::network::Cidr;

/// A subnet.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its id: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/N`.
    pub id: String,
    /// Its prefix.
    pub range: Cidr,
}

/// A public address that is there to be attached.
#[derive(Debug, Clone)]
pub struct PublicAddress {
    /// Its id: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/publicIPAddresses/N`.
    pub id: String,
    /// The address.
    pub ip: Ipv4Addr,
}

/// All that can be joined.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) subnets: Vec<Subnet>,
    pub(super) addresses: Vec<PublicAddress>,
    /// Ids of everything else: security groups, backend pools.
    pub(super) others: Vec<String>,
    /// What somebody else made otherwise than it is at first: of which id, which field, and what it is.
    pub(super) edits: Vec<(String, &'static str, Value)>,
}

impl PublicAddress {
    /// As Azure shows it, with the configuration that has it.
    pub(super) fn view(&self, held: Option<String>) -> Value {
        let mut view = json!({
            "name": self.id.rsplit('/').next(),
            "id": self.id,
            "type": "Microsoft.Network/publicIPAddresses",
            "location": LOCATION,
            "zones": ["1", "2", "3"],
            "sku": {"name": "Standard", "tier": "Regional"},
            "properties": {
                "provisioningState": "Succeeded",
                "ipAddress": self.ip.to_string(),
                "publicIPAddressVersion": "IPv4",
                "publicIPAllocationMethod": "Static",
                "idleTimeoutInMinutes": 4,
                "ipTags": [],
            },
        });
        if let Some(held) = held {
            view["properties"]["ipConfiguration"] = json!({"id": held});
        }
        view
    }
}

impl Network {
    pub(super) fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id.eq_ignore_ascii_case(id))
    }

    pub(super) fn public(&self, id: &str) -> Option<&PublicAddress> {
        self.addresses.iter().find(|address| address.id.eq_ignore_ascii_case(id))
    }

    /// Whether anything of this resource is there.
    pub(super) fn has_below(&self, id: &str) -> bool {
        let below = format!("{}/", id.to_lowercase());
        self.others.iter().any(|known| known.to_lowercase().starts_with(&below))
    }

    /// A resource as somebody else made it.
    pub(super) fn edited(&self, id: &str, mut view: Value) -> Value {
        for (of, field, value) in &self.edits {
            if of.eq_ignore_ascii_case(id) {
                view[*field] = value.clone();
            }
        }
        view
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.others.iter().any(|known| known.eq_ignore_ascii_case(id))
    }
}

/// What one must be allowed to do to name a resource in this field, and with which resources that is so.
pub(super) fn join_action(field: &str) -> Option<&'static str> {
    Some(match field {
        "subnet" => "Microsoft.Network/virtualNetworks/subnets/join/action",
        "publicIPAddress" => "Microsoft.Network/publicIPAddresses/join/action",
        "networkSecurityGroup" => "Microsoft.Network/networkSecurityGroups/join/action",
        "applicationSecurityGroups" => {
            "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
        }
        "loadBalancerBackendAddressPools" => {
            "Microsoft.Network/loadBalancers/backendAddressPools/join/action"
        }
        "loadBalancerInboundNatRules" => "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
        "applicationGatewayBackendAddressPools" => {
            "Microsoft.Network/applicationGateways/backendAddressPools/join/action"
        }
        "gatewayLoadBalancer" => "Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action",
        "virtualNetworkTaps" => "Microsoft.Network/virtualNetworkTaps/join/action",
        _ => return None,
    })
}
