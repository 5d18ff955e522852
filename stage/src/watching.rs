//! `failover watch` in a process of its own.

use std::{path::Path, process::ExitStatus, time::Duration};

use tokio::time::{sleep, timeout};

use crate::{
    PATIENCE, binary,
    process::{Heard, Process, command},
};

/// A running `failover watch`.
#[derive(Debug)]
pub struct Watching {
    process: Process,
    heard: Heard,
}

impl Watching {
    /// Starts the binary on a configuration, with these arguments and further environment.
    ///
    /// # Panics
    /// When it doesn't start.
    pub fn spawn(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = command(binary::tested(), config);
        command
            .arg("watch")
            .args(arguments)
            .env("FAILOVER_LOG", "debug")
            .envs(binary::few_roots(config).map(|roots| ("SSL_CERT_FILE", roots)))
            .envs(environment.iter().copied());
        let heard = Heard::default();
        let hears = heard.clone();
        let process = Process::spawn(command, move |line| hears.add(line)).expect("the binary starts");
        Self { process, heard }
    }

    /// All that it printed.
    pub fn output(&self) -> String {
        self.heard.text()
    }

    /// Waits until it has printed this.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until(&self, words: &str) {
        let printed = async {
            while !self.output().contains(words) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(timeout(PATIENCE, printed).await.is_ok(), "never said {words:?}:\n{}", self.output());
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process.ask_to_end();
        self.ended().await
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it goes on.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.process.ended()).await;
        ended.unwrap_or_else(|_| panic!("it goes on:\n{}", self.output())).expect("its status")
    }
}
