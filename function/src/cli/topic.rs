//! Which topic to publish on: the configuration names subscriptions, and each of them knows its topic.

use std::collections::HashMap;

use serde_json::Value;

use super::{exit::Failure, progress::Progress, session::Session};
use crate::config::{SubscriptionName, TopicName};

/// What Pub/Sub calls the topic of a subscription whose topic is gone.
const DELETED: &str = "_deleted-topic_";

/// The topic that `given` names, else the one that the first of `subscriptions` delivers.
pub(super) async fn topic(
    session: &Session,
    given: Option<&TopicName>,
    subscriptions: &[SubscriptionName],
) -> Result<String, Failure> {
    if let Some(topic) = given {
        return Ok(topic.to_string());
    }
    let example = "name the topic: --topic projects/PROJECT/topics/TOPIC";
    let Some(subscription) = subscriptions.first() else {
        return Err(Failure::usage("[push] names no subscription that would carry this").next(example));
    };
    let _progress = Progress::of(session.screen, format!("asking Pub/Sub for the topic of {subscription}"));
    let read = session.parts.pubsub.subscription(subscription.as_str()).await;
    let settings = read.map_err(|error| Failure::from(error).next(format!("or {example}")))?;
    if settings.topic == DELETED || settings.detached {
        let sentence =
            format!("{subscription} has lost its topic, so nothing published would reach the function");
        return Err(Failure::new(sentence).next("terraform apply makes both anew"));
    }
    Ok(settings.topic)
}

/// Publishes and gives the message's id.
pub(super) async fn publish(session: &Session, topic: &str, message: &Value) -> Result<String, Failure> {
    let _progress = Progress::of(session.screen, format!("publishing on {topic}"));
    let data = message.to_string().into_bytes().into();
    let published = session.parts.pubsub.publish(topic, data, HashMap::new()).await;
    published.map_err(|error| {
        Failure::from(error)
            .next("when Pub/Sub itself is down, \"failover act\" does the same with your own credentials")
    })
}
