//! How many requests a subscription has left this hour.

use std::time::{Duration, Instant};

use super::envelope::AzureDenied;

/// Azure documentation, "Throttling Resource Manager requests": 1,200 writes and 12,000 reads an hour.
const WRITES: u32 = 1200;
const READS: u32 = 12_000;
const HOUR: Duration = Duration::from_hours(1);

/// Counts down and begins anew every hour.
#[derive(Debug)]
pub(super) struct Quota {
    writes: u32,
    reads: u32,
    ends: Instant,
}

impl Default for Quota {
    fn default() -> Self {
        Self { writes: WRITES, reads: READS, ends: Instant::now() + HOUR }
    }
}

impl Quota {
    /// From now on there are so many writes left, for so long.
    pub(super) fn leave(&mut self, writes: u32, time: Duration) {
        *self = Self { writes, reads: READS, ends: Instant::now() + time };
    }

    /// What is left after one more read; reads are never refused here.
    pub(super) fn spend_read(&mut self) -> u32 {
        self.refill();
        self.reads = self.reads.saturating_sub(1);
        self.reads
    }

    /// What is left after one more write.
    ///
    /// # Errors
    /// 429 when nothing was left, with the seconds until there is.
    pub(super) fn spend_write(&mut self, subscription: &str) -> Result<u32, AzureDenied> {
        self.refill();
        if let Some(left) = self.writes.checked_sub(1) {
            self.writes = left;
            return Ok(left);
        }
        let wait = self.ends.saturating_duration_since(Instant::now()).as_secs() + 1;
        let message = format!(
            "Number of 'write' requests for subscription '{subscription}' exceeded. Please try again after '{wait}' \
             seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional \
             information."
        );
        Err(AzureDenied::new(429, "SubscriptionRequestsThrottled", message).retry_after(wait))
    }

    fn refill(&mut self) {
        if self.ends <= Instant::now() {
            *self = Self::default();
        }
    }
}
