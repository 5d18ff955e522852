//! A watcher in this process, and what it publishes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cloud_failover::{
    announce::Announcer,
    api::{ApiError, ApiErrorKind},
    probe::{Expect, Targets, Witness},
    watch::{Dialer, Letterbox, Rules, Settings, Watcher},
};
use serde_json::Value;
use stage::PATIENCE;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

/// Fast enough for tests; three failures in a row are still three.
pub(crate) const RULES: Rules =
    Rules { every: Duration::from_millis(100), threshold: 3, recovery: 4, agree: 1 };

/// Keeps what is published, or refuses it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports {
    messages: Arc<watch::Sender<Vec<Value>>>,
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl Letterbox for Reports {
    async fn post(&self, message: &Value) -> Result<(), ApiError> {
        if self.broken.load(Ordering::SeqCst) {
            let message = "Pub/Sub is down".to_owned();
            return Err(ApiError { kind: ApiErrorKind::Transient, message });
        }
        self.messages.send_modify(|messages| messages.push(message.clone()));
        Ok(())
    }
}

impl Reports {
    /// Whether Pub/Sub is down.
    pub(crate) fn breaks(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    /// All that was published of outages: their state and id.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        self.messages.borrow().iter().filter_map(outage).collect()
    }

    /// The published messages of outages.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let messages = self.messages.borrow();
        messages.iter().filter(|message| outage(message).is_some()).cloned().collect()
    }

    /// The signs of life.
    pub(crate) fn heartbeats(&self) -> Vec<Value> {
        let messages = self.messages.borrow();
        messages.iter().filter(|message| outage(message).is_none()).cloned().collect()
    }

    /// Waits until so many reports of this state were published.
    pub(crate) async fn until(&self, state: &str, count: usize) {
        let enough = |messages: &Vec<Value>| {
            let told = messages.iter().filter_map(outage);
            told.filter(|(said, _)| said == state).count() >= count
        };
        let mut messages = self.messages.subscribe();
        let waited = timeout(PATIENCE, messages.wait_for(enough)).await;
        assert!(waited.is_ok(), "no {count} reports of {state}: {:?}", self.told());
    }

    /// Waits for the first sign of life.
    pub(crate) async fn until_heartbeat(&self) {
        let mut messages = self.messages.subscribe();
        let beats = |messages: &Vec<Value>| messages.iter().any(|message| outage(message).is_none());
        timeout(PATIENCE, messages.wait_for(beats)).await.unwrap().unwrap();
    }
}

/// State and id, unless the message is a sign of life.
fn outage(message: &Value) -> Option<(String, String)> {
    let text = |key: &str| message["incident"][key].as_str().unwrap_or_default().to_owned();
    let id = text("incident_id");
    (!id.starts_with("heartbeat-")).then(|| (text("state"), id))
}

/// How one watcher is set up.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) targets: Targets,
    pub(crate) anchors: Vec<String>,
    pub(crate) patience: Duration,
    pub(crate) dialer: Dialer,
    pub(crate) announcer: Announcer,
}

impl Setting {
    /// A watcher of one site, without anchors.
    pub(crate) fn of(targets: Targets) -> Self {
        Self {
            name: "pi",
            targets,
            anchors: Vec::new(),
            patience: Duration::from_secs(5),
            dialer: Dialer::trusting(crate::tls::trusting_nobody()),
            announcer: Announcer::log_only(),
        }
    }

    /// Begins to watch.
    pub(crate) fn watch(self, letterbox: Arc<dyn Letterbox>) -> Lookout {
        let settings = Settings {
            name: self.name.to_owned(),
            rules: RULES,
            sites: vec![("resume".parse().unwrap(), self.targets)],
            patience: self.patience,
            anchors: self.anchors.iter().map(|anchor| anchor.parse().unwrap()).collect(),
        };
        let watcher = Watcher::new(settings, self.dialer, letterbox, self.announcer);
        let (end, ended) = oneshot::channel::<()>();
        let ending = async move {
            let _either_way = ended.await;
        };
        Lookout { end: Some(end), task: tokio::spawn(watcher.run(ending, |_| std::future::pending())) }
    }
}

/// A running watcher.
pub(crate) struct Lookout {
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Lookout {
    /// Asks it to end, and waits until it has.
    pub(crate) async fn end(mut self) {
        let _gone_already = self.end.take().map(|end| end.send(()));
        timeout(PATIENCE, &mut self.task).await.unwrap().unwrap();
    }
}

/// The sandbox's site, as its visitors see it.
pub(crate) fn targets(site: &sandbox::Site) -> Targets {
    Targets {
        public: Some(site.public_url()),
        witness: Witness::Origin,
        standby: Some(site.standby_url()),
        primary: None,
        connect: None,
        by_name: false,
        expect: Expect::default(),
        standby_expect: Expect::default(),
    }
}
