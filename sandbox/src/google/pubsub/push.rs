//! One message on its way to one endpoint, until it is acknowledged or given up.
//!
//! The answer has as long as the ack deadline. A request that takes longer goes on, but the message is delivered
//! again beside it, and the late answer counts for nothing: so does the real one.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use jiff::Timestamp;

use super::message::{Attributes, Message};
use super::{Inner, Settled, Subscription, Tokens, subscription};
use crate::frame::lock::lock;
use crate::google::tokens::{self, Signer};

/// How Pub/Sub's pusher calls itself.
const USER_AGENT: &str = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)";

/// Starts delivering; outside a runtime nothing is delivered.
pub(super) fn start(inner: &Arc<Inner>, subscription: String, message: Message, attempt: u32) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(deliver(Arc::downgrade(inner), subscription, message, attempt));
    }
}

async fn deliver(inner: Weak<Inner>, subscription: String, message: Message, first: u32) {
    for attempt in first.. {
        let Some((settings, endpoint)) = ready(&inner, &subscription).await else { return };
        let Some(parcel) = Parcel::pack(&inner, &settings, &message, attempt) else { return };
        let answer = tokio::spawn(parcel.send(endpoint));
        let acknowledged = tokio::time::timeout(settings.ack_deadline, answer).await;
        if matches!(acknowledged, Ok(Ok(true))) {
            return settle(&inner, &settings, &message, Settled::Acknowledged);
        }
        if settings.gives_up_after(attempt) {
            bury(&inner, &settings, &message, attempt);
            return settle(&inner, &settings, &message, Settled::DeadLettered);
        }
        tokio::time::sleep(settings.backoff(attempt)).await;
    }
}

/// The subscription's settings and its endpoint, once it has one; none when the sandbox is gone.
async fn ready(inner: &Weak<Inner>, name: &str) -> Option<(Subscription, String)> {
    loop {
        let mut changed = inner.upgrade()?.changed.subscribe();
        let settings = lock(&inner.upgrade()?.state).subscriptions.get(name).cloned()?;
        if let Some(endpoint) = settings.endpoint.clone() {
            return Some((settings, endpoint));
        }
        changed.changed().await.ok()?;
    }
}

fn settle(inner: &Weak<Inner>, settings: &Subscription, message: &Message, settled: Settled) {
    if let Some(inner) = inner.upgrade() {
        inner.change(|state| state.settle(&settings.name, &message.id, settled));
    }
}

/// Publishes the message to the dead letter topic, saying where it comes from (Pub/Sub documentation, "Dead-letter
/// topics").
fn bury(inner: &Weak<Inner>, settings: &Subscription, message: &Message, attempt: u32) {
    let (Some(inner), Some(dead_letter)) = (inner.upgrade(), &settings.dead_letter) else { return };
    let prefix = subscription("");
    let attribute = |name: &str, value: String| (format!("CloudPubSubDeadLetterSource{name}"), value);
    let mut attributes: Attributes = message.attributes.clone();
    attributes.extend([
        attribute("DeliveryCount", attempt.to_string()),
        attribute("Subscription", settings.name.trim_start_matches(&prefix).to_owned()),
        attribute("SubscriptionProject", crate::google::metadata::PROJECT.to_owned()),
        attribute("TopicPublishTime", message.published.to_string()),
    ]);
    Inner::publish(&inner, &dead_letter.topic, message.data.clone(), attributes, Timestamp::now());
}

/// One push, ready to go.
struct Parcel {
    inner: Weak<Inner>,
    place: usize,
    body: String,
    bearer: Option<String>,
}

impl Parcel {
    fn pack(inner: &Weak<Inner>, settings: &Subscription, message: &Message, attempt: u32) -> Option<Self> {
        let strong = inner.upgrade()?;
        let place = strong.change(|state| state.begin(&settings.name, &message.id, attempt));
        let counted = settings.dead_letter.is_some().then_some(attempt);
        let body = message.wrapped(&settings.name, counted).to_string();
        let bearer = bearer(&strong.signer, settings);
        Some(Self { inner: inner.clone(), place, body, bearer })
    }

    /// Sends it and notes the answer; true if that was an acknowledgement.
    async fn send(self, endpoint: String) -> bool {
        let request = client().post(endpoint).header("content-type", "application/json").body(self.body);
        let request = request.header("user-agent", USER_AGENT).header("traceparent", traceparent());
        let request = match self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let (status, body) = match request.send().await {
            Ok(answer) => (Some(answer.status().as_u16()), answer.text().await.unwrap_or_default()),
            Err(_unreachable) => (None, String::new()),
        };
        let Some(inner) = self.inner.upgrade() else { return false };
        inner.change(|state| {
            state.end(self.place, status, body);
            state.deliveries.get(self.place).is_some_and(super::Delivery::is_acknowledged)
        })
    }
}

fn bearer(signer: &Signer, settings: &Subscription) -> Option<String> {
    let claims = tokens::push_claims(&settings.audience, &settings.account, Timestamp::now());
    match settings.tokens {
        Tokens::None => None,
        Tokens::Signed => Some(signer.sign(&claims)),
        Tokens::Stripped => Some(Signer::strip(&signer.sign(&claims))),
        Tokens::Forged(forgery) => Some(forgery.forge(signer, &claims)),
    }
}

/// As Google's front end adds it (Cloud Trace documentation, "Trace context").
fn traceparent() -> String {
    let trace = uuid::Uuid::new_v4().simple();
    let span = uuid::Uuid::new_v4().simple().to_string();
    format!("00-{trace}-{}-01", &span[..16])
}

/// One client for all pushes. It follows no redirects: a 302 is no acknowledgement.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        // A runtime per test comes and goes: a connection kept from an earlier one would be dead.
        builder.pool_max_idle_per_host(0).connect_timeout(Duration::from_secs(5)).build().unwrap_or_default()
    })
}
