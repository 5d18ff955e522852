//! Starts the whole sandbox and knows where everything listens.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;
use url::Url;

use crate::doors::Reservation;
use crate::lock::lock;
use crate::options::Options;
use crate::promises::Violation;
use crate::provider::Service;
use crate::serve::serve;
use crate::site::{Site, SiteSeed, url};
use crate::world::World;

/// A running sandbox. Dropped, it stops listening.
#[derive(Debug)]
pub struct Sandbox {
    /// The state behind it, shared with whoever plays with it.
    pub world: Arc<World>,
    clouds: HashMap<Service, SocketAddr>,
    listeners: Mutex<Vec<JoinHandle<()>>>,
}

impl Sandbox {
    /// Binds every listener and seeds the sites.
    pub async fn start(options: Options) -> io::Result<Self> {
        let world = Arc::new(World::new(&options));
        let mut sandbox = Self { world, clouds: HashMap::new(), listeners: Mutex::default() };
        for service in Service::CLOUDS {
            let port = options.ports.get(&service).copied().unwrap_or_default();
            let reservation = Reservation::take(port)?;
            sandbox.clouds.insert(service, reservation.address());
            sandbox.listen(service, reservation)?;
        }
        for seed in options.sites {
            sandbox.add_site(seed).await?;
        }
        Ok(sandbox)
    }

    /// A cloud's base URL, without a path.
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

    /// Adds a site with its edge, its primary and its standby.
    #[expect(
        clippy::unused_async,
        reason = "listeners are spawned, which needs the runtime that awaiting proves"
    )]
    pub async fn add_site(&self, seed: SiteSeed) -> io::Result<Site> {
        let edge = Reservation::take(seed.edge_port)?;
        let primary = Reservation::take(seed.primary_port)?;
        let standby = Reservation::take(seed.standby_port)?;
        let site =
            Site { seed, edge: edge.address(), primary: primary.address(), standby: standby.address() };
        self.world.seed(&site);
        self.listen(Service::Edge, edge)?;
        self.listen(Service::Primary, primary)?;
        self.listen(Service::Standby, standby)?;
        Ok(site)
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
        lock(&self.listeners).push(task);
        Ok(())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        lock(&self.listeners).iter().for_each(JoinHandle::abort);
        self.world.doors.shut();
    }
}
