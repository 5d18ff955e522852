//! The door: takes pushes over HTTP, proves who sent them, decodes them and answers with what came of them.
//!
//! `main` makes a `Door` and runs `serve`; `cycle` implements `Deliver`. Nothing in here decides anything about a
//! site, and nothing from outside gets further than the step that refuses it: path, method, bearer, body, envelope,
//! subscription, message.

mod bearer;
mod body;
mod connections;
mod door;
pub mod envelope;
mod refusal;
mod reply;
mod serve;

use std::time::Duration;

use async_trait::async_trait;
use failover_core::{Command, Notification};
use jiff::Timestamp;

use crate::log::Trace;

pub use door::Door;
pub use reply::{Outcome, Reply, ReplyVerdict};
pub use serve::{Answer, serve, serve_routes};

/// Every push is answered within this time: Pub/Sub waits 600 s.
pub const ANSWER_WITHIN: Duration = Duration::from_mins(9);
/// A push that was understood and may be acted on.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The message's id: the same on every redelivery.
    pub message_id: String,
    /// When it was published.
    pub publish_time: Timestamp,
    /// The subscription that pushed it.
    pub subscription: String,
    /// Which try this is, where the subscription counts.
    pub attempt: Option<u64>,
    /// What it says.
    pub kind: DeliveryKind,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
}

/// What a push says.
#[derive(Debug, Clone, PartialEq)]
pub enum DeliveryKind {
    /// It came through an alerts subscription.
    Alert(Notification),
    /// It came through a commands subscription.
    Command(Command),
}

/// What is done with a delivery.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// Acts on it and says what came of it.
    ///
    /// # Cancellation
    /// It is dropped at its next await when [`ANSWER_WITHIN`] is over, never because a client went away.
    async fn deliver(&self, delivery: Delivery) -> Reply;
}

/// How much and how long the door puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest body, in bytes.
    pub body: usize,
    /// How long a body may take to arrive.
    pub body_within: Duration,
    /// How long an answer may take.
    pub answer_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 1024 * 1024, body_within: Duration::from_secs(30), answer_within: ANSWER_WITHIN }
    }
}

#[cfg(test)]
mod tests;
