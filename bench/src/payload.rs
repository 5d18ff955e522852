//! Messages as Monitoring and Pub/Sub write them.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A word that no other message has.
fn fresh_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Monitoring says that this site is down, just now; delivered by Pub/Sub.
pub(crate) fn incident(site: &str, state: &str) -> Value {
    let now = Timestamp::now();
    let body = json!({
        "version": "1.2",
        "incident": {
            "incident_id": fresh_id(),
            "state": state,
            "started_at": now.as_second(),
            "ended_at": null,
            "summary": "Uptime check on the site failed",
            "resource": { "type": "uptime_url", "labels": { "host": "will.gleich.tech" } },
            "metric": { "type": "monitoring.googleapis.com/uptime_check/check_passed", "labels": {} },
            "policy_name": "the site is down",
            "policy_user_labels": { "failover_site": site },
            "condition": { "name": "projects/gleich-tech/alertPolicies/1294/conditions/7238" },
        },
    });
    push("failover-alerts", now, &body)
}

/// An operator's command, delivered by Pub/Sub.
pub(crate) fn command(verb: &str) -> Value {
    push("failover-commands", Timestamp::now(), &json!({ "command": verb }))
}

fn push(subscription: &str, published: Timestamp, body: &Value) -> Value {
    let message = fresh_id();
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
