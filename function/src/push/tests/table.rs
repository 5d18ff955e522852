//! The table of answers, row by row.

use failover_core::{End, IncidentState, Verb};

use super::*;

/// Posts `body` to an unguarded door and checks status and reason; nothing may have been delivered.
#[track_caller]
fn refused(answer: &(u16, Value), status: u16, reason: &str) {
    let expected = json!({"site": null, "verdict": "refused", "reason": reason});
    assert_eq!(answer, &(status, expected));
}

#[tokio::test]
async fn an_alert_and_a_command_are_delivered_as_they_were_sent() {
    let door = Fixture::open().await;
    let request = door.http.post(door.url("/push")).body(push(ALERTS, "17", OPENED));
    let request = request.header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let (status, body) = told(request.send().await.unwrap()).await;
    assert_eq!(
        (status, &body),
        (200, &json!({"site": "resume", "verdict": "stay", "reason": "already there"}))
    );
    assert_eq!(door.post(push(COMMANDS, "18", FAILBACK), None).await.0, 200);
    let seen = door.seen();
    assert_eq!((seen[0].message_id.as_str(), seen[0].attempt), ("17", Some(2)));
    assert_eq!(
        (seen[0].subscription.as_str(), seen[0].publish_time.to_string().as_str()),
        (ALERTS, "2026-11-20T10:00:00.5Z")
    );
    assert_eq!(seen[0].trace.as_ref().unwrap().trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    let DeliveryKind::Alert(Notification::Incident(incident)) = &seen[0].kind else { panic!("{seen:?}") };
    assert_eq!((incident.id.as_str(), incident.state), ("0.abc", IncidentState::Open));
    assert_eq!(seen[1].kind, DeliveryKind::Command(Command::new(Verb::Failback)));
}

#[tokio::test]
async fn the_reply_decides_status_and_body() {
    let replies = [
        (settled().ending(End::Done), 200, json!(End::Done.to_string())),
        (Reply::unreadable("there is no site \"x\""), 400, Value::Null),
        (Reply::new(None, ReplyVerdict::Move, "the token may not", 503), 503, Value::Null),
    ];
    for (reply, status, end) in replies {
        let (reason, verdict) = (reply.reason.clone(), json!(reply.verdict));
        let door = Fixture::with(&config("none", ""), Limits::default(), move |_| reply.clone()).await;
        let (told, body) = door.post(push(COMMANDS, "1", FAILBACK), None).await;
        assert_eq!(
            (told, &body["reason"], &body["verdict"], &body["end"]),
            (status, &json!(reason), &verdict, &end)
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_400_by_what_is_wrong() {
    let door = Fixture::open().await;
    let no_wrap = "the push is no JSON object; only Pub/Sub's wrapped pushes are understood";
    refused(&door.post("hello", None).await, 400, no_wrap);
    refused(&door.post("", None).await, 400, no_wrap);
    let unwrapped = "the push has no message; only Pub/Sub's wrapped pushes are understood";
    refused(&door.post(OPENED, None).await, 400, unwrapped);
    let broken = push(ALERTS, "1", OPENED).replace("\"data\":\"", "\"data\":\"*");
    refused(
        &door.post(broken, None).await,
        400,
        "the message's data is no base64: character 1 does not belong there",
    );
    let messages: [(&str, &[u8], &str); 7] = [
        (ALERTS, b"7", "the notification is JSON but no object; publish one such as {…}"),
        (
            ALERTS,
            br#"{"version":"2.0","incident":{}}"#,
            "the notification has schema version \"2.0\", of which nothing is known; expected 1.x",
        ),
        (
            ALERTS,
            br#"{"version":"1.2","incident":{"state":"open"}}"#,
            "the notification names no incident: incident.incident_id is missing",
        ),
        (
            ALERTS,
            br#"{"version":"1.2","incident":{"incident_id":"1"}}"#,
            "the incident has no state; expected \"open\" or \"closed\"",
        ),
        (
            COMMANDS,
            br#"{"command":"fallback"}"#,
            "\"fallback\" is no command; known are failover, failback, hold, release, acknowledge, reconcile, \
             rehearse, check",
        ),
        (
            COMMANDS,
            br#"{"command":"failover","forse":true}"#,
            "the command has a field \"forse\" that means nothing; known are command, site, reason, by, force, for",
        ),
        (COMMANDS, OPENED, "the message is an alert; only an alerts subscription may carry it"),
    ];
    for (subscription, data, reason) in messages {
        refused(&door.post(push(subscription, "1", data), None).await, 400, reason);
    }
    assert_eq!(door.seen(), []);
}

#[tokio::test]
async fn an_unconfigured_subscription_and_a_command_among_alerts_are_403() {
    let door = Fixture::open().await;
    let strange = "projects/acme/subscriptions/strange";
    refused(
        &door.post(push(strange, "1", OPENED), None).await,
        403,
        "the subscription projects/acme/subscriptions/strange is not configured; add it to [push]",
    );
    for command in [FAILBACK, br#"{"command":"fallback"}"#, br#"{"command":"failover","version":"1.2"}"#] {
        refused(
            &door.post(push(ALERTS, "1", command), None).await,
            403,
            "a command came through projects/acme/subscriptions/alerts, which carries alerts only",
        );
    }
    assert_eq!(door.seen(), []);
}

#[tokio::test]
async fn other_methods_are_405_and_other_paths_404() {
    let door = Fixture::open().await;
    for (method, path, allowed) in [
        ("GET", "/push", "POST"),
        ("PUT", "/push", "POST"),
        ("DELETE", "/push", "POST"),
        ("POST", "/health", "GET, HEAD"),
    ] {
        let request = door.http.request(method.parse().unwrap(), door.url(path));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["allow"], allowed);
        refused(&told(answer).await, 405, &format!("{method} means nothing here; use {allowed}"));
    }
    let answer = door.http.post(door.url("/")).send().await.unwrap();
    refused(&told(answer).await, 404, "nothing is at /; pushes go to /push");
}

#[tokio::test]
async fn health_says_ok() {
    let door = Fixture::open().await;
    let answer = door.http.get(door.url("/health")).send().await.unwrap();
    assert_eq!(told(answer).await, (200, json!({"status": "ok"})));
    let answer = door.http.head(door.url("/health")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, String::new()));
}

#[tokio::test]
async fn monitorings_test_message_is_delivered_as_such() {
    let door = Fixture::open().await;
    let test = br#"{"version":"test","incident":{"incident_id":"12345","state":"OPEN"}}"#;
    assert_eq!(door.post(push(ALERTS, "1", test), None).await.0, 200);
    assert_eq!(door.seen()[0].kind, DeliveryKind::Alert(Notification::Test));
}

#[tokio::test]
async fn a_delivery_that_takes_too_long_or_breaks_off_is_503() {
    let limits = Limits { answer_within: Duration::from_millis(200), ..Limits::default() };
    let door = Fixture::with(&config("none", ""), limits, |_| panic!("broken on purpose")).await;
    refused(
        &door.post(push(COMMANDS, "slow", FAILBACK), None).await,
        503,
        "no end within 0 s; the next delivery or reconcile carries it on",
    );
    refused(
        &door.post(push(COMMANDS, "1", FAILBACK), None).await,
        503,
        "the delivery broke off; the log has the reason",
    );
}

#[tokio::test]
async fn a_client_that_goes_away_stops_nothing() {
    let (ended, mut end) = tokio::sync::mpsc::unbounded_channel();
    let door = Fixture::with(&config("none", ""), Limits::default(), move |_| {
        ended.send(()).unwrap();
        settled()
    })
    .await;
    let request = door.http.post(door.url("/push")).body(push(COMMANDS, "slow", FAILBACK));
    assert!(request.timeout(Duration::from_millis(500)).send().await.is_err());
    assert_eq!(door.seen().len(), 1);
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), end.recv()).await, Ok(Some(())));
}

#[tokio::test]
async fn a_stop_lets_requests_end_and_takes_no_new_ones() {
    let mut door = Fixture::open().await;
    let request = door.http.post(door.url("/push")).body(push(COMMANDS, "slow", FAILBACK));
    let running = tokio::spawn(request.send());
    while door.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    door.stop.take().unwrap().send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap().status().as_u16(), 200);
    door.served.await.unwrap();
    assert!(tokio::net::TcpStream::connect(door.address).await.is_err());
}
