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

/// The pair's things, as Azure names and shows them.
#[derive(Debug, Clone, Copy)]
pub struct AzurePair<'a>(&'a PairSeed);

impl PairSeed {
    /// As Azure has it.
    pub fn on_azure(&self) -> AzurePair<'_> {
        AzurePair(self)
    }
}

impl AzurePair<'_> {
    /// A machine's resource id.
    pub fn machine_id(self, index: usize) -> String {
        self.id(&format!("Microsoft.Compute/virtualMachines/{}", self.0.machine(index)))
    }

    /// The name of a machine's network interface.
    pub fn interface_name(self, index: usize) -> String {
        format!("{}-nic", self.0.machine(index))
    }

    /// The resource id of a machine's network interface.
    pub fn interface(self, index: usize) -> String {
        self.id(&format!("Microsoft.Network/networkInterfaces/{}", self.interface_name(index)))
    }

    /// The resource id of the public address.
    pub fn public_ip(self) -> String {
        self.id(&format!("Microsoft.Network/publicIPAddresses/{}-public", self.0.name))
    }

    /// The resource id of the subnet.
    pub fn subnet(self) -> String {
        self.id(&format!("Microsoft.Network/virtualNetworks/{}-vnet/subnets/machines", self.0.name))
    }

    fn security_group(self) -> String {
        self.id(&format!("Microsoft.Network/networkSecurityGroups/{}-nsg", self.0.name))
    }

    fn application_group(self) -> String {
        self.id(&format!("Microsoft.Network/applicationSecurityGroups/{}-asg", self.0.name))
    }

    fn backend_pool(self) -> String {
        self.id(&format!("Microsoft.Network/loadBalancers/{}-lb/backendAddressPools/reports", self.0.name))
    }

    /// All that the interfaces join.
    pub fn joined(self) -> [String; 5] {
        [
            self.subnet(),
            self.public_ip(),
            self.security_group(),
            self.application_group(),
            self.backend_pool(),
        ]
    }

    fn id(self, below: &str) -> String {
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{}/providers/{below}", self.0.name)
    }

    /// The configuration that moves, as whoever set the pair up made it.
    fn moving(self) -> Value {
        let mut configuration = self.configuration(CONFIGURATION, self.0.private(), false);
        configuration["properties"]["publicIPAddress"] = json!({"id": self.public_ip()});
        configuration
    }

    fn configuration(self, name: &str, ip: Ipv4Addr, primary: bool) -> Value {
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
    fn body(self, index: usize) -> Value {
        let own = self.configuration("ipconfig1", self.0.own(index), true);
        let mut foreign = self.configuration("reports", self.0.at([31, 32][index]), false);
        foreign["properties"]["loadBalancerBackendAddressPools"] = json!([{"id": self.backend_pool()}]);
        let ours = (index == 0).then(|| self.moving());
        let configurations: Vec<Value> = [own, foreign].into_iter().chain(ours).collect();
        body::settable(&json!({
            "location": LOCATION,
            "tags": {"owner": "db-team"},
            "properties": {
                "ipConfigurations": configurations,
                "networkSecurityGroup": {"id": self.security_group()},
                "dnsSettings": {"dnsServers": [self.0.at(53).to_string()]},
                "enableIPForwarding": true,
                "enableAcceleratedNetworking": true,
            },
        }))
    }
}

impl Azure {
    /// Adds the pair's machines, interfaces and what they join; the first one has the configuration.
    pub(crate) fn add_pair(&self, pair: &PairSeed) {
        let (state, named) = (&mut *lock(&self.state), pair.on_azure());
        state.network.subnets.push(Subnet { id: named.subnet(), range: pair.range() });
        state.network.addresses.push(PublicAddress { id: named.public_ip(), ip: pair.public() });
        let others = [named.security_group(), named.application_group(), named.backend_pool()];
        state.network.others.extend(others);
        for index in 0..2 {
            state.machines.push(Machine::new(named.machine_id(index), LOCATION));
            let interface =
                Interface::new(named.interface(index), Some(named.machine_id(index)), named.body(index));
            state.interfaces.push(interface);
        }
        let configuration = body::settable_configuration(&named.moving());
        state.moving.push(Moving { configuration, ips: vec![pair.private(), pair.public()] });
    }
}
