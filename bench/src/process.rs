//! The function in a process of its own.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use sandbox::{Options, Sandbox, Service};
use serde_json::Value;
use tokio::process::{Child, Command};

/// No start and no answer is waited for longer than this.
const PATIENCE: Duration = Duration::from_mins(20);

/// Starts that are tried.
const TRIES: usize = 3;

/// Between two looks at a process that starts: small beside what is measured, and no busy loop beside it.
const LOOK: Duration = Duration::from_micros(100);

/// A running `failover serve`. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    http: reqwest::Client,
    /// From starting the process to its first answer.
    pub(crate) ready_after: Duration,
}

/// What it answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The JSON body.
    pub(crate) body: Value,
}

impl Answer {
    /// The answer, if it is that a move was `Done`.
    pub(crate) fn done(self) -> Result<Self> {
        ensure!(
            self.status == 200 && self.body["end"] == "Done",
            "no move was done: {} {}",
            self.status,
            self.body
        );
        Ok(self)
    }
}

impl Process {
    /// Starts the binary on a configuration and waits until it answers; once more where somebody took its port
    /// before it could.
    pub(crate) async fn start(binary: &Path, sandbox: &Sandbox, config: &Path) -> Result<Self> {
        for _ in 1..TRIES {
            if let Ok(process) = Self::try_to_start(binary, sandbox, config).await {
                return Ok(process);
            }
        }
        Self::try_to_start(binary, sandbox, config).await
    }

    async fn try_to_start(binary: &Path, sandbox: &Sandbox, config: &Path) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env_clear()
            .env("FAILOVER_CONFIG", config)
            .env("PORT", address.port().to_string())
            .env("GCE_METADATA_HOST", sandbox.address(Service::Metadata).to_string())
            .env("CLOUDFLARE_API_TOKEN", Options::default().cloudflare_token)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let begun = Instant::now();
        let mut child = command.spawn().context("the function could not be started")?;
        let answered = tokio::select! {
            ended = child.wait() => bail!("the function ended: {}", ended?),
            answered = tokio::task::spawn_blocking(move || first_answer(address)) => answered??,
        };
        let ready_after = answered - begun;
        Ok(Self { child, address, http, ready_after })
    }

    /// Delivers one push and waits for the answer.
    pub(crate) async fn push(&self, body: &Value) -> Result<Answer> {
        let url = format!("http://{}/push", self.address);
        let sent = self.http.post(url).json(body).send().await?;
        let status = sent.status().as_u16();
        Ok(Answer { status, body: sent.json().await.unwrap_or(Value::Null) })
    }

    /// Its resident memory in MiB.
    pub(crate) fn resident(&self) -> Result<f64> {
        let process = self.child.id().context("the function has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024.0)
    }
}

/// When `/health` answered 200 for the first time.
fn first_answer(address: SocketAddr) -> Result<Instant> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if let Ok(stream) = TcpStream::connect(address)
            && is_healthy(stream).unwrap_or(false)
        {
            return Ok(Instant::now());
        }
        std::thread::sleep(LOOK);
    }
    bail!("the function did not answer")
}

fn is_healthy(mut stream: TcpStream) -> Result<bool> {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
