//! An announcement as a CloudEvent 1.0 in JSON, the same on the events topic and at a generic webhook.
//!
//! "CloudEvents - Version 1.0.2" and its "JSON Event Format" (cloudevents.io, read 2026-11-20).

use serde_json::{Map, Value, json};

use super::Announcement;

/// The media type of a CloudEvent in JSON.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// What `source` says in every event.
pub const SOURCE: &str = "/cloud-failover";

/// What `type` begins with; the announcement's kind follows.
pub const TYPE_PREFIX: &str = "cloud-failover.";

impl Announcement {
    /// The event's attributes but its data, in the order of the specification.
    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            ("specversion", "1.0".to_owned()),
            ("id", self.id.clone()),
            ("source", SOURCE.to_owned()),
            ("type", format!("{TYPE_PREFIX}{}", self.kind)),
            ("time", self.at.to_string()),
        ];
        attributes.extend(self.site.as_ref().map(|site| ("subject", site.to_string())));
        attributes
    }

    /// The whole event: "structured mode".
    pub(super) fn to_event(&self) -> Value {
        let attributes =
            self.attributes().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
        let mut event: Map<String, Value> = attributes.collect();
        event.insert("datacontenttype".to_owned(), "application/json".into());
        event.insert("data".to_owned(), self.data());
        Value::Object(event)
    }

    fn data(&self) -> Value {
        json!({
            "kind": self.kind,
            "severity": self.severity,
            "site": self.site,
            "sentence": self.sentence,
            "incident": self.incident,
            "details": self.details,
            "notice": self.notice(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn announcement() -> Announcement {
        let site = Some("resume".parse().unwrap());
        let at = "2026-11-20T03:00:00.25Z".parse().unwrap();
        let told = Announcement::new(Kind::Ended, site, "the failover of resume ended Done", at);
        Announcement {
            id: "a1".into(),
            ..told.of_incident(Some("0.abc".into())).with_details(json!({"end": "Done"}))
        }
    }

    #[test]
    fn an_event_has_what_the_specification_requires() {
        let expected = json!({
            "specversion": "1.0",
            "id": "a1",
            "source": "/cloud-failover",
            "type": "cloud-failover.ended",
            "time": "2026-11-20T03:00:00.25Z",
            "subject": "resume",
            "datacontenttype": "application/json",
            "data": {
                "kind": "ended",
                "severity": "info",
                "site": "resume",
                "sentence": "the failover of resume ended Done",
                "incident": "0.abc",
                "details": {"end": "Done"},
                "notice": {
                    "title": "resume: a move has ended",
                    "lines": ["The failover of resume ended Done."],
                    "next": null,
                    "whole": null,
                },
            },
        });
        assert_eq!(announcement().to_event(), expected);
    }

    #[test]
    fn an_event_about_all_sites_has_no_subject() {
        let event = Announcement { site: None, ..announcement() }.to_event();
        assert_eq!(event.get("subject"), None);
    }
}
