//! Messages as Monitoring and Pub/Sub write them.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A message id that no other message has.
pub fn fresh_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A wrapped push.
pub fn push(subscription: &str, message: &str, published: Timestamp, body: &Value) -> Value {
    json!({
        "subscription": format!("projects/gleich-tech/subscriptions/{subscription}"),
        "message": {
            "data": STANDARD.encode(body.to_string()),
            "messageId": message,
            "message_id": message,
            "publishTime": published.to_string(),
            "publish_time": published.to_string(),
        },
        "deliveryAttempt": 1,
    })
}

/// Monitoring's notification about the site of the example.
pub fn incident(id: &str, state: &str, started_at: Timestamp) -> Value {
    json!({
        "version": "1.2",
        "incident": {
            "incident_id": id,
            "state": state,
            "started_at": started_at.as_second(),
            "ended_at": null,
            "summary": "Uptime check on the site failed",
            "resource": { "type": "uptime_url", "labels": { "host": "will.gleich.tech" } },
            "metric": { "type": "monitoring.googleapis.com/uptime_check/check_passed", "labels": {} },
            "policy_name": "the site is down",
            "policy_user_labels": { "failover_site": "resume" },
            "condition": { "name": "projects/gleich-tech/alertPolicies/1294/conditions/7238" },
        },
    })
}
