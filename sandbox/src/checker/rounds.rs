//! Since when each site has failed in each place.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The first of the failures in a row, by site and place.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    failing: HashMap<String, Vec<Option<Instant>>>,
}

impl Rounds {
    /// One round: who answered, by place.
    pub(super) fn note(&mut self, site: &str, answers: &[bool], now: Instant) {
        let since = self.failing.entry(site.to_owned()).or_default();
        since.resize(answers.len(), None);
        for (since, answered) in since.iter_mut().zip(answers) {
            *since = if *answered { None } else { since.or(Some(now)) };
        }
    }

    /// There is no data of this site any more.
    pub(super) fn forget(&mut self, site: &str) {
        self.failing.remove(site);
    }

    /// The places in which the site has failed for so long.
    pub(super) fn failing(&self, site: &str, for_at_least: Duration, now: Instant) -> Vec<usize> {
        let since = self.failing.get(site).into_iter().flatten().enumerate();
        let long_enough = |since: Instant| now.saturating_duration_since(since) >= for_at_least;
        since.filter(|(_, since)| since.is_some_and(long_enough)).map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_from_its_first_round_and_ends_with_an_answer() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut rounds = Rounds::default();
        rounds.note("resume", &[false, true, false], start);
        rounds.note("resume", &[false, false, true], later);
        assert_eq!(rounds.failing("resume", Duration::ZERO, later), [0, 1]);
        assert_eq!(rounds.failing("resume", Duration::from_secs(5), later), [0]);
        rounds.forget("resume");
        assert!(rounds.failing("resume", Duration::ZERO, later).is_empty());
    }
}
