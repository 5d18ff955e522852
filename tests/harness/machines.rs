//! Two machines of which one has what moves, on either cloud; both can be connected to.

use std::net::SocketAddr;

use sandbox::{Sandbox, World, azure, compute};
use serde_json::Value;

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

#[derive(Debug)]
enum Pair {
    Google(compute::Pair),
    Azure(azure::Pair),
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
        let pair = if moves == Moves::Configuration {
            let free = azure::PairSeed::on_loopback(NAME);
            let network = network.unwrap_or(free.network);
            let pair = sandbox.add_azure_pair(azure::PairSeed { network, ..free }).expect("loopback");
            Pair::Azure(pair.expect("a pair that can be connected to"))
        } else {
            let free = compute::PairSeed::on_loopback(NAME);
            let network = network.unwrap_or(free.network);
            let pair = sandbox.add_pair(compute::PairSeed { network, ..free }).expect("loopback");
            Pair::Google(pair.expect("a pair that can be connected to"))
        };
        Self { moves, pair }
    }

    /// The switch's own keys.
    pub fn keys(&self) -> String {
        match &self.pair {
            Pair::Google(pair) => {
                let address = match self.moves {
                    Moves::Alias => format!("range = \"{}/32\"", pair.seed.alias()),
                    _ => format!("address = \"{}\"", pair.seed.address()),
                };
                // One with its zone, the other without: it is found.
                let standby = format!("projects/gleich-tech/instances/{}", self.machine(1));
                format!("{address}\nprimary = \"{}\"\nstandby = \"{standby}\"\n", pair.seed.instance(0))
            }
            Pair::Azure(pair) => format!(
                "configuration = \"vip\"\naddress = \"{}\"\npublic_ip = \"{}\"\nprimary = \"{}\"\nstandby = \"{}\"\n",
                pair.seed.vip(),
                pair.seed.public_ip(),
                pair.seed.interface(0),
                pair.seed.interface(1)
            ),
        }
    }

    /// Where clients connect to.
    pub fn socket(&self) -> SocketAddr {
        match &self.pair {
            Pair::Google(pair) if self.moves == Moves::External => pair.external,
            Pair::Google(pair) => pair.alias,
            Pair::Azure(pair) => pair.private,
        }
    }

    /// The machines' own addresses.
    pub fn own(&self) -> [SocketAddr; 2] {
        match &self.pair {
            Pair::Google(pair) => pair.own,
            Pair::Azure(pair) => pair.own,
        }
    }

    /// The variable by which a machine finds its own metadata.
    pub fn metadata(&self, index: usize) -> (&'static str, String) {
        match &self.pair {
            Pair::Google(pair) => ("GCE_METADATA_HOST", pair.metadata[index].to_string()),
            Pair::Azure(pair) => {
                ("AZURE_POD_IDENTITY_AUTHORITY_HOST", format!("http://{}", pair.metadata[index]))
            }
        }
    }

    /// One of the machines.
    pub fn machine(&self, index: usize) -> String {
        match &self.pair {
            Pair::Google(pair) => pair.seed.machine(index),
            Pair::Azure(pair) => pair.seed.machine(index),
        }
    }

    /// Which machines the network leads what moves to: on Azure both addresses, as long as they are together.
    pub fn holders(&self, world: &World) -> Vec<String> {
        match &self.pair {
            Pair::Google(pair) if self.moves == Moves::External => {
                world.compute.holders(pair.seed.external())
            }
            Pair::Google(pair) => world.compute.holders(pair.seed.alias()),
            Pair::Azure(pair) => {
                let mut holders = world.azure.holders(pair.seed.vip());
                holders.extend(world.azure.holders(pair.seed.public()));
                holders.dedup();
                holders
            }
        }
    }

    /// Somebody gives what moves to this machine, or to none.
    pub fn hand(&self, world: &World, to: Option<&str>) {
        match &self.pair {
            Pair::Google(pair) if self.moves == Moves::External => {
                world.hand_external(pair.seed.external(), to);
            }
            Pair::Google(pair) => world.hand_alias(pair.seed.alias(), to),
            Pair::Azure(pair) => world.hand_configuration(pair.seed.vip(), to),
        }
    }

    /// What of the machines isn't the mirror's and is not as it was.
    pub fn astray(&self, world: &World) -> Vec<String> {
        match &self.pair {
            Pair::Google(pair) => self.astray_on_google(world, pair),
            Pair::Azure(pair) => {
                let lost = [0, 1].into_iter().filter(|index| !is_whole(world, &pair.seed, *index));
                lost.map(|index| format!("{} lost what isn't ours", pair.seed.interface_name(index)))
                    .collect()
            }
        }
    }

    fn astray_on_google(&self, world: &World, pair: &compute::Pair) -> Vec<String> {
        let other = if self.moves == Moves::Alias { pair.seed.external() } else { pair.seed.alias() };
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
fn is_whole(world: &World, seed: &azure::PairSeed, index: usize) -> bool {
    let interface = world.azure.interface(&seed.interface_name(index)).unwrap_or_default();
    let properties = &interface["properties"];
    let configurations = properties["ipConfigurations"].to_string();
    let kept = ["\"ipconfig1\"", "\"reports\""].iter().all(|name| configurations.contains(name));
    kept && properties["enableIPForwarding"] == true
        && properties["networkSecurityGroup"]["id"].is_string()
        && properties["dnsSettings"]["dnsServers"].as_array().map(Vec::len) == Some(1)
        && interface["tags"] != Value::Null
}
