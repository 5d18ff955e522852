//! The events topic: every announcement as a CloudEvent.
//!
//! "Google Cloud Pub/Sub Protocol Binding for CloudEvents" (googleapis/google-cloudevents, read 2026-11-20),
//! structured mode, with the attributes of binary mode beside it so that subscriptions can filter on them.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{Announcement, CONTENT_TYPE, Outlet};
use crate::{api::ApiError, pubsub::PubSub};

/// Publishes announcements.
#[derive(Debug)]
pub struct Topic {
    pubsub: PubSub,
    name: String,
}

impl Topic {
    /// The topic `projects/{project}/topics/{topic}`.
    pub fn new(pubsub: PubSub, name: impl Into<String>) -> Self {
        Self { pubsub, name: name.into() }
    }
}

#[async_trait]
impl Outlet for Topic {
    fn name(&self) -> String {
        self.name.clone()
    }

    /// Receivers have the event's time; the client sends what comes together in one request.
    fn abreast(&self) -> usize {
        64
    }

    async fn deliver(&self, told: &Announcement) -> Result<(), ApiError> {
        let attributes = told.attributes().into_iter().map(|(name, value)| (format!("ce-{name}"), value));
        let mut attributes: HashMap<String, String> = attributes.collect();
        attributes.insert("content-type".to_owned(), CONTENT_TYPE.to_owned());
        attributes.insert("severity".to_owned(), told.severity.as_str().to_owned());
        let event = told.to_event().to_string();
        self.pubsub.publish(&self.name, event.into(), attributes).await.map(|_| ())
    }
}
