//! Pace: how long things may take and how long is waited between tries, derived from the configured times.
//!
//! Pauses of our own choice scale with `call_timeout` and `claim_for`, so that a test which sets these to a tenth runs ten
//! times faster through the same code. What the contract fixes doesn't: it is set by `[times]`.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use failover_core::SwitchId;
use rand::Rng;
use tokio::time::Instant;

/// Times that don't follow from any other setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The gap between the two answers that a failback asks of the primary.
    pub apart: Duration,
    /// The pauses for a provider that throttles without saying for how long.
    pub throttled: [Duration; 5],
}

impl Default for Times {
    fn default() -> Self {
        Self { apart: Duration::from_secs(2), throttled: [2, 5, 10, 30, 60].map(Duration::from_secs) }
    }
}

/// How long a site's owner has its moves wait: read by the configuration, and handed on as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// How long a first look at the public URL may hold a failover up.
    pub confirm_within: Duration,
    /// How long an operator's failover waits for the standby before a site that still answers is left alone.
    pub verify_within: Duration,
    /// How long a failback waits for the primary to answer visitors.
    pub failback_patience: Duration,
}

/// A provider's wish to be left alone is honoured for so long: visitors wait in the dark meanwhile.
const WISH_AT_MOST: Duration = Duration::from_mins(1);

/// The configured times that waits derive from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// One call to a provider waits at most this long.
    pub call_timeout: Duration,
    /// A claim that stood still for this long is dead.
    pub claim_for: Duration,
    /// One probe waits at most this long.
    pub probe_timeout: Duration,
    /// A journal that can't be reached is waited for this long before a fresh incident is acted on without it.
    pub journal_patience: Duration,
    /// What the contract fixes.
    pub times: Times,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(10),
            claim_for: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(5),
            journal_patience: Duration::from_secs(5),
            times: Times::default(),
        }
    }
}

impl Pace {
    /// How long to wait before try number `attempt` + 2: doubling from a fiftieth of `call_timeout` to half of
    /// it, with half of that as jitter, so that many waiters don't come back together.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let longest = self.call_timeout / 2;
        let full = (self.call_timeout / 50).saturating_mul(1 << attempt.min(10)).min(longest);
        full.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// How long to wait for a provider that throttles without saying for how long (Cloudflare blocks a user for five
    /// minutes at worst: its page "Rate limits", read 2026-11-20).
    pub fn throttled(&self, attempt: u32) -> Duration {
        self.times.throttled[usize::try_from(attempt).map_or(4, |attempt| attempt.min(4))]
    }

    /// How long to wait between two looks at a site that is to answer soon, `waited` being the time so far.
    pub fn between_probes(&self, waited: Duration) -> Duration {
        if waited < self.claim_for * 2 { self.claim_for / 20 } else { self.claim_for / 5 }
    }

    /// How long to wait between two looks at the journal while another process holds a claim.
    pub fn between_looks(&self) -> Duration {
        self.claim_for / 10
    }
}

/// What providers wish: to be left alone for a while. It holds for all of this process, whoever was told.
#[derive(Debug, Default)]
pub struct Wishes(Mutex<HashMap<SwitchId, Instant>>);

impl Wishes {
    /// Notes that the provider of `switch` wants to be left alone for `wished`; says for how long it is.
    pub fn note(&self, switch: &SwitchId, wished: Duration) -> Duration {
        let wait = wished.min(WISH_AT_MOST);
        let until = Instant::now() + wait;
        let mut wishes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = wishes.entry(switch.clone()).or_insert(until);
        *known = until.max(*known);
        wait
    }

    /// Waits until the provider of `switch` may be asked.
    pub async fn heed(&self, switch: &SwitchId) {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(switch).copied();
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wish_is_heeded_by_all_and_for_a_minute_at_most() {
        let (wishes, begun) = (Wishes::default(), Instant::now());
        let (rule, check) = (SwitchId::new("rule", "a"), SwitchId::new("check", "b"));
        assert_eq!(wishes.note(&rule, Duration::from_hours(24)), WISH_AT_MOST);
        wishes.note(&rule, Duration::from_secs(1));
        wishes.heed(&check).await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "another's wish");
        wishes.heed(&rule).await;
        assert_eq!(begun.elapsed(), WISH_AT_MOST);
        assert_eq!(wishes.note(&rule, Duration::MAX), WISH_AT_MOST);
    }
}
