//! The emulator's interface over JSON: makes topics and subscriptions, publishes, pulls.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Time enough on a busy machine.
const ARRIVAL: Duration = Duration::from_secs(30);

pub(crate) struct Rest {
    pub(crate) url: Url,
    http: Client,
}

/// A message that was pulled.
#[derive(Debug, Clone)]
pub(crate) struct Pulled {
    pub(crate) data: Vec<u8>,
    pub(crate) attributes: Value,
    pub(crate) id: String,
}

impl Rest {
    /// Keeps no connection: each test has a runtime of its own, and a connection ends with the one that made it.
    pub(crate) fn new(url: Url) -> Self {
        Self { url, http: Client::builder().pool_max_idle_per_host(0).build().unwrap() }
    }

    /// Returns once the emulator answers.
    pub(crate) async fn answers(&self) {
        while self.http.get(self.url.clone()).send().await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Makes a topic that no other test has.
    pub(crate) async fn topic(&self) -> String {
        let name = format!("projects/gleich-tech/topics/t-{}", Uuid::new_v4());
        self.put(&name, &json!({})).await;
        name
    }

    /// Makes a subscription of `topic` that no other test has, with these settings.
    pub(crate) async fn subscription(&self, topic: &str, mut settings: Value) -> String {
        let name = format!("projects/gleich-tech/subscriptions/s-{}", Uuid::new_v4());
        settings["topic"] = topic.into();
        self.put(&name, &settings).await;
        name
    }

    /// Waits until this many messages were pulled.
    pub(crate) async fn pull(&self, subscription: &str, count: usize) -> Vec<Pulled> {
        let mut pulled = Vec::new();
        let enough = async {
            while pulled.len() < count {
                let url = self.at(&format!("{subscription}:pull"));
                let answer = self.post(url, &json!({ "maxMessages": 100, "returnImmediately": false })).await;
                pulled.extend(answer["receivedMessages"].as_array().into_iter().flatten().map(read));
            }
        };
        let arrived = timeout(ARRIVAL, enough).await;
        let types: Vec<_> = pulled.iter().map(|message| message.attributes.get("ce-type").cloned()).collect();
        arrived.unwrap_or_else(|_| panic!("{count} messages were expected, and these arrived: {types:?}"));
        pulled
    }

    /// Makes a topic or a subscription of this name.
    pub(crate) async fn put(&self, name: &str, body: &Value) {
        let answer = self.http.put(self.at(name)).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{name}: {}", answer.text().await.unwrap());
    }

    async fn post(&self, url: Url, body: &Value) -> Value {
        let answer = self.http.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    fn at(&self, path: &str) -> Url {
        self.url.join(&format!("/v1/{path}")).unwrap()
    }
}

fn read(received: &Value) -> Pulled {
    let message = &received["message"];
    Pulled {
        data: BASE64_STANDARD.decode(message["data"].as_str().unwrap_or_default()).unwrap(),
        attributes: message["attributes"].clone(),
        id: message["messageId"].as_str().unwrap().to_owned(),
    }
}
