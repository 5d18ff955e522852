//! Deliveries over real HTTP, to an endpoint that answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::{Options, Sandbox};

/// What an endpoint received: headers and body.
type Received = Arc<Mutex<Vec<(String, Value)>>>;

/// An endpoint that answers with these statuses in turn, the last one for ever.
async fn endpoint(statuses: &'static [u16]) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("http://{}/push", listener.local_addr().expect("an address"));
    let received = Received::default();
    let seen = received.clone();
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let request = read_request(&mut stream).await;
            seen.lock().expect("no panic").push(request);
            let status = statuses[number.min(statuses.len() - 1)];
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).await.expect("written");
        }
    });
    (url, received)
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> (String, Value) {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).await.expect("readable");
        text += &String::from_utf8_lossy(&chunk[..read]);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return (head.to_owned(), body);
        }
    }
}

async fn sandbox(endpoint: &str) -> Sandbox {
    let sandbox =
        Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.expect("loopback");
    for name in ["failover-alerts", "failover-commands"] {
        sandbox.world.pubsub.configure(&subscription(name), |settings| {
            settings.minimum_backoff = Duration::from_millis(1);
            settings.maximum_backoff = Duration::from_millis(4);
        });
    }
    sandbox.world.pubsub.push_to(endpoint);
    sandbox
}

#[tokio::test]
async fn a_push_carries_both_spellings_and_a_token_of_its_account() {
    let (url, received) = endpoint(&[200]).await;
    let sandbox = sandbox(&url).await;
    let id = sandbox.world.pubsub.publish(&topic("failover-alerts"), "hello", &[("k", "v")]);
    let delivery = sandbox.world.pubsub.settled(&id).await;
    assert_eq!((delivery.attempt, delivery.status), (1, Some(200)));
    let (head, body) = received.lock().expect("no panic").remove(0);
    let token = head.lines().find_map(|line| line.strip_prefix("authorization: Bearer ")).expect("a token");
    let claims = crate::google::tokens::tests::claims_of(token);
    assert_eq!(claims["email"], "failover-push@gleich-tech.iam.gserviceaccount.com");
    let message = &body["message"];
    assert_eq!((&message["messageId"], &message["message_id"]), (&json!(id), &json!(id)));
    assert_eq!((&message["data"], &message["attributes"]), (&json!("aGVsbG8="), &json!({"k": "v"})));
    assert_eq!(body["subscription"], "projects/gleich-tech/subscriptions/failover-alerts");
    assert_eq!(body["deliveryAttempt"], 1);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let (url, received) = endpoint(&[503, 302, 204]).await;
    let sandbox = sandbox(&url).await;
    let id = sandbox.world.pubsub.publish(&topic("failover-commands"), "x", &[]);
    assert_eq!(sandbox.world.pubsub.settled(&id).await.attempt, 3);
    let statuses: Vec<_> =
        sandbox.world.pubsub.outcomes_of(&id).iter().map(|delivery| delivery.status).collect();
    assert_eq!(statuses, [Some(503), Some(302), Some(204)]);
    assert_eq!(received.lock().expect("no panic")[2].1["deliveryAttempt"], 3);
}

#[tokio::test]
async fn what_is_never_acknowledged_is_buried_with_its_history() {
    let (url, _) = endpoint(&[400]).await;
    let sandbox = sandbox(&url).await;
    let pubsub = &sandbox.world.pubsub;
    pubsub.configure(&subscription("failover-alerts"), |settings| {
        settings.dead_letter = Some(DeadLetter { topic: topic("failover-dead-letters"), attempts: 5 });
    });
    let id = pubsub.publish(&topic("failover-alerts"), "poison", &[]);
    assert_eq!(pubsub.settled(&id).await.attempt, 5);
    assert_eq!(pubsub.fates(&id), [Settled::DeadLettered]);
    let (data, attributes) = pubsub.waiting(&subscription("failover-dead-letters")).remove(0);
    assert_eq!(data, "poison");
    let expected = ("CloudPubSubDeadLetterSourceDeliveryCount".to_owned(), "5".to_owned());
    assert!(attributes.contains(&expected), "{attributes:?}");
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for_longer_than_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let sandbox = sandbox(&format!("http://{}/", listener.local_addr().expect("an address"))).await;
    sandbox.world.pubsub.configure(&subscription("failover-alerts"), |settings| {
        settings.ack_deadline = Duration::from_millis(20);
    });
    sandbox.world.pubsub.publish(&topic("failover-alerts"), "x", &[]);
    let _first = listener.accept().await.expect("a delivery");
    let _second = listener.accept().await.expect("the same again, beside the first");
}

#[tokio::test]
async fn an_acknowledged_message_can_come_again_all_the_same() {
    let (url, received) = endpoint(&[200]).await;
    let sandbox = sandbox(&url).await;
    let id = sandbox.world.pubsub.publish(&topic("failover-alerts"), "x", &[]);
    sandbox.world.pubsub.settled(&id).await;
    sandbox.world.pubsub.redeliver(&id);
    assert_eq!(sandbox.world.pubsub.settled(&id).await.attempt, 2);
    assert_eq!(received.lock().expect("no panic").len(), 2);
}

#[tokio::test]
async fn messages_wait_while_there_is_nowhere_to_push_them() {
    let (url, received) = endpoint(&[200]).await;
    let sandbox = sandbox(&url).await;
    sandbox.world.pubsub.hold();
    let id = sandbox.world.pubsub.publish(&topic("failover-alerts"), "x", &[]);
    tokio::task::yield_now().await;
    assert!(received.lock().expect("no panic").is_empty());
    sandbox.world.pubsub.push_to(&url);
    sandbox.world.pubsub.settled(&id).await;
}

#[tokio::test]
async fn a_late_message_says_when_it_was_published() {
    let (url, received) = endpoint(&[200]).await;
    let sandbox = sandbox(&url).await;
    let then: Timestamp = "2026-11-14T08:00:00.5Z".parse().expect("a time");
    let id = sandbox.world.pubsub.publish_at(&topic("failover-alerts"), "x", &[], then);
    sandbox.world.pubsub.settled(&id).await;
    assert_eq!(received.lock().expect("no panic")[0].1["message"]["publishTime"], "2026-11-14T08:00:00.500Z");
}

#[tokio::test]
async fn tokens_are_left_out_stripped_or_forged_as_told() {
    let (url, received) = endpoint(&[200]).await;
    let sandbox = sandbox(&url).await;
    for (tokens, ending) in [(Tokens::Stripped, "SIGNATURE_REMOVED_BY_GOOGLE"), (Tokens::None, "")] {
        sandbox.world.pubsub.configure(&subscription("failover-alerts"), |settings| settings.tokens = tokens);
        let id = sandbox.world.pubsub.publish(&topic("failover-alerts"), "x", &[]);
        sandbox.world.pubsub.settled(&id).await;
        let (head, _) = received.lock().expect("no panic").pop().expect("a push");
        let token = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
        assert!(token.ends_with(ending) && token.is_empty() == ending.is_empty(), "{token}");
    }
}
