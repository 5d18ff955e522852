//! The whole way: published on a topic, delivered by the emulator to the real binary, done to the sandbox.

use std::{path::PathBuf, sync::Arc, time::Duration};

use cloud_failover::pubsub::{PubSub, PubSubSettings};
use jiff::Timestamp;
use sandbox::{Aim, Fault, Options, Power, Sandbox, visitors::Served};
use serde_json::{Value, json};
use stage::{Function, Settings, payload};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{emulator::Emulator, relay::Relay};

/// Enough for an acknowledgement deadline of ten seconds and some redeliveries on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

const ALERTS: &str = "projects/gleich-tech/topics/failover-alerts";
const COMMANDS: &str = "projects/gleich-tech/topics/failover-commands";
const DEAD: &str = "projects/gleich-tech/topics/failover-dead";
const EVENTS: &str = "projects/gleich-tech/topics/failover-events";

/// A site whose alerts and commands come through an emulator of its own.
pub(crate) struct Office {
    emulator: Arc<Emulator>,
    sandbox: Sandbox,
    pubsub: PubSub,
    /// Where unreadable messages and what was told can be pulled.
    dead: String,
    events: String,
    function: Function,
    /// The way that deliveries take.
    way: Relay,
    folder: TempDir,
}

impl Office {
    pub(crate) async fn open() -> Option<Self> {
        Self::with(Settings::default(), Options::default()).await
    }

    async fn with(settings: Settings, options: Options) -> Option<Self> {
        let emulator = Emulator::of_its_own().await?;
        let sandbox = Sandbox::start(options).await.unwrap();
        for topic in [ALERTS, COMMANDS, DEAD, EVENTS] {
            emulator.rest.put(topic, &json!({})).await;
        }
        let dead = emulator.rest.subscription(DEAD, json!({})).await;
        let events = emulator.rest.subscription(EVENTS, json!({})).await;
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { rest: format!("[events]\ntopic = {EVENTS:?}\n"), ..settings };
        let configuration = configure(&sandbox, &folder, "failover.toml", &settings);
        let host = emulator.url().authority().to_owned();
        let function = Function::spawn(&sandbox, &configuration, &[("PUBSUB_EMULATOR_HOST", &host)]).await;
        let way = Relay::to(&function.base().parse().unwrap()).await;
        for (topic, name) in [(ALERTS, "failover-alerts"), (COMMANDS, "failover-commands")] {
            subscribe(&emulator, topic, name, way.url.join("push").unwrap().as_str()).await;
        }
        let settings =
            PubSubSettings { endpoint: Some(emulator.url()), tokens: None, call_timeout: PATIENCE };
        Some(Self { pubsub: PubSub::new(settings), emulator, sandbox, dead, events, function, way, folder })
    }

    /// Writes another configuration of the same site.
    pub(crate) fn configure(&self, settings: &Settings) -> PathBuf {
        configure(&self.sandbox, &self.folder, "other.toml", settings)
    }

    /// A further subscription of what the function tells.
    pub(crate) async fn subscribe_to_events(&self) -> String {
        self.emulator.rest.subscription(EVENTS, json!({})).await
    }

    /// What `PUBSUB_EMULATOR_HOST` has to be.
    pub(crate) fn emulator_host(&self) -> String {
        self.emulator.url().authority().to_owned()
    }

    /// The power at home fails.
    pub(crate) fn cut_power(&self) {
        self.sandbox.world.set_primary("resume", Power::Off);
    }

    async fn publish(&self, topic: &str, message: &Value) -> String {
        self.publish_bytes(topic, message.to_string()).await
    }

    async fn publish_bytes(&self, topic: &str, message: String) -> String {
        self.pubsub.publish(topic, message.into(), std::collections::HashMap::new()).await.unwrap()
    }

    async fn publish_outage(&self) {
        self.sandbox.world.set_primary("resume", Power::Off);
        self.publish(ALERTS, &payload::incident("0.outage", "open", Timestamp::now())).await;
    }

    fn is_paused(&self) -> bool {
        !self.sandbox.world.monitoring.is_enabled(&self.sandbox.site("resume").seed.check)
    }

    /// Waits until the sandbox is as wished.
    async fn until(&self, what: &str, wished: impl Fn() -> bool) {
        let waited = timeout(PATIENCE, self.sandbox.world.ledger.until(|_| wished())).await;
        assert!(waited.is_ok(), "{what}\n{}", self.function.output());
    }

    pub(crate) async fn until_on_standby(&self) {
        self.until("the check is paused, the last step", || self.is_paused()).await;
        assert_eq!(self.visitor_is_served_by().await, Served::Standby);
    }

    async fn until_on_primary(&self) {
        self.until("the check is resumed, the last step", || !self.is_paused()).await;
        assert_eq!(self.visitor_is_served_by().await, Served::Primary);
    }

    async fn visitor_is_served_by(&self) -> Served {
        sandbox::visitors::visit(&self.sandbox.site("resume").public_url()).await.unwrap().served
    }

    pub(crate) fn writes(&self) -> Vec<&'static str> {
        self.sandbox.world.ledger.writes().iter().map(|call| call.operation).collect()
    }

    #[track_caller]
    pub(crate) fn promises_hold(&self) {
        let violations = self.sandbox.violations();
        assert!(violations.is_empty(), "{violations:#?}\n{}", self.function.output());
    }
}

fn configure(sandbox: &Sandbox, folder: &TempDir, name: &str, settings: &Settings) -> PathBuf {
    settings.clone().without_pubsub().write_as(name, sandbox, folder.path()).unwrap()
}

async fn subscribe(emulator: &Emulator, topic: &str, name: &str, endpoint: &str) {
    let settings = json!({
        "topic": topic,
        "ackDeadlineSeconds": 10,
        "pushConfig": { "pushEndpoint": endpoint },
        "retryPolicy": { "minimumBackoff": "1s", "maximumBackoff": "1s" },
        "deadLetterPolicy": { "deadLetterTopic": DEAD, "maxDeliveryAttempts": 5 },
    });
    emulator.rest.put(&format!("projects/gleich-tech/subscriptions/{name}"), &settings).await;
}

#[tokio::test]
async fn a_published_alert_fails_the_site_over_and_a_published_command_returns_it() {
    let Some(office) = Office::open().await else { return };
    office.publish_outage().await;
    office.until_on_standby().await;
    assert_eq!(
        office.writes(),
        ["run.set_iam_policy", "cloudflare.patch_page_rule", "monitoring.patch_check"]
    );
    office.sandbox.world.set_primary("resume", Power::On);
    office
        .publish(COMMANDS, &json!({ "command": "failback", "by": "alice", "reason": "power is back" }))
        .await;
    office.until_on_primary().await;
    office.promises_hold();
    let told = office.emulator.rest.pull(&office.events, 4).await;
    let mut kinds: Vec<_> = told.iter().map(|event| event.attributes["ce-type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    let (started, ended) = ("cloud-failover.started", "cloud-failover.ended");
    assert_eq!(kinds, [ended, ended, started, started]);
}

#[tokio::test]
async fn an_alert_that_was_answered_503_comes_again_and_ends_what_it_began() {
    let Some(office) = Office::open().await else { return };
    office.sandbox.world.fault(Aim::at("cloudflare.patch_page_rule").nth(1), Fault::status(403));
    office.publish_outage().await;
    office.until_on_standby().await;
    office.promises_hold();
    let tries = office.sandbox.world.ledger.count("cloudflare.patch_page_rule");
    assert_eq!((tries, office.sandbox.world.ledger.count("run.set_iam_policy")), (2, 1));
}

#[tokio::test]
async fn an_alert_delivered_again_while_it_is_worked_on_changes_nothing_more() {
    let spreading = Duration::from_secs(13);
    let options = Options { iam_propagation: spreading, ..Options::default() };
    let patient = Settings {
        site: "cooldown = \"0s\"\nconfirm_within = \"200ms\"\n".to_owned(),
        ..Settings::default()
    };
    let Some(office) = Office::with(patient, options).await else { return };
    office.publish_outage().await;
    office.until_on_standby().await;
    office.promises_hold();
    assert!(office.way.connections() >= 2, "the second delivery came while the first was open");
    assert_eq!(
        office.writes(),
        ["run.set_iam_policy", "cloudflare.patch_page_rule", "monitoring.patch_check"]
    );
}

#[tokio::test]
async fn what_nobody_can_read_ends_on_the_dead_letter_topic_after_five_deliveries() {
    let Some(office) = Office::open().await else { return };
    let unreadable = "this is not JSON";
    office.publish_bytes(ALERTS, unreadable.to_owned()).await;
    let dead = office.emulator.rest.pull(&office.dead, 1).await;
    assert_eq!(dead[0].data, unreadable.as_bytes());
    assert_eq!(dead[0].attributes["CloudPubSubDeadLetterSourceDeliveryCount"], "5");
    assert_eq!(dead[0].attributes["CloudPubSubDeadLetterSourceSubscription"], "failover-alerts");
    assert_eq!(office.writes(), Vec::<&str>::new());
    assert_eq!(office.sandbox.world.ledger.journal_writes().len(), 0);
}

#[tokio::test]
async fn a_command_among_the_alerts_is_refused_and_kept_as_a_dead_letter() {
    let Some(office) = Office::open().await else { return };
    office.publish(ALERTS, &json!({ "command": "failover", "force": true })).await;
    let dead = office.emulator.rest.pull(&office.dead, 1).await;
    assert_eq!(dead[0].attributes["CloudPubSubDeadLetterSourceSubscription"], "failover-alerts");
    assert_eq!(office.writes(), Vec::<&str>::new());
    assert_eq!(office.visitor_is_served_by().await, Served::Primary);
}
