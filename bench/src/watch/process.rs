//! The watcher in a process of its own, and what it is given.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use sandbox::{Sandbox, Service, pubsub};
use tokio::process::{Child, Command};

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
    /// The configuration's file.
    fn write(&self) -> Result<PathBuf> {
        let path = self.folder.join("failover.toml");
        std::fs::write(&path, self.text())?;
        Ok(path)
    }

    /// The system's certificates and the sites' own: as many as a watcher reads anywhere.
    fn write_trusted(&self) -> Result<PathBuf> {
        let path = self.folder.join("trusted.pem");
        let system = std::fs::read_to_string(SYSTEM).unwrap_or_default();
        std::fs::write(&path, system + &self.sites.certificate)?;
        Ok(path)
    }

    fn text(&self) -> String {
        let [sites, pubsub, anchor] = [self.sites.port, self.sites.pubsub_port, self.sites.port];
        let [alerts, commands] = ["failover-alerts", "failover-commands"].map(pubsub::subscription);
        let mut text = format!(
            "journal = \"memory:\"\n\n[push]\nverify = \"none\"\nalerts = [\"{alerts}\"]\ncommands = [\"{commands}\"]\n\n\
             [endpoints]\npubsub = \"https://localhost:{pubsub}\"\n\n[watch]\nevery = \"{}s\"\nanchors = \
             [\"tcp://127.0.0.1:{anchor}\", \"tcp://127.0.0.1:{pubsub}\"]\n",
            self.every.as_secs()
        );
        for number in 0..self.count {
            let _ = write!(
                text,
                "\n[[sites]]\nname = \"site-{number}\"\npublic_url = \"https://localhost:{sites}/{number}\"\n\
                 standby_url = \"https://standby-{number}.invalid/\"\n\n[[sites.switches]]\nkind = \
                 \"cloudflare_page_rule\"\nzone = \"{number:032x}\"\nrule = \"{number:032x}\"\n"
            );
        }
        text
    }
}

/// A running `failover watch`. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Watching {
    child: Child,
    log: PathBuf,
}

impl Watching {
    /// Starts the binary.
    pub(super) fn start(binary: &Path, sandbox: &Sandbox, config: &Config<'_>) -> Result<Self> {
        let log = config.folder.join("watch.log");
        let child = Command::new(binary)
            .args(["watch", "--name", "bench", "--topic", &pubsub::topic("failover-alerts")])
            .env_clear()
            .env("FAILOVER_CONFIG", config.write()?)
            .env("SSL_CERT_FILE", config.write_trusted()?)
            .env("GCE_METADATA_HOST", sandbox.address(Service::Metadata).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .kill_on_drop(true)
            .spawn()
            .context("the watcher could not be started")?;
        Ok(Self { child, log })
    }

    /// Does the work, unless the watcher ends meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            ended = self.child.wait() => {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("the watcher ended ({}):\n{said}", ended?)
            }
        }
    }

    /// Its resident memory in MiB.
    pub(super) fn resident(&self) -> Result<f64> {
        self.read("VmRSS:")
    }

    /// The most that it ever was.
    pub(super) fn peak(&self) -> Result<f64> {
        self.read("VmHWM:")
    }

    fn read(&self, figure: &str) -> Result<f64> {
        let process = self.child.id().context("the watcher has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure));
        let line = line.with_context(|| format!("no {figure}"))?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024.0)
    }
}
