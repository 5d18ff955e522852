//! Pace: how long things may take and how long is waited between tries, derived from the configured times.
//!
//! Waits scale with `call_timeout` and `claim_for`, so that a test which sets these to a tenth runs ten times
//! faster through the same code.

use std::time::Duration;

use rand::Rng;

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
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(10),
            claim_for: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(5),
            journal_patience: Duration::from_secs(5),
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

    /// How long to wait for a provider that throttles without saying for how long: 2, 5, 10, 30, 60 s at the
    /// default `call_timeout` (Cloudflare blocks a user for five minutes at worst: its page "Rate limits", read
    /// 2026-11-20).
    pub fn throttled(&self, attempt: u32) -> Duration {
        const TENTHS: [u32; 5] = [2, 5, 10, 30, 60];
        let step = TENTHS[usize::try_from(attempt).map_or(4, |attempt| attempt.min(4))];
        self.call_timeout * step / 10
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
