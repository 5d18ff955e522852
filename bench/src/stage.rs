//! A sandbox with realistic latency, its sites, and the function beside it.

use std::{collections::HashMap, path::Path, time::Duration};

use ::stage::{Function, Launch, Settings};
use anyhow::Result;
use sandbox::{Options, Sandbox, Service, Site, SiteSeed};
use tempfile::TempDir;

/// How long providers take, in milliseconds.
pub(crate) const LATENCIES: [(Service, u64); 4] =
    [(Service::Run, 150), (Service::Monitoring, 150), (Service::Storage, 60), (Service::Cloudflare, 250)];

/// Between two looks at a function that starts: small beside what is measured, and no busy loop beside it.
const LOOK: Duration = Duration::from_micros(100);

/// No answer is waited for longer than this.
const PATIENCE: Duration = Duration::from_mins(20);

/// The latencies as the sandbox takes them.
pub(crate) fn realistic() -> HashMap<Service, Duration> {
    LATENCIES.into_iter().map(|(service, time)| (service, Duration::from_millis(time))).collect()
}

/// Every site at its defaults, and no cloud named that isn't asked.
pub(crate) fn usual() -> Settings {
    let services = LATENCIES.map(|(service, _)| service).to_vec();
    Settings { services, every_site: true, ..Settings::as_deployed() }
}

/// Clouds, sites and a folder.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The clouds.
    pub(crate) sandbox: Sandbox,
    /// The sites, in the order of the configuration.
    pub(crate) sites: Vec<Site>,
    folder: TempDir,
    settings: Settings,
}

impl Stage {
    /// A stage with the site of the documentation's example, and realistic latency.
    pub(crate) async fn single(settings: Settings) -> Result<Self> {
        Self::with(settings, vec![SiteSeed::example()], realistic()).await
    }

    /// A stage with these sites and latencies.
    pub(crate) async fn with(
        settings: Settings,
        sites: Vec<SiteSeed>,
        latencies: HashMap<Service, Duration>,
    ) -> Result<Self> {
        let sandbox = Sandbox::start(Options { latencies, sites, ..Options::default() }).await?;
        let sites = sandbox.world.sites_where(|_| true);
        Ok(Self { sandbox, sites, folder: tempfile::tempdir()?, settings })
    }

    /// Where this run may write.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the function on this stage.
    pub(crate) async fn start(&self, binary: &Path) -> Result<Function> {
        let config = &self.settings.write(&self.sandbox, self.folder())?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let launch = Launch {
            binary,
            config,
            environment: Vec::new(),
            descriptors: None,
            heard: false,
            look_every: LOOK,
            http,
            patience: PATIENCE,
        };
        launch.serve(&self.sandbox).await
    }

    /// Fails where a promise was broken, or something was asked that no provider has.
    pub(crate) fn is_clean(&self) -> Result<()> {
        let violations = self.sandbox.violations();
        anyhow::ensure!(violations.is_empty(), "broken promises: {violations:#?}");
        let unknown = self.sandbox.world.ledger.unknown();
        anyhow::ensure!(unknown.is_empty(), "unknown calls: {unknown:#?}");
        Ok(())
    }
}

/// What the kernel counts in KiB.
pub(crate) fn mebibytes(kibibytes: u64) -> Result<f64> {
    Ok(f64::from(u32::try_from(kibibytes)?) / 1024.0)
}
