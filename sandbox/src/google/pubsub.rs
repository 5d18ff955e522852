//! Pub/Sub: topics, push subscriptions that really push, pull subscriptions, dead letters.
//!
//! Deliveries run in tasks of their own and end with the sandbox. The REST surface is what `gcloud pubsub` uses; the
//! function's own calls come by gRPC and are translated.

mod grpc;
mod message;
mod pull;
mod push;
mod rest;
mod routes;
mod state;
mod subscription;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

use self::routes::ROUTES;
use self::state::PubsubState;
pub use self::state::{Delivery, Settled};
pub use self::subscription::{DeadLetter, PUSH_ACCOUNT, PUSH_AUDIENCE, Subscription, Tokens};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider, Rpc};
use crate::google::access::Access;
use crate::google::metadata::PROJECT;
use crate::google::refusal::{self, Refusal};
use crate::google::tokens::Signer;

/// Pub/Sub, as far as it can be asked and told.
#[derive(Debug)]
pub struct Pubsub {
    inner: Arc<Inner>,
}

/// What deliveries share with it.
#[derive(Debug)]
struct Inner {
    access: Arc<Access>,
    signer: Arc<Signer>,
    state: Mutex<PubsubState>,
    /// Counts every change, so that waiting needs no sleep.
    changed: watch::Sender<u64>,
}

/// The full name of a topic of the sandbox's project.
pub fn topic(name: &str) -> String {
    format!("projects/{PROJECT}/topics/{name}")
}

/// The full name of a subscription of the sandbox's project.
pub fn subscription(name: &str) -> String {
    format!("projects/{PROJECT}/subscriptions/{name}")
}

impl Pubsub {
    /// With the topics and subscriptions of a deployment, whose pushes wait for an endpoint.
    pub fn new(access: Arc<Access>, signer: Arc<Signer>) -> Self {
        let changed = watch::Sender::new(0);
        let inner = Inner { access, signer, state: Mutex::new(PubsubState::deployed()), changed };
        Self { inner: Arc::new(inner) }
    }

    /// Adds or replaces a subscription.
    pub fn subscribe(&self, subscription: Subscription) {
        self.inner.change(|state| state.subscriptions.insert(subscription.name.clone(), subscription));
    }

    /// Changes a subscription's settings; the next attempt goes by them.
    pub fn configure(&self, subscription: &str, change: impl FnOnce(&mut Subscription)) {
        self.inner.change(|state| state.subscriptions.get_mut(subscription).map(change));
    }

    /// Every push subscription pushes here from now on, also what it holds already.
    pub fn push_to(&self, endpoint: &str) {
        self.inner.change(|state| {
            for subscription in state.subscriptions.values_mut().filter(|subscription| subscription.pushes) {
                subscription.endpoint = Some(endpoint.to_owned());
            }
        });
    }

    /// Nothing is pushed until there is an endpoint again; messages are kept.
    pub fn hold(&self) {
        self.inner.change(|state| {
            state.subscriptions.values_mut().for_each(|subscription| subscription.endpoint = None);
        });
    }

    /// Publishes now; answers with the message's id.
    pub fn publish(&self, topic: &str, data: impl Into<Bytes>, attributes: &[(&str, &str)]) -> String {
        self.publish_at(topic, data, attributes, Timestamp::now())
    }

    /// Publishes a message that says it was published at another time: one that comes late.
    pub fn publish_at(
        &self,
        topic: &str,
        data: impl Into<Bytes>,
        attributes: &[(&str, &str)],
        published: Timestamp,
    ) -> String {
        let attributes =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Inner::publish(&self.inner, topic, data.into(), attributes, published)
    }

    /// Delivers a message once more, though it was acknowledged: delivery is at least once.
    pub fn redeliver(&self, message: &str) {
        Inner::redeliver(&self.inner, message);
    }

    /// Every delivery so far, in the order they began.
    pub fn outcomes(&self) -> Vec<Delivery> {
        lock(&self.inner.state).deliveries.clone()
    }

    /// The deliveries of one message, in the order they began.
    pub fn outcomes_of(&self, message: &str) -> Vec<Delivery> {
        self.outcomes().into_iter().filter(|delivery| delivery.message == message).collect()
    }

    /// What a message says, if there is one of this id.
    pub fn said(&self, message: &str) -> Option<Bytes> {
        lock(&self.inner.state).messages.get(message).map(|message| message.data.clone())
    }

    /// How the message ended on every subscription that has settled it.
    pub fn fates(&self, message: &str) -> Vec<Settled> {
        lock(&self.inner.state).fates(message)
    }

    /// Waits until every push subscription has either had the message acknowledged or given it up; answers with
    /// the delivery that settled it.
    pub async fn settled(&self, message: &str) -> Delivery {
        self.inner.until(|state| state.settling_delivery(message)).await
    }

    /// Waits until the n-th delivery of the message was answered, whatever the answer.
    pub async fn answered(&self, message: &str, nth: usize) -> Delivery {
        let answered = |state: &PubsubState| {
            let ended = |delivery: &&Delivery| delivery.message == message && delivery.ended.is_some();
            state.deliveries.iter().filter(ended).nth(nth.saturating_sub(1)).cloned()
        };
        self.inner.until(answered).await
    }

    /// What waits on a pull subscription: data and attributes as text, oldest first. Nothing is acknowledged.
    pub fn waiting(&self, subscription: &str) -> Vec<(Bytes, Vec<(String, String)>)> {
        let state = lock(&self.inner.state);
        let messages = state.backlog(subscription);
        messages
            .map(|message| (message.data.clone(), message.attributes.clone().into_iter().collect()))
            .collect()
    }
}

impl Inner {
    /// Changes the state and wakes whoever waits.
    fn change<T>(&self, change: impl FnOnce(&mut PubsubState) -> T) -> T {
        let changed = change(&mut lock(&self.state));
        self.changed.send_modify(|version| *version += 1);
        changed
    }

    /// Waits until the state has what is looked for.
    async fn until<T>(&self, wanted: impl Fn(&PubsubState) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            let found = wanted(&lock(&self.state));
            if let Some(found) = found {
                return found;
            }
            // The sender lives as long as this.
            let _never_closed = changed.changed().await;
        }
    }

    fn publish(
        inner: &Arc<Self>,
        topic: &str,
        data: Bytes,
        attributes: message::Attributes,
        published: Timestamp,
    ) -> String {
        let (message, pushed) = inner.change(|state| state.publish(topic, data, attributes, published));
        for subscription in pushed {
            push::start(inner, subscription, message.clone(), 1);
        }
        message.id
    }

    fn redeliver(inner: &Arc<Self>, id: &str) {
        let again = inner.change(|state| state.redeliver(id));
        for (subscription, message, attempt) in again {
            push::start(inner, subscription, message, attempt);
        }
    }
}

impl Provider for Pubsub {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        match ROUTES.find(call) {
            Some((route, names)) => (route.does)(&self.inner, call, &names).unwrap_or_else(Reply::from),
            None => Refusal::unknown_route(call).into(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        refusal::of_status(status)
    }

    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        ROUTES.kind(call)
    }

    fn rpc(&self) -> Option<&dyn Rpc> {
        Some(&grpc::Grpc)
    }
}

#[cfg(test)]
mod tests;
