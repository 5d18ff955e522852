//! The virtual network: addresses on loopback that lead to whichever machine has them.
//!
//! A client really connects to an address and sees which machine answers. Only networks in 127.0.0.0/8 can be
//! connected to; others are there on paper.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use super::machine::{AddressSeed, Cidr, MachineSeed, Subnet};
use crate::call::{Call, Reply};
use crate::doors::Reservation;
use crate::lock::lock;
use crate::metadata::{Machine, PROJECT, REGION};
use crate::provider::{Kind, Provider, Service};
use crate::sandbox::Sandbox;
use crate::sites::SERVED_BY;
use crate::world::World;

/// How often a port that is free at all of a pair's addresses is looked for: own choice.
const TRIES: usize = 16;

/// Two machines that may have the same address in turn: `NAME-a`, its first holder, and `NAME-b`.
#[derive(Debug, Clone)]
pub struct PairSeed {
    /// What the machines' names begin with.
    pub name: String,
    /// The first three octets of their network.
    pub network: [u8; 3],
}

/// A pair that can be connected to.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Its names and ranges.
    pub seed: PairSeed,
    /// The private address that moves.
    pub alias: SocketAddr,
    /// The external address that moves.
    pub external: SocketAddr,
    /// The machines' own addresses.
    pub own: [SocketAddr; 2],
    /// Where each machine finds its metadata server.
    pub metadata: [SocketAddr; 2],
}

/// The addresses that somebody may connect to.
#[derive(Debug, Default)]
pub struct Network(Mutex<Vec<SocketAddr>>);

impl PairSeed {
    /// The pair of the documentation's example; nobody can connect to it.
    pub fn example() -> Self {
        Self { name: "db".to_owned(), network: [10, 0, 0] }
    }

    /// A pair on loopback, in a network that nobody else is likely to use.
    pub fn on_loopback(name: &str) -> Self {
        let network = [127, rand::random_range(64..=126), rand::random_range(0..=250)];
        Self { name: name.to_owned(), network }
    }

    /// One of the machines.
    pub fn machine(&self, index: usize) -> String {
        format!("{}-{}", self.name, ["a", "b"][index])
    }

    /// A machine's zone.
    pub fn zone(index: usize) -> String {
        format!("{REGION}-{}", ["a", "b"][index])
    }

    /// A machine's path, with its zone.
    pub fn instance(&self, index: usize) -> String {
        format!("projects/{PROJECT}/zones/{}/instances/{}", Self::zone(index), self.machine(index))
    }

    /// The private address that moves.
    pub fn alias(&self) -> Ipv4Addr {
        self.at(250)
    }

    /// The external address that moves.
    pub fn external(&self) -> Ipv4Addr {
        let [first, second, third] = self.network;
        if first == 127 {
            Ipv4Addr::new(first, second ^ 0x80, third, 9)
        } else {
            Ipv4Addr::new(203, 0, 113, 9)
        }
    }

    /// The path of the reserved external address.
    pub fn address(&self) -> String {
        format!("projects/{PROJECT}/regions/{REGION}/addresses/{}-public", self.name)
    }

    fn at(&self, last: u8) -> Ipv4Addr {
        let [first, second, third] = self.network;
        Ipv4Addr::new(first, second, third, last)
    }

    fn subnet(&self) -> String {
        format!("projects/{PROJECT}/regions/{REGION}/subnetworks/{}", self.name)
    }

    /// Somebody else's range on the same interface, from the subnet's secondary range `pods`.
    fn pods(&self, index: usize) -> (Cidr, Option<String>) {
        let [first, second, third] = self.network;
        (range(&format!("{first}.{}.{third}.{}/28", second ^ 1, 16 * (index + 1))), Some("pods".to_owned()))
    }

    fn seed(&self, index: usize) -> MachineSeed {
        let ours = (index == 0).then(|| (range(&format!("{}/32", self.alias())), None));
        MachineSeed {
            project: PROJECT.to_owned(),
            zone: Self::zone(index),
            name: self.machine(index),
            subnet: self.subnet(),
            ip: self.at([11, 12][index]),
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
            path: pair.subnet(),
            range: range(&format!("{first}.{second}.{third}.0/24")),
            secondary: vec![("pods".to_owned(), range(&format!("{first}.{}.{third}.0/24", second ^ 1)))],
        });
        self.compute.add_address(AddressSeed { path: pair.address(), ip: pair.external() });
        (0..2).for_each(|index| self.compute.add_machine(pair.seed(index)));
        self.compute.hand_external(pair.external(), Some(&pair.machine(0)));
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

    /// The running machine of either cloud that this address leads to.
    fn running_holder(&self, ip: Ipv4Addr) -> Option<String> {
        self.compute.running_holder(ip).or_else(|| self.azure.running_holder(ip))
    }

    /// Leads every address to where it is now: nobody is let in at one that no running machine has.
    pub(crate) fn rewire(&self) {
        for address in lock(&self.network.0).iter() {
            let std::net::IpAddr::V4(ip) = address.ip() else { continue };
            self.doors.open(*address, self.running_holder(ip).is_some());
        }
    }
}

impl Sandbox {
    /// Adds a pair; one on loopback can be connected to, by HTTP as by TCP.
    pub fn add_pair(&self, seed: PairSeed) -> io::Result<Option<Pair>> {
        self.world.seed_pair(&seed);
        if seed.network[0] != 127 {
            return Ok(None);
        }
        let ips = [seed.alias(), seed.external(), seed.at(11), seed.at(12)];
        let [alias, external, own_a, own_b] = self.wire(ips)?;
        let metadata = [self.tell(&seed, 0)?, self.tell(&seed, 1)?];
        self.world.rewire();
        Ok(Some(Pair { seed, alias, external, own: [own_a, own_b], metadata }))
    }

    /// Listens at all of these addresses, on one port.
    pub(crate) fn wire<const N: usize>(&self, ips: [Ipv4Addr; N]) -> io::Result<[SocketAddr; N]> {
        let mut tries = 0;
        let taken = loop {
            tries += 1;
            let port = Reservation::take(Ipv4Addr::LOCALHOST, 0)?.address().port();
            let taken: io::Result<Vec<Reservation>> =
                ips.iter().map(|ip| Reservation::take(*ip, port)).collect();
            match taken {
                Ok(taken) => break taken,
                Err(error) if tries == TRIES => return Err(error),
                Err(_) => {}
            }
        };
        let port = taken[0].address().port();
        for reservation in taken {
            lock(&self.world.network.0).push(reservation.address());
            self.listen(Service::Machine, reservation)?;
        }
        Ok(ips.map(|ip| SocketAddr::from((ip, port))))
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

/// What listens on the machines: a page that says which one it is.
impl Provider for Network {
    fn operation(&self, _call: &Call) -> &'static str {
        "machine.visit"
    }

    fn answer(&self, world: &World, call: &Call) -> Reply {
        let std::net::IpAddr::V4(ip) = call.local.ip() else { return Reply::reset() };
        let Some(machine) = world.running_holder(ip) else { return Reply::reset() };
        let place = if machine.ends_with("-a") { "primary" } else { "standby" };
        Reply::html(200, format!("<html><body>Served by {machine}.</body></html>\n"))
            .header(SERVED_BY, place)
            .header("served-machine", machine)
    }

    fn kind(&self, _operation: &str, _call: &Call) -> Kind {
        Kind::Visit
    }
}
