//! Everything that the sandbox plays: the frame, and all providers in it. A provider is wired here: a field, a line in
//! `provider` and, if it needs to know the sites, a line in `seed`.

use std::net::Ipv4Addr;
use std::ops::Deref;
use std::sync::Arc;

use crate::azure::Azure;
use crate::azure::directory::Directory;
use crate::azure::login::Login;
use crate::azure::metadata::AzureMetadata;
use crate::cloudflare::Cloudflare;
use crate::cloudflare::access::Token;
use crate::cloudflare::edge::Edge;
use crate::frame::Frame;
use crate::frame::provider::Provider;
use crate::google::access::Access;
use crate::google::compute::Compute;
use crate::google::iam::Iam;
use crate::google::metadata::Metadata;
use crate::google::monitoring::Monitoring;
use crate::google::pubsub::Pubsub;
use crate::google::run::Run;
use crate::google::storage::Storage;
use crate::google::tokens::{KeyService, Signer};
use crate::kubernetes::{Kubernetes, NAMESPACE};
use crate::network::Network;
use crate::options::Options;
use crate::service::Service;
use crate::sites::cache::Cache;
use crate::sites::site::Site;
use crate::sites::{Power, Sites};

/// The state of all providers, in one frame.
#[derive(Debug)]
pub struct World {
    frame: Frame,
    /// Whose tokens are good at Google, and what their owners may do.
    pub access: Arc<Access>,
    /// Signs Google's identity tokens.
    pub signer: Arc<Signer>,
    /// Cloud Run.
    pub run: Arc<Run>,
    /// Cloud Monitoring.
    pub monitoring: Monitoring,
    /// Cloud Storage.
    pub storage: Storage,
    /// The metadata server.
    pub metadata: Metadata,
    /// Pub/Sub.
    pub pubsub: Pubsub,
    /// Google's public keys, whose answers carry Google's time.
    pub keys: KeyService,
    iam: Iam,
    /// Compute Engine.
    pub compute: Arc<Compute>,
    /// Azure Resource Manager.
    pub azure: Arc<Azure>,
    /// Azure's sign-in.
    pub azure_login: Login,
    /// The metadata service of Azure's machines.
    pub azure_metadata: AzureMetadata,
    /// The virtual network of both clouds' machines.
    pub network: Network,
    /// The Kubernetes cluster at home.
    pub kubernetes: Arc<Kubernetes>,
    /// Cloudflare's API.
    pub cloudflare: Arc<Cloudflare>,
    /// Cloudflare's edge.
    pub edge: Edge,
    /// What Cloudflare keeps of the web sites.
    pub cache: Arc<Cache>,
    /// The primaries and the standbys.
    pub sites: Arc<Sites>,
}

/// A world is its frame, with somebody in it.
impl Deref for World {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        let (access, signer) = (Arc::new(Access::default()), Arc::new(Signer::default()));
        let directory = Arc::new(Directory::new(access.clone()));
        let run = Arc::new(Run::new(access.clone(), options.iam_propagation));
        let compute = Arc::new(Compute::new(access.clone()));
        let azure = Arc::new(Azure::new(directory.clone()));
        let (kubernetes, cache) = (Arc::new(Kubernetes::default()), Arc::new(Cache::default()));
        let cloudflare = Arc::new(Cloudflare::new(Token::new(&options.cloudflare_token)));
        let sites = Arc::new(Sites::new(run.clone(), kubernetes.clone(), signer.clone(), cache.clone()));
        let world = Self {
            frame: Frame::default(),
            monitoring: Monitoring::new(access.clone()),
            storage: Storage::new(access.clone()),
            metadata: Metadata::new(access.clone(), signer.clone()),
            pubsub: Pubsub::new(access.clone(), signer.clone()),
            keys: KeyService::new(signer.clone(), access.clone()),
            iam: Iam::new(access.clone(), run.clone()),
            network: Network::new(vec![compute.clone(), azure.clone()]),
            azure_login: Login::new(directory.clone(), signer.clone()),
            azure_metadata: AzureMetadata::new(directory, azure.clone()),
            edge: Edge::new(cloudflare.clone(), sites.clone()),
            access,
            signer,
            run,
            compute,
            azure,
            kubernetes,
            cloudflare,
            cache,
            sites,
        };
        world.storage.add_bucket(&options.bucket);
        options.latencies.iter().for_each(|(service, latency)| world.latency.set(*service, *latency));
        world.latency.jitter(options.jitter);
        world
    }

    /// The fake behind a service.
    pub fn provider(&self, service: Service) -> &dyn Provider {
        match service {
            Service::Run => &*self.run,
            Service::Monitoring => &self.monitoring,
            Service::Storage => &self.storage,
            Service::Metadata => &self.metadata,
            Service::Pubsub => &self.pubsub,
            Service::Jwks => &self.keys,
            Service::Iam => &self.iam,
            Service::Compute => &*self.compute,
            Service::Azure => &*self.azure,
            Service::AzureLogin => &self.azure_login,
            Service::AzureMetadata => &self.azure_metadata,
            Service::Kubernetes => &*self.kubernetes,
            Service::Machine => &self.network,
            Service::Cloudflare => &*self.cloudflare,
            Service::Edge => &self.edge,
            Service::Primary | Service::Standby => &*self.sites,
        }
    }

    /// Tells every provider that needs to know of a new site.
    pub(crate) fn seed(&self, site: &Site) {
        self.run.add_service(&site.seed.service, site.standby_url().as_str());
        self.monitoring.add_check(&site.seed.check, &site.edge.to_string());
        self.kubernetes.add(NAMESPACE, site.name());
        self.monitoring.add_policy(&site.seed.check, site.name());
        self.sites.add(site.clone());
        self.cloudflare.seed(site);
    }

    /// The sites that fit, in the order they were added.
    pub fn sites_where(&self, fits: impl Fn(&Site) -> bool) -> Vec<Site> {
        self.sites.select(fits)
    }

    /// The first site that fits.
    pub fn site(&self, fits: impl Fn(&Site) -> bool) -> Option<Site> {
        self.sites.find(fits)
    }

    /// Takes a permission from everybody, as `world.access` gives it back.
    pub fn deny(&self, permission: &str) {
        self.access.deny(permission);
    }

    /// From now on this site's primary is like that.
    pub fn set_primary(&self, site: &str, power: Power) {
        self.set_power(Service::Primary, site, power);
    }

    /// From now on this site's standby container is like that.
    pub fn set_standby(&self, site: &str, power: Power) {
        self.set_power(Service::Standby, site, power);
    }

    fn set_power(&self, service: Service, name: &str, power: Power) {
        self.sites.pages.set(service, name, power);
        let Some(site) = self.site(|site| site.name() == name) else { return };
        let address = if service == Service::Primary { site.primary } else { site.standby };
        self.listeners.open(address, power != Power::Off);
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

    /// Somebody else gives the configuration of this address to this machine, or to none.
    pub fn hand_configuration(&self, ip: Ipv4Addr, to: Option<&str>) {
        self.azure.hand.hand(ip, to);
        self.rewire();
    }

    /// Starts or stops a machine. One that is stopped keeps its addresses, and nobody answers there.
    pub fn run_machine(&self, name: &str, running: bool) {
        self.compute.run_machine(name, running);
        self.azure.hand.run_machine(name, running);
        self.rewire();
    }

    /// Leads every address of the virtual network to where it is now.
    pub(crate) fn rewire(&self) {
        self.network.rewire(&self.listeners);
    }
}
