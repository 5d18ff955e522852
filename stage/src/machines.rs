//! Two machines of which one has what moves, on either cloud; both can be connected to.

use std::net::SocketAddr;

use sandbox::{Pair, PairSeed, Sandbox, World};
use serde_json::Value;

use crate::switches;

/// What moves between the machines; their other addresses are somebody else's and stay where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// A private address on Compute Engine, by `gcp_alias_ip`.
    Alias,
    /// An external one, by `gcp_access_config`.
    External,
    /// A private address on Azure with its public one, by `azure_ip_configuration`.
    Configuration,
}

/// The machines.
#[derive(Debug)]
pub struct Machines {
    /// What moves between them.
    pub moves: Moves,
    pair: Pair,
}

impl Moves {
    /// The kind of the switch.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Alias => "gcp_alias_ip",
            Self::External => "gcp_access_config",
            Self::Configuration => "azure_ip_configuration",
        }
    }
}

impl Machines {
    /// Adds the machines `mirror-a` and `mirror-b` to the sandbox, in this network or in one that is free.
    pub fn add(sandbox: &Sandbox, moves: Moves, network: Option<[u8; 3]>) -> Self {
        const NAME: &str = "mirror";
        let free = PairSeed::on_loopback(NAME);
        let seed = PairSeed { network: network.unwrap_or(free.network), ..free };
        let added = match moves {
            Moves::Configuration => sandbox.add_azure_pair(seed),
            Moves::Alias | Moves::External => sandbox.add_pair(seed),
        };
        let pair = added.expect("loopback").expect("a pair that can be connected to");
        Self { moves, pair }
    }

    /// The switch.
    pub fn switch(&self) -> String {
        let seed = &self.pair.seed;
        // One with its zone, the other without: it is found.
        let standby = format!("projects/gleich-tech/instances/{}", self.machine(1));
        let instances = [seed.on_compute().instance(0), standby];
        match self.moves {
            Moves::Alias => switches::alias(seed, &instances),
            Moves::External => switches::external(seed, &instances),
            Moves::Configuration => switches::configuration(seed),
        }
    }

    /// Where clients connect to.
    pub fn socket(&self) -> SocketAddr {
        match self.moves {
            Moves::External => self.pair.public,
            Moves::Alias | Moves::Configuration => self.pair.private,
        }
    }

    /// The machines' own addresses.
    pub fn own(&self) -> [SocketAddr; 2] {
        self.pair.own
    }

    /// The variable by which a machine finds its own metadata.
    pub fn metadata(&self, index: usize) -> (&'static str, String) {
        let address = self.pair.metadata[index];
        match self.moves {
            Moves::Alias | Moves::External => ("GCE_METADATA_HOST", address.to_string()),
            Moves::Configuration => ("AZURE_POD_IDENTITY_AUTHORITY_HOST", format!("http://{address}")),
        }
    }

    /// One of the machines.
    pub fn machine(&self, index: usize) -> String {
        self.pair.seed.machine(index)
    }

    /// Which machines the network leads what moves to: on Azure both addresses, as long as they are together.
    pub fn holders(&self, world: &World) -> Vec<String> {
        let seed = &self.pair.seed;
        match self.moves {
            Moves::Alias => world.compute.holders(seed.private()),
            Moves::External => world.compute.holders(seed.public()),
            Moves::Configuration => {
                let mut holders = world.azure.holders(seed.private());
                holders.extend(world.azure.holders(seed.public()));
                holders.dedup();
                holders
            }
        }
    }

    /// Somebody gives what moves to this machine, or to none.
    pub fn hand(&self, world: &World, to: Option<&str>) {
        let seed = &self.pair.seed;
        match self.moves {
            Moves::Alias => world.hand_alias(seed.private(), to),
            Moves::External => world.hand_external(seed.public(), to),
            Moves::Configuration => world.hand_configuration(seed.private(), to),
        }
    }

    /// What of the machines isn't the mirror's and is not as it was.
    pub fn astray(&self, world: &World) -> Vec<String> {
        if self.moves == Moves::Configuration {
            let seed = &self.pair.seed;
            let lost = [0, 1].into_iter().filter(|index| !is_whole(world, seed, *index));
            return lost
                .map(|index| format!("{} lost what isn't ours", seed.on_azure().interface_name(index)))
                .collect();
        }
        self.astray_on_google(world)
    }

    fn astray_on_google(&self, world: &World) -> Vec<String> {
        let pair = &self.pair;
        let other = if self.moves == Moves::Alias { pair.seed.public() } else { pair.seed.private() };
        let holders = world.compute.holders(other);
        let gone = (holders != [pair.seed.machine(0)])
            .then(|| format!("the address that isn't ours is at {holders:?}"));
        let lost = [0, 1].map(|index| {
            let machine = world.compute.machine(&pair.seed.machine(index)).unwrap_or_default();
            let ranges = machine["networkInterfaces"][0]["aliasIpRanges"].to_string();
            let lost = !ranges.contains("\"pods\"");
            lost.then(|| format!("{} lost what isn't ours: {ranges}", pair.seed.machine(index)))
        });
        gone.into_iter().chain(lost.into_iter().flatten()).collect()
    }
}

/// Whether an interface has what others gave it.
fn is_whole(world: &World, seed: &PairSeed, index: usize) -> bool {
    let interface = world.azure.interface(&seed.on_azure().interface_name(index)).unwrap_or_default();
    let properties = &interface["properties"];
    let configurations = properties["ipConfigurations"].to_string();
    let kept = ["\"ipconfig1\"", "\"reports\""].iter().all(|name| configurations.contains(name));
    kept && properties["enableIPForwarding"] == true
        && properties["networkSecurityGroup"]["id"].is_string()
        && properties["dnsSettings"]["dnsServers"].as_array().map(Vec::len) == Some(1)
        && interface["tags"] != Value::Null
}
