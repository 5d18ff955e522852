//! The stage: the sandbox, the function's configuration, and what both are told of each other.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use ::stage::process::environment;
use anyhow::Context;
use sandbox::{
    Options, Sandbox, Service, Site, World,
    checker::{self, Checker},
    kubernetes::{NAMESPACE, TOKEN},
};
use tempfile::TempDir;

use super::{
    child::Child,
    fault::FaultName,
    logbook::{Clock, LogBook},
    settings,
    watcher::Watcher,
};

/// How fast the clouds are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pace {
    /// The uptime check's period.
    pub(super) check_every: Duration,
    /// How often our own watcher looks, where there is one.
    pub(super) watch_every: Option<Duration>,
    /// How often a visitor comes.
    pub(super) visitor_every: Duration,
    /// How long a change of an IAM policy takes to spread.
    pub(super) iam: Duration,
    /// How long a page rule takes to reach the edge.
    pub(super) rules: Duration,
    /// How long each provider takes to answer.
    pub(super) latencies: Vec<(Service, Duration)>,
}

impl Pace {
    /// As fast as loopback is.
    pub(super) fn fast() -> Self {
        Self {
            check_every: Duration::from_secs(2),
            watch_every: None,
            visitor_every: Duration::from_millis(50),
            iam: Duration::ZERO,
            rules: Duration::ZERO,
            latencies: Vec::new(),
        }
    }

    /// As the providers are, but for what would take minutes; and with the watcher, which looks as often as it does
    /// by default.
    pub(super) fn slow() -> Self {
        let latencies = [
            (Service::Run, 150),
            (Service::Monitoring, 150),
            (Service::Storage, 60),
            (Service::Pubsub, 60),
            (Service::Cloudflare, 250),
        ];
        Self {
            check_every: Duration::from_mins(1),
            watch_every: Some(Duration::from_secs(5)),
            iam: Duration::from_secs(6),
            rules: Duration::from_secs(1),
            latencies: latencies.map(|(service, millis)| (service, Duration::from_millis(millis))).to_vec(),
            ..Self::fast()
        }
    }

    /// How often somebody looks at the site.
    pub(super) fn look_every(&self) -> Duration {
        self.watch_every.unwrap_or(self.check_every)
    }

    fn options(&self) -> Options {
        let latencies: HashMap<_, _> = self.latencies.iter().copied().collect();
        Options { latencies, iam_propagation: self.iam, ..Options::default() }
    }
}

/// What the primary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// A server, whose power fails.
    Server,
    /// A deployment on Kubernetes, which is scaled down.
    Deployment,
}

impl Home {
    /// What the drill with it is called.
    pub(super) fn scenario(self) -> &'static str {
        match self {
            Self::Server => "site",
            Self::Deployment => "kubernetes",
        }
    }
}

/// How long a pod takes until it is ready, on a quick day here and with `--slow`.
const STARTING: Duration = Duration::from_secs(1);
const STARTING_SLOWLY: Duration = Duration::from_secs(8);

/// Everything that is there before the story begins.
#[derive(Debug)]
pub(super) struct Stage {
    /// The clouds and the sites.
    pub(super) sandbox: Sandbox,
    /// The one site.
    pub(super) site: Site,
    /// What its primary is.
    pub(super) home: Home,
    /// How fast everything is.
    pub(super) pace: Pace,
    /// What is broken on purpose.
    pub(super) fault: Option<FaultName>,
    /// The clock that everybody's times are read by.
    pub(super) clock: Clock,
    /// What the function says.
    pub(super) logbook: Arc<LogBook>,
    /// What the watcher says.
    pub(super) watchbook: Arc<LogBook>,
    /// The configuration of both.
    pub(super) config: PathBuf,
    _folder: TempDir,
}

impl Stage {
    /// Starts the sandbox and writes the configuration.
    ///
    /// # Errors
    /// When loopback or the temporary folder can't be used.
    pub(super) async fn set(pace: Pace, fault: Option<FaultName>, home: Home) -> anyhow::Result<Self> {
        let sandbox =
            Sandbox::start(pace.options()).await.context("no port of loopback could be listened on")?;
        sandbox.world.cloudflare.set_spread(pace.rules);
        let site = sandbox.site("resume");
        let folder = tempfile::Builder::new().prefix("failover-drill-").tempdir();
        let folder = folder.context("no temporary folder could be made")?;
        let mut settings = settings::drilled();
        if let Some(every) = pace.watch_every {
            settings = settings::watched(settings, every, &sandbox);
        }
        if home == Home::Deployment {
            let starting = if pace.watch_every.is_some() { STARTING_SLOWLY } else { STARTING };
            sandbox.world.kubernetes.starting_takes(starting);
            settings = settings::deployed(settings, &site);
        }
        let config = settings.write(&sandbox, folder.path());
        let config = config.context("the configuration could not be written")?;
        let clock = Clock::start();
        let logbook = Arc::new(LogBook::new(folder.path().join("function.log"), clock));
        let watchbook = Arc::new(LogBook::new(folder.path().join("watcher.log"), clock));
        Ok(Self { sandbox, site, home, pace, fault, clock, logbook, watchbook, config, _folder: folder })
    }

    /// The sandbox's state.
    pub(super) fn world(&self) -> &Arc<World> {
        &self.sandbox.world
    }

    /// Starts the function and has Pub/Sub push to it.
    ///
    /// # Errors
    /// When it doesn't start.
    pub(super) async fn start_function(&self) -> anyhow::Result<Child> {
        let child = Child::start(&self.config, &environment(&self.sandbox), &self.logbook).await?;
        self.world().pubsub.push_to(&format!("http://{}/push", child.address()));
        Ok(child)
    }

    /// Scales the primary to nothing, as `kubectl scale` does.
    ///
    /// # Errors
    /// When the cluster refuses it.
    pub(super) async fn scale_down(&self) -> anyhow::Result<()> {
        let scale = format!("apis/apps/v1/namespaces/{NAMESPACE}/deployments/{}/scale", self.site.name());
        let scaled = reqwest::Client::builder()
            .no_proxy()
            .build()?
            .patch(self.sandbox.url(Service::Kubernetes).join(&scale)?)
            .header("content-type", "application/merge-patch+json")
            .bearer_auth(TOKEN)
            .body(r#"{"spec":{"replicas":0}}"#)
            .send()
            .await?;
        scaled.error_for_status()?;
        Ok(())
    }

    /// Starts the watcher, where the pace has one.
    ///
    /// # Errors
    /// When it doesn't start.
    pub(super) async fn start_watcher(&self) -> anyhow::Result<Option<Watcher>> {
        if self.pace.watch_every.is_none() {
            return Ok(None);
        }
        Watcher::start(&self.config, &environment(&self.sandbox), &self.watchbook).await.map(Some)
    }

    /// Starts Monitoring's uptime checker.
    pub(super) fn start_checker(&self) -> Checker {
        let timeout = Duration::from_secs(3);
        let settings = checker::Settings { timeout, ..checker::Settings::default() };
        Checker::start(Arc::clone(self.world()), self.pace.check_every, settings)
    }
}
