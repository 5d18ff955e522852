//! A sandbox with realistic latency, its sites, and the function beside it.

use std::{collections::HashMap, time::Duration};

use anyhow::Result;
use sandbox::{Options, Promise, Sandbox, Service, Site, SiteSeed};
use tempfile::TempDir;

use crate::{process::Process, settings::Settings};

/// How long providers take, in milliseconds.
pub(crate) const LATENCIES: [(Service, u64); 4] =
    [(Service::Run, 150), (Service::Monitoring, 150), (Service::Storage, 60), (Service::Cloudflare, 250)];

/// The latencies as the sandbox takes them.
pub(crate) fn realistic() -> HashMap<Service, Duration> {
    LATENCIES.into_iter().map(|(service, time)| (service, Duration::from_millis(time))).collect()
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
        if settings.order == "together" {
            sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
        }
        let sites = sandbox.world.sites_where(|_| true);
        Ok(Self { sandbox, sites, folder: tempfile::tempdir()?, settings })
    }

    /// Where this run may write.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Starts the function on this stage.
    pub(crate) async fn start(&self, binary: &std::path::Path) -> Result<Process> {
        let config = self.folder().join("failover.toml");
        let folder = self.folder().display().to_string();
        std::fs::write(&config, self.settings.text(&self.sandbox, &self.sites, &folder))?;
        Process::start(binary, &self.sandbox, &config).await
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
