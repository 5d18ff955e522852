//! How often the door may be used: often enough for every site to flap, too seldom to cost anything.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So many requests at once: own choice.
const BURST: u32 = 30;
/// And from then on one in this time: 43,200 a day.
const EVERY: Duration = Duration::from_secs(2);

/// A bucket that fills up by itself; wrong keys drink from it too.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// When the bucket would be full again.
    full_at: Mutex<Option<Instant>>,
}

impl Limit {
    /// Whether one more request is heard at `now`.
    pub(super) fn allows(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.map_or(now, |at| at.max(now)) + EVERY;
        let allowed = next.duration_since(now) <= EVERY * BURST;
        if allowed {
            *full_at = Some(next);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_heard_and_then_one_at_a_time() {
        let (limit, start) = (Limit::default(), Instant::now());
        let heard = (0..100).filter(|_| limit.allows(start)).count();
        assert_eq!(heard, 30);
        assert!(!limit.allows(start + Duration::from_secs(1)));
        assert!(limit.allows(start + Duration::from_secs(2)));
        assert!(!limit.allows(start + Duration::from_secs(2)));
        let heard = (0..100).filter(|_| limit.allows(start + Duration::from_hours(1))).count();
        assert_eq!(heard, 30);
    }
}
