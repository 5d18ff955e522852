//! What Pub/Sub remembers: messages, deliveries and how each message ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;

use super::message::{Attributes, Message};
use super::pull::Lease;
use super::{Subscription, subscription, topic};

/// One push of one message.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The subscription's full name.
    pub subscription: String,
    /// The message's id.
    pub message: String,
    /// Which delivery of this message to this subscription it is, from 1.
    pub attempt: u32,
    /// The answer's status; none while it is awaited, and for an endpoint that couldn't be reached.
    pub status: Option<u16>,
    /// The answer's body.
    pub body: String,
    /// When it was sent.
    pub started: Instant,
    /// When it was answered, or the attempt failed.
    pub ended: Option<Instant>,
}

impl Delivery {
    /// Whether Pub/Sub takes the answer for an acknowledgement (Pub/Sub documentation, "Push subscriptions").
    pub fn is_acknowledged(&self) -> bool {
        self.status.is_some_and(|status| [102, 200, 201, 202, 204].contains(&status))
    }

    /// The answer's body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// How a message ended on a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was acknowledged.
    Acknowledged,
    /// It was given up and went to the dead letter topic.
    DeadLettered,
}

#[derive(Debug, Default)]
pub(super) struct PubsubState {
    pub(super) topics: BTreeSet<String>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) messages: BTreeMap<String, Message>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) leases: Vec<Lease>,
    settled: BTreeMap<(String, String), Settled>,
    published: u64,
}

impl PubsubState {
    /// Topics and subscriptions as a deployment has them.
    pub(super) fn deployed() -> Self {
        let mut state = Self::default();
        for name in ["failover-alerts", "failover-commands", "failover-events", "failover-dead-letters"] {
            state.topics.insert(topic(name));
        }
        for name in ["failover-alerts", "failover-commands"] {
            let pushed = Subscription::push(subscription(name), topic(name));
            let pushed = pushed.with_dead_letter(topic("failover-dead-letters"), 100);
            state.subscriptions.insert(subscription(name), pushed);
        }
        for name in ["failover-events", "failover-dead-letters"] {
            let pulled = Subscription::pull(subscription(name), topic(name));
            state.subscriptions.insert(subscription(name), pulled);
        }
        state
    }

    /// Stores a message; answers with it and the subscriptions that push it.
    pub(super) fn publish(
        &mut self,
        topic: &str,
        data: Bytes,
        attributes: Attributes,
        published: Timestamp,
    ) -> (Message, Vec<String>) {
        self.published += 1;
        let id = format!("{}", 2_070_443_601_311_540 + self.published);
        let message = Message { id: id.clone(), topic: topic.to_owned(), data, attributes, published };
        self.messages.insert(id, message.clone());
        let mut pushed = Vec::new();
        for subscription in self.subscriptions.values().filter(|subscription| subscription.topic == topic) {
            if subscription.pushes {
                pushed.push(subscription.name.clone());
            } else {
                self.leases.push(Lease::waiting(&subscription.name, &message.id));
            }
        }
        (message, pushed)
    }

    /// Takes back that a message is settled; answers with where it is pushed again, and as which attempt.
    pub(super) fn redeliver(&mut self, id: &str) -> Vec<(String, Message, u32)> {
        let Some(message) = self.messages.get(id).cloned() else { return Vec::new() };
        let pushing =
            self.subscriptions.values().filter(|known| known.pushes && known.topic == message.topic);
        let names: Vec<String> = pushing.map(|subscription| subscription.name.clone()).collect();
        names
            .into_iter()
            .map(|name| {
                self.settled.remove(&(name.clone(), id.to_owned()));
                let attempt = self.attempts(&name, id) + 1;
                (name, message.clone(), attempt)
            })
            .collect()
    }

    fn attempts(&self, subscription: &str, message: &str) -> u32 {
        let all = self.deliveries.iter();
        let these =
            all.filter(|delivery| delivery.subscription == subscription && delivery.message == message);
        these.map(|delivery| delivery.attempt).max().unwrap_or_default()
    }

    /// Notes a push that has just been sent; answers with its place among the deliveries.
    pub(super) fn begin(&mut self, subscription: &str, message: &str, attempt: u32) -> usize {
        self.deliveries.push(Delivery {
            subscription: subscription.to_owned(),
            message: message.to_owned(),
            attempt,
            status: None,
            body: String::new(),
            started: Instant::now(),
            ended: None,
        });
        self.deliveries.len() - 1
    }

    /// Notes what was answered.
    pub(super) fn end(&mut self, place: usize, status: Option<u16>, body: String) {
        if let Some(delivery) = self.deliveries.get_mut(place) {
            delivery.status = status;
            delivery.body = body;
            delivery.ended = Some(Instant::now());
        }
    }

    pub(super) fn settle(&mut self, subscription: &str, message: &str, settled: Settled) {
        self.settled.insert((subscription.to_owned(), message.to_owned()), settled);
    }

    pub(super) fn fates(&self, message: &str) -> Vec<Settled> {
        let here = self.settled.iter().filter(|((_, settled), _)| settled == message);
        here.map(|(_, settled)| *settled).collect()
    }

    /// The latest delivery of a message, once every push subscription of its topic has settled it.
    pub(super) fn settling_delivery(&self, id: &str) -> Option<Delivery> {
        let message = self.messages.get(id)?;
        let pushing =
            self.subscriptions.values().filter(|known| known.pushes && known.topic == message.topic);
        let open = |known: &Subscription| !self.settled.contains_key(&(known.name.clone(), id.to_owned()));
        if pushing.into_iter().any(open) {
            return None;
        }
        let ended =
            self.deliveries.iter().filter(|delivery| delivery.message == id && delivery.ended.is_some());
        ended.max_by_key(|delivery| delivery.ended).cloned()
    }
}
