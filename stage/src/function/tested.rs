//! The function as tests start it: the binary that is tested, every line kept, and a panic where it doesn't start.

use std::{path::Path, sync::OnceLock, time::Duration};

use sandbox::Sandbox;
use serde_json::Value;

use super::{Function, Launch};
use crate::{Answer, PATIENCE, Settings, binary};

impl Function {
    /// Starts the binary with these settings and waits until it answers.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn start(sandbox: &Sandbox, settings: &Settings, folder: impl AsRef<Path>) -> Self {
        let config = settings.write(sandbox, folder.as_ref()).expect("the configuration is written");
        let environment: Vec<(&str, &str)> =
            settings.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self::launch(sandbox, &config, &environment, settings.descriptors).await
    }

    /// Starts the binary on a configuration, with further environment.
    ///
    /// # Panics
    /// When it doesn't start.
    pub async fn spawn(sandbox: &Sandbox, config: &Path, environment: &[(&str, &str)]) -> Self {
        Self::launch(sandbox, config, environment, None).await
    }

    async fn launch(
        sandbox: &Sandbox,
        config: &Path,
        environment: &[(&str, &str)],
        descriptors: Option<u32>,
    ) -> Self {
        let usual =
            [("PATH", std::env::var("PATH").unwrap_or_default()), ("FAILOVER_LOG", "debug".to_owned())];
        let roots = binary::few_roots(config).map(|roots| ("SSL_CERT_FILE", roots.display().to_string()));
        let further = environment.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let environment = usual.into_iter().chain(roots).chain(further).collect();
        let (binary, http) = (&binary::tested(), http());
        let (look_every, patience) = (Duration::from_millis(5), PATIENCE);
        let launch =
            Launch { binary, config, environment, descriptors, heard: true, look_every, http, patience };
        launch.serve(sandbox).await.unwrap_or_else(|why| panic!("{why:#}"))
    }

    /// Delivers one push and waits for the answer.
    ///
    /// # Panics
    /// When the connection breaks.
    pub async fn push(&self, body: &Value) -> Answer {
        self.try_push(body).await.unwrap_or_else(|error| panic!("{error}\n{}", self.output()))
    }

    /// The number of its process.
    ///
    /// # Panics
    /// When it has ended.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// How much of its memory is resident, in KiB.
    ///
    /// # Panics
    /// When it has ended.
    pub fn resident_kib(&self) -> u64 {
        self.process.resident_kib().expect("it runs")
    }

    /// SIGKILL: no farewell.
    ///
    /// # Panics
    /// When it can't be sent.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("it is killed");
    }
}

/// One client for all tests: building one reads every certificate of the system. Connections are not kept, since they
/// would end with the test that made them.
fn http() -> reqwest::Client {
    static HTTP: OnceLock<reqwest::Client> = OnceLock::new();
    let build = || reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    HTTP.get_or_init(build).clone()
}
