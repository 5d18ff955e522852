//! Two machines of Compute Engine between which an alias range and an external address move.

use super::Compute;
use super::machine::{AddressSeed, MachineSeed, Subnet};
use crate::google::metadata::{PROJECT, REGION};
use crate::network::{Cidr, PairSeed};

/// The pair's things, as Compute Engine names them.
#[derive(Debug, Clone, Copy)]
pub struct ComputePair<'a>(&'a PairSeed);

impl PairSeed {
    /// A machine's zone.
    pub fn zone(index: usize) -> String {
        format!("{REGION}-{}", ["a", "b"][index])
    }

    /// As Compute Engine has it.
    pub fn on_compute(&self) -> ComputePair<'_> {
        ComputePair(self)
    }
}

impl ComputePair<'_> {
    /// A machine's path, with its zone.
    pub fn instance(self, index: usize) -> String {
        format!("projects/{PROJECT}/zones/{}/instances/{}", PairSeed::zone(index), self.0.machine(index))
    }

    /// The path of the reserved external address.
    pub fn address(self) -> String {
        format!("projects/{PROJECT}/regions/{REGION}/addresses/{}-public", self.0.name)
    }

    fn subnetwork(self) -> String {
        format!("projects/{PROJECT}/regions/{REGION}/subnetworks/{}", self.0.name)
    }

    /// Somebody else's range on the same interface, from the subnet's secondary range `pods`.
    fn pods(self, index: usize) -> (Cidr, Option<String>) {
        let [first, second, third] = self.0.network;
        (range(&format!("{first}.{}.{third}.{}/28", second ^ 1, 16 * (index + 1))), Some("pods".to_owned()))
    }

    fn seed(self, index: usize) -> MachineSeed {
        let ours = (index == 0).then(|| (range(&format!("{}/32", self.0.private())), None));
        MachineSeed {
            project: PROJECT.to_owned(),
            zone: PairSeed::zone(index),
            name: self.0.machine(index),
            subnet: self.subnetwork(),
            ip: self.0.own(index),
            aliases: std::iter::once(self.pods(index)).chain(ours).collect(),
        }
    }
}

fn range(text: &str) -> Cidr {
    text.parse().unwrap_or_else(|_| unreachable!("{text} is made of octets"))
}

impl Compute {
    /// Adds the pair's machines, addresses and subnet; the first machine has both addresses.
    pub(crate) fn add_pair(&self, pair: &PairSeed) {
        let named = pair.on_compute();
        let [first, second, third] = pair.network;
        self.add_subnet(Subnet {
            path: named.subnetwork(),
            range: pair.range(),
            secondary: vec![("pods".to_owned(), range(&format!("{first}.{}.{third}.0/24", second ^ 1)))],
        });
        self.add_address(AddressSeed { path: named.address(), ip: pair.public() });
        (0..2).for_each(|index| self.add_machine(named.seed(index)));
        self.hand_external(pair.public(), Some(&pair.machine(0)));
    }
}
