//! Whether enough watchers say the same of a site before their reports are acted on.
//!
//! Pure: times are arguments. It is counted in this process and nowhere else. A restart begins again, and of two
//! instances each counts what it is delivered; since a watcher repeats its report, at first as often as it looks and
//! never more seldom than once a minute, that costs a repetition or two and loses nothing. Alerts of Monitoring,
//! which has its own locations to agree, and the reconciles' own reports aren't counted.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use failover_core::SiteName;
use jiff::{SignedDuration, Timestamp};

/// A report counts for so many intervals of the watchers.
const INTERVALS: u32 = 3;

/// Who reported which site last when.
#[derive(Debug)]
pub(super) struct Agreement {
    needed: usize,
    counts_for: SignedDuration,
    reports: HashMap<SiteName, BTreeMap<String, Timestamp>>,
}

/// How many watchers agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// As many as are needed.
    Enough,
    /// So many of so many.
    Short(usize, usize),
}

impl Agreement {
    /// `needed` watchers have to agree, who look every `every`.
    pub(super) fn new(needed: u32, every: Duration) -> Self {
        Self {
            needed: usize::try_from(needed).unwrap_or(usize::MAX),
            counts_for: SignedDuration::try_from(every * INTERVALS).unwrap_or(SignedDuration::MAX),
            reports: HashMap::new(),
        }
    }

    /// `watcher` reported at `at` that the site is down.
    pub(super) fn reported(&mut self, site: &SiteName, watcher: &str, at: Timestamp) -> Count {
        if self.needed <= 1 {
            return Count::Enough;
        }
        let reports = self.reports.entry(site.clone()).or_default();
        let latest = reports.entry(watcher.to_owned()).or_insert(at);
        *latest = at.max(*latest);
        // Deliveries come in any order: what is old is measured by the newest report, not by this one.
        let newest = reports.values().max().copied().unwrap_or(at);
        reports.retain(|_, said| newest.duration_since(*said) <= self.counts_for);
        match reports.len() {
            enough if enough >= self.needed && reports.contains_key(watcher) => Count::Enough,
            few => Count::Short(few, self.needed),
        }
    }

    /// `watcher` sees the site answer again.
    pub(super) fn withdrawn(&mut self, site: &SiteName, watcher: &str) {
        if let Some(reports) = self.reports.get_mut(site) {
            reports.remove(watcher);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    struct Story {
        site: SiteName,
        start: Timestamp,
        agreement: Agreement,
    }

    impl Story {
        fn needing(needed: u32) -> Self {
            Self {
                site: "resume".parse().unwrap(),
                start: "2026-11-20T03:00:00Z".parse().unwrap(),
                agreement: Agreement::new(needed, Duration::from_secs(5)),
            }
        }

        fn report(&mut self, watcher: &str, second: i64) -> Count {
            self.agreement.reported(&self.site, watcher, self.start + second.seconds())
        }
    }

    #[test]
    fn one_watcher_is_enough_where_one_is_needed() {
        assert_eq!(Story::needing(1).report("pi", 0), Count::Enough);
    }

    #[test]
    fn a_watcher_agrees_with_another_and_not_with_itself() {
        let mut story = Story::needing(2);
        assert_eq!(story.report("pi", 0), Count::Short(1, 2));
        assert_eq!(story.report("pi", 5), Count::Short(1, 2));
        assert_eq!(story.report("vm", 20), Count::Enough);
        assert_eq!(story.report("pi", 25), Count::Enough);
    }

    #[test]
    fn a_report_counts_for_three_intervals() {
        let mut story = Story::needing(2);
        story.report("pi", 0);
        assert_eq!(story.report("vm", 16), Count::Short(1, 2));
        assert_eq!(story.report("pi", 31), Count::Enough);
    }

    #[test]
    fn a_report_that_arrives_late_counts_only_for_its_own_time() {
        let mut story = Story::needing(2);
        assert_eq!(story.report("vm", 100), Count::Short(1, 2));
        assert_eq!(story.report("pi", 0), Count::Short(1, 2));
        assert_eq!(story.report("pi", 90), Count::Enough);
        story.report("vm", 100);
        assert_eq!(story.report("vm", 20), Count::Enough, "a late one takes nothing back");
    }

    #[test]
    fn who_sees_the_site_answer_counts_no_more() {
        let mut story = Story::needing(2);
        story.report("pi", 0);
        story.agreement.withdrawn(&story.site, "pi");
        assert_eq!(story.report("vm", 1), Count::Short(1, 2));
    }

    #[test]
    fn sites_are_counted_apart() {
        let mut story = Story::needing(2);
        story.report("pi", 0);
        story.site = "blog".parse().unwrap();
        assert_eq!(story.report("vm", 0), Count::Short(1, 2));
    }
}
