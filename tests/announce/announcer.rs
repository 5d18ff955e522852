//! Telling never waits, settling waits no longer than it says.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use cloud_failover::{
    announce::{Announcement, Announcer, Kind, Outlet, Webhook, WebhookKind},
    api::ApiError,
};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    ended,
    receiver::{Answer, Receiver},
};

const SOON: Duration = Duration::from_secs(20);

fn numbered(number: usize) -> Announcement {
    Announcement::new(Kind::Pending, None, number.to_string(), Timestamp::UNIX_EPOCH)
}

fn announcer(webhooks: impl IntoIterator<Item = Webhook>) -> Announcer {
    Announcer::new(webhooks.into_iter().map(|webhook| Arc::new(webhook) as Arc<dyn Outlet>).collect())
}

#[tokio::test]
async fn every_outlet_is_told() {
    let (here, there) = (Receiver::answering([]).await, Receiver::answering([]).await);
    let announcer = announcer([
        here.webhook(WebhookKind::Slack, None, SOON),
        there.webhook(WebhookKind::Ntfy, None, SOON),
    ]);
    announcer.tell(ended());
    assert!(announcer.settle(SOON).await);
    assert_eq!((here.arrivals().len(), there.arrivals().len()), (1, 1));
}

#[tokio::test]
async fn a_chat_is_told_in_order_even_if_a_try_fails() {
    let receiver = Receiver::answering([Answer::Status(503)]).await;
    let announcer = announcer([receiver.webhook(WebhookKind::Ntfy, None, SOON)]);
    (0..5).for_each(|number| announcer.tell(numbered(number)));
    assert!(announcer.settle(SOON).await);
    let bodies: Vec<_> = receiver.arrivals().into_iter().map(|arrival| arrival.body).collect();
    let first: Vec<_> = bodies.iter().filter_map(|body| body.first()).collect();
    assert_eq!(first, b"001234".iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_broken_outlet_keeps_nothing_from_the_others() {
    let (broken, well) = (Receiver::answering([Answer::Status(404)]).await, Receiver::answering([]).await);
    let announcer = announcer([
        broken.webhook(WebhookKind::Slack, None, SOON),
        well.webhook(WebhookKind::Slack, None, SOON),
    ]);
    announcer.tell(ended());
    assert!(announcer.settle(SOON).await);
    assert!(broken.played_out());
    assert_eq!(well.arrivals().len(), 1);
}

#[tokio::test]
async fn settling_ends_at_its_limit_and_the_rest_arrives_later() {
    let gate = Arc::new(Gate::default());
    let announcer = Announcer::new(vec![Arc::clone(&gate) as Arc<dyn Outlet>]);
    announcer.tell(numbered(1));
    assert!(!announcer.settle(Duration::from_millis(50)).await);
    gate.open.add_permits(1);
    assert!(announcer.settle(SOON).await);
    assert_eq!(*gate.passed.lock().unwrap(), ["1"]);
}

#[tokio::test]
async fn with_nothing_under_way_settling_takes_no_time() {
    let before = Instant::now();
    assert!(Announcer::log_only().settle(SOON).await);
    assert!(before.elapsed() < SOON);
}

#[tokio::test]
async fn telling_never_waits_and_too_many_are_dropped() {
    let gate = Arc::new(Gate::default());
    let announcer = Announcer::new(vec![Arc::clone(&gate) as Arc<dyn Outlet>]);
    (0..3_000).for_each(|number| announcer.tell(numbered(number)));
    gate.open.add_permits(3_000);
    assert!(announcer.settle(SOON).await);
    let passed = gate.passed.lock().unwrap();
    assert!((1_000..2_000).contains(&passed.len()), "{}", passed.len());
    assert_eq!(passed[..2], ["0", "1"]);
}

/// An outlet that waits until it is let through.
#[derive(Debug)]
struct Gate {
    open: tokio::sync::Semaphore,
    passed: Mutex<Vec<String>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: tokio::sync::Semaphore::new(0), passed: Mutex::default() }
    }
}

#[async_trait]
impl Outlet for Gate {
    fn name(&self) -> String {
        "gate".to_owned()
    }

    async fn deliver(&self, announcement: &Announcement) -> Result<(), ApiError> {
        self.open.acquire().await.unwrap().forget();
        self.passed.lock().unwrap().push(announcement.sentence.clone());
        Ok(())
    }
}
