//! The application: parts built from the configuration, wired, and run until the process is told to end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch};
use warp::Filter;

use crate::{
    announce::{Announcer, Background, Outlet, Pinger, Topic, Webhook},
    api::{self, ApiError, tokens::Tokens},
    check::Checker,
    clouds::{Clients, google::credentials::DefaultCredentials},
    config::{self, Config},
    cycle::Cycle,
    journal::{Journal, JournalError, JournalSettings},
    monitors::{self, Monitors},
    pace::Wishes,
    page,
    probe::Prober,
    pubsub::{PubSub, PubSubSettings},
    push::{Door, Limits, serve_routes},
    record::Record,
    site::{Guarded, SiteSwitches},
    watch::letterbox::AlertsTopic,
};

mod warm;

/// Why the application could not be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An HTTP client could not be built: no CA certificates, say.
    #[error(transparent)]
    Client(#[from] ApiError),
    /// The journal could not be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A webhook can't be used.
    #[error("the webhook {name} can't be used: {why}")]
    Webhook {
        /// The variable that holds its URL.
        name: String,
        /// Why not.
        why: &'static str,
    },
}

/// The parts that every command shares.
#[derive(Debug)]
pub struct Parts {
    /// What the operator decided.
    pub config: Arc<Config>,
    /// The providers' clients.
    pub clients: Arc<Clients>,
    /// The journal of all sites.
    pub journal: Journal,
    /// Pub/Sub.
    pub pubsub: PubSub,
    /// Where news goes.
    pub announcer: Announcer,
    /// The sites, in the order of the configuration.
    pub sites: Vec<Arc<Guarded>>,
}

/// How patient the parts of a command are with providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Executors try again by themselves, after looking whether they still may.
    OneTry,
    /// A command that only looks lets the clients try again.
    Usual,
}

impl Parts {
    /// Builds what `config` asks for. Nothing is called yet.
    ///
    /// # Errors
    /// When a client, the journal or a webhook can't be used.
    pub fn build(config: Arc<Config>, patience: Patience) -> Result<Self, StartError> {
        let tokens = Arc::new(DefaultCredentials::new(config.pace.call_timeout));
        Self::build_as(config, patience, tokens)
    }

    /// As `build`, with another source of Google's tokens.
    ///
    /// # Errors
    /// As `build`.
    pub fn build_as(
        config: Arc<Config>,
        patience: Patience,
        tokens: Arc<dyn Tokens>,
    ) -> Result<Self, StartError> {
        let clients = Arc::new(build_clients(&config, patience, tokens)?);
        let journal = open_journal(&config, &clients)?;
        let pubsub = PubSub::new(PubSubSettings {
            endpoint: config.endpoints.pubsub.clone(),
            tokens: (!config.emulated.pubsub).then(|| clients.tokens()),
            call_timeout: config.pace.call_timeout,
        });
        let announcer = Announcer::new(outlets(&config, &clients, &pubsub)?);
        let prober = Arc::new(Prober::new(config.pace.probe_timeout));
        let mut sites = Vec::with_capacity(config.sites.len());
        for site in &config.sites {
            sites.push(guard(site, &config, &clients, &journal, &announcer, &prober));
        }
        Ok(Self { config, clients, journal, pubsub, announcer, sites })
    }

    /// Looks at everything with these parts' credentials.
    pub fn checker(&self) -> Checker {
        Checker {
            config: Arc::clone(&self.config),
            clients: Arc::clone(&self.clients),
            pubsub: self.pubsub.clone(),
            sites: self.sites.clone(),
        }
    }

    /// The cycle of these sites; `shutdown` tells it that the process ends.
    pub fn cycle(&self, shutdown: &watch::Receiver<bool>) -> Cycle {
        let config = Arc::clone(&self.config);
        let watch = config.watch.clone();
        let concern_of = move |incident: &failover_core::Incident| config.concern_of(incident);
        let watch = (&watch, self.config.reconcile_every);
        Cycle::new(self.sites.clone(), Box::new(concern_of), self.announcer.clone(), watch, shutdown)
            .checking(self.checker())
            .pinging(Pinger::new(self.config.pings.clone(), self.clients.http().clone()))
    }
}

/// Serves pushes on `listener` until `ending` says so.
///
/// # Errors
/// When a part can't be built.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    ending: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let config = Arc::new(config);
    let parts = Parts::build(Arc::clone(&config), Patience::OneTry)?;
    let warming = tokio::spawn(warm::up(Arc::clone(&parts.clients), parts.sites.clone()));
    let (tell, shutdown) = watch::channel(false);
    let cycle = Arc::new(parts.cycle(&shutdown));
    let told = async move {
        ending.await;
        tell.send_replace(true);
    };
    announce_address(&listener);
    let door = Door::new(&config, parts.clients.http().clone(), cycle, Limits::default());
    if config.page {
        let page = page::routes(page_source(&parts), page_keys(&config));
        serve_routes(listener, door.routes().or(page).unify(), told).await;
    } else {
        serve_routes(listener, door.routes(), told).await;
    }
    warming.abort();
    parts.announcer.settle(Duration::from_secs(1)).await;
    Ok(())
}

/// Serves only the status page, from the journal and cached looks: nothing can be moved through it.
///
/// # Errors
/// When a part can't be built.
pub async fn serve_page(
    config: Config,
    listener: TcpListener,
    ending: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let config = Arc::new(config);
    let parts = Parts::build(Arc::clone(&config), Patience::OneTry)?;
    if config.page_key.is_none() {
        tracing::warn!("FAILOVER_PAGE_KEY is not set: whoever reaches this port may read the page");
    }
    announce_address(&listener);
    let beside = monitors(&parts).map(|monitors| monitors::routes(monitors).boxed());
    page::serve(listener, page_source(&parts), page_keys(&config), beside, ending).await;
    Ok(())
}

/// The door for monitors, where somebody gave it a key.
fn monitors(parts: &Parts) -> Option<Arc<Monitors>> {
    let key = parts.config.report_key.as_ref().map(page::PageKey::new)?;
    let push = &parts.config.push;
    let topic = AlertsTopic::new(parts.pubsub.clone(), push.alerts_topic.as_ref(), &push.alerts);
    Some(Arc::new(Monitors::new(parts.sites.clone(), Arc::new(topic), key)))
}

fn page_source(parts: &Parts) -> Arc<page::Live> {
    Arc::new(page::Live::new(&parts.config, &parts.sites, &parts.pubsub))
}

fn page_keys(config: &Config) -> page::Keys {
    let public = match &config.public_key {
        _ if !config.public_page => page::Public::Closed,
        Some(key) => page::Public::Keyed(page::PageKey::new(key)),
        None => page::Public::Open,
    };
    page::Keys { page: config.page_key.as_ref().map(page::PageKey::new), public }
}

fn announce_address(listener: &TcpListener) {
    let address: Option<SocketAddr> = listener.local_addr().ok();
    let address = address.map_or_else(String::new, |address| address.to_string());
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready");
}

fn build_clients(config: &Config, patience: Patience, tokens: Arc<dyn Tokens>) -> Result<Clients, ApiError> {
    let factor = config.pace.call_timeout.as_secs_f64()
        / crate::clouds::Settings::default().call_timeout.as_secs_f64();
    let throttled = config.pace.times.throttled;
    let mut pace = api::Pace { throttled, ..api::Pace::default().scaled(factor) };
    if patience == Patience::OneTry {
        pace.budget = Duration::ZERO;
    }
    let settings = crate::clouds::Settings {
        endpoints: config.endpoints.clone(),
        cloudflare_token: config.cloudflare_token().cloned(),
        own_cluster: config.own_cluster.clone(),
        azure: config.azure.clone(),
        call_timeout: config.pace.call_timeout,
        pace,
    };
    Clients::with_tokens(settings, tokens)
}

fn open_journal(config: &Config, clients: &Clients) -> Result<Journal, JournalError> {
    let signed = !config.emulated.storage;
    Journal::open(
        &config.journal,
        JournalSettings {
            call_timeout: config.pace.call_timeout,
            endpoint: config.endpoints.storage.clone(),
            http: Some(clients.http().clone()),
            tokens: signed.then(|| clients.tokens()),
        },
    )
}

/// Every place that is told what happens, besides the log.
pub(crate) fn outlets(
    config: &Config,
    clients: &Clients,
    pubsub: &PubSub,
) -> Result<Vec<Arc<dyn Outlet>>, StartError> {
    let topic = config
        .events
        .as_ref()
        .map(|topic| Arc::new(Topic::new(pubsub.clone(), topic.as_str())) as Arc<dyn Outlet>);
    let webhooks = config.webhooks.iter().map(|webhook| -> Result<Arc<dyn Outlet>, StartError> {
        let secret = webhook.secret.as_ref();
        Webhook::new(webhook.kind, &webhook.url, secret, clients.http().clone(), config.pace.call_timeout)
            .map(|told| Arc::new(told.linking_to(config.page_url.clone())) as Arc<dyn Outlet>)
            .map_err(|why| StartError::Webhook { name: webhook.name.clone(), why })
    });
    topic.into_iter().map(Ok).chain(webhooks).collect()
}

/// What the words of a site's news need.
fn background(site: &config::Site, config: &Config) -> Background {
    let targets = site.targets();
    let place = targets.public.as_ref().and_then(|url| url.host_str()).unwrap_or(site.name.as_str());
    let takes_orders = !config.push.commands.is_empty();
    let switches: Vec<_> = site.switches.iter().map(|spec| spec.id()).collect();
    Background::of(&switches, place, &site.policy, takes_orders)
}

fn guard(
    site: &config::Site,
    config: &Config,
    clients: &Clients,
    journal: &Journal,
    announcer: &Announcer,
    prober: &Arc<Prober>,
) -> Arc<Guarded> {
    Arc::new(Guarded {
        name: site.name.clone(),
        policy: site.policy.clone(),
        waits: site.waits,
        repair: site.repair,
        switches: SiteSwitches {
            all: site.switches.iter().map(|spec| spec.build(clients)).collect(),
            pace: config.pace,
        },
        prober: Arc::clone(prober),
        background: background(site, config),
        targets: site.targets(),
        record: Arc::new(Record::new(journal.clone(), site.name.clone(), config.pace)),
        announcer: announcer.clone(),
        pace: config.pace,
        wishes: Wishes::default(),
        clouds: Arc::default(),
    })
}
