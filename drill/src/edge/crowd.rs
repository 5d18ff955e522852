//! Visitors under load: most of them read, every fourth sends an order, each over a connection of its own.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{task::JoinHandle, time::MissedTickBehavior};

use crate::{lock, logbook::in_seconds};

/// Fifty a second.
const EVERY: Duration = Duration::from_millis(20);
/// No visitor waits longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What became of one visitor.
#[derive(Debug, Clone)]
struct Visit {
    came: Instant,
    took: Duration,
    order: bool,
    /// The status; none where there was no answer at all.
    status: Option<u16>,
    by: String,
    honest: bool,
}

/// What became of all who came in some time.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// How many came.
    pub(super) visitors: usize,
    /// How many of them sent an order.
    pub(super) orders: usize,
    /// Served by home.
    pub(super) by_primary: usize,
    /// Served by the standby.
    pub(super) by_standby: usize,
    /// Orders of which nobody could know whether home had carried them out, and which were told so.
    pub(super) told_so: usize,
    /// All others.
    pub(super) lost: usize,
    /// The longest that anybody waited.
    #[serde(rename = "longest_s", serialize_with = "in_seconds")]
    pub(super) longest: Duration,
}

/// Visitors who keep coming.
#[derive(Debug)]
pub(super) struct Crowd {
    visits: Arc<Mutex<Vec<Visit>>>,
    coming: JoinHandle<()>,
}

impl Crowd {
    pub(super) fn gather(host: SocketAddr) -> anyhow::Result<Self> {
        let builder = reqwest::Client::builder().pool_max_idle_per_host(0).http1_only().no_proxy();
        let client = builder.timeout(PATIENCE).build()?;
        let visits = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&visits);
        let coming = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for number in 0.. {
                ticks.tick().await;
                let (client, seen) = (client.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let visit = come(&client, host, number).await;
                    lock(&seen).push(visit);
                });
            }
        });
        Ok(Self { visits, coming })
    }

    /// What became of those who came from one moment to another.
    pub(super) fn tally(&self, from: Instant, to: Instant) -> Tally {
        let mut tally = Tally::default();
        for visit in lock(&self.visits).iter().filter(|visit| visit.came >= from && visit.came < to) {
            tally.visitors += 1;
            tally.orders += usize::from(visit.order);
            tally.longest = tally.longest.max(visit.took);
            match (visit.status, visit.by.as_str()) {
                (Some(200), "primary" | "") => tally.by_primary += 1,
                (Some(200), "standby") => tally.by_standby += 1,
                (Some(503), _) if visit.order && visit.honest => tally.told_so += 1,
                _ => tally.lost += 1,
            }
        }
        tally
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.coming.abort();
    }
}

async fn come(client: &reqwest::Client, host: SocketAddr, number: u64) -> Visit {
    let (came, order) = (Instant::now(), number % 4 == 3);
    let request = if order {
        client.post(format!("http://{host}/orders/{number}")).body(format!("order {number}"))
    } else {
        client.get(format!("http://{host}/pages/{number}"))
    };
    let answer = request.send().await;
    let header = |name: &str| {
        let value = answer.as_ref().ok().and_then(|answer| answer.headers().get(name));
        value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (by, honest) = (header("failover-served-by"), !header("retry-after").is_empty());
    let status = match answer {
        Ok(answer) => {
            let status = answer.status().as_u16();
            answer.bytes().await.ok().map(|_| status)
        }
        Err(_) => None,
    };
    Visit { came, took: came.elapsed(), order, status, by, honest }
}
