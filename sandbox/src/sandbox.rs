//! Starts the whole sandbox and knows where everything listens.

mod pairs;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;
use url::Url;

use crate::frame::Frame;
use crate::frame::call::Reply;
use crate::frame::listeners::Reservation;
use crate::frame::lock::lock;
use crate::frame::promises::Violation;
use crate::frame::provider::{Provider, Providers};
use crate::frame::serve::serve;
use crate::judge::judge;
use crate::options::Options;
use crate::service::Service;
use crate::sites::site::{Site, SiteSeed, url};
use crate::world::World;

/// Sites with listeners of their own; more would use up the files that a process may open.
const OWN_LISTENERS: usize = 100;

/// A running sandbox. Dropped, it stops listening.
#[derive(Debug)]
pub struct Sandbox {
    /// The state behind it, shared with whoever plays with it.
    pub world: Arc<World>,
    address: Ipv4Addr,
    clouds: HashMap<Service, SocketAddr>,
    /// The ports that sites share once there are many, each site with an address of its own in 127.0.0.0/8.
    shared: Mutex<HashMap<Service, u16>>,
    listeners: Mutex<Vec<JoinHandle<()>>>,
}

impl Sandbox {
    /// Binds every listener and seeds the sites.
    pub async fn start(options: Options) -> io::Result<Self> {
        let world = Arc::new(World::new(&options));
        let (shared, listeners) = (Mutex::default(), Mutex::default());
        let address = options.address;
        let mut sandbox = Self { world, address, clouds: HashMap::new(), shared, listeners };
        for service in Service::CLOUDS {
            let port = options.ports.get(&service).copied().unwrap_or_default();
            let reservation = Reservation::take(address, port)?;
            sandbox.clouds.insert(service, reservation.address());
            sandbox.listen(service, reservation)?;
        }
        for seed in options.sites {
            sandbox.add_site(seed).await?;
        }
        for seed in options.pairs {
            sandbox.add_pair(seed)?;
        }
        for seed in options.azure_pairs {
            sandbox.add_azure_pair(seed)?;
        }
        Ok(sandbox)
    }

    /// A cloud's base URL, without a path: Cloudflare's API begins at `/client/v4` below it.
    ///
    /// # Panics
    /// For the services that every site has of its own: ask the site.
    pub fn url(&self, service: Service) -> Url {
        url(self.address(service))
    }

    /// A cloud's address, for settings that take `host:port`.
    ///
    /// # Panics
    /// For the services that every site has of its own: ask the site.
    pub fn address(&self, service: Service) -> SocketAddr {
        match self.clouds.get(&service) {
            Some(address) => *address,
            None => panic!("{service:?} has an address per site"),
        }
    }

    /// Adds a site with its edge, its primary and its standby. After the first hundred, sites share listeners:
    /// ports that were asked for are ignored, and a primary without power breaks connections instead of
    /// refusing them.
    #[expect(
        clippy::unused_async,
        reason = "listeners are spawned, which needs the runtime that awaiting proves"
    )]
    pub async fn add_site(&self, seed: SiteSeed) -> io::Result<Site> {
        let number = self.world.sites.count();
        if number >= OWN_LISTENERS {
            return self.add_sharing(seed, number);
        }
        let edge = Reservation::take(self.address, seed.edge_port)?;
        let primary = Reservation::take(self.address, seed.primary_port)?;
        let standby = Reservation::take(self.address, seed.standby_port)?;
        let site =
            Site { seed, edge: edge.address(), primary: primary.address(), standby: standby.address() };
        self.world.seed(&site);
        self.listen(Service::Edge, edge)?;
        self.listen(Service::Primary, primary)?;
        self.listen(Service::Standby, standby)?;
        Ok(site)
    }

    fn add_sharing(&self, seed: SiteSeed, number: usize) -> io::Result<Site> {
        let [_, middle, high, low] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
        let at = |port| SocketAddr::from(([127, middle.saturating_add(1), high, low], port));
        let site = Site {
            seed,
            edge: at(self.shared_port(Service::Edge)?),
            primary: at(self.shared_port(Service::Primary)?),
            standby: at(self.shared_port(Service::Standby)?),
        };
        self.world.seed(&site);
        Ok(site)
    }

    fn shared_port(&self, service: Service) -> io::Result<u16> {
        let mut shared = lock(&self.shared);
        if let Some(port) = shared.get(&service) {
            return Ok(*port);
        }
        let reservation = Reservation::take_everywhere()?;
        let port = reservation.address().port();
        self.listen(service, reservation)?;
        shared.insert(service, port);
        Ok(port)
    }

    /// The site of this name.
    ///
    /// # Panics
    /// If there is none: the test asks for what it didn't add.
    pub fn site(&self, name: &str) -> Site {
        match self.world.site(|site| site.name() == name) {
            Some(site) => site,
            None => panic!("no site {name:?} in the sandbox"),
        }
    }

    /// Every promise broken so far.
    pub fn violations(&self) -> Vec<Violation> {
        self.world.promises.violations()
    }

    fn listen(&self, service: Service, reservation: Reservation) -> io::Result<()> {
        let task = serve(self.world.clone(), service, reservation)?;
        self.keep(task);
        Ok(())
    }

    /// Ends this task with the sandbox.
    fn keep(&self, task: JoinHandle<()>) {
        lock(&self.listeners).push(task);
    }
}

impl Providers for World {
    fn frame(&self) -> &Frame {
        self
    }

    fn provider(&self, service: Service) -> &dyn Provider {
        self.provider(service)
    }

    fn answered(&self, service: Service, position: u64, reply: &Reply) {
        judge(self, position, reply);
        if matches!(service, Service::Compute | Service::Azure) {
            self.rewire();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        lock(&self.listeners).iter().for_each(JoinHandle::abort);
        self.world.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::SERVED_BY;
    use crate::{Options, Power};

    async fn served_by(url: Url) -> Option<String> {
        let answer = reqwest::get(url).await.ok()?;
        Some(answer.headers().get(SERVED_BY)?.to_str().ok()?.to_owned())
    }

    #[tokio::test]
    async fn many_sites_share_listeners_and_stay_apart() {
        let sites = (0..120).map(SiteSeed::numbered).collect();
        let sandbox = Sandbox::start(Options { sites, ..Options::default() }).await.expect("loopback");
        let [one, other] = [sandbox.site("site-110"), sandbox.site("site-111")];
        assert_eq!(one.edge.port(), other.edge.port());
        sandbox.world.set_primary("site-110", Power::Off);
        assert_eq!(served_by(one.public_url()).await, None);
        assert_eq!(served_by(one.primary_url()).await, None);
        assert_eq!(served_by(other.public_url()).await.as_deref(), Some("primary"));
        sandbox.world.run.grant(&one.seed.service, "roles/run.invoker", "allUsers");
        assert_eq!(served_by(one.standby_url()).await.as_deref(), Some("standby"));
        assert_eq!(served_by(other.standby_url()).await, None);
    }

    #[tokio::test]
    async fn a_dropped_sandbox_lets_go_of_its_ports_and_of_held_calls() {
        let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
        sandbox.world.set_primary("resume", Power::Dark);
        let url = sandbox.site("resume").primary_url();
        let waiting = tokio::spawn(reqwest::get(url.clone()));
        sandbox.world.ledger.arrived("primary.get", 1).await;
        drop(sandbox);
        assert!(waiting.await.expect("no panic").is_err());
        assert!(reqwest::get(url).await.is_err());
    }
}
