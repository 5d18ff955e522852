//! Everything the fake providers share. A provider is wired here: a field, a line in `provider` and,
//! if it needs to know the sites, a line in `seed`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use tokio::sync::{oneshot, watch};

use crate::azure::Azure;
use crate::azure::directory::Directory;
use crate::azure::login::Login;
use crate::azure::metadata::AzureMetadata;
use crate::cloudflare::Cloudflare;
use crate::cloudflare::access::Token;
use crate::cloudflare::edge::Edge;
use crate::frame::breakpoint::{Breakpoints, Moment};
use crate::frame::fault::{Aim, Fault, Faults};
use crate::frame::latency::Latencies;
use crate::frame::ledger::Ledger;
use crate::frame::listeners::Doors;
use crate::frame::lock::lock;
use crate::frame::provider::{Provider, Service};
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
use crate::promises::{Change, Promise, Promises};
use crate::sites::Sites;
use crate::sites::cache::Cache;
use crate::sites::site::Site;

/// The state of all providers and of the framework around them.
#[derive(Debug)]
pub struct World {
    /// Every request.
    pub ledger: Ledger,
    /// What goes wrong.
    pub faults: Faults,
    /// Where calls are held.
    pub breakpoints: Breakpoints,
    /// How long services take.
    pub latency: Latencies,
    /// Which listeners accept connections.
    pub doors: Doors,
    /// Which promises were broken.
    pub promises: Promises,
    /// Whose tokens are good at Google, and what their owners may do.
    pub access: Arc<Access>,
    /// Signs Google's identity tokens.
    pub signer: Arc<Signer>,
    /// Cloud Run.
    pub run: Run,
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
    pub compute: Compute,
    /// Azure Resource Manager.
    pub azure: Azure,
    /// Azure's sign-in.
    pub azure_login: Login,
    /// The metadata service of Azure's machines.
    pub azure_metadata: AzureMetadata,
    /// The virtual network of both clouds' machines.
    pub network: Network,
    /// The Kubernetes cluster at home.
    pub kubernetes: Kubernetes,
    /// Cloudflare's API.
    pub cloudflare: Cloudflare,
    /// Cloudflare's edge.
    pub edge: Edge,
    /// What Cloudflare keeps of the web sites.
    pub cache: Cache,
    /// The primaries and the standbys.
    pub sites: Sites,
    added: RwLock<Vec<Site>>,
    turn: Mutex<()>,
    closed: watch::Sender<bool>,
    current: AtomicU64,
}

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        let access = Arc::new(Access::default());
        let signer = Arc::new(Signer::default());
        let directory = Arc::new(Directory::new(access.clone()));
        let world = Self {
            ledger: Ledger::default(),
            faults: Faults::default(),
            breakpoints: Breakpoints::default(),
            latency: Latencies::default(),
            doors: Doors::default(),
            promises: Promises::default(),
            run: Run::new(access.clone(), options.iam_propagation),
            monitoring: Monitoring::new(access.clone()),
            storage: Storage::new(access.clone()),
            metadata: Metadata::new(access.clone(), signer.clone()),
            pubsub: Pubsub::new(access.clone(), signer.clone()),
            compute: Compute::new(access.clone()),
            azure: Azure::new(directory.clone()),
            azure_login: Login::new(directory.clone(), signer.clone()),
            azure_metadata: AzureMetadata::new(directory),
            network: Network::default(),
            kubernetes: Kubernetes::default(),
            keys: KeyService::new(signer.clone()),
            iam: Iam::new(access.clone()),
            access,
            signer,
            cloudflare: Cloudflare::new(Token::new(&options.cloudflare_token)),
            edge: Edge::default(),
            cache: Cache::default(),
            sites: Sites::default(),
            added: RwLock::default(),
            turn: Mutex::default(),
            closed: watch::Sender::new(false),
            current: AtomicU64::default(),
        };
        world.storage.add_bucket(&options.bucket);
        options.latencies.iter().for_each(|(service, latency)| world.latency.set(*service, *latency));
        world.latency.jitter(options.jitter);
        world
    }

    /// The fake behind a service.
    pub fn provider(&self, service: Service) -> &dyn Provider {
        match service {
            Service::Run => &self.run,
            Service::Monitoring => &self.monitoring,
            Service::Storage => &self.storage,
            Service::Metadata => &self.metadata,
            Service::Pubsub => &self.pubsub,
            Service::Jwks => &self.keys,
            Service::Iam => &self.iam,
            Service::Compute => &self.compute,
            Service::Azure => &self.azure,
            Service::AzureLogin => &self.azure_login,
            Service::AzureMetadata => &self.azure_metadata,
            Service::Kubernetes => &self.kubernetes,
            Service::Machine => &self.network,
            Service::Cloudflare => &self.cloudflare,
            Service::Edge => &self.edge,
            Service::Primary | Service::Standby => &self.sites,
        }
    }

    /// Tells every provider that needs to know of a new site.
    pub(crate) fn seed(&self, site: &Site) {
        self.run.add_service(&site.seed.service, site.standby_url().as_str());
        self.monitoring.add_check(&site.seed.check, &site.edge.to_string());
        self.kubernetes.add(NAMESPACE, site.name());
        self.monitoring.add_policy(&site.seed.check, site.name());
        let mut sites = self.added.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        sites.push(site.clone());
        self.cloudflare.seed(site);
    }

    /// The sites that fit, in the order they were added.
    pub fn sites_where(&self, fits: impl Fn(&Site) -> bool) -> Vec<Site> {
        let sites = self.added.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        sites.iter().filter(|site| fits(site)).cloned().collect()
    }

    /// How many sites there are.
    pub(crate) fn site_count(&self) -> usize {
        self.added.read().unwrap_or_else(std::sync::PoisonError::into_inner).len()
    }

    /// The first site that fits.
    pub fn site(&self, fits: impl Fn(&Site) -> bool) -> Option<Site> {
        let sites = self.added.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        sites.iter().find(|site| fits(site)).cloned()
    }

    /// These calls go wrong from now on.
    pub fn fault(&self, aim: Aim, fault: Fault) {
        self.faults.set(aim, fault);
    }

    /// Takes a permission from everybody, as `world.access` gives it back.
    pub fn deny(&self, permission: &str) {
        self.access.deny(permission);
    }

    /// Holds the n-th call of an operation, counted from now; the receiver fires when it is there.
    pub fn stop_at(&self, operation: &str, nth: u32, moment: Moment) -> oneshot::Receiver<()> {
        self.breakpoints.set(operation, nth, moment)
    }

    /// A provider says what it changed. It holds no lock of its own while it does.
    pub fn changed(&self, change: &Change) {
        self.promises.judge(self, self.current.load(Ordering::Relaxed), change);
    }

    /// A provider saw that a promise was broken by how it was asked, whatever came of it.
    pub(crate) fn broken(&self, sentence: String) {
        let position = self.current.load(Ordering::Relaxed);
        self.promises.broken(position, Promise::NothingForeign, sentence);
    }

    /// Ends every call that is still held: nobody listens any more.
    pub(crate) fn close(&self) {
        self.doors.shut();
        self.closed.send_replace(true);
    }

    /// Waits until the sandbox is gone.
    pub(crate) async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as the world.
        let _never_gone = closed.wait_for(|closed| *closed).await;
    }

    /// One effect at a time: what a promise is judged by can't move meanwhile.
    pub(crate) fn in_turn<T>(&self, sequence: u64, effect: impl FnOnce() -> T) -> T {
        let _turn = lock(&self.turn);
        self.current.store(sequence, Ordering::Relaxed);
        effect()
    }
}
