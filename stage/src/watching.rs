//! `failover watch` in a process of its own.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::{PATIENCE, function};

/// A running `failover watch`.
#[derive(Debug)]
pub struct Watching {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
}

impl Watching {
    /// Starts the binary on a configuration, with these arguments and further environment.
    pub fn spawn(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let roots = function::few_roots(config);
        let mut command = Command::new(env!("CARGO_BIN_EXE_failover"));
        command
            .arg("watch")
            .args(arguments)
            .env_clear()
            .env("FAILOVER_CONFIG", config)
            .env("FAILOVER_LOG", "debug")
            .envs(roots.iter().map(|roots| ("SSL_CERT_FILE", roots)))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the binary starts");
        let output = Arc::new(Mutex::new(Vec::new()));
        function::collect(child.stdout.take().expect("piped"), &output);
        function::collect(child.stderr.take().expect("piped"), &output);
        Self { child, output }
    }

    /// All that it printed.
    pub fn output(&self) -> String {
        self.output.lock().expect("output").join("\n")
    }

    /// Waits until it has printed this.
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
        let process = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status().await;
        assert!(sent.expect("kill is there").success());
        self.ended().await
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it goes on:\n{}", self.output())).expect("its status")
    }
}
