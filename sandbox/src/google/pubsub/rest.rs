//! The REST surface (discovery document of pubsub v1).

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Inner;
use super::message::Attributes;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::google::page;
use crate::google::refusal::Refusal;
use crate::google::strict::{self, Fields, Shape};

const MESSAGE: Fields = &[
    ("data", Shape::Text),
    ("attributes", Shape::Labels),
    ("orderingKey", Shape::Text),
    ("messageId", Shape::Text),
    ("publishTime", Shape::Text),
];
const PUBLISH: Fields = &[("messages", Shape::List(&Shape::Object(MESSAGE)))];
const PULL: Fields = &[("maxMessages", Shape::Int), ("returnImmediately", Shape::Bool)];
const ACKNOWLEDGE: Fields = &[("ackIds", Shape::List(&Shape::Text))];

pub(super) fn topic(inner: &Inner, call: &Call, topic: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.topics.get", topic)?;
    known_topic(inner, topic)?;
    Ok(strict::ok(&json!({"name": topic})))
}

pub(super) fn subscription(inner: &Inner, call: &Call, name: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.subscriptions.get", name)?;
    let found = lock(&inner.state).subscriptions.get(name).map(super::Subscription::shown);
    Ok(strict::ok(&found.ok_or_else(|| missing(name))?))
}

fn missing(name: &str) -> Refusal {
    Refusal::not_found(format!("Resource not found (resource={}).", name.rsplit('/').next().unwrap_or(name)))
}

fn known_topic(inner: &Inner, topic: &str) -> Result<(), Refusal> {
    if lock(&inner.state).topics.contains(topic) { Ok(()) } else { Err(missing(topic)) }
}

/// All messages or none.
pub(super) fn publish(inner: &Arc<Inner>, call: &Call, topic: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.topics.publish", topic)?;
    strict::check_query(call, &[])?;
    known_topic(inner, topic)?;
    let request = strict::body(call, PUBLISH)?;
    let messages = request.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    if messages.is_empty() {
        return Err(Refusal::invalid_argument("The value for message_count is too small. You passed 0."));
    }
    let contents = messages.iter().map(content).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<String> = contents
        .into_iter()
        .map(|(data, attributes)| Inner::publish(inner, topic, data, attributes, Timestamp::now()))
        .collect();
    Ok(strict::ok(&json!({"messageIds": ids})))
}

fn content(message: &Value) -> Result<(Bytes, Attributes), Refusal> {
    let data = BASE64_STANDARD.decode(message["data"].as_str().unwrap_or_default());
    let data = data.map_err(|_| {
        Refusal::invalid_argument("Invalid value at 'messages[0].data' (TYPE_BYTES), Base64 decoding failed")
    })?;
    let labels = message["attributes"].as_object().into_iter().flatten();
    let attributes: Attributes =
        labels.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    if data.is_empty() && attributes.is_empty() {
        return Err(Refusal::invalid_argument(
            "One or more messages in the publish request is empty. Each message must contain either non-empty \
             data, or at least one attribute.",
        ));
    }
    Ok((data.into(), attributes))
}

pub(super) fn topics(inner: &Inner, call: &Call, prefix: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.topics.list", prefix)?;
    strict::check_query(call, &["pageSize", "pageToken"])?;
    let state = lock(&inner.state);
    let here = state.topics.iter().filter(|topic| topic.starts_with(prefix));
    let shown = here.map(|topic| json!({"name": topic})).collect();
    Ok(strict::ok(&page::of(call, shown, "topics")?))
}

pub(super) fn subscriptions(inner: &Inner, call: &Call, prefix: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.subscriptions.list", prefix)?;
    strict::check_query(call, &["pageSize", "pageToken"])?;
    let state = lock(&inner.state);
    let here = state.subscriptions.values().filter(|subscription| subscription.name.starts_with(prefix));
    let shown = here.map(super::Subscription::shown).collect();
    Ok(strict::ok(&page::of(call, shown, "subscriptions")?))
}

/// Answers at once, with what there is.
pub(super) fn pull(inner: &Inner, call: &Call, name: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.subscriptions.consume", name)?;
    let request = strict::body(call, PULL)?;
    let most = request.get("maxMessages").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let most = most.filter(|most| *most > 0);
    let most = most.ok_or_else(|| Refusal::invalid_argument("max_messages must be greater than 0."))?;
    let subscription = lock(&inner.state).subscriptions.get(name).cloned();
    let subscription = subscription.ok_or_else(|| missing(name))?;
    if subscription.pushes && subscription.endpoint.is_some() {
        return Err(Refusal::failed_precondition("The subscription pushes: it can't be pulled from."));
    }
    let received = inner.change(|state| state.pull(name, most));
    Ok(strict::ok(&if received.is_empty() { json!({}) } else { json!({"receivedMessages": received}) }))
}

pub(super) fn acknowledge(inner: &Inner, call: &Call, name: &str) -> Result<Reply, Refusal> {
    inner.access.require(call, "pubsub.subscriptions.consume", name)?;
    let request = strict::body(call, ACKNOWLEDGE)?;
    let ids = request.get("ackIds").and_then(Value::as_array).cloned().unwrap_or_default();
    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    inner.change(|state| state.acknowledge(&ids));
    Ok(strict::ok(&json!({})))
}
