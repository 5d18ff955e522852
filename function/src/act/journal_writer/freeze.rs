//! Freeze: whether this process stood still, and since when it has been awake.
//!
//! A machine that is suspended or an instance without CPU stands still between any two lines, and others may have moved
//! on meanwhile. What was learned before says nothing of the world after.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::clock::Instant;

/// So often the clock is looked at within the longest pause that is no standstill.
const LOOKS: u32 = 4;

/// Notices a standstill, by a task of its own for as long as somebody asks for it.
#[derive(Debug)]
pub(super) struct Freeze {
    longest: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    last: Instant,
    awake_since: Instant,
}

impl Freeze {
    /// Looks from now on; a longer pause than `longest` is a standstill.
    pub(super) fn watch(longest: Duration) -> Arc<Self> {
        let now = Instant::now();
        let freeze = Arc::new(Self { longest, seen: Mutex::new(Seen { last: now, awake_since: now }) });
        let watched = Arc::downgrade(&freeze);
        tokio::spawn(async move {
            while let Some(freeze) = watched.upgrade() {
                freeze.awake_since();
                drop(freeze);
                tokio::time::sleep(longest / LOOKS).await;
            }
        });
        freeze
    }

    /// When the process last woke up from a standstill, or was first asked. Whoever asks first after one finds it.
    pub(super) fn awake_since(&self) -> Instant {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now.duration_since(seen.last) > self.longest {
            seen.awake_since = now;
        }
        seen.last = now;
        seen.awake_since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn a_process_that_runs_has_been_awake_since_it_began() {
        let (begun, freeze) = (Instant::now(), Freeze::watch(LONGEST));
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(freeze.awake_since(), begun);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_first_after_a_standstill_finds_it() {
        let freeze = Freeze::watch(LONGEST);
        // No task runs meanwhile, as in a process that is stopped.
        tokio::time::advance(LONGEST + Duration::from_millis(1)).await;
        let woken = Instant::now();
        assert_eq!(freeze.awake_since(), woken);
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(freeze.awake_since(), woken, "it runs since then");
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_pause_is_no_standstill() {
        let (begun, freeze) = (Instant::now(), Freeze::watch(LONGEST));
        tokio::time::advance(LONGEST).await;
        assert_eq!(freeze.awake_since(), begun);
    }
}
