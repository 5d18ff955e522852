//! The virtual network of both clouds: addresses on loopback that lead to whichever machine has them.
//!
//! A client really connects to an address and sees which machine answers. Only networks in 127.0.0.0/8 can be
//! connected to; others are there on paper.

mod cidr;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::{fmt, io};

pub use self::cidr::Cidr;
use crate::frame::call::{Call, Reply, SERVED_BY};
use crate::frame::listeners::{Listeners, Reservation};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};

/// How often a port that is free at all of a pair's addresses is looked for: own choice.
const TRIES: usize = 16;

/// Two machines that may have the same addresses in turn: `NAME-a`, their first holder, and `NAME-b`.
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
    pub private: SocketAddr,
    /// The public address that moves.
    pub public: SocketAddr,
    /// The machines' own addresses.
    pub own: [SocketAddr; 2],
    /// Where each machine finds its metadata server.
    pub metadata: [SocketAddr; 2],
}

/// A cloud with machines.
pub(crate) trait Machines: fmt::Debug + Send + Sync {
    /// The running machine that this address leads to.
    fn running_holder(&self, ip: Ipv4Addr) -> Option<String>;
}

/// The addresses that somebody may connect to, and the clouds whose machines may have them.
#[derive(Debug)]
pub struct Network {
    clouds: Vec<Arc<dyn Machines>>,
    addresses: Mutex<Vec<SocketAddr>>,
}

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

    /// The private address that moves.
    pub fn private(&self) -> Ipv4Addr {
        self.at(250)
    }

    /// The public address that moves.
    pub fn public(&self) -> Ipv4Addr {
        let [first, second, third] = self.network;
        if first == 127 {
            Ipv4Addr::new(first, second ^ 0x80, third, 9)
        } else {
            Ipv4Addr::new(203, 0, 113, 9)
        }
    }

    /// A machine's own address.
    pub(crate) fn own(&self, index: usize) -> Ipv4Addr {
        self.at([11, 12][index])
    }

    /// The range that all private addresses are in.
    pub(crate) fn range(&self) -> Cidr {
        Cidr::around(self.at(0), 24)
    }

    pub(crate) fn at(&self, last: u8) -> Ipv4Addr {
        let [first, second, third] = self.network;
        Ipv4Addr::new(first, second, third, last)
    }
}

impl Network {
    /// The network of the machines of these clouds.
    pub(crate) fn new(clouds: Vec<Arc<dyn Machines>>) -> Self {
        Self { clouds, addresses: Mutex::default() }
    }

    /// The running machine of any cloud that this address leads to.
    fn running_holder(&self, ip: Ipv4Addr) -> Option<String> {
        self.clouds.iter().find_map(|cloud| cloud.running_holder(ip))
    }

    /// Leads every address to where it is now: nobody is let in at one that no running machine has.
    pub(crate) fn rewire(&self, listeners: &Listeners) {
        for address in lock(&self.addresses).iter() {
            let IpAddr::V4(ip) = address.ip() else { continue };
            listeners.open(*address, self.running_holder(ip).is_some());
        }
    }

    /// Takes all of these addresses, on one port.
    pub(crate) fn take<const N: usize>(&self, ips: [Ipv4Addr; N]) -> io::Result<Vec<Reservation>> {
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
        lock(&self.addresses).extend(taken.iter().map(Reservation::address));
        Ok(taken)
    }
}

/// What listens on the machines: a page that says which one it is.
impl Provider for Network {
    fn operation(&self, _call: &Call) -> &'static str {
        "machine.visit"
    }

    fn answer(&self, call: &Call) -> Reply {
        let IpAddr::V4(ip) = call.local.ip() else { return Reply::reset() };
        let Some(machine) = self.running_holder(ip) else { return Reply::reset() };
        let place = if machine.ends_with("-a") { "primary" } else { "standby" };
        Reply::html(200, format!("<html><body>Served by {machine}.</body></html>\n"))
            .header(SERVED_BY, place)
            .header("served-machine", machine)
    }

    fn kind(&self, _operation: &str, _call: &Call) -> Kind {
        Kind::Visit
    }
}
