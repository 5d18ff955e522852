//! The mirror's two machines, on either cloud.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use ::stage::switches;
use anyhow::anyhow;
use sandbox::{Pair, PairSeed, Sandbox, Service};

/// Whose machines the mirror is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// On Compute Engine.
    Google,
    /// On Azure.
    Azure,
}

impl Cloud {
    /// What the drill is asked for by.
    pub(super) fn scenario(self) -> &'static str {
        match self {
            Self::Google => "gcp-vip",
            Self::Azure => "azure-vip",
        }
    }

    /// The cloud as people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Google => "Compute Engine",
            Self::Azure => "Azure",
        }
    }

    /// How long an operation takes with `--slow`, a quarter of what others tell of the whole at its longest.
    pub(super) fn slow(self) -> Duration {
        match self {
            Self::Google => Duration::from_secs(6),
            Self::Azure => Duration::from_secs(20),
        }
    }

    /// How often an operation is waited for, and what others tell of the whole.
    pub(super) fn in_reality(self) -> &'static str {
        match self {
            Self::Google => {
                "twice per address. Others tell of 5 to 20 s in all\n  for a private address, and up to a minute with \
                 an external one."
            }
            Self::Azure => {
                "twice per move. Others tell of 30 to 90 s in all,\n  and of ten minutes at worst."
            }
        }
    }
}

/// Two machines whose private and public address move.
#[derive(Debug)]
pub(super) struct Mirror {
    /// Their names.
    pub(super) machines: [String; 2],
    /// Where clients connect to: the private address, and the public one.
    pub(super) sockets: [SocketAddr; 2],
    /// The variable by which each finds its own metadata server.
    pub(super) metadata: [(&'static str, String); 2],
    /// The cloud's interface.
    pub(super) service: Service,
    /// The tables of its switches.
    pub(super) switches: String,
    addresses: [Ipv4Addr; 2],
    cloud: Cloud,
}

impl Mirror {
    /// Adds the machines to the sandbox, where an operation takes so long.
    pub(super) fn add(cloud: Cloud, sandbox: &Sandbox, operation_takes: Duration) -> anyhow::Result<Self> {
        let nowhere = || anyhow!("the machines have no addresses on loopback");
        match cloud {
            Cloud::Google => {
                sandbox.world.compute.operations_take(operation_takes);
                let pair = sandbox.add_pair(PairSeed::on_loopback("db"))?;
                Ok(Self::on_google(&pair.ok_or_else(nowhere)?))
            }
            Cloud::Azure => {
                sandbox.world.azure.hand.operations_take(operation_takes);
                let pair = sandbox.add_azure_pair(PairSeed::on_loopback("db"))?;
                Ok(Self::on_azure(&pair.ok_or_else(nowhere)?))
            }
        }
    }

    fn on_google(pair: &Pair) -> Self {
        let seed = &pair.seed;
        let machines = [0, 1].map(|index| seed.on_compute().instance(index));
        let both = [switches::alias(seed, &machines), switches::external(seed, &machines)];
        Self {
            machines: [0, 1].map(|index| seed.machine(index)),
            sockets: [pair.private, pair.public],
            metadata: pair.metadata.map(|address| ("GCE_METADATA_HOST", address.to_string())),
            service: Service::Compute,
            switches: both.join("\n"),
            addresses: [seed.private(), seed.public()],
            cloud: Cloud::Google,
        }
    }

    fn on_azure(pair: &Pair) -> Self {
        let seed = &pair.seed;
        let metadata = |address| ("AZURE_POD_IDENTITY_AUTHORITY_HOST", format!("http://{address}"));
        Self {
            machines: [0, 1].map(|index| seed.machine(index)),
            sockets: [pair.private, pair.public],
            metadata: pair.metadata.map(metadata),
            service: Service::Azure,
            switches: switches::configuration(seed),
            addresses: [seed.private(), seed.public()],
            cloud: Cloud::Azure,
        }
    }

    /// Where the private and the public address are, if that isn't at the first machine.
    pub(super) fn strayed(&self, sandbox: &Sandbox) -> Vec<String> {
        let kinds = ["private", "external"].into_iter().zip(self.addresses);
        let strayed = kinds.filter_map(|(kind, address)| {
            let holders = match self.cloud {
                Cloud::Google => sandbox.world.compute.holders(address),
                Cloud::Azure => sandbox.world.azure.holders(address),
            };
            let [home, _] = &self.machines;
            (holders != [home.clone()])
                .then(|| format!("the {kind} address is at {holders:?}, not at {home}"))
        });
        strayed.collect()
    }
}
