//! Where reports go: the topic that the function's alerts come from.

use std::{collections::HashMap, fmt};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{
    api::{ApiError, ApiErrorKind},
    config::{SubscriptionName, TopicName},
    pubsub::PubSub,
};

/// Takes what is to be published.
#[async_trait]
pub trait Letterbox: fmt::Debug + Send + Sync {
    /// Publishes one message, once; whoever calls tries again.
    async fn post(&self, message: &Value) -> Result<(), ApiError>;
}

/// The alerts topic.
#[derive(Debug)]
pub struct AlertsTopic {
    pubsub: PubSub,
    /// Which subscription knows the topic, where nobody named it.
    subscription: Option<SubscriptionName>,
    topic: OnceCell<String>,
}

impl AlertsTopic {
    /// The topic that `given` names, else the one that the first of `subscriptions` delivers.
    pub fn new(pubsub: PubSub, given: Option<&TopicName>, subscriptions: &[SubscriptionName]) -> Self {
        let topic = given.map(ToString::to_string);
        Self { pubsub, subscription: subscriptions.first().cloned(), topic: OnceCell::new_with(topic) }
    }

    /// Asked for with the first message, and again until there is an answer: a watcher may start without a network.
    async fn topic(&self) -> Result<&String, ApiError> {
        self.topic.get_or_try_init(|| self.find()).await
    }

    async fn find(&self) -> Result<String, ApiError> {
        let subscription = self.subscription.as_ref().ok_or_else(|| unknown("[push] names no alerts"))?;
        let settings = self.pubsub.subscription(subscription.as_str()).await?;
        if settings.detached || !settings.topic.starts_with("projects/") {
            return Err(unknown(&format!("{subscription} has lost its topic")));
        }
        tracing::info!(topic = %settings.topic, "reports go to the topic of {subscription}");
        Ok(settings.topic)
    }
}

fn unknown(why: &str) -> ApiError {
    let message = format!("{why}; name the topic: --topic projects/PROJECT/topics/TOPIC");
    ApiError { kind: ApiErrorKind::Missing, message }
}

#[async_trait]
impl Letterbox for AlertsTopic {
    async fn post(&self, message: &Value) -> Result<(), ApiError> {
        let topic = self.topic().await?;
        let data = message.to_string().into_bytes().into();
        self.pubsub.publish(topic, data, HashMap::new()).await.map(|_| ())
    }
}
