//! Tries again what may pass by itself, within a budget of time, and no longer.
//!
//! What may pass: 408, 429, 5xx, broken connections, no answer in time, answers that can't be read. A provider's
//! wish to wait (Retry-After, Google's `RetryInfo`) is honoured where it fits into the budget.

use std::{error::Error, fmt::Write, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{ApiError, ApiErrorKind};

/// How patiently a call is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first pause; each later one is twice as long, with a random part of up to its length added.
    pub first: Duration,
    /// The longest pause before the random part.
    pub longest: Duration,
    /// How long a call is tried in all; waiting for a throttling provider isn't counted.
    pub budget: Duration,
    /// The pauses for a provider that says "too many requests" without a time. Cloudflare blocks a user for five
    /// minutes at worst (its page "Rate limits", read 2026-11-20); its client hides the header.
    pub throttled: [Duration; 5],
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(200),
            longest: Duration::from_secs(5),
            budget: Duration::from_mins(1),
            throttled: [2, 5, 10, 30, 60].map(Duration::from_secs),
        }
    }
}

impl Pace {
    /// The same pace with every time multiplied by `factor`: tests don't wait for minutes.
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            first: self.first.mul_f64(factor),
            longest: self.longest.mul_f64(factor),
            budget: self.budget.mul_f64(factor),
            throttled: self.throttled.map(|pause| pause.mul_f64(factor)),
        }
    }

    pub(crate) fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_jitter()
            .without_max_times()
    }
}

/// One try that failed, and what the provider said about the next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ApiError,
    pub(crate) wait: Wait,
}

/// How long to wait before the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// As the pace has it.
    Backoff,
    /// At least this long: the provider asked for it.
    Asked(Duration),
    /// The provider throttles and doesn't say for how long.
    Throttled,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { error, wait: Wait::Backoff }
    }
}

/// Calls `attempt` until it succeeds, fails for a reason that won't pass, or the budget is spent.
pub(crate) async fn persist<T, F, Fut>(pace: &Pace, attempt: F) -> Result<T, ApiError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let mut patience = Patience::new(pace);
    let result = attempt
        .retry(pace.backoff())
        .when(|failure: &Failure| failure.error.kind == ApiErrorKind::Transient)
        .adjust(|failure, planned| {
            super::met::note(&failure.error.message);
            patience.pause(failure.wait, planned?)
        })
        .await;
    result.map_err(|failure| patience.told(failure))
}

/// What is left of a call's budget.
#[derive(Debug)]
struct Patience<'a> {
    pace: &'a Pace,
    started: Instant,
    deadline: Instant,
    throttled: usize,
    tries: u32,
}

impl<'a> Patience<'a> {
    fn new(pace: &'a Pace) -> Self {
        let started = Instant::now();
        Self { pace, started, deadline: started + pace.budget, throttled: 0, tries: 1 }
    }

    /// How long to pause before the next try; `None` when there is to be none.
    fn pause(&mut self, wait: Wait, planned: Duration) -> Option<Duration> {
        let pause = match wait {
            Wait::Backoff => planned,
            Wait::Asked(asked) => asked.max(planned),
            Wait::Throttled => {
                let pause = *self.pace.throttled.get(self.throttled)?;
                self.throttled += 1;
                self.deadline += pause;
                pause
            }
        };
        let fits = pause < self.deadline.saturating_duration_since(Instant::now());
        self.tries += u32::from(fits);
        fits.then_some(pause)
    }

    /// The last failure. A caller who tries again itself (a budget of zero) is told the provider's wish to wait.
    fn told(&self, Failure { mut error, wait }: Failure) -> ApiError {
        if self.pace.budget.is_zero() && error.kind == ApiErrorKind::Transient {
            error.kind = match wait {
                Wait::Backoff => ApiErrorKind::Transient,
                Wait::Asked(asked) => ApiErrorKind::Busy(asked),
                Wait::Throttled => ApiErrorKind::Throttled,
            };
        }
        if self.tries > 1 {
            let took = self.started.elapsed().as_secs_f64();
            let _ = write!(error.message, " ({} tries in {took:.1} s)", self.tries);
        }
        error
    }
}

/// Reads `Retry-After`: seconds, or a date in one of the three forms that HTTP has for it (RFC 9110, section 5.6.7). More
/// seconds than fit are a very long time, not none.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let is_number = value.bytes().all(|c| c.is_ascii_digit() || c == b'.') && !value.is_empty();
    if is_number {
        let seconds: f64 = value.parse().ok()?;
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    // The day of the week says nothing that the date doesn't.
    let usual = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let date = usual.parse_timestamp(value).ok().or_else(|| older(value))?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// A date as RFC 850 and C's `asctime` write it: in UTC, and the former's year has two digits.
fn older(value: &str) -> Option<Timestamp> {
    let forms = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let read = forms.into_iter().find_map(|form| jiff::fmt::strtime::parse(form, value).ok())?;
    read.to_datetime().ok()?.to_zoned(jiff::tz::TimeZone::UTC).map(|date| date.timestamp()).ok()
}

/// An error's message with those of its causes, each once: the outermost alone is seldom of use.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = inner.source();
    }
    told
}

/// The innermost cause of an error, which says what happened; the outer ones say where in a library.
pub(crate) fn root_cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn failing(kind: ApiErrorKind, wait: Wait) -> Failure {
        Failure { error: ApiError { kind, message: "it failed".to_owned() }, wait }
    }

    /// Fails in this way for ever; how often it was tried, for how long, and what was told.
    async fn persistently(kind: ApiErrorKind, wait: Wait) -> (u32, Duration, String) {
        let (tries, started) = (Cell::new(0), Instant::now());
        let result: Result<(), ApiError> = persist(&Pace::default(), || {
            tries.set(tries.get() + 1);
            std::future::ready(Err(failing(kind, wait)))
        })
        .await;
        (tries.get(), started.elapsed(), result.unwrap_err().message)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_until_the_budget_is_spent() {
        let (tries, took, told) = persistently(ApiErrorKind::Transient, Wait::Backoff).await;
        assert!((10..40).contains(&tries) && took < Pace::default().budget, "{tries} tries in {took:?}");
        assert_eq!(told, format!("it failed ({tries} tries in {:.1} s)", took.as_secs_f64()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_pass_is_tried_once() {
        for kind in
            [ApiErrorKind::Denied, ApiErrorKind::Missing, ApiErrorKind::Refused, ApiErrorKind::Conflict]
        {
            let (tries, took, told) = persistently(kind, Wait::Backoff).await;
            assert_eq!((tries, took, told.as_str()), (1, Duration::ZERO, "it failed"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttling_provider_is_asked_after_2_5_10_30_and_60_seconds() {
        let (tries, took, _) = persistently(ApiErrorKind::Transient, Wait::Throttled).await;
        assert_eq!((tries, took.as_secs()), (6, 107));
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_asks_for_time_gets_it_if_there_is_so_much() {
        let (tries, took, _) =
            persistently(ApiErrorKind::Transient, Wait::Asked(Duration::from_secs(25))).await;
        assert_eq!((tries, took.as_secs()), (3, 50));
        let (tries, took, _) =
            persistently(ApiErrorKind::Transient, Wait::Asked(Duration::from_hours(1))).await;
        assert_eq!((tries, took.as_secs()), (1, 0));
        let longest = Wait::Asked(Duration::MAX);
        let (tries, took, _) = persistently(ApiErrorKind::Transient, longest).await;
        assert_eq!((tries, took.as_secs()), (1, 0), "longer than any clock counts");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Fri, 20 Nov 2026 12:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Fri, 20 Nov 2026 11:00:30 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("Friday, 20-Nov-26 12:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Fri Nov 20 12:00:30 2026", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun Nov  1 12:00:30 2026", now), Some(Duration::ZERO));
        assert_eq!(retry_after("1.5", now), Some(Duration::from_millis(1500)));
        assert_eq!(retry_after("0", now), Some(Duration::ZERO));
        let age = retry_after("99999999999999999999", now);
        assert!(age > Some(Duration::from_hours(24)), "{age:?}");
        assert!(retry_after("Fri, 31 Dec 2999 23:59:59 GMT", now) > Some(Duration::from_hours(24)));
        for nothing in ["soon", "-1", "", "1e9", ".", "NaN", "1.2.3"] {
            assert_eq!(retry_after(nothing, now), None, "{nothing}");
        }
    }
}
