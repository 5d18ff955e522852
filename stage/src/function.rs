//! The function in a process of its own.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sandbox::{Options, Sandbox, Service, kubernetes::Kubernetes};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
};

use super::{Answer, PATIENCE, Settings};

/// A running `failover serve`.
#[derive(Debug)]
pub struct Function {
    child: Child,
    base: String,
    http: reqwest::Client,
    output: Arc<Mutex<Vec<String>>>,
}

impl Function {
    /// Starts the binary and waits until it answers.
    pub async fn start(sandbox: &Sandbox, settings: &Settings, folder: &TempDir) -> Self {
        let path = folder.path().join("failover.toml");
        let text = settings.text(sandbox, &folder.path().display().to_string());
        std::fs::write(&path, text).expect("the configuration is written");
        let kubeconfig = Kubernetes::kubeconfig(&sandbox.url(Service::Kubernetes));
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig).expect("the kubeconfig is written");
        let environment: Vec<(&str, &str)> =
            settings.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self::launch(sandbox, &path, &environment, binary(settings.descriptors)).await
    }

    /// Starts the binary on a configuration, with further environment.
    pub async fn spawn(sandbox: &Sandbox, config: &Path, environment: &[(&str, &str)]) -> Self {
        Self::launch(sandbox, config, environment, binary(None)).await
    }

    async fn launch(
        sandbox: &Sandbox,
        config: &Path,
        environment: &[(&str, &str)],
        mut command: Command,
    ) -> Self {
        let port = free_port();
        let roots = few_roots(config);
        command
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("FAILOVER_CONFIG", config)
            .env("FAILOVER_LOG", "debug")
            .env("PORT", port.to_string())
            .env("GCE_METADATA_HOST", sandbox.address(Service::Metadata).to_string())
            .env("CLOUDFLARE_API_TOKEN", Options::default().cloudflare_token)
            .envs(roots.iter().map(|roots| ("SSL_CERT_FILE", roots)))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the binary starts");
        let output = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take().expect("piped"), &output);
        collect(child.stderr.take().expect("piped"), &output);
        let http = http();
        let mut function = Self { child, base: format!("http://127.0.0.1:{port}"), http, output };
        function.until_healthy().await;
        function
    }

    async fn until_healthy(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = self.http.get(format!("{}/health", self.base)).send().await;
            if health.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Delivers one push and waits for the answer.
    pub async fn push(&self, body: &Value) -> Answer {
        self.try_push(body).await.unwrap_or_else(|error| panic!("{error}\n{}", self.output()))
    }

    /// Delivers one push; an error is a connection that broke.
    pub async fn try_push(&self, body: &Value) -> reqwest::Result<Answer> {
        self.push_within(body, PATIENCE).await
    }

    /// Delivers one push; an error is also an answer that didn't come in this time.
    pub async fn push_within(&self, body: &Value, patience: Duration) -> reqwest::Result<Answer> {
        let sent = self.http.post(format!("{}/push", self.base)).json(body).timeout(patience).send().await?;
        let status = sent.status().as_u16();
        let body = sent.json().await.unwrap_or(Value::Null);
        Ok(Answer { status, body })
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// How much of its memory is resident, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// SIGKILL: no farewell.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it is killed");
    }

    /// What it prints, also while nobody looks.
    pub fn log(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.output)
    }

    /// All that it printed.
    pub fn output(&self) -> String {
        self.output.lock().expect("output").join("\n")
    }
}

/// The binary, by itself or with so many descriptors.
fn binary(descriptors: Option<u32>) -> Command {
    let binary = env!("CARGO_BIN_EXE_failover");
    let Some(descriptors) = descriptors else { return Command::new(binary) };
    let mut command = Command::new("prlimit");
    command.arg(format!("--nofile={descriptors}:{descriptors}")).arg(binary);
    command
}

/// One client for all tests: building one reads every certificate of the system. Connections are not kept, since they
/// would end with the test that made them.
fn http() -> reqwest::Client {
    static HTTP: OnceLock<reqwest::Client> = OnceLock::new();
    let build = || reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    HTTP.get_or_init(build).clone()
}

/// The system's first certificate alone, beside the configuration: reading all of them takes an unoptimised binary
/// most of a second, and nothing here is asked over TLS.
pub(super) fn few_roots(config: &Path) -> Option<PathBuf> {
    const END: &str = "-----END CERTIFICATE-----\n";
    let all = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").ok()?;
    let (first, _) = all.split_once(END)?;
    let path = config.with_extension("roots.pem");
    std::fs::write(&path, format!("{first}{END}")).ok()?;
    Some(path)
}

/// A port that nobody has, each tried once. Those that the kernel chooses itself are left alone: it would give one
/// to somebody else before the function has it.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_000;
    const PORTS: u32 = 20_000;
    let start = std::process::id().wrapping_mul(7919);
    loop {
        let tried = start.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let port = u16::try_from(FIRST + tried).expect("a port");
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

pub(super) fn collect(stream: impl AsyncRead + Unpin + Send + 'static, output: &Arc<Mutex<Vec<String>>>) {
    let output = Arc::clone(output);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            output.lock().expect("output").push(line);
        }
    });
}
