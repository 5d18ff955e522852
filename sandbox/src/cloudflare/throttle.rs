//! The API's rate limit: 1,200 requests in five minutes; beyond it every call is refused for five minutes.
//! Source: developers.cloudflare.com/fundamentals/api/reference/limits; headers: API changelog of 2025-09-03.

use std::time::{Duration, Instant};

use crate::cloudflare::envelope::CloudflareRefusal;
use crate::frame::call::Reply;

/// How many requests are allowed in which time, and for how long nothing is afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests per window.
    pub requests: u32,
    /// The window.
    pub window: Duration,
    /// How long every call is refused once the limit is exceeded.
    pub lockout: Duration,
}

impl Default for Limit {
    fn default() -> Self {
        let window = Duration::from_mins(5);
        Self { requests: 1200, window, lockout: window }
    }
}

/// Counts the requests of one user.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    limit: Limit,
    began: Option<Instant>,
    used: u32,
    locked_until: Option<Instant>,
}

impl Throttle {
    /// Sets the limit and begins to count anew.
    pub(crate) fn set(&mut self, limit: Limit) {
        *self = Self { limit, ..Self::default() };
    }

    /// Counts a request, or refuses it.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), CloudflareRefusal> {
        if let Some(wait) = self.locked(now) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return Err(CloudflareRefusal::throttled().retry_after(seconds));
        }
        if self.began.is_none_or(|began| now.duration_since(began) >= self.limit.window) {
            self.began = Some(now);
            self.used = 0;
        }
        self.used += 1;
        if self.used > self.limit.requests {
            self.locked_until = Some(now + self.limit.lockout);
            return self.admit(now);
        }
        Ok(())
    }

    /// What is left, on every answer.
    pub(crate) fn label(&self, reply: Reply, now: Instant) -> Reply {
        let Limit { requests, window, .. } = self.limit;
        let left = requests.saturating_sub(self.used);
        let age = self.began.map_or(Duration::ZERO, |began| now.duration_since(began));
        let resets = window.saturating_sub(age).as_secs();
        reply
            .header("ratelimit", format!("\"default\";r={left};t={resets}"))
            .header("ratelimit-policy", format!("\"default\";q={requests};w={}", window.as_secs()))
    }

    fn locked(&mut self, now: Instant) -> Option<Duration> {
        let until = self.locked_until?;
        if now < until {
            return Some(until - now);
        }
        self.set(self.limit);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(requests: u32) -> Throttle {
        let mut throttle = Throttle::default();
        throttle.set(Limit { requests, ..Limit::default() });
        throttle
    }

    #[test]
    fn one_request_too_many_shuts_the_door_for_five_minutes() {
        let (mut throttle, start) = (throttle(2), Instant::now());
        assert!(throttle.admit(start).is_ok());
        assert!(throttle.admit(start).is_ok());
        assert_eq!(throttle.admit(start), Err(CloudflareRefusal::throttled().retry_after(300)));
        let later = start + Duration::from_secs(299);
        assert_eq!(throttle.admit(later), Err(CloudflareRefusal::throttled().retry_after(1)));
        assert!(throttle.admit(start + Duration::from_mins(5)).is_ok());
    }

    #[test]
    fn a_new_window_begins_to_count_anew() {
        let (mut throttle, start) = (throttle(1), Instant::now());
        assert!(throttle.admit(start).is_ok());
        assert!(throttle.admit(start + Duration::from_mins(5)).is_ok());
    }

    #[test]
    fn every_answer_says_what_is_left() {
        let (mut throttle, start) = (throttle(10), Instant::now());
        throttle.admit(start).expect("the first of ten");
        let reply = throttle.label(Reply::empty(200), start);
        assert_eq!(reply.header_value("ratelimit"), Some("\"default\";r=9;t=300"));
    }
}
