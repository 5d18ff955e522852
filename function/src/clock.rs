//! A clock that runs on while the machine is suspended.
//!
//! The usual one stands still then, so a claim would look as young after a night with the lid closed as before. Waits
//! are timers of the usual clock; what is asked how old it is counts by this one.

use std::{sync::LazyLock, time::Duration};

/// When this process first asked, on the usual clock and on the one that runs on.
static BEGUN: LazyLock<(std::time::Instant, Duration)> =
    LazyLock::new(|| (std::time::Instant::now(), running_on()));

/// An instant of this clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    at: tokio::time::Instant,
    /// How long the machine had been suspended by then, since this process first asked.
    suspended: Duration,
}

impl Instant {
    /// Now.
    pub fn now() -> Self {
        Self { at: tokio::time::Instant::now(), suspended: suspended() }
    }

    /// How long ago it was, suspension included.
    pub fn elapsed(self) -> Duration {
        Self::now().duration_since(self)
    }

    /// How long after `earlier` it was; nothing where it was before.
    pub fn duration_since(self, earlier: Self) -> Duration {
        self.at.saturating_duration_since(earlier.at) + self.suspended.saturating_sub(earlier.suspended)
    }
}

fn suspended() -> Duration {
    let (usual, then) = *BEGUN;
    // In this order a pause between the two looks never passes for suspension.
    let on = running_on().saturating_sub(then);
    on.saturating_sub(usual.elapsed())
}

/// The clock that counts suspension. Where a system has none, what it has.
fn running_on() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: nix::time::ClockId = nix::time::ClockId::CLOCK_BOOTTIME;
    // Apple's CLOCK_MONOTONIC runs on in sleep, unlike the one of Rust's `Instant` (clock_gettime(3) of macOS).
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: nix::time::ClockId = nix::time::ClockId::CLOCK_MONOTONIC;
    nix::time::clock_gettime(CLOCK).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_with_the_usual_clock_while_nothing_is_suspended() {
        let begun = Instant::now();
        tokio::time::advance(Duration::from_mins(5)).await;
        let elapsed = begun.elapsed();
        assert!(elapsed >= Duration::from_mins(5) && elapsed < Duration::from_secs(301), "{elapsed:?}");
    }

    #[test]
    fn what_was_slept_through_counts() {
        let at = tokio::time::Instant::now();
        let asleep = |seconds| Instant { at, suspended: Duration::from_secs(seconds) };
        assert_eq!(asleep(3600).duration_since(asleep(1)), Duration::from_secs(3599));
        assert_eq!(asleep(1).duration_since(asleep(3600)), Duration::ZERO);
    }
}
