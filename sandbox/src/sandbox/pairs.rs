//! Pairs of machines that can be connected to, in either cloud.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::Sandbox;
use crate::frame::listeners::Reservation;
use crate::google::metadata::Machine;
use crate::network::{Pair, PairSeed};
use crate::service::Service;
use crate::world::World;

impl Sandbox {
    /// Adds a pair; one on loopback can be connected to, by HTTP as by TCP.
    pub fn add_pair(&self, seed: PairSeed) -> io::Result<Option<Pair>> {
        self.world.compute.add_pair(&seed);
        let metadata = &self.world.metadata;
        self.connect(seed, Service::Metadata, |seed, index, address| {
            let machine = Machine { name: seed.machine(index), zone: PairSeed::zone(index) };
            metadata.add_machine(address, machine);
        })
    }

    /// Adds a pair on Azure; one on loopback can be connected to, by HTTP as by TCP.
    pub fn add_azure_pair(&self, seed: PairSeed) -> io::Result<Option<Pair>> {
        self.world.azure.add_pair(&seed);
        let metadata = &self.world.azure_metadata;
        let pair = self.connect(seed, Service::AzureMetadata, |seed, index, address| {
            metadata.add_machine(address, &seed.machine(index));
        })?;
        if pair.is_some() {
            self.keep(tokio::spawn(follow(self.world.clone())));
        }
        Ok(pair)
    }

    /// Listens at the pair's addresses, and for each machine at a metadata service of its own, of which `tell` tells
    /// whose it is. Nobody can connect to a pair that isn't on loopback.
    fn connect(
        &self,
        seed: PairSeed,
        metadata: Service,
        tell: impl Fn(&PairSeed, usize, SocketAddr),
    ) -> io::Result<Option<Pair>> {
        if seed.network[0] != 127 {
            return Ok(None);
        }
        let ips = [seed.private(), seed.public(), seed.own(0), seed.own(1)];
        let taken = self.world.network.take(ips)?;
        let port = taken[0].address().port();
        for reservation in taken {
            self.listen(Service::Machine, reservation)?;
        }
        let [private, public, own_a, own_b] = ips.map(|ip| SocketAddr::from((ip, port)));
        let described = |index| {
            let reservation = Reservation::take(Ipv4Addr::LOCALHOST, 0)?;
            let address = reservation.address();
            tell(&seed, index, address);
            self.listen(metadata, reservation).map(|()| address)
        };
        let metadata = [described(0)?, described(1)?];
        self.world.rewire();
        Ok(Some(Pair { seed, private, public, own: [own_a, own_b], metadata }))
    }
}

/// Leads addresses elsewhere when an operation ends, whoever looks or doesn't.
async fn follow(world: Arc<World>) {
    let mut begun = world.azure.begun();
    loop {
        let ended = async {
            match world.azure.next_end() {
                Some(end) => tokio::time::sleep_until(end.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ended => world.rewire(),
            changed = begun.changed() => if changed.is_err() { return },
        }
    }
}
