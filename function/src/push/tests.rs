//! The door through real HTTP: every row of the table of answers, hostile clients, and every forged token.

mod hostile;
mod table;
mod tokens;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

use super::*;
use crate::config::{Config, Environment, Purpose};

const ALERTS: &str = "projects/acme/subscriptions/alerts";
const COMMANDS: &str = "projects/acme/subscriptions/commands";
const AUDIENCE: &str = "failover";
const ACCOUNT: &str = "failover-push@acme.iam.gserviceaccount.com";

/// What the door of a test does with deliveries.
type Act = dyn Fn(&Delivery) -> Reply + Send + Sync;

/// Remembers deliveries and answers as told.
struct Recorder {
    seen: Mutex<Vec<Delivery>>,
    act: Box<Act>,
}

#[async_trait]
impl Deliver for Recorder {
    async fn deliver(&self, delivery: Delivery) -> Reply {
        self.seen.lock().unwrap().push(delivery.clone());
        if delivery.message_id == "slow" {
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        (self.act)(&delivery)
    }
}

/// A door on a free port.
struct Fixture {
    address: SocketAddr,
    recorder: Arc<Recorder>,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
    http: reqwest::Client,
}

fn config(verify: &str, rest: &str) -> Config {
    let variables: &[(&str, &str)] =
        if verify == "cloud_run_iam" { &[("K_SERVICE", "failover")] } else { &[] };
    let journal = if verify == "cloud_run_iam" { "gs://acme/journal" } else { "memory:" };
    let text = format!(
        r#"journal = "{journal}"
        [push]
        verify = "{verify}"
        audience = "{AUDIENCE}"
        service_account = "{ACCOUNT}"
        alerts = ["{ALERTS}"]
        commands = ["{COMMANDS}"]
        [[sites]]
        name = "resume"
        public_url = "https://will.example.com/"
        standby_url = "https://standby.example.com/"
        [[sites.switches]]
        kind = "cloudflare_page_rule"
        zone = "023e105f4ecef8ad9ca31a8372d0c353"
        rule = "9a7806061c88ada191ed06f989cc3dac"
        {rest}"#
    );
    let variables = [variables, &[("CLOUDFLARE_API_TOKEN", "token")]].concat();
    Config::read(&text, &Environment::of(Purpose::Serve, &variables))
        .unwrap_or_else(|error| panic!("{error}"))
}

impl Fixture {
    async fn open() -> Self {
        Self::with(&config("none", ""), Limits::default(), |_| settled()).await
    }

    async fn with(
        config: &Config,
        limits: Limits,
        act: impl Fn(&Delivery) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let recorder = Arc::new(Recorder { seen: Mutex::default(), act: Box::new(act) });
        let http = reqwest::Client::new();
        let door = Door::new(config, http.clone(), recorder.clone(), limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let served = tokio::spawn(async move { serve_routes(listener, door.routes(), shutdown).await });
        Self { address, recorder, stop: Some(stop), served, http }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts `body`, with a token if there is one.
    async fn post(&self, body: impl Into<reqwest::Body>, token: Option<&str>) -> (u16, Value) {
        let mut request = self.http.post(self.url("/push")).body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        told(request.send().await.unwrap()).await
    }

    fn seen(&self) -> Vec<Delivery> {
        self.recorder.seen.lock().unwrap().clone()
    }
}

async fn told(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/json");
    (status, answer.json().await.unwrap())
}

fn settled() -> Reply {
    Reply::stay(Some("resume"), "already there")
}

/// The push of a message as Pub/Sub wraps it.
fn push(subscription: &str, id: &str, data: &[u8]) -> String {
    json!({
        "deliveryAttempt": 2,
        "message": {
            "data": STANDARD.encode(data), "attributes": {}, "messageId": id, "message_id": id,
            "publishTime": "2026-11-20T10:00:00.5Z", "publish_time": "2026-11-20T10:00:00.5Z"
        },
        "subscription": subscription
    })
    .to_string()
    .replace('/', "\\/")
}

const FAILBACK: &[u8] = br#"{"command":"failback"}"#;
const OPENED: &[u8] = br#"{"version":"1.2","incident":{"incident_id":"0.abc","state":"open"}}"#;
