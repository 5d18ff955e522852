//! The gRPC surface, as far as Google's own client uses it from us: publish, and read a subscription.
//!
//! A call is turned into the REST call that means the same, so that there is one ledger, one set of faults and one
//! Pub/Sub; its answer is turned back. Field numbers are those of google/pubsub/v1/pubsub.proto.

mod proto;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use self::proto::{Reader, Writer};
use crate::frame::call::{Call, Reply};
use crate::frame::provider::{Rpc, RpcReply};

const PUBLISH: &str = "/google.pubsub.v1.Publisher/Publish";
const GET_SUBSCRIPTION: &str = "/google.pubsub.v1.Subscriber/GetSubscription";

/// The methods that are here.
#[derive(Debug)]
pub(super) struct Grpc;

/// Codes of google/rpc/code.proto by the name that the REST surface uses.
const CODES: [(&str, u8); 9] = [
    ("INVALID_ARGUMENT", 3),
    ("NOT_FOUND", 5),
    ("ALREADY_EXISTS", 6),
    ("PERMISSION_DENIED", 7),
    ("RESOURCE_EXHAUSTED", 8),
    ("FAILED_PRECONDITION", 9),
    ("ABORTED", 10),
    ("UNAVAILABLE", 14),
    ("UNAUTHENTICATED", 16),
];

impl Rpc for Grpc {
    fn translate(&self, call: &Call) -> Option<Call> {
        let message = call.body.get(5..).unwrap_or_default();
        let (method, path, body) = match call.path.as_str() {
            PUBLISH => {
                let (topic, body) = publish(message)?;
                (Method::POST, format!("/v1/{topic}:publish"), body.to_string())
            }
            GET_SUBSCRIPTION => {
                let name = Reader::new(message).texts(1)?.into_iter().next()?;
                (Method::GET, format!("/v1/{name}"), String::new())
            }
            _ => return None,
        };
        let rest = Call::new(call.service, call.local, method, &path.parse().ok()?);
        Some(rest.with_headers(call.headers.clone()).with_body(body))
    }

    fn answer(&self, call: &Call, reply: Option<&Reply>) -> RpcReply {
        let Some(reply) = reply else {
            return RpcReply { body: Bytes::new(), trailers: status(12, "Method not found.") };
        };
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.status != 200 {
            let status = body["error"]["status"].as_str().unwrap_or("UNAVAILABLE");
            return refused(status, body["error"]["message"].as_str().unwrap_or_default());
        }
        let message = if call.path == PUBLISH { published(&body) } else { subscription(&body) };
        let mut framed = BytesMut::with_capacity(message.len() + 5);
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        framed.put_slice(&message);
        RpcReply { body: framed.freeze(), trailers: status(0, "") }
    }
}

fn publish(message: &[u8]) -> Option<(String, Value)> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let request = Reader::new(message);
    let topic = request.texts(1)?.into_iter().next()?;
    let messages = request.messages(2)?.into_iter().map(|message| {
        let data = message.bytes(1)?.into_iter().next().unwrap_or_default();
        let mut attributes = serde_json::Map::new();
        for entry in message.messages(2)? {
            let key = entry.texts(1)?.into_iter().next().unwrap_or_default();
            let value = entry.texts(2)?.into_iter().next().unwrap_or_default();
            attributes.insert(key, Value::String(value));
        }
        Some(json!({ "data": BASE64_STANDARD.encode(data), "attributes": attributes }))
    });
    let messages: Option<Vec<Value>> = messages.collect();
    Some((topic, json!({ "messages": messages? })))
}

fn refused(name: &str, message: &str) -> RpcReply {
    let code = CODES.iter().find(|(known, _)| *known == name).map_or(2, |(_, code)| *code);
    RpcReply { body: Bytes::new(), trailers: status(code, message) }
}

fn status(code: u8, message: &str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(u16::from(code)));
    // Percent-encoded, as the protocol wants it ("gRPC over HTTP2").
    let message =
        percent_encoding::utf8_percent_encode(message, percent_encoding::NON_ALPHANUMERIC).to_string();
    if let Ok(message) = HeaderValue::try_from(message) {
        trailers.insert("grpc-message", message);
    }
    trailers
}

fn published(body: &Value) -> Bytes {
    let mut writer = Writer::default();
    for id in body["messageIds"].as_array().into_iter().flatten() {
        writer.text(1, id.as_str().unwrap_or_default());
    }
    writer.finish()
}

fn subscription(body: &Value) -> Bytes {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut writer = Writer::default();
    writer.text(1, &text(&body["name"]));
    writer.text(2, &text(&body["topic"]));
    writer.message(4, &push_config(&body["pushConfig"]));
    writer.number(5, body["ackDeadlineSeconds"].as_u64().unwrap_or_default());
    if body["expirationPolicy"].is_object() {
        let mut policy = Writer::default();
        policy.duration(1, &body["expirationPolicy"]["ttl"]);
        writer.message(11, &policy.finish());
    }
    writer.text(12, &text(&body["filter"]));
    if body["deadLetterPolicy"].is_object() {
        let mut policy = Writer::default();
        policy.text(1, &text(&body["deadLetterPolicy"]["deadLetterTopic"]));
        policy.number(2, body["deadLetterPolicy"]["maxDeliveryAttempts"].as_u64().unwrap_or_default());
        writer.message(13, &policy.finish());
    }
    if body["retryPolicy"].is_object() {
        let mut policy = Writer::default();
        policy.duration(1, &body["retryPolicy"]["minimumBackoff"]);
        policy.duration(2, &body["retryPolicy"]["maximumBackoff"]);
        writer.message(14, &policy.finish());
    }
    writer.number(15, u64::from(body["detached"] == true));
    writer.finish()
}

fn push_config(config: &Value) -> Bytes {
    let mut writer = Writer::default();
    writer.text(1, config["pushEndpoint"].as_str().unwrap_or_default());
    if config["oidcToken"].is_object() {
        let mut token = Writer::default();
        token.text(1, config["oidcToken"]["serviceAccountEmail"].as_str().unwrap_or_default());
        token.text(2, config["oidcToken"]["audience"].as_str().unwrap_or_default());
        writer.message(3, &token.finish());
    }
    if config["noWrapper"].is_object() {
        let mut unwrapped = Writer::default();
        unwrapped.number(1, u64::from(config["noWrapper"]["writeMetadata"] == true));
        writer.message(5, &unwrapped.finish());
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::service::Service;

    fn call(path: &str, message: &[u8]) -> Call {
        let local = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).expect("a short message")];
        framed.extend_from_slice(message);
        Call::new(Service::Pubsub, local, Method::POST, &path.parse().expect("a path")).with_body(framed)
    }

    #[test]
    fn a_message_is_published_as_by_rest() {
        let mut entry = Writer::default();
        entry.text(1, "k");
        entry.text(2, "v");
        let mut message = Writer::default();
        message.text(1, "hello");
        message.message(2, &entry.finish());
        let mut request = Writer::default();
        request.text(1, "projects/p/topics/t");
        request.message(2, &message.finish());
        let call = call("/google.pubsub.v1.Publisher/Publish", &request.finish());
        let rest = Grpc.translate(&call).expect("a method");
        assert_eq!(rest.path, "/v1/projects/p/topics/t:publish");
        let expected = json!({"messages": [{"data": "aGVsbG8=", "attributes": {"k": "v"}}]});
        assert_eq!(rest.json().expect("JSON"), expected);
    }

    #[test]
    fn a_refusal_keeps_its_code_and_its_words() {
        let reply = Reply::json(404, &json!({"error": {"status": "NOT_FOUND", "message": "no such"}}));
        let answer = Grpc.answer(&call(PUBLISH, &[]), Some(&reply));
        assert_eq!(
            (&answer.trailers["grpc-status"], &answer.trailers["grpc-message"]),
            (&"5".parse().unwrap(), &"no%20such".parse().unwrap())
        );
        assert!(answer.body.is_empty());
    }

    #[test]
    fn what_is_not_here_and_what_is_garbled_is_no_method() {
        assert!(Grpc.translate(&call("/google.pubsub.v1.Publisher/CreateTopic", &[])).is_none());
        assert!(Grpc.translate(&call("/google.pubsub.v1.Publisher/Publish", &[0x0a, 0x7f])).is_none());
    }
}
