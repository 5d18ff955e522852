//! The real binary on the sandbox, as a case sets it up, and what both sides say of it.

use std::time::{Duration, Instant};

use ::stage::{Answer, Function, Settings, payload};
use jiff::Timestamp;
use sandbox::{Kind, Options, Sandbox, Site, SiteSeed};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a push is waited for, unless the case says otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long what was printed may take to be read on a loaded machine.
const PIPE: Duration = Duration::from_secs(2);

/// The files of the cases.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/reports/cases");

/// A sandbox with the site of the case and two bystanders: another origin, and an anchor of a watcher.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: TempDir,
    pub(crate) began: Instant,
}

/// A message that was pushed, so that it can be delivered again.
#[derive(Debug, Clone)]
pub(crate) struct Message(pub(crate) Value);

impl Stage {
    /// Everything is well, and nobody guards it yet.
    pub(crate) async fn set(site: SiteSeed) -> Self {
        let sites = vec![site, SiteSeed::numbered(1), SiteSeed::numbered(2)];
        let sandbox = Sandbox::start(Options { sites, ..Options::default() }).await.expect("loopback");
        Self { sandbox, folder: tempfile::tempdir().expect("a folder"), began: Instant::now() }
    }

    /// The case's text, with the places that it names.
    pub(crate) fn text_of(&self, kind: &str, name: &str) -> String {
        let text = std::fs::read_to_string(format!("{CASES}/{kind}/{name}.json")).expect("a case");
        let site = self.site();
        let base = |site: &Site| site.primary_url().as_str().trim_end_matches('/').to_owned();
        [
            ("{edge_host}", site.edge.to_string()),
            ("{host}", site.edge.ip().to_string()),
            ("{standby}", site.standby_url().as_str().trim_end_matches('/').to_owned()),
            ("{dual}", format!("http://localhost:{}", site.edge.port())),
            ("{elsewhere}", base(&self.sandbox.site("site-1"))),
            ("{anchor}", base(&self.sandbox.site("site-2"))),
            ("\"{now}\"", Timestamp::now().as_second().to_string()),
        ]
        .into_iter()
        .fold(text, |text, (name, place)| text.replace(name, &place))
    }

    pub(crate) fn site(&self) -> Site {
        self.sandbox.site("resume")
    }

    /// Starts the function with these settings.
    pub(crate) async fn start(&self, settings: &Settings) -> Function {
        Function::start(&self.sandbox, settings, &self.folder).await
    }

    /// Whether a visitor is led to the standby.
    pub(crate) fn is_led(&self) -> bool {
        self.sandbox.world.cloudflare.is_routed(&self.site())
    }

    /// Whether everybody may invoke the standby.
    pub(crate) fn is_open(&self) -> bool {
        self.sandbox.world.run.is_granted(&self.site().seed.service)
    }

    /// Whether the uptime check is paused.
    pub(crate) fn is_paused(&self) -> bool {
        !self.sandbox.world.monitoring.is_enabled(&self.site().seed.check)
    }

    /// The place in the ledger: what comes later is a step's own.
    pub(crate) fn position(&self) -> u64 {
        self.sandbox.world.ledger.position()
    }

    /// How many changes clouds were asked for since.
    pub(crate) fn writes_since(&self, position: u64) -> usize {
        let ledger = &self.sandbox.world.ledger;
        ledger.number(|record| record.sequence > position && record.kind == Kind::Write)
    }

    /// Promises that were broken, and questions that no provider knows.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let broken = self.sandbox.violations().into_iter().map(|violation| violation.to_string());
        let unknown = self.sandbox.world.ledger.unknown().into_iter();
        broken.chain(unknown.map(|record| format!("asked {} {}", record.method, record.path))).collect()
    }
}

impl Message {
    /// Monitoring's notification.
    pub(crate) fn alert(id: &str, state: &str) -> Self {
        Self::of("failover-alerts", None, &payload::incident(id, state, Timestamp::now()))
    }

    /// Any message, published just now.
    pub(crate) fn of(subscription: &str, id: Option<&str>, body: &Value) -> Self {
        let id = id.map_or_else(payload::fresh_id, ToOwned::to_owned);
        Self(payload::push(subscription, &id, Timestamp::now(), body))
    }

    /// The same with attributes.
    pub(crate) fn with_attributes(mut self, attributes: &Value) -> Self {
        if !attributes.is_null() {
            self.0["message"]["attributes"] = attributes.clone();
        }
        self
    }

    /// Delivers it; nothing if there is no answer in time.
    pub(crate) async fn deliver(&self, function: &Function, patience: Duration) -> Option<Answer> {
        function.push_within(&self.0, patience).await.ok()
    }
}

/// What is wrong once everything that was printed has come through the pipe: an answer is often faster.
pub(crate) async fn settled(wrong: impl Fn() -> Vec<String>) -> Vec<String> {
    let asked = Instant::now();
    loop {
        let wrong = wrong();
        if wrong.is_empty() || asked.elapsed() > PIPE {
            return wrong;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What was answered, on one line.
pub(crate) fn told(answer: Option<&Answer>) -> String {
    match answer {
        Some(answer) => format!("{} {}", answer.status, answer.body),
        None => "no answer in time".to_owned(),
    }
}

/// The binary's log, a line each: `log WARNING: …`.
pub(crate) fn log(output: &str) -> String {
    let line = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(entry) => format!("log {}: {}\n", entry["severity"].as_str().unwrap_or("?"), message(&entry)),
        Err(_) => format!("log {line}\n"),
    };
    output.lines().map(line).collect()
}

fn message(entry: &Value) -> String {
    let told = entry["message"].as_str().map_or_else(|| json!(entry).to_string(), ToOwned::to_owned);
    told.replace('\n', " ")
}
