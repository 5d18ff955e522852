//! A subscription's settings (discovery document of pubsub v1, `Subscription`).

use std::time::Duration;

use serde_json::{Value, json};

use crate::google::tokens::forged::Forgery;

/// What a push carries as its `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokens {
    /// Nothing: no OIDC token is configured.
    None,
    /// A token signed with Google's key, as any other host sees it.
    #[default]
    Signed,
    /// The same as a container behind Cloud Run's IAM check sees it.
    Stripped,
    /// One that must be refused.
    Forged(Forgery),
}

/// Where messages go that nobody acknowledges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The topic's full name.
    pub topic: String,
    /// After so many deliveries.
    pub attempts: u32,
}

/// One subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Its full name.
    pub name: String,
    /// Its topic's full name.
    pub topic: String,
    /// Whether it pushes; otherwise messages are fetched.
    pub pushes: bool,
    /// Where it pushes; without one, messages wait.
    pub endpoint: Option<String>,
    /// How long an answer may take before the message is delivered again.
    pub ack_deadline: Duration,
    /// The first wait before another delivery.
    pub minimum_backoff: Duration,
    /// The longest wait before another delivery.
    pub maximum_backoff: Duration,
    /// Where messages go in the end; with one, pushes carry `deliveryAttempt`.
    pub dead_letter: Option<DeadLetter>,
    /// What a push carries to say who sent it.
    pub tokens: Tokens,
    /// The audience of its tokens.
    pub audience: String,
    /// The account that its tokens name.
    pub account: String,
    /// After how long without activity it is deleted; never where nothing is named.
    pub expires_after: Option<Duration>,
    /// Whether pushes come in an envelope.
    pub wrapped: bool,
    /// Which messages it takes; all where it is empty. Nothing is filtered here.
    pub filter: String,
}

/// The account that pushes, in the configuration's example.
pub const PUSH_ACCOUNT: &str = "failover-push@gleich-tech.iam.gserviceaccount.com";
/// The audience of its tokens there.
pub const PUSH_AUDIENCE: &str = "failover";

impl Subscription {
    /// A subscription that pushes, set up as a deployment is: 600 s to answer, 1 s to 60 s between attempts.
    pub fn push(name: String, topic: String) -> Self {
        Self {
            name,
            topic,
            pushes: true,
            endpoint: None,
            ack_deadline: Duration::from_mins(10),
            minimum_backoff: Duration::from_secs(1),
            maximum_backoff: Duration::from_mins(1),
            dead_letter: None,
            tokens: Tokens::default(),
            audience: PUSH_AUDIENCE.to_owned(),
            account: PUSH_ACCOUNT.to_owned(),
            expires_after: None,
            wrapped: true,
            filter: String::new(),
        }
    }

    /// A subscription whose messages are fetched.
    pub fn pull(name: String, topic: String) -> Self {
        Self { pushes: false, ack_deadline: Duration::from_secs(10), ..Self::push(name, topic) }
    }

    /// Gives messages up after so many deliveries.
    pub fn with_dead_letter(self, topic: String, attempts: u32) -> Self {
        Self { dead_letter: Some(DeadLetter { topic, attempts }), ..self }
    }

    /// The wait before the delivery after this one: doubled each time (Pub/Sub documentation, "Handle message
    /// failures", section "exponential backoff").
    pub(super) fn backoff(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.minimum_backoff.saturating_mul(doubled).min(self.maximum_backoff)
    }

    /// Whether this delivery was the last one.
    pub(super) fn gives_up_after(&self, attempt: u32) -> bool {
        self.dead_letter.as_ref().is_some_and(|dead_letter| attempt >= dead_letter.attempts)
    }

    /// As the interface shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({
            "name": self.name,
            "topic": self.topic,
            "pushConfig": self.push_config(),
            "ackDeadlineSeconds": self.ack_deadline.as_secs(),
            "messageRetentionDuration": "604800s",
            "expirationPolicy": self.expires_after.map_or_else(|| json!({}), |ttl| json!({"ttl": seconds(ttl)})),
            "retryPolicy": {
                "minimumBackoff": seconds(self.minimum_backoff),
                "maximumBackoff": seconds(self.maximum_backoff),
            },
            "state": "ACTIVE",
        });
        if !self.filter.is_empty() {
            shown["filter"] = json!(self.filter);
        }
        if let Some(dead_letter) = &self.dead_letter {
            shown["deadLetterPolicy"] =
                json!({"deadLetterTopic": dead_letter.topic, "maxDeliveryAttempts": dead_letter.attempts});
        }
        shown
    }

    fn push_config(&self) -> Value {
        if !self.pushes {
            return json!({});
        }
        let mut config = json!({});
        if let Some(endpoint) = &self.endpoint {
            config["pushEndpoint"] = json!(endpoint);
        }
        if self.tokens != Tokens::None {
            config["oidcToken"] = json!({"serviceAccountEmail": self.account, "audience": self.audience});
        }
        if !self.wrapped {
            config["noWrapper"] = json!({"writeMetadata": true});
        }
        config
    }
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let subscription = Subscription::push("s".to_owned(), "t".to_owned());
        let waits: Vec<u64> = (1..9).map(|attempt| subscription.backoff(attempt).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
