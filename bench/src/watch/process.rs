//! The watcher in a process of its own, and what it is given.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ::stage::{
    Heard, Process, Settings,
    process::{command, environment},
    switches,
    table::texts,
};
use anyhow::{Context, Result, bail};
use sandbox::{Sandbox, Service, pubsub};

use super::sites::Sites;

/// Where Debian keeps the certificates that a system trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What a watcher is given.
#[derive(Debug)]
pub(super) struct Config<'a> {
    /// Who is looked at.
    pub(super) sites: &'a Sites,
    /// How many they are.
    pub(super) count: usize,
    /// From one look to the next.
    pub(super) every: Duration,
    /// Where files may be written.
    pub(super) folder: &'a Path,
}

impl Config<'_> {
    /// The system's certificates and the sites' own: as many as a watcher reads anywhere.
    fn write_trusted(&self) -> Result<PathBuf> {
        let path = self.folder.join("trusted.pem");
        let system = std::fs::read_to_string(SYSTEM).unwrap_or_default();
        std::fs::write(&path, system + &self.sites.certificate)?;
        Ok(path)
    }

    fn settings(&self) -> Settings {
        let (sites, pubsub) = (self.sites.port, self.sites.pubsub_port);
        let watch = format!(
            "\n[watch]\nevery = \"{}s\"\nanchors = [\"tcp://127.0.0.1:{sites}\", \"tcp://127.0.0.1:{pubsub}\"]\n",
            self.every.as_secs()
        );
        Settings {
            journal: "memory:".to_owned(),
            tables: watch,
            services: vec![Service::Pubsub],
            pubsub: Some(format!("https://localhost:{pubsub}")),
            rest: (0..self.count).map(|number| self.site(number)).collect(),
            ..Settings::as_deployed()
        }
    }

    fn site(&self, number: usize) -> String {
        let (name, id) = (format!("site-{number}"), format!("{number:032x}"));
        let public = format!("https://localhost:{}/{number}", self.sites.port);
        let standby = format!("https://standby-{number}.invalid/");
        let keys = texts(&[("name", &name), ("public_url", &public), ("standby_url", &standby)]);
        let rule = switches::switch("cloudflare_page_rule", &[("zone", &id), ("rule", &id)]);
        format!("\n[[sites]]\n{keys}\n{rule}")
    }
}

/// A running `failover watch`. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Watching {
    /// Its process.
    pub(super) process: Process,
    heard: Heard,
}

impl Watching {
    /// Starts the binary.
    pub(super) fn start(binary: &Path, sandbox: &Sandbox, config: &Config<'_>) -> Result<Self> {
        let file = config.settings().write(sandbox, config.folder)?;
        let mut command = command(binary, &file);
        command
            .args(["watch", "--name", "bench", "--topic", &pubsub::topic("failover-alerts")])
            .envs(environment(sandbox))
            .env("SSL_CERT_FILE", config.write_trusted()?);
        let heard = Heard::default();
        let hears = heard.clone();
        let process = Process::spawn(command, move |line| hears.add(line));
        Ok(Self { process: process.context("the watcher could not be started")?, heard })
    }

    /// Does the work, unless the watcher ends meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            ended = self.process.ended() => bail!("the watcher ended ({}):\n{}", ended?, self.heard.text()),
        }
    }
}
