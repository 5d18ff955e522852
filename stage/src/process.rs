//! The binary in a process of its own, whatever it is told to do. Dropped, it is killed.

use std::{
    ffi::OsStr,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use sandbox::{Options, Sandbox, Service};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
};

/// The program on this configuration, to be told what to do. Nothing of our own environment reaches it, so that it can't
/// find credentials, proxies or settings of whoever starts it.
pub fn command(program: impl AsRef<OsStr>, config: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("FAILOVER_CONFIG", config).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What its environment has to say of the sandbox beside the configuration.
pub fn environment(sandbox: &Sandbox) -> [(&'static str, String); 2] {
    [
        ("GCE_METADATA_HOST", sandbox.address(Service::Metadata).to_string()),
        ("CLOUDFLARE_API_TOKEN", Options::default().cloudflare_token),
    ]
}

/// What a process said, line by line; it is kept also while nobody looks.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// All of it.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Each line.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One line more.
    pub fn add(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it; each line that it says is handed on.
    pub fn spawn(mut command: Command, hear: impl Fn(String) + Clone + Send + 'static) -> io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(said) = child.stdout.take() {
            tokio::spawn(listen(said, hear.clone()));
        }
        if let Some(said) = child.stderr.take() {
            tokio::spawn(listen(said, hear));
        }
        Ok(Self { child })
    }

    /// Starts it and lets it talk to nobody: listening is work, and disturbs what is measured.
    pub fn spawn_unheard(mut command: Command) -> io::Result<Self> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    /// Its number; none once its end was seen.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// SIGKILL: no farewell.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// SIGTERM, as Cloud Run sends it.
    pub fn ask_to_end(&self) {
        let id = self.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // It may have ended by itself meanwhile.
            let _ = kill_process(id, Signal::TERM);
        }
    }

    /// How much of its memory is resident, in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        self.figure("VmRSS:")
    }

    /// The most that it ever was, in KiB.
    pub fn peak_kib(&self) -> Result<u64> {
        self.figure("VmHWM:")
    }

    fn figure(&self, name: &str) -> Result<u64> {
        let id = self.id().context("the process has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let line = line.with_context(|| format!("no {name}"))?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

async fn listen(said: impl AsyncRead + Unpin, hear: impl Fn(String)) {
    let mut lines = BufReader::new(said).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        hear(line);
    }
}
