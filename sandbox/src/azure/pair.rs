//! Two machines between whose network interfaces one configuration moves, on the sandbox's virtual network.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::interface::Interface;
use super::machine::Machine;
use super::network::{PublicAddress, Subnet};
use super::{Azure, Moving, body};
use crate::frame::lock::lock;
use crate::network::PairSeed;

/// The subscription that everything of the sandbox is in.
pub const SUBSCRIPTION: &str = "5f2b8c1e-9d44-4c3f-8a51-27e4b6d90c13";
/// Where.
pub const LOCATION: &str = "westeurope";
/// The name of the configuration that moves.
pub const CONFIGURATION: &str = "vip";

impl PairSeed {
    /// A machine's resource id.
    pub fn machine_id(&self, index: usize) -> String {
        self.id(&format!("Microsoft.Compute/virtualMachines/{}", self.machine(index)))
    }

    /// The name of a machine's network interface.
    pub fn interface_name(&self, index: usize) -> String {
        format!("{}-nic", self.machine(index))
    }

    /// The resource id of a machine's network interface.
    pub fn interface(&self, index: usize) -> String {
        self.id(&format!("Microsoft.Network/networkInterfaces/{}", self.interface_name(index)))
    }

    /// The resource id of the public address.
    pub fn public_ip(&self) -> String {
        self.id(&format!("Microsoft.Network/publicIPAddresses/{}-public", self.name))
    }

    /// The resource id of the subnet.
    pub fn subnet(&self) -> String {
        self.id(&format!("Microsoft.Network/virtualNetworks/{}-vnet/subnets/machines", self.name))
    }

    fn security_group(&self) -> String {
        self.id(&format!("Microsoft.Network/networkSecurityGroups/{}-nsg", self.name))
    }

    fn application_group(&self) -> String {
        self.id(&format!("Microsoft.Network/applicationSecurityGroups/{}-asg", self.name))
    }

    fn backend_pool(&self) -> String {
        self.id(&format!("Microsoft.Network/loadBalancers/{}-lb/backendAddressPools/reports", self.name))
    }

    /// All that the interfaces join.
    pub fn joined(&self) -> [String; 5] {
        [
            self.subnet(),
            self.public_ip(),
            self.security_group(),
            self.application_group(),
            self.backend_pool(),
        ]
    }

    fn id(&self, below: &str) -> String {
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{}/providers/{below}", self.name)
    }

    /// The configuration that moves, as whoever set the pair up made it.
    fn moving(&self) -> Value {
        let mut configuration = self.configuration(CONFIGURATION, self.private(), false);
        configuration["properties"]["publicIPAddress"] = json!({"id": self.public_ip()});
        configuration
    }

    fn configuration(&self, name: &str, ip: Ipv4Addr, primary: bool) -> Value {
        json!({"name": name, "properties": {
            "privateIPAddress": ip.to_string(),
            "privateIPAllocationMethod": "Static",
            "privateIPAddressVersion": "IPv4",
            "primary": primary,
            "subnet": {"id": self.subnet()},
            "applicationSecurityGroups": [{"id": self.application_group()}],
        }})
    }

    /// An interface with settings of somebody else's: a group, name servers, forwarding, tags, one more configuration.
    fn body(&self, index: usize) -> Value {
        let own = self.configuration("ipconfig1", self.own(index), true);
        let mut foreign = self.configuration("reports", self.at([31, 32][index]), false);
        foreign["properties"]["loadBalancerBackendAddressPools"] = json!([{"id": self.backend_pool()}]);
        let ours = (index == 0).then(|| self.moving());
        let configurations: Vec<Value> = [own, foreign].into_iter().chain(ours).collect();
        body::settable(&json!({
            "location": LOCATION,
            "tags": {"owner": "db-team"},
            "properties": {
                "ipConfigurations": configurations,
                "networkSecurityGroup": {"id": self.security_group()},
                "dnsSettings": {"dnsServers": [self.at(53).to_string()]},
                "enableIPForwarding": true,
                "enableAcceleratedNetworking": true,
            },
        }))
    }
}

impl Azure {
    /// Adds the pair's machines, interfaces and what they join; the first one has the configuration.
    pub(crate) fn add_pair(&self, pair: &PairSeed) {
        let state = &mut *lock(&self.state);
        state.network.subnets.push(Subnet { id: pair.subnet(), range: pair.range() });
        state.network.addresses.push(PublicAddress { id: pair.public_ip(), ip: pair.public() });
        let others = [pair.security_group(), pair.application_group(), pair.backend_pool()];
        state.network.others.extend(others);
        for index in 0..2 {
            state.machines.push(Machine::new(pair.machine_id(index), LOCATION));
            let interface =
                Interface::new(pair.interface(index), Some(pair.machine_id(index)), pair.body(index));
            state.interfaces.push(interface);
        }
        let configuration = body::settable_configuration(&pair.moving());
        state.moving.push(Moving { configuration, ips: vec![pair.private(), pair.public()] });
    }
}
