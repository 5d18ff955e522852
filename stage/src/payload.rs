//! Messages as Monitoring and Pub/Sub write them.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use sandbox::pubsub;
use serde_json::{Value, json};

/// The subscription that brings alerts.
pub const ALERTS: &str = "failover-alerts";
/// The one that brings commands.
pub const COMMANDS: &str = "failover-commands";

/// A message id that no other message has.
pub fn fresh_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A wrapped push.
pub fn push(subscription: &str, message: &str, published: Timestamp, body: &Value) -> Value {
    json!({
        "subscription": pubsub::subscription(subscription),
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

/// The same, published just now as a message of its own.
pub fn push_now(subscription: &str, body: &Value) -> Value {
    push(subscription, &fresh_id(), Timestamp::now(), body)
}

/// Monitoring's notification about the site of the example.
pub fn incident(id: &str, state: &str, started_at: Timestamp) -> Value {
    incident_of("resume", id, state, started_at)
}

/// Monitoring's notification about this site.
pub fn incident_of(site: &str, id: &str, state: &str, started_at: Timestamp) -> Value {
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
            "policy_user_labels": { "failover_site": site },
            "condition": { "name": "projects/gleich-tech/alertPolicies/1294/conditions/7238" },
        },
    })
}

/// Monitoring says just now that this site is down, or well again: pushed.
pub fn alert_now(site: &str, state: &str) -> Value {
    push_now(ALERTS, &incident_of(site, &fresh_id(), state, Timestamp::now()))
}

/// An operator's `{"command": …}` and nothing else, given just now: pushed.
pub fn order_now(verb: &str) -> Value {
    push_now(COMMANDS, &json!({ "command": verb }))
}
