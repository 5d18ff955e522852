//! Cloudflare's own runtime, with the scripts of one site in it.

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, anyhow};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The gate, as `failover edge script` prints it and as it is deployed.
const GATE: &str = include_str!("../../../edge/gate.js");

/// What installs it where this is built.
pub(super) const INSTALL: &str = "npm install --ignore-scripts --prefix edge workerd@1.20261117.1";
/// Names the binary.
const BINARY: &str = "WORKERD";
/// A start takes a third of a second; on a machine that is busy compiling it may take a while.
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// What a Worker's `fetch` gets: the site's own host is the zone's origin, everything else is asked by URL.
const ZONE: &str = "export default { fetch(request, env) {\n  const own = new URL(request.url).host === env.HOST;\n  \
                    return own ? env.ORIGIN.fetch(request) : fetch(request);\n} };\n";

/// The bindings of a script, by name.
pub(super) type Bindings = Vec<(&'static str, String)>;

/// A running runtime: one port for the gate, one for the script of an outage.
#[derive(Debug)]
pub(super) struct Workerd {
    process: Child,
    pub(super) gate: SocketAddr,
    pub(super) standby: SocketAddr,
    _folder: TempDir,
}

/// Where the runtime is, if it is anywhere.
pub(super) fn find() -> Option<PathBuf> {
    let named = env::var_os(BINARY).map(PathBuf::from);
    let kind = match (env::consts::OS, env::consts::ARCH) {
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", _) => "darwin-64",
        (_, "aarch64") => "linux-arm64",
        _ => "linux-64",
    };
    let installed =
        Path::new("edge/node_modules/@cloudflare").join(format!("workerd-{kind}")).join("bin/workerd");
    let path = env::var_os("PATH").unwrap_or_default();
    let somewhere = env::split_paths(&path).map(|folder| folder.join("workerd"));
    named.into_iter().chain([installed]).chain(somewhere).find(|path| path.is_file())?.canonicalize().ok()
}

impl Workerd {
    /// Starts it: visitors of `host` come in, `origin` is where home is asked.
    pub(super) async fn start(
        binary: &Path,
        host: SocketAddr,
        origin: SocketAddr,
        bindings: &Bindings,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("failover-workerd-").tempdir()?;
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("gate.js", GATE)?;
        write("zone.js", ZONE)?;
        write("config.capnp", &configuration(host, origin, bindings))?;
        let mut process = Command::new(binary)
            .args(["serve", "config.capnp", "--control-fd=1"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} could not be started", binary.display()))?;
        let said = process.stdout.take().context("workerd has no output")?;
        let ports = tokio::time::timeout(STARTS_WITHIN, ports(said));
        let [gate, standby] = ports.await.map_err(|_| anyhow!("workerd didn't start in time"))??;
        Ok(Self { process, gate, standby, _folder: folder })
    }

    /// Ends it: the next one is an isolate that remembers nothing.
    pub(super) async fn end(mut self) {
        // It may have ended by itself.
        let _ = self.process.kill().await;
    }
}

async fn ports(said: tokio::process::ChildStdout) -> anyhow::Result<[SocketAddr; 2]> {
    let mut lines = BufReader::new(said).lines();
    let (mut gate, mut standby) = (None, None);
    while let Some(line) = lines.next_line().await? {
        let told: Value = serde_json::from_str(&line).unwrap_or_default();
        let port = told["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let address = port.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        match told["socket"].as_str() {
            Some("gate") => gate = address,
            Some("standby") => standby = address,
            _ => {}
        }
        if let (Some(gate), Some(standby)) = (gate, standby) {
            // Nothing more is said, and a full pipe would stop it.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok([gate, standby]);
        }
    }
    Err(anyhow!("workerd ended as soon as it was started"))
}

fn configuration(host: SocketAddr, origin: SocketAddr, bindings: &Bindings) -> String {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let bound = |mode: &str| {
        let all = bindings.iter().map(|(name, value)| (*name, value.as_str())).chain([("MODE", mode)]);
        let lines = all.map(|(name, value)| format!("(name = {}, text = {})", text(name), text(value)));
        lines.collect::<Vec<_>>().join(", ")
    };
    let worker = |mode: &str| {
        format!(
            "(modules = [(name = \"gate.js\", esModule = embed \"gate.js\")], compatibilityDate = \"2026-11-01\", \
             globalOutbound = \"zone\", bindings = [{}])",
            bound(mode)
        )
    };
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n  services = [\n    (name = \"gate\", worker = .gate), (name = \"standby\", worker = .standby), \
         (name = \"zone\", worker = .zone),\n    (name = \"origin\", external = (address = \"{origin}\", http = ())),\n    \
         (name = \"others\", network = (allow = [\"private\", \"local\"])),\n  ],\n  sockets = [\n    \
         (name = \"gate\", address = \"127.0.0.1:0\", http = (), service = \"gate\"),\n    \
         (name = \"standby\", address = \"127.0.0.1:0\", http = (), service = \"standby\"),\n  ]\n);\n\
         const gate :Workerd.Worker = {};\nconst standby :Workerd.Worker = {};\n\
         const zone :Workerd.Worker = (modules = [(name = \"zone.js\", esModule = embed \"zone.js\")], \
         compatibilityDate = \"2026-11-01\", globalOutbound = \"others\", bindings = [(name = \"ORIGIN\", service = \"origin\"), \
         (name = \"HOST\", text = \"{host}\")]);\n",
        worker("gate"),
        worker("standby"),
    )
}
