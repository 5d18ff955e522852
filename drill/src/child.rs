//! The function in a process of its own: this same executable as `serve`.
//!
//! It never outlives the drill: it is killed when dropped, and ends by itself when the pipe to its standard input
//! breaks, which also happens when the drill is killed without a chance to say so.

use std::{io::Read, net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};

use ::stage::process::{self, Process};
use anyhow::{Context, anyhow};

use super::{logbook::LogBook, patience};

/// Set for a function that is to end with the standard input it was given.
const ENDS_WITH_INPUT: &str = "FAILOVER_ENDS_WITH_INPUT";
/// A start takes milliseconds; on a machine that is busy compiling it may take a while.
pub(super) const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// As long as Cloud Run waits after SIGTERM.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Ends this process as soon as whoever started it is gone, if the drill did. Called by `serve` and `watch` at their
/// start.
pub fn end_with_parent() {
    if std::env::var_os(ENDS_WITH_INPUT).is_none() {
        return;
    }
    std::thread::spawn(|| {
        // Nothing is ever sent: a read ends when the other side is gone.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
}

/// A running function.
#[derive(Debug)]
pub(super) struct Child {
    process: Process,
    address: SocketAddr,
}

impl Child {
    /// Starts it with this configuration and environment, and waits until it listens.
    ///
    /// # Errors
    /// When it can't be started or ends at once; the sentence has its own last complaint.
    pub(super) async fn start(
        config: &Path,
        environment: &[(&str, String)],
        logbook: &Arc<LogBook>,
    ) -> anyhow::Result<Self> {
        let known = logbook.len();
        let mut process = spawn(&["serve"], config, environment, logbook)?;
        let address = patience::until("the function's start", STARTS_WITHIN, || {
            if let Some(status) = process.has_ended() {
                let why = logbook.last_complaint().unwrap_or_else(|| status.to_string());
                return Some(Err(anyhow!("the function ended as soon as it was started: {why}")));
            }
            ready_at(logbook, known).map(Ok)
        })
        .await??;
        Ok(Self { process, address })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL: no farewell.
    pub(super) async fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill().await;
    }

    /// SIGTERM, and the exit code; `None` if it had to be killed.
    pub(super) async fn end(self) -> Option<i32> {
        end(self.process).await
    }
}

/// SIGTERM, and the exit code; `None` if it had to be killed.
pub(super) async fn end(mut process: Process) -> Option<i32> {
    process.ask_to_end();
    if let Ok(Ok(status)) = tokio::time::timeout(ENDS_WITHIN, process.ended()).await {
        return status.code();
    }
    // It may have ended by itself.
    let _ = process.kill().await;
    None
}

/// Starts this executable with these arguments, and notes what it says.
///
/// Beyond what any process on the stage gets, it has a pipe from us, by which it notices our end, and a group of its own:
/// Ctrl-C is for the drill, which ends its child in order.
///
/// # Errors
/// When it can't be started.
pub(super) fn spawn(
    arguments: &[&str],
    config: &Path,
    environment: &[(&str, String)],
    logbook: &Arc<LogBook>,
) -> anyhow::Result<Process> {
    let executable = std::env::current_exe().context("this executable could not be found")?;
    let mut command = process::command(executable, config);
    command
        .args(arguments)
        .env("PORT", "0")
        .env(ENDS_WITH_INPUT, "1")
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::piped())
        .process_group(0);
    let logbook = Arc::clone(logbook);
    Process::spawn(command, move |line| logbook.note(&line))
        .with_context(|| format!("failover {} could not be started", arguments[0]))
}

/// The port that the function says it listens on: it took any, so that nobody on a stranger's machine can have it already.
/// It listens on every address; loopback is the one that is ours.
fn ready_at(logbook: &LogBook, known: usize) -> Option<SocketAddr> {
    let ready = logbook.find(known, |line| line.text("message") == "ready")?;
    let address: SocketAddr = ready.text("address").parse().ok()?;
    Some(SocketAddr::from(([127, 0, 0, 1], address.port())))
}
