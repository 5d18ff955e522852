//! Pub/Sub's envelope around a message ("Push subscriptions", wrapped; Google Cloud documentation, read 2026-11-20).
//!
//! Unwrapped pushes are not understood: in those, a publisher chooses headers.

use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};
use failover_core::Unreadable;
use jiff::Timestamp;
use serde::Deserialize;

/// A message and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The message's id: the same on every redelivery.
    pub message_id: String,
    /// When it was published, by Pub/Sub's clock: first, where it comes from a dead-letter topic.
    pub publish_time: Timestamp,
    /// `projects/P/subscriptions/S`.
    pub subscription: String,
    /// Which try this is, where the subscription has a dead-letter topic.
    pub attempt: Option<u64>,
    /// What was published.
    pub data: Vec<u8>,
}

/// As it is sent. Both spellings of a name come together.
#[derive(Deserialize)]
struct Wrapped {
    message: Option<Inside>,
    subscription: Option<String>,
    /// What it is, is for the log alone: nothing is refused for it.
    #[serde(rename = "deliveryAttempt", default)]
    attempt: serde_json::Value,
}

#[derive(Deserialize)]
struct Inside {
    data: Option<String>,
    #[serde(rename = "messageId")]
    id: Option<String>,
    message_id: Option<String>,
    #[serde(rename = "publishTime")]
    published: Option<String>,
    publish_time: Option<String>,
    attributes: Option<Attributes>,
}

/// What Pub/Sub notes on a message that it moves to a dead-letter topic ("Dead-letter topics", read 2026-11-29). Whoever
/// publishes it again, as a replay does, takes these along.
#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "CloudPubSubDeadLetterSourceTopicPublishTime")]
    source_published: Option<String>,
}

/// Opens an envelope.
pub fn read(body: &[u8]) -> Result<Envelope, Unreadable> {
    // A list would be read as an object whose names are left out.
    if !body.trim_ascii_start().starts_with(b"{") {
        return unreadable("the push is no JSON object; only Pub/Sub's wrapped pushes are understood");
    }
    let wrapped: Wrapped = serde_json::from_slice(body).or_else(|error| {
        let position = (error.line(), error.column());
        let what = if error.is_data() { "has something of a wrong kind" } else { "is not JSON" };
        unreadable(format!("the push {what} at line {}, column {}", position.0, position.1))
    })?;
    let Some(message) = wrapped.message else {
        return unreadable("the push has no message; only Pub/Sub's wrapped pushes are understood");
    };
    let message_id = either(message.id, message.message_id, "messageId")?;
    let published = either(message.published, message.publish_time, "publishTime")?;
    let publish_time = time(&published, "publishTime")?;
    let source = message.attributes.and_then(|attributes| attributes.source_published);
    let first =
        source.map(|source| time(&source, "CloudPubSubDeadLetterSourceTopicPublishTime")).transpose()?;
    let publish_time = first.map_or(publish_time, |first| first.min(publish_time));
    let subscription = filled(wrapped.subscription, "subscription")?;
    let data = decode(&filled(message.data, "data")?)?;
    Ok(Envelope { message_id, publish_time, subscription, attempt: wrapped.attempt.as_u64(), data })
}

fn time(text: &str, name: &str) -> Result<Timestamp, Unreadable> {
    text.parse().or_else(|_| unreadable(format!("the push's {name} is no time as RFC 3339 writes it")))
}

fn decode(data: &str) -> Result<Vec<u8>, Unreadable> {
    STANDARD.decode(data).or_else(|error| {
        let what = match error {
            DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. } => {
                format!("character {} does not belong there", at + 1)
            }
            DecodeError::InvalidLength(_) => "it has a wrong length".to_owned(),
            DecodeError::InvalidPadding => "its padding (=) is missing or wrong".to_owned(),
        };
        unreadable(format!("the message's data is no base64: {what}"))
    })
}

fn either(one: Option<String>, other: Option<String>, name: &str) -> Result<String, Unreadable> {
    filled(one.filter(|text| !text.is_empty()).or(other), name)
}

fn filled(field: Option<String>, name: &str) -> Result<String, Unreadable> {
    field.filter(|text| !text.is_empty()).map_or_else(|| unreadable(format!("the push has no {name}")), Ok)
}

fn unreadable<T>(why: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable(why.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As real Pub/Sub sends it, with both spellings.
    const REAL: &str = r#"{ "deliveryAttempt": 5,
        "message": { "attributes": {"k":"v"}, "data": "aGVsbG8=",
            "messageId": "2070443601311540", "message_id": "2070443601311540",
            "publishTime": "2021-02-26T19:13:55.749Z", "publish_time": "2021-02-26T19:13:55.749Z",
            "orderingKey": "key" },
        "subscription": "projects/p/subscriptions/s" }"#;
    /// As the emulator sends it: slashes escaped, no attempt.
    const EMULATOR: &str = r#"{"subscription":"projects\/p\/subscriptions\/s","message":{"data":"aGVsbG8\u003d",
        "attributes":{},"messageId":"1","message_id":"1","publishTime":"2026-11-20T10:00:00.5Z",
        "publish_time":"2026-11-20T10:00:00.5Z"}}"#;

    #[track_caller]
    fn refuses(from: &str, to: &str, because: &str) {
        assert!(REAL.contains(from), "{from}");
        assert_eq!(read(REAL.replace(from, to).as_bytes()), Err(Unreadable(because.to_owned())));
    }

    #[test]
    fn real_envelopes_are_opened() {
        let real = read(REAL.as_bytes()).unwrap();
        assert_eq!((real.message_id.as_str(), real.attempt), ("2070443601311540", Some(5)));
        assert_eq!(
            (real.data.as_slice(), real.subscription.as_str()),
            (&b"hello"[..], "projects/p/subscriptions/s")
        );
        assert_eq!(real.publish_time.to_string(), "2021-02-26T19:13:55.749Z");
        let emulator = read(EMULATOR.as_bytes()).unwrap();
        assert_eq!((emulator.message_id.as_str(), emulator.attempt), ("1", None));
        assert_eq!((emulator.data, emulator.subscription), (real.data, real.subscription));
    }

    #[test]
    fn how_often_it_was_tried_is_no_reason_to_refuse_it() {
        for (odd, attempt) in
            [("\"5\"", None), ("null", None), ("-1", None), ("5.5", None), ("{}", None), ("7", Some(7))]
        {
            let body = REAL.replace("\"deliveryAttempt\": 5", &format!("\"deliveryAttempt\": {odd}"));
            assert_eq!(read(body.as_bytes()).expect("an envelope").attempt, attempt, "{odd}");
        }
    }

    #[test]
    fn one_spelling_is_enough() {
        let only_new = REAL.replace("\"message_id\"", "\"a\"").replace("\"publish_time\"", "\"b\"");
        let only_old = REAL.replace("\"messageId\"", "\"a\"").replace("\"publishTime\"", "\"b\"");
        assert_eq!(read(only_new.as_bytes()), read(REAL.as_bytes()));
        assert_eq!(read(only_old.as_bytes()), read(REAL.as_bytes()));
        for nothing in ["null", "\"\""] {
            let emptied =
                REAL.replace("\"messageId\": \"2070443601311540\"", &format!("\"messageId\": {nothing}"));
            let time = "\"publishTime\": \"2021-02-26T19:13:55.749Z\"";
            let emptied = emptied.replace(time, &format!("\"publishTime\": {nothing}"));
            assert_eq!(read(emptied.as_bytes()), read(REAL.as_bytes()), "{nothing}");
        }
    }

    #[test]
    fn a_time_is_read_with_whatever_fraction_and_zone() {
        for (written, time) in [
            ("2021-02-26T19:13:55Z", "2021-02-26T19:13:55Z"),
            ("2021-02-26T19:13:55.749123456Z", "2021-02-26T19:13:55.749123456Z"),
            ("2021-02-26T20:13:55.7+01:00", "2021-02-26T19:13:55.7Z"),
            ("2021-02-26t19:13:55z", "2021-02-26T19:13:55Z"),
        ] {
            let body = REAL.replace("2021-02-26T19:13:55.749Z", written);
            assert_eq!(read(body.as_bytes()).unwrap().publish_time.to_string(), time, "{written}");
        }
        for nothing in ["", "1614366835", "2021-02-26", "yesterday"] {
            let body = REAL.replace("2021-02-26T19:13:55.749Z", nothing);
            assert!(read(body.as_bytes()).unwrap_err().0.starts_with("the push"), "{nothing}");
        }
    }

    #[test]
    fn broken_envelopes_are_refused_by_what_is_wrong() {
        refuses(
            "\"aGVsbG8=\"",
            "\"aGVsbG8\"",
            "the message's data is no base64: its padding (=) is missing or wrong",
        );
        refuses(
            "\"aGVsbG8=\"",
            "\"aGVs*G8=\"",
            "the message's data is no base64: character 5 does not belong there",
        );
        refuses("\"data\"", "\"dat\"", "the push has no data");
        refuses("\"aGVsbG8=\"", "\"\"", "the push has no data");
        refuses("\"subscription\"", "\"topic\"", "the push has no subscription");
        refuses(
            "\"messageId\": \"2070443601311540\", \"message_id\": \"2070443601311540\",",
            "",
            "the push has no messageId",
        );
        refuses(
            "\"publishTime\": \"2021-02-26T19:13:55.749Z\"",
            "\"publishTime\": \"yesterday\"",
            "the push's publishTime is no time as RFC 3339 writes it",
        );
        refuses(
            "\"message\":",
            "\"massage\":",
            "the push has no message; only Pub/Sub's wrapped pushes are understood",
        );
        refuses("\"aGVsbG8=\"", "7", "the push has something of a wrong kind at line 2, column 55");
        refuses("scriptions/s\" }", "scriptions/s\"", "the push is not JSON at line 6, column 52");
    }

    #[test]
    fn what_was_replayed_from_a_dead_letter_topic_has_the_time_of_its_source() {
        let replayed = |attributes: &str| {
            let body = REAL.replace(r#"{"k":"v"}"#, attributes);
            read(body.as_bytes()).map(|envelope| envelope.publish_time.to_string())
        };
        let from = |time: &str| {
            replayed(&format!(
                r#"{{"CloudPubSubDeadLetterSourceDeliveryCount":"100","CloudPubSubDeadLetterSourceTopicPublishTime":"{time}"}}"#
            ))
        };
        assert_eq!(from("2021-02-20T20:00:00.000+00:00").unwrap(), "2021-02-20T20:00:00Z");
        assert_eq!(from("2031-02-20T20:00:00.000+00:00").unwrap(), "2021-02-26T19:13:55.749Z");
        assert_eq!(replayed("null").unwrap(), "2021-02-26T19:13:55.749Z");
        let why = "the push's CloudPubSubDeadLetterSourceTopicPublishTime is no time as RFC 3339 writes it";
        assert_eq!(from("last week"), Err(Unreadable(why.to_owned())));
    }

    #[test]
    fn what_is_no_envelope_at_all_is_refused() {
        for body in ["", "hello", "[]", "7", "null", "[{\"data\":\"aGVsbG8=\"},\"s\"]"] {
            let because = "the push is no JSON object; only Pub/Sub's wrapped pushes are understood";
            assert_eq!(read(body.as_bytes()), Err(Unreadable(because.to_owned())), "{body}");
        }
        let deep = format!("{{\"message\":{}{}}}", "[".repeat(300_000), "]".repeat(300_000));
        assert!(read(deep.as_bytes()).is_err());
        let aside = format!("{{\"x\":{}{}}}", "[".repeat(300_000), "]".repeat(300_000));
        assert!(read(aside.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_message_is_read_or_refused(data in ".{0,40}", time in ".{0,40}") {
            let message = serde_json::json!({"data": data, "messageId": "1", "publishTime": time});
            let _ = read(serde_json::json!({"message": message, "subscription": "s"}).to_string().as_bytes());
        }
    }
}
