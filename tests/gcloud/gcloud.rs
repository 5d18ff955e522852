//! Runs `gcloud` with the sandbox's addresses and a configuration of its own.

use std::{
    env, fs,
    io::{self, Write},
    process::Stdio,
    time::Duration,
};

use sandbox::{Sandbox, Service, google::access::OPERATOR_ACCOUNT};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

/// Without an address an interface is looked for at Google, for half a minute; so this is a bug in a test.
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) struct Gcloud {
    configuration: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Gcloud {
    /// `gcloud` in the hands of an operator with a token, or nothing where it isn't installed.
    pub(crate) async fn of_operator(sandbox: &Sandbox) -> Option<Self> {
        let mut gcloud = Self::new(sandbox).await?;
        let token = gcloud.configuration.path().join("token");
        fs::write(&token, sandbox.world.access.issue(OPERATOR_ACCOUNT, Duration::from_hours(1))).unwrap();
        gcloud.environment.push(("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", token.to_str().unwrap().to_owned()));
        Some(gcloud)
    }

    /// `gcloud` on a machine of Google's: it knows nobody and asks the metadata server.
    pub(crate) async fn on_google(sandbox: &Sandbox) -> Option<Self> {
        let mut gcloud = Self::new(sandbox).await?;
        let metadata = sandbox.address(Service::Metadata).to_string();
        let names = ["GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT"];
        gcloud.environment.extend(names.map(|name| (name, metadata.clone())));
        Some(gcloud)
    }

    async fn new(sandbox: &Sandbox) -> Option<Self> {
        is_installed().await.then_some(())?;
        let configuration = tempfile::tempdir().unwrap();
        let at = |service: Service| sandbox.url(service).to_string();
        let environment = vec![
            ("CLOUDSDK_CONFIG", configuration.path().to_str().unwrap().to_owned()),
            ("CLOUDSDK_CORE_PROJECT", "gleich-tech".to_owned()),
            ("CLOUDSDK_CORE_DISABLE_PROMPTS", "1".to_owned()),
            ("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true".to_owned()),
            ("CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "true".to_owned()),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", at(Service::Run)),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING", at(Service::Monitoring)),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE", at(Service::Storage) + "storage/v1/"),
        ];
        Some(Self { configuration, environment })
    }

    /// What a command printed.
    pub(crate) async fn text(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("gcloud");
        command
            .args(arguments)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ended = timeout(LIMIT, command.output()).await.expect("gcloud ends").unwrap();
        let (out, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert!(ended.status.success(), "gcloud {}: {out}{errors}", arguments.join(" "));
        out.trim().to_owned()
    }

    /// What a command printed, as JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.text(&[arguments, &["--format=json"]].concat()).await;
        serde_json::from_str(&printed).unwrap()
    }
}

async fn is_installed() -> bool {
    let version =
        Command::new("gcloud").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let installed = version.await.is_ok_and(|status| status.success());
    if !installed {
        skip();
    }
    installed
}

/// Written past the test harness, which keeps what passing tests print to itself.
fn skip() {
    let why = "no gcloud: install the Google Cloud SDK";
    assert!(env::var_os("FAILOVER_REQUIRE_GCLOUD").is_none_or(|required| required != "1"), "{why}");
    let _written = writeln!(io::stderr(), "SKIPPED: {why}");
}
