//! How long each service takes before it does anything. Nothing by default, so that tests are fast.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::frame::lock::lock;
use crate::service::Service;

/// The latency of every service.
#[derive(Debug, Default)]
pub struct Latencies(Mutex<LatencyState>);

#[derive(Debug, Default)]
struct LatencyState {
    services: HashMap<Service, Duration>,
    jitter: f64,
}

impl Latencies {
    /// From now on this service takes this long.
    pub fn set(&self, service: Service, latency: Duration) {
        lock(&self.0).services.insert(service, latency);
    }

    /// Spreads every latency evenly by this share of itself: 0.2 means between 80 % and 120 %.
    pub fn jitter(&self, share: f64) {
        lock(&self.0).jitter = share.clamp(0.0, 1.0);
    }

    pub(crate) fn draw(&self, service: Service) -> Duration {
        let state = lock(&self.0);
        let latency = state.services.get(&service).copied().unwrap_or_default();
        if state.jitter == 0.0 {
            return latency;
        }
        latency.mul_f64(1.0 + state.jitter * (2.0 * rand::random::<f64>() - 1.0))
    }
}
