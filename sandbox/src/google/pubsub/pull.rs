//! Pull subscriptions: messages wait until they are fetched, and come back unless they are acknowledged in time.

use std::time::Instant;

use serde_json::{Value, json};

use super::message::Message;
use super::state::PubsubState;

/// One message on one pull subscription.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    subscription: String,
    message: String,
    ack_id: Option<String>,
    until: Option<Instant>,
    attempt: u32,
}

impl Lease {
    /// Nobody has fetched it yet.
    pub(super) fn waiting(subscription: &str, message: &str) -> Self {
        Self {
            subscription: subscription.to_owned(),
            message: message.to_owned(),
            ack_id: None,
            until: None,
            attempt: 0,
        }
    }

    fn is_free(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

impl PubsubState {
    /// What waits on a subscription, fetched or not, but not acknowledged.
    pub(super) fn backlog(&self, subscription: &str) -> impl Iterator<Item = &Message> {
        let here = self.leases.iter().filter(move |lease| lease.subscription == subscription);
        here.filter_map(|lease| self.messages.get(&lease.message))
    }

    /// Hands out at most `most` messages until the ack deadline.
    pub(super) fn pull(&mut self, subscription: &str, most: usize) -> Vec<Value> {
        let now = Instant::now();
        let deadline =
            self.subscriptions.get(subscription).map(|known| known.ack_deadline).unwrap_or_default();
        let here = |lease: &&mut Lease| lease.subscription == subscription && lease.is_free(now);
        let mut received = Vec::new();
        for lease in self.leases.iter_mut().filter(here).take(most) {
            let ack_id = uuid::Uuid::new_v4().to_string();
            lease.ack_id = Some(ack_id.clone());
            lease.until = Some(now + deadline);
            lease.attempt += 1;
            let message = self.messages.get(&lease.message).map(Message::shown).unwrap_or_default();
            received.push(json!({"ackId": ack_id, "message": message}));
        }
        received
    }

    /// Forgets what was acknowledged; unknown ids are ignored, as the real one does.
    pub(super) fn acknowledge(&mut self, ack_ids: &[&str]) {
        self.leases.retain(|lease| !lease.ack_id.as_deref().is_some_and(|ack_id| ack_ids.contains(&ack_id)));
    }
}
