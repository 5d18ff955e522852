//! What we publish, as a subscriber receives it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cloud_failover::{
    announce::{Announcement, Announcer, Kind, Outlet, Topic},
    api::ApiErrorKind,
    pubsub::{PubSub, PubSubSettings},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use crate::{emulator::Emulator, relay::Relay};

const SOON: Duration = Duration::from_secs(30);

fn client(endpoint: Url, call_timeout: Duration) -> PubSub {
    PubSub::new(PubSubSettings { endpoint: Some(endpoint), tokens: None, call_timeout })
}

#[tokio::test]
async fn an_announcement_arrives_as_a_cloudevent() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let subscription = emulator.rest.subscription(&topic, json!({})).await;
    let outlet: Arc<dyn Outlet> = Arc::new(Topic::new(client(emulator.url(), SOON), &topic));
    let announcer = Announcer::new(vec![outlet]);
    let site = Some("resume".parse().unwrap());
    let told = Announcement::new(Kind::Started, site, "the failover of resume begins", Timestamp::UNIX_EPOCH);
    announcer.tell(told.clone());
    assert!(announcer.settle(SOON).await);
    let pulled = emulator.rest.pull(&subscription, 1).await;
    let event: Value = serde_json::from_slice(&pulled[0].data).unwrap();
    assert_eq!(event["data"]["sentence"], "the failover of resume begins");
    let attributes = json!({
        "content-type": "application/cloudevents+json; charset=utf-8",
        "severity": "warning",
        "ce-specversion": "1.0",
        "ce-id": told.id,
        "ce-source": "/cloud-failover",
        "ce-type": "cloud-failover.started",
        "ce-time": "1970-01-01T00:00:00Z",
        "ce-subject": "resume",
    });
    assert_eq!(pulled[0].attributes, attributes);
}

#[tokio::test]
async fn a_hundred_announcements_at_once_all_arrive() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let subscription = emulator.rest.subscription(&topic, json!({})).await;
    let outlet: Arc<dyn Outlet> = Arc::new(Topic::new(client(emulator.url(), SOON), &topic));
    let announcer = Announcer::new(vec![outlet]);
    (0..100).for_each(|number| {
        announcer.tell(Announcement::new(Kind::Pending, None, number.to_string(), Timestamp::UNIX_EPOCH));
    });
    assert!(announcer.settle(SOON).await);
    let pulled = emulator.rest.pull(&subscription, 100).await;
    let ids: std::collections::HashSet<_> =
        pulled.iter().map(|message| message.attributes["ce-id"].clone()).collect();
    assert_eq!(ids.len(), 100);
}

#[tokio::test]
async fn a_command_arrives_as_it_was_written_and_its_id_is_known() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let subscription = emulator.rest.subscription(&topic, json!({})).await;
    let command = br#"{"command":"failback","site":"resume","by":"alice"}"#;
    let pubsub = client(emulator.url(), SOON);
    let id = pubsub.publish(&topic, command.as_slice().into(), HashMap::new()).await.unwrap();
    let pulled = emulator.rest.pull(&subscription, 1).await;
    assert_eq!((pulled[0].data.as_slice(), &pulled[0].id), (command.as_slice(), &id));
}

#[tokio::test]
async fn a_missing_topic_is_named_at_once_with_what_mends_it() {
    let Some(emulator) = Emulator::running().await else { return };
    let missing = "projects/gleich-tech/topics/not-there";
    let pubsub = client(emulator.url(), SOON);
    let error = pubsub.publish(missing, "x".into(), HashMap::new()).await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Missing, "{error}");
    assert!(error.to_string().contains(missing) && error.to_string().contains("create it"), "{error}");
}

#[tokio::test]
async fn where_nobody_listens_publishing_ends_in_time() {
    let nowhere = "http://127.0.0.1:9/".parse().unwrap();
    let before = Instant::now();
    let limit = Duration::from_secs(2);
    let published = client(nowhere, limit).publish("projects/p/topics/ttt", "x".into(), HashMap::new()).await;
    assert_eq!(published.unwrap_err().kind, ApiErrorKind::Transient);
    assert!(before.elapsed() < limit * 3);
}

#[tokio::test]
async fn a_connection_that_went_silent_is_replaced() {
    let Some(emulator) = Emulator::running().await else { return };
    let topic = emulator.rest.topic().await;
    let way = Relay::first_silent(&emulator.url()).await;
    let pubsub = client(way.url.clone(), Duration::from_secs(10));
    pubsub.publish(&topic, "x".into(), HashMap::new()).await.unwrap();
    assert!(way.connections() > 1);
}
