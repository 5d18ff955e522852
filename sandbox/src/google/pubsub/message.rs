//! One message and the body of the push that carries it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What a publisher says beside the data.
pub(super) type Attributes = BTreeMap<String, String>;

/// A published message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) topic: String,
    pub(super) data: Bytes,
    pub(super) attributes: Attributes,
    pub(super) published: Timestamp,
}

impl Message {
    /// As the interface carries it. What is empty is left out.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({"messageId": self.id, "publishTime": self.published_text()});
        if !self.data.is_empty() {
            shown["data"] = json!(BASE64_STANDARD.encode(&self.data));
        }
        if !self.attributes.is_empty() {
            shown["attributes"] = json!(self.attributes);
        }
        shown
    }

    /// The body of a push: id and time in both spellings (Pub/Sub documentation, "Push subscriptions", section
    /// "receive push messages").
    pub(super) fn wrapped(&self, subscription: &str, attempt: Option<u32>) -> Value {
        let mut message = self.shown();
        message["message_id"] = json!(self.id);
        message["publish_time"] = json!(self.published_text());
        let mut body = json!({"message": message, "subscription": subscription});
        if let Some(attempt) = attempt {
            body["deliveryAttempt"] = json!(attempt);
        }
        body
    }

    fn published_text(&self) -> String {
        self.published.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }
}
