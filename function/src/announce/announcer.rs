//! Hands announcements to outlets in the background, one queue an outlet.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::Announcement;
use crate::api::ApiError;

/// Announcements that may wait for one outlet; more are dropped, which the log tells.
const QUEUE: usize = 1024;

/// Most that one delivery may take, retries included: a hanging outlet must not hold up its next announcement.
const DELIVERY_LIMIT: Duration = Duration::from_secs(15);

/// One place that announcements are delivered to.
#[async_trait]
pub trait Outlet: fmt::Debug + Send + Sync + 'static {
    /// What the log calls it; shows no secret.
    fn name(&self) -> String;

    /// How many deliveries may be under way at once; with one, announcements arrive in their order.
    fn abreast(&self) -> usize {
        1
    }

    /// Delivers one announcement, trying again a little by itself.
    async fn deliver(&self, announcement: &Announcement) -> Result<(), ApiError>;
}

/// Tells announcements to the log and to every outlet; cheap to clone.
#[derive(Clone, Debug)]
pub struct Announcer(Arc<Desk>);

#[derive(Debug)]
struct Desk {
    queues: Vec<Queue>,
    /// How many deliveries are queued or under way.
    open: Arc<watch::Sender<usize>>,
}

#[derive(Debug)]
struct Queue {
    outlet: String,
    sender: mpsc::Sender<Delivery>,
}

struct Delivery {
    announcement: Arc<Announcement>,
    _open: Open,
}

/// One delivery that `settle` waits for, until it is dropped.
struct Open(Arc<watch::Sender<usize>>);

impl Announcer {
    /// An announcer with these outlets besides the log. It needs a running runtime, where its queues are worked off.
    pub fn new(outlets: Vec<Arc<dyn Outlet>>) -> Self {
        let queues = outlets.into_iter().map(Queue::of).collect();
        Self(Arc::new(Desk { queues, open: Arc::new(watch::Sender::new(0)) }))
    }

    /// An announcer that only writes the log.
    pub fn log_only() -> Self {
        Self::new(Vec::new())
    }

    /// Tells it: to the log now, to the outlets as soon as may be. Never waits.
    pub fn tell(&self, announcement: Announcement) {
        announcement.log();
        let announcement = Arc::new(announcement);
        for queue in &self.0.queues {
            let delivery =
                Delivery { announcement: Arc::clone(&announcement), _open: Open::one(&self.0.open) };
            if queue.sender.try_send(delivery).is_err() {
                let (outlet, id) = (&queue.outlet, &announcement.id);
                tracing::warn!(outlet, id, "an announcement was dropped: too many wait for {outlet}");
            }
        }
    }

    /// Waits until all that was told is delivered or given up, at most `limit`; says whether it is.
    ///
    /// To be called before a push is answered: afterwards Cloud Run takes the CPU away.
    pub async fn settle(&self, limit: Duration) -> bool {
        let mut open = self.0.open.subscribe();
        timeout(limit, open.wait_for(|open| *open == 0)).await.is_ok()
    }
}

impl Queue {
    fn of(outlet: Arc<dyn Outlet>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let name = outlet.name();
        tokio::spawn(work_off(outlet, receiver));
        Self { outlet: name, sender }
    }
}

async fn work_off(outlet: Arc<dyn Outlet>, receiver: mpsc::Receiver<Delivery>) {
    let deliveries = futures::stream::unfold(receiver, async |mut receiver| {
        let delivery = receiver.recv().await?;
        Some((delivery, receiver))
    });
    let deliver = |delivery: Delivery| deliver(outlet.as_ref(), delivery);
    deliveries.for_each_concurrent(outlet.abreast(), deliver).await;
}

async fn deliver(outlet: &dyn Outlet, delivery: Delivery) {
    let id = &delivery.announcement.id;
    match timeout(DELIVERY_LIMIT, outlet.deliver(&delivery.announcement)).await {
        Ok(Ok(())) => tracing::debug!(id, "told {}", outlet.name()),
        Ok(Err(error)) => tracing::warn!(id, "could not tell {}: {error}", outlet.name()),
        Err(_) => tracing::warn!(id, "could not tell {}: no end within {DELIVERY_LIMIT:?}", outlet.name()),
    }
}

impl Open {
    fn one(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|open| *open += 1);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}
