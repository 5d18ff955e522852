//! What is said to the function: messages as Monitoring, operators and the scheduler publish them.

use ::stage::payload;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Monitoring says that the site is down.
    Incident,
    /// The scheduler's, every minute.
    Reconcile,
    /// An operator's.
    Order(&'static str),
    /// An operator's who insists.
    Force(&'static str),
}

impl Word {
    /// Published just now: a message of its own.
    pub(crate) fn publish(self) -> Value {
        self.publish_at(Timestamp::now())
    }

    /// As `publish`, where it is this late.
    pub(crate) fn publish_at(self, now: Timestamp) -> Value {
        let (subscription, body) = match self {
            Self::Incident => {
                let id = format!("0.{}", payload::fresh_id());
                ("failover-alerts", payload::incident(&id, "open", now))
            }
            Self::Reconcile => ("failover-commands", json!({ "command": "reconcile" })),
            Self::Order(verb) => ("failover-commands", json!({ "command": verb, "by": "alice" })),
            Self::Force(verb) => {
                ("failover-commands", json!({ "command": verb, "by": "alice", "force": true }))
            }
        };
        payload::push(subscription, &payload::fresh_id(), now, &body)
    }
}
