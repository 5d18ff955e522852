//! Two machines of Compute Engine between which an alias range and an external address move.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::machine::{AddressSeed, Cidr, MachineSeed, Subnet};
use crate::frame::listeners::Reservation;
use crate::frame::provider::Service;
use crate::google::metadata::{Machine, PROJECT, REGION};
use crate::network::{Pair, PairSeed};
use crate::sandbox::Sandbox;
use crate::world::World;

impl PairSeed {
    /// A machine's zone.
    pub fn zone(index: usize) -> String {
        format!("{REGION}-{}", ["a", "b"][index])
    }

    /// A machine's path, with its zone.
    pub fn instance(&self, index: usize) -> String {
        format!("projects/{PROJECT}/zones/{}/instances/{}", Self::zone(index), self.machine(index))
    }

    /// The path of the reserved external address.
    pub fn address(&self) -> String {
        format!("projects/{PROJECT}/regions/{REGION}/addresses/{}-public", self.name)
    }

    fn subnetwork(&self) -> String {
        format!("projects/{PROJECT}/regions/{REGION}/subnetworks/{}", self.name)
    }

    /// Somebody else's range on the same interface, from the subnet's secondary range `pods`.
    fn pods(&self, index: usize) -> (Cidr, Option<String>) {
        let [first, second, third] = self.network;
        (range(&format!("{first}.{}.{third}.{}/28", second ^ 1, 16 * (index + 1))), Some("pods".to_owned()))
    }

    fn seed(&self, index: usize) -> MachineSeed {
        let ours = (index == 0).then(|| (range(&format!("{}/32", self.private())), None));
        MachineSeed {
            project: PROJECT.to_owned(),
            zone: Self::zone(index),
            name: self.machine(index),
            subnet: self.subnetwork(),
            ip: self.own(index),
            aliases: std::iter::once(self.pods(index)).chain(ours).collect(),
        }
    }
}

fn range(text: &str) -> Cidr {
    text.parse().unwrap_or_else(|_| unreachable!("{text} is made of octets"))
}

impl World {
    /// Adds the pair's machines, addresses and subnet to Compute Engine; the first machine has both addresses.
    pub(crate) fn seed_pair(&self, pair: &PairSeed) {
        let [first, second, third] = pair.network;
        self.compute.add_subnet(Subnet {
            path: pair.subnetwork(),
            range: pair.range(),
            secondary: vec![("pods".to_owned(), range(&format!("{first}.{}.{third}.0/24", second ^ 1)))],
        });
        self.compute.add_address(AddressSeed { path: pair.address(), ip: pair.public() });
        (0..2).for_each(|index| self.compute.add_machine(pair.seed(index)));
        self.compute.hand_external(pair.public(), Some(&pair.machine(0)));
    }

    /// Somebody else gives an alias range to this machine, or to none.
    pub fn hand_alias(&self, ip: Ipv4Addr, to: Option<&str>) {
        self.compute.hand_alias(ip, to);
        self.rewire();
    }

    /// Somebody else gives an external address to this machine, or to none.
    pub fn hand_external(&self, ip: Ipv4Addr, to: Option<&str>) {
        self.compute.hand_external(ip, to);
        self.rewire();
    }

    /// Starts or stops a machine. One that is stopped keeps its addresses, and nobody answers there.
    pub fn run_machine(&self, name: &str, running: bool) {
        self.compute.run_machine(name, running);
        self.azure.run_machine(name, running);
        self.rewire();
    }
}

impl Sandbox {
    /// Adds a pair; one on loopback can be connected to, by HTTP as by TCP.
    pub fn add_pair(&self, seed: PairSeed) -> io::Result<Option<Pair>> {
        self.world.seed_pair(&seed);
        self.connect(seed, |seed, index| self.tell(seed, index))
    }

    /// A metadata server of this machine's own.
    fn tell(&self, seed: &PairSeed, index: usize) -> io::Result<SocketAddr> {
        let reservation = Reservation::take(Ipv4Addr::LOCALHOST, 0)?;
        let address = reservation.address();
        let machine = Machine { name: seed.machine(index), zone: PairSeed::zone(index) };
        self.world.metadata.add_machine(address, machine);
        self.listen(Service::Metadata, reservation)?;
        Ok(address)
    }
}
