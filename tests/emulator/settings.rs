//! A subscription's settings, as `failover check` reads them.

use std::time::Duration;

use cloud_failover::{
    api::ApiErrorKind,
    pubsub::{PubSub, PubSubSettings, SubscriptionSettings},
};
use serde_json::{Value, json};

use crate::emulator::Emulator;

fn client(emulator: &Emulator) -> PubSub {
    let call_timeout = Duration::from_secs(30);
    PubSub::new(PubSubSettings { endpoint: Some(emulator.url()), tokens: None, call_timeout })
}

async fn read(emulator: &Emulator, topic: &str, settings: Value) -> SubscriptionSettings {
    let name = emulator.rest.subscription(topic, settings).await;
    let read = client(emulator).subscription(&name).await.unwrap();
    assert_eq!((read.name.as_str(), read.topic.as_str()), (name.as_str(), topic));
    read
}

#[tokio::test]
async fn the_settings_of_a_push_subscription_are_read_as_they_were_set() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let dead = emulator.rest.topic().await;
    let settings = json!({
        "ackDeadlineSeconds": 600,
        "pushConfig": {
            "pushEndpoint": "http://127.0.0.1:9/push",
            "oidcToken": { "serviceAccountEmail": "push@gleich-tech.iam.gserviceaccount.com", "audience": "failover" },
        },
        "retryPolicy": { "minimumBackoff": "1s", "maximumBackoff": "60s" },
        "deadLetterPolicy": { "deadLetterTopic": dead, "maxDeliveryAttempts": 100 },
        "expirationPolicy": {},
    });
    let read = read(&emulator, &topic, settings).await;
    let push = read.push.unwrap();
    assert_eq!(push.endpoint, "http://127.0.0.1:9/push");
    assert_eq!(push.service_account, "push@gleich-tech.iam.gserviceaccount.com");
    assert_eq!((push.audience.as_str(), push.wrapped), ("failover", true));
    assert_eq!(read.ack_deadline, Duration::from_mins(10));
    assert_eq!(read.retry, Some((Duration::from_secs(1), Duration::from_mins(1))));
    assert_eq!(read.dead_letter.map(|dead| (dead.topic, dead.attempts)), Some((dead, 100)));
    assert_eq!(read.expires_after, None);
}

#[tokio::test]
async fn what_was_not_set_is_what_pubsub_does_without() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let read = read(&emulator, &topic, json!({})).await;
    assert_eq!((read.push, read.retry, read.dead_letter), (None, None, None));
    assert_eq!(read.ack_deadline, Duration::from_secs(10));
    assert_eq!(read.expires_after, Some(Duration::from_hours(31 * 24)));
    assert!(read.filter.is_empty() && !read.detached);
}

#[tokio::test]
async fn an_unwrapped_push_is_told_from_a_wrapped_one() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let settings = json!({
        "pushConfig": { "pushEndpoint": "http://127.0.0.1:9/push", "noWrapper": { "writeMetadata": true } },
    });
    assert!(!read(&emulator, &topic, settings).await.push.unwrap().wrapped);
}

#[tokio::test]
async fn a_missing_subscription_is_named() {
    let Some(emulator) = Emulator::running().await else { return };
    let error =
        client(&emulator).subscription("projects/gleich-tech/subscriptions/not-there").await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Missing, "{error}");
    assert!(error.to_string().contains("subscriptions/not-there"), "{error}");
}
