//! What our client says to Pub/Sub, as the sandbox takes it: publications by gRPC, the rest by REST.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use cloud_failover::{
    api::{
        ApiError, ApiErrorKind, Secret,
        tokens::{StaticToken, Token, Tokens},
    },
    pubsub::{PubSub, PubSubSettings},
};
use sandbox::{
    Options, Sandbox, Service,
    pubsub::{PUSH_ACCOUNT, PUSH_AUDIENCE, subscription, topic},
};

const SOON: Duration = Duration::from_secs(20);

/// Clouds without a site, and a client with a token of theirs.
async fn pubsub() -> (Sandbox, PubSub) {
    let sandbox = Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.unwrap();
    let token = sandbox.world.access.issue("watch@gleich-tech.iam.gserviceaccount.com", SOON);
    let client = client(&sandbox, &token);
    (sandbox, client)
}

fn client(sandbox: &Sandbox, token: &str) -> PubSub {
    with_tokens(sandbox, Arc::new(StaticToken(Secret::new(token))))
}

fn with_tokens(sandbox: &Sandbox, tokens: Arc<dyn Tokens>) -> PubSub {
    let endpoint = Some(sandbox.url(Service::Pubsub));
    PubSub::new(PubSubSettings { endpoint, tokens: Some(tokens), call_timeout: SOON })
}

/// Gives the token that was issued last, until it is told to forget it; doubts each one once.
#[derive(Debug)]
struct Desk(Mutex<Vec<Secret>>);

impl Desk {
    fn of(tokens: [&str; 2]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(tokens.map(Secret::new).into())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl Tokens for Desk {
    async fn token(&self) -> Result<Token, ApiError> {
        let newest = self.0.lock().unwrap().last().cloned().unwrap();
        StaticToken(newest).token().await
    }

    async fn forget(&self, _refused: &Token) {
        let mut issued = self.0.lock().unwrap();
        if issued.len() > 1 {
            issued.pop();
        }
    }

    fn may_be_anothers(&self, _token: &Token) -> bool {
        self.left() > 1
    }
}

#[tokio::test]
async fn what_is_published_waits_for_whoever_subscribed() {
    let (sandbox, pubsub) = pubsub().await;
    let attributes = HashMap::from([("ce-type".to_owned(), "cloud-failover.started".to_owned())]);
    let id = pubsub.publish(&topic("failover-events"), "{}".into(), attributes).await.unwrap();
    assert_eq!(sandbox.world.pubsub.said(&id).as_deref(), Some(b"{}".as_slice()));
    let waiting = sandbox.world.pubsub.waiting(&subscription("failover-events"));
    assert_eq!(waiting[0].1, [("ce-type".to_owned(), "cloud-failover.started".to_owned())]);
    assert!(sandbox.world.ledger.unknown().is_empty());
}

#[tokio::test]
async fn a_subscriptions_settings_are_read() {
    let (sandbox, pubsub) = pubsub().await;
    sandbox.world.pubsub.push_to("http://127.0.0.1:9/push");
    let read = pubsub.subscription(&subscription("failover-alerts")).await.unwrap();
    let push = read.push.unwrap();
    assert_eq!((read.topic, read.ack_deadline), (topic("failover-alerts"), Duration::from_mins(10)));
    assert_eq!((push.service_account.as_str(), push.audience.as_str()), (PUSH_ACCOUNT, PUSH_AUDIENCE));
    assert_eq!(read.retry, Some((Duration::from_secs(1), Duration::from_mins(1))));
    assert_eq!(read.dead_letter.map(|dead| dead.attempts), Some(100));
}

#[tokio::test]
async fn what_is_missing_or_not_permitted_is_told_apart() {
    let (sandbox, pubsub) = pubsub().await;
    let missing = pubsub.publish(&topic("not-there"), "x".into(), HashMap::new()).await.unwrap_err();
    assert_eq!(missing.kind, ApiErrorKind::Missing, "{missing}");
    sandbox.world.deny("pubsub.topics.publish");
    let denied = pubsub.publish(&topic("failover-alerts"), "x".into(), HashMap::new()).await.unwrap_err();
    assert_eq!(denied.kind, ApiErrorKind::Denied, "{denied}");
    assert!(denied.to_string().contains("roles/pubsub.publisher"), "{denied}");
}

#[tokio::test]
async fn a_token_that_nobody_issued_is_refused() {
    let (sandbox, _) = pubsub().await;
    let stranger = client(&sandbox, "ya29.made-up");
    assert!(stranger.subscription(&subscription("failover-alerts")).await.is_err());
}

#[tokio::test]
async fn a_token_that_is_not_accepted_or_may_be_anothers_is_replaced_once() {
    let (sandbox, _) = pubsub().await;
    let access = &sandbox.world.access;
    let good = access.issue("watch@gleich-tech.iam.gserviceaccount.com", SOON);
    let anothers = access.issue("build@elsewhere.iam.gserviceaccount.com", SOON);
    for permission in ["pubsub.topics.publish", "pubsub.subscriptions.get"] {
        access.deny_to("build@elsewhere.iam.gserviceaccount.com", permission);
    }
    for refused in ["ya29.stale", &anothers] {
        let desk = Desk::of([&good, refused]);
        let publishing = with_tokens(&sandbox, desk.clone());
        publishing.publish(&topic("failover-alerts"), "x".into(), HashMap::new()).await.unwrap();
        publishing.publish(&topic("failover-alerts"), "x".into(), HashMap::new()).await.unwrap();
        assert_eq!(desk.left(), 1);
        let reading = with_tokens(&sandbox, Desk::of([&good, refused]));
        reading.subscription(&subscription("failover-alerts")).await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_that_outlives_the_token_is_believed() {
    let (sandbox, _) = pubsub().await;
    let strange = with_tokens(&sandbox, Desk::of(["ya29.made-up", "ya29.stale"]));
    let refused = strange.publish(&topic("failover-alerts"), "x".into(), HashMap::new()).await.unwrap_err();
    assert_eq!(refused.kind, ApiErrorKind::Unaccepted, "{refused}");
}
