//! Starts Google's emulator on a port of its own, once for all tests of this process that run at the time.

use std::{
    env,
    io::{self, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{sync::Mutex, time::timeout};
use url::Url;

use crate::rest::Rest;

/// It is up within a second on a quiet machine.
const START: Duration = Duration::from_mins(1);

static RUNNING: Mutex<Weak<Emulator>> = Mutex::const_new(Weak::new());

/// Runs a program until its own input ends, then kills its whole process group: however a test ends, also by a
/// signal, nothing is left running.
const GUARD: &str = r#""$@" & read -r _; kill -9 0"#;

/// A running emulator; the last test that lets it go ends it.
pub(crate) struct Emulator {
    guard: Child,
    /// Its interface over JSON.
    pub(crate) rest: Rest,
}

impl Emulator {
    /// The emulator that tests share, or nothing where none is installed.
    pub(crate) async fn running() -> Option<Arc<Self>> {
        let mut running = RUNNING.lock().await;
        if let Some(emulator) = running.upgrade() {
            return Some(emulator);
        }
        let emulator = Self::of_its_own().await?;
        *running = Arc::downgrade(&emulator);
        Some(emulator)
    }

    /// An emulator whose names nobody else uses.
    pub(crate) async fn of_its_own() -> Option<Arc<Self>> {
        let program = installed().or_else(skipped)?;
        Some(Arc::new(Self::start(&program).await))
    }

    async fn start(program: &PathBuf) -> Self {
        let port = free_port();
        let mut command = Command::new("sh");
        command
            .args(["-c", GUARD, "guard"])
            .arg(program)
            .args(["--host=127.0.0.1", &format!("--port={port}")]);
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let guard = command.spawn().expect("the emulator starts");
        let rest = Rest::new(format!("http://127.0.0.1:{port}/").parse().unwrap());
        let emulator = Self { guard, rest };
        timeout(START, emulator.rest.answers()).await.expect("the emulator answers");
        emulator
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> Url {
        self.rest.url.clone()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _reaped = self.guard.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn installed() -> Option<PathBuf> {
    let named = env::var_os("PUBSUB_EMULATOR").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(of_gcloud).filter(|program| program.is_file())
}

fn of_gcloud() -> Option<PathBuf> {
    let info =
        Command::new("gcloud").args(["info", "--format=value(installation.sdk_root)"]).output().ok()?;
    let root = String::from_utf8(info.stdout).ok()?;
    Some(PathBuf::from(root.trim()).join("platform/pubsub-emulator/bin/cloud-pubsub-emulator"))
}

/// Written past the test harness, which keeps what passing tests print to itself.
fn skipped() -> Option<PathBuf> {
    let why = "no Pub/Sub emulator: set PUBSUB_EMULATOR, or gcloud components install pubsub-emulator";
    assert!(env::var_os("FAILOVER_REQUIRE_EMULATOR").is_none_or(|required| required != "1"), "{why}");
    let _written = writeln!(io::stderr(), "SKIPPED: {why}");
    None
}
