//! What each kind of webhook is sent, and how long a broken one is tried.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use cloud_failover::{
    announce::{Announcement, Outlet, Webhook, WebhookKind},
    api::{ApiError, ApiErrorKind, Secret},
    clouds::Severity,
};
use serde_json::json;

use crate::{
    ended,
    receiver::{Answer, Arrival, Receiver},
};

const PATIENT: Duration = Duration::from_secs(10);
const IMPATIENT: Duration = Duration::from_millis(200);

async fn told(kind: WebhookKind, secret: Option<&str>, told: &Announcement) -> Arrival {
    let receiver = Receiver::answering([]).await;
    receiver.webhook(kind, secret, PATIENT).deliver(told).await.unwrap();
    let [arrival] = receiver.arrivals().try_into().unwrap();
    arrival
}

async fn failing(script: Vec<Answer>, call_timeout: Duration) -> (Result<(), ApiError>, usize) {
    let receiver = Receiver::answering(script).await;
    let result = receiver.webhook(WebhookKind::Slack, None, call_timeout).deliver(&ended()).await;
    (result, receiver.arrivals().len())
}

#[tokio::test]
async fn slack_gets_blocks_and_a_text_with_its_control_characters_escaped() {
    let arrival = told(WebhookKind::Slack, None, &ended()).await;
    assert_eq!(arrival.path, "/hooks/T0/B0/hunter2");
    assert_eq!(arrival.header("content-type"), "application/json");
    let sent = arrival.json();
    let why = "The failover of resume ended Done: &lt;served&gt; from the standby &amp; proven.";
    assert_eq!(sent["text"], json!(format!("✅ *resume: a move has ended*\n{why}")));
    assert_eq!(sent["blocks"][0]["text"]["text"], "✅ resume: a move has ended");
    assert_eq!(sent["blocks"][1]["text"], json!({ "type": "mrkdwn", "text": why }));
}

#[tokio::test]
async fn discord_gets_a_content_that_mentions_nobody() {
    let sent = told(WebhookKind::Discord, None, &ended()).await.json();
    let content = "✅ **resume: a move has ended**\nThe failover of resume ended Done: <served> from the standby & proven.";
    assert_eq!((&sent["content"], &sent["allowed_mentions"]), (&json!(content), &json!({ "parse": [] })));
}

#[tokio::test]
async fn ntfy_rings_louder_the_worse_it_is() {
    let arrival = told(WebhookKind::Ntfy, None, &ended()).await;
    assert_eq!((arrival.header("title"), arrival.header("priority")), ("resume: a move has ended", "3"));
    assert_eq!(
        (arrival.header("click"), arrival.header("actions")),
        ("", ""),
        "without a page there is no link"
    );
    let stuck = told(WebhookKind::Ntfy, None, &ended().with_severity(Severity::Critical)).await;
    assert_eq!((stuck.header("tags"), stuck.header("priority")), ("rotating_light", "5"));
}

#[tokio::test]
async fn apprise_gets_a_title_a_body_and_a_type() {
    let arrival = told(WebhookKind::Apprise, None, &ended()).await;
    let body = "The failover of resume ended Done: <served> from the standby & proven.";
    let expected =
        json!({ "title": "resume: a move has ended", "body": body, "type": "success", "format": "text" });
    assert_eq!(arrival.json(), expected);
    let stuck = told(WebhookKind::Apprise, None, &ended().with_severity(Severity::Critical)).await;
    assert_eq!(stuck.json()["type"], "failure");
}

#[tokio::test]
async fn a_program_gets_a_cloudevent_signed_over_id_time_and_body() {
    let announcement = ended();
    let arrival = told(WebhookKind::Generic, Some("a secret of some length"), &announcement).await;
    assert_eq!(arrival.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(arrival.header("webhook-id"), announcement.id);
    assert_eq!(arrival.json()["type"], "cloud-failover.ended");
    assert_eq!(arrival.json()["data"]["incident"], "0.abc");
    let signed = [
        arrival.header("webhook-id").as_bytes(),
        arrival.header("webhook-timestamp").as_bytes(),
        arrival.body.as_ref(),
    ];
    let signature = arrival.header("webhook-signature").strip_prefix("v1,").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a secret of some length");
    hmac::verify(&key, &signed.join(&b'.'), &BASE64_STANDARD.decode(signature).unwrap()).unwrap();
}

#[tokio::test]
async fn without_a_secret_a_program_gets_the_event_unsigned() {
    let arrival = told(WebhookKind::Generic, None, &ended()).await;
    assert_eq!(arrival.header("webhook-signature"), "");
    assert_eq!(arrival.json()["specversion"], "1.0");
}

#[tokio::test]
async fn a_busy_receiver_is_told_again() {
    let (result, tries) = failing(vec![Answer::Status(503), Answer::RetryAfter(429, 1)], PATIENT).await;
    result.unwrap();
    assert_eq!(tries, 3);
}

#[tokio::test]
async fn a_receiver_that_stays_broken_is_given_up() {
    let (result, tries) = failing(vec![Answer::Status(500); 9], PATIENT).await;
    assert_eq!(result.unwrap_err().kind, ApiErrorKind::Transient);
    assert_eq!(tries, 4);
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let (result, _) = failing(vec![Answer::Never; 9], IMPATIENT).await;
    assert_eq!(result.unwrap_err().kind, ApiErrorKind::Transient);
}

#[tokio::test]
async fn a_revoked_webhook_is_not_tried_again_and_says_what_mends_it() {
    for (status, kind) in
        [(403, ApiErrorKind::Denied), (404, ApiErrorKind::Missing), (410, ApiErrorKind::Missing)]
    {
        let (result, tries) = failing(vec![Answer::Status(status)], PATIENT).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind, tries), (kind, 1), "{error}");
        assert!(error.to_string().ends_with("make a new one"), "{error}");
    }
}

#[tokio::test]
async fn no_error_shows_the_url() {
    let nobody = Secret::new("http://127.0.0.1:9/hooks/hunter2?key=hunter2");
    let webhook = Webhook::new(WebhookKind::Ntfy, &nobody, None, reqwest::Client::new(), IMPATIENT).unwrap();
    let unreachable = webhook.deliver(&ended()).await.unwrap_err().to_string();
    let (refused, _) = failing(vec![Answer::Status(404)], PATIENT).await;
    for text in [unreachable, refused.unwrap_err().to_string(), format!("{webhook:?}"), webhook.name()] {
        assert!(text.contains("127.0.0.1") && !text.contains("hunter2") && !text.contains("hooks"), "{text}");
    }
}

#[test]
fn a_url_that_cannot_be_used_is_refused_without_being_repeated() {
    for url in ["hunter2", "ftp://hunter2.example/", "data:hunter2", ""] {
        let refused =
            Webhook::new(WebhookKind::Slack, &Secret::new(url), None, reqwest::Client::new(), PATIENT)
                .unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
