//! Somebody with a webhook: notes what arrives and answers as told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use cloud_failover::{
    announce::{Webhook, WebhookKind},
    api::Secret,
};
use http::{HeaderMap, Response, StatusCode};
use tokio::{net::TcpListener, sync::watch};
use warp::Filter;

/// One request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Arrival {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// How one request is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Status(u16),
    RetryAfter(u16, u64),
    Never,
}

pub(crate) struct Receiver {
    address: SocketAddr,
    script: Arc<Mutex<VecDeque<Answer>>>,
    arrivals: watch::Receiver<Vec<Arrival>>,
}

impl Receiver {
    /// Answers as in `script`, and 200 when that is played out.
    pub(crate) async fn answering(script: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let (sender, arrivals) = watch::channel(Vec::new());
        let note = {
            let script = Arc::clone(&script);
            move |path: warp::path::FullPath, headers: HeaderMap, body: Bytes| {
                let arrival = Arrival { path: path.as_str().to_owned(), headers, body };
                sender.send_modify(|arrivals: &mut Vec<_>| arrivals.push(arrival));
                answer(script.lock().unwrap().pop_front().unwrap_or(Answer::Status(200)))
            }
        };
        let route =
            warp::path::full().and(warp::header::headers_cloned()).and(warp::body::bytes()).then(note);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(warp::serve(route).incoming(listener).run());
        Self { address, script, arrivals }
    }

    pub(crate) fn webhook(&self, kind: WebhookKind, secret: Option<&str>, call_timeout: Duration) -> Webhook {
        let url = Secret::new(&format!("http://{}/hooks/T0/B0/hunter2", self.address));
        let secret = secret.map(Secret::new);
        Webhook::new(kind, &url, secret.as_ref(), reqwest::Client::new(), call_timeout).unwrap()
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.borrow().clone()
    }

    /// Waits until this many have arrived.
    pub(crate) async fn arrived(&self, count: usize) -> Vec<Arrival> {
        let mut arrivals = self.arrivals.clone();
        let enough = arrivals.wait_for(|arrivals| arrivals.len() >= count);
        tokio::time::timeout(Duration::from_secs(20), enough).await.expect("enough arrive").unwrap().clone()
    }

    pub(crate) fn played_out(&self) -> bool {
        self.script.lock().unwrap().is_empty()
    }
}

async fn answer(answer: Answer) -> Response<String> {
    let reply = |status: u16| Response::builder().status(StatusCode::from_u16(status).unwrap());
    match answer {
        Answer::Status(status) => reply(status).body(String::new()).unwrap(),
        Answer::RetryAfter(status, seconds) => {
            reply(status).header("retry-after", seconds).body(String::new()).unwrap()
        }
        Answer::Never => std::future::pending().await,
    }
}
