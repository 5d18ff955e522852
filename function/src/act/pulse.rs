//! Pulse: since when this process has been awake.
//!
//! A machine that is suspended or an instance without CPU stands still between any two lines, and others may have moved
//! on meanwhile. What was learned before says nothing of the world after.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::clock::Instant;

/// So many beats come within the longest pause that is no standstill.
const BEATS: u32 = 4;

/// A process's pulse, felt by a task of its own for as long as somebody asks for it.
#[derive(Debug)]
pub(super) struct Pulse {
    longest: Duration,
    felt: Mutex<Felt>,
}

#[derive(Debug)]
struct Felt {
    last: Instant,
    awake_since: Instant,
}

impl Pulse {
    /// Feels it from now on; a longer pause than `longest` is a standstill.
    pub(super) fn start(longest: Duration) -> Arc<Self> {
        let now = Instant::now();
        let pulse = Arc::new(Self { longest, felt: Mutex::new(Felt { last: now, awake_since: now }) });
        let felt = Arc::downgrade(&pulse);
        tokio::spawn(async move {
            while let Some(pulse) = felt.upgrade() {
                pulse.awake_since();
                drop(pulse);
                tokio::time::sleep(longest / BEATS).await;
            }
        });
        pulse
    }

    /// When the process last woke up from a standstill, or was first asked. Whoever asks first after one finds it.
    pub(super) fn awake_since(&self) -> Instant {
        let mut felt = self.felt.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now.duration_since(felt.last) > self.longest {
            felt.awake_since = now;
        }
        felt.last = now;
        felt.awake_since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn a_process_that_runs_has_been_awake_since_it_began() {
        let (begun, pulse) = (Instant::now(), Pulse::start(LONGEST));
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(pulse.awake_since(), begun);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_first_after_a_standstill_finds_it() {
        let pulse = Pulse::start(LONGEST);
        // No task runs meanwhile, as in a process that is stopped.
        tokio::time::advance(LONGEST + Duration::from_millis(1)).await;
        let woken = Instant::now();
        assert_eq!(pulse.awake_since(), woken);
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(pulse.awake_since(), woken, "it runs since then");
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_pause_is_no_standstill() {
        let (begun, pulse) = (Instant::now(), Pulse::start(LONGEST));
        tokio::time::advance(LONGEST).await;
        assert_eq!(pulse.awake_since(), begun);
    }
}
