//! Machines with one interface each, and the subnets that they are in.

use std::net::Ipv4Addr;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::routes::Place;
use crate::network::Cidr;

/// The only interface of a machine.
pub(super) const NIC: &str = "nic0";
/// Where resources are, as their links say.
pub(super) const BASE: &str = "https://www.googleapis.com/compute/v1";

/// A subnet with its ranges.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its path: `projects/P/regions/R/subnetworks/S`.
    pub path: String,
    /// Its primary range.
    pub range: Cidr,
    /// Secondary ranges by name.
    pub secondary: Vec<(String, Cidr)>,
}

/// What a machine begins with.
#[derive(Debug, Clone)]
pub struct MachineSeed {
    /// Its project.
    pub project: String,
    /// Its zone.
    pub zone: String,
    /// Its name.
    pub name: String,
    /// The path of its subnet.
    pub subnet: String,
    /// Its own address there.
    pub ip: Ipv4Addr,
    /// Alias ranges, each with the secondary range that it is from.
    pub aliases: Vec<(Cidr, Option<String>)>,
}

/// A reserved external address.
#[derive(Debug, Clone)]
pub struct AddressSeed {
    /// Its path: `projects/P/regions/R/addresses/A`.
    pub path: String,
    /// The address.
    pub ip: Ipv4Addr,
}

/// One access config: an external address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccessConfig {
    pub(super) name: String,
    pub(super) ip: Ipv4Addr,
    pub(super) tier: String,
}

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) seed: MachineSeed,
    pub(super) running: bool,
    pub(super) access: Option<AccessConfig>,
}

impl AccessConfig {
    /// As the console makes one.
    pub(super) fn of(ip: Ipv4Addr) -> Self {
        Self { name: "External NAT".to_owned(), ip, tier: super::address::Address::TIER.to_owned() }
    }
}

impl Machine {
    pub(super) fn new(seed: MachineSeed) -> Self {
        Self { seed, running: true, access: None }
    }

    pub(super) fn is_at(&self, place: &Place) -> bool {
        (&self.seed.project, &self.seed.zone, &self.seed.name) == (&place.project, &place.zone, &place.name)
    }

    pub(super) fn path(&self) -> String {
        let MachineSeed { project, zone, name, .. } = &self.seed;
        format!("projects/{project}/zones/{zone}/instances/{name}")
    }

    /// Whether the network leads this address here.
    pub(super) fn has(&self, ip: Ipv4Addr) -> bool {
        let external = self.access.as_ref().is_some_and(|access| access.ip == ip);
        external || self.seed.ip == ip || self.seed.aliases.iter().any(|(range, _)| range.contains(ip))
    }

    /// "The system hashes the resource's contents": the same contents, the same fingerprint.
    pub(super) fn fingerprint(&self) -> String {
        let contents = json!([self.aliases(), self.configs()]).to_string();
        let hash = contents.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        BASE64_STANDARD.encode(hash.to_be_bytes())
    }

    /// The machine as the interface shows it.
    pub(super) fn view(&self) -> Value {
        let MachineSeed { project, zone, name, subnet, ip, .. } = &self.seed;
        let mut interface = json!({
            "kind": "compute#networkInterface",
            "name": NIC,
            "network": format!("{BASE}/projects/{project}/global/networks/default"),
            "subnetwork": format!("{BASE}/{subnet}"),
            "networkIP": ip.to_string(),
            "fingerprint": self.fingerprint(),
            "stackType": "IPV4_ONLY",
        });
        // Empty lists are left out.
        if !self.seed.aliases.is_empty() {
            interface["aliasIpRanges"] = self.aliases();
        }
        if self.access.is_some() {
            interface["accessConfigs"] = self.configs();
        }
        json!({
            "kind": "compute#instance",
            "id": "4567890123456789012",
            "name": name,
            "zone": format!("{BASE}/projects/{project}/zones/{zone}"),
            "machineType": format!("{BASE}/projects/{project}/zones/{zone}/machineTypes/e2-standard-2"),
            "status": if self.running { "RUNNING" } else { "TERMINATED" },
            "labels": {"owner": "db-team"},
            "networkInterfaces": [interface],
            "selfLink": format!("{BASE}/{}", self.path()),
        })
    }

    fn aliases(&self) -> Value {
        let alias = |(range, name): &(Cidr, Option<String>)| {
            let mut alias = json!({"ipCidrRange": range.to_string()});
            if let Some(name) = name {
                alias["subnetworkRangeName"] = json!(name);
            }
            alias
        };
        self.seed.aliases.iter().map(alias).collect()
    }

    fn configs(&self) -> Value {
        let config = |access: &AccessConfig| {
            json!({
                "kind": "compute#accessConfig",
                "type": "ONE_TO_ONE_NAT",
                "name": access.name,
                "natIP": access.ip.to_string(),
                "networkTier": access.tier,
            })
        };
        self.access.iter().map(config).collect()
    }
}
