//! Which watchers live: each gives signs of life, and is missed when it doesn't.
//!
//! Pure: instants are arguments. Kept in this process: after a restart only those are missed that the configuration
//! names, and those that were heard of since.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::watch::HEARTBEAT;

/// So many signs of life have to be missing: deliveries may be late, and a watcher may be updated.
const MISSING: u32 = 10;

/// So many watchers are listened for at most: whoever may publish alerts can make names up.
const MOST: usize = 100;

/// The watchers that are listened for.
#[derive(Debug)]
pub(super) struct Heartbeats(BTreeMap<String, Life>);

#[derive(Debug, Clone, Copy)]
struct Life {
    heard: Instant,
    /// Whether it was heard at all.
    spoke: bool,
    missed: bool,
}

impl Heartbeats {
    /// Listens for these watchers, who have had no chance yet to be heard.
    pub(super) fn of(names: &[String], now: Instant) -> Self {
        let unheard = Life { heard: now, spoke: false, missed: false };
        Self(names.iter().map(|name| (name.clone(), unheard)).collect())
    }

    /// A sign of life came; says whether the watcher was missed.
    pub(super) fn beat(&mut self, watcher: &str, now: Instant) -> bool {
        if self.0.len() >= MOST && !self.0.contains_key(watcher) {
            return false;
        }
        let life = Life { heard: now, spoke: true, missed: false };
        self.0.insert(watcher.to_owned(), life).is_some_and(|before| before.missed)
    }

    /// Something else came from it; says whether it was missed. A monitor that only reports outages gives no signs
    /// of life, and none are expected of it.
    pub(super) fn spoke(&mut self, watcher: &str, now: Instant) -> bool {
        self.0.contains_key(watcher) && self.beat(watcher, now)
    }

    /// Who was heard, and how long ago.
    pub(super) fn heard(&self, now: Instant) -> impl Iterator<Item = (&str, Duration)> {
        let heard = self.0.iter().filter(|(_, life)| life.spoke);
        heard.map(move |(name, life)| (name.as_str(), now.saturating_duration_since(life.heard)))
    }

    /// The watchers that are missed from now on, and for how long nothing was heard of them.
    pub(super) fn newly_missed(&mut self, now: Instant) -> Vec<(String, Duration)> {
        let silence = |life: &Life| now.saturating_duration_since(life.heard);
        let newly =
            self.0.iter_mut().filter(|(_, life)| !life.missed && silence(life) >= HEARTBEAT * MISSING);
        newly
            .map(|(name, life)| {
                life.missed = true;
                (name.clone(), silence(life))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    #[test]
    fn a_watcher_that_falls_silent_is_missed_once_and_its_return_is_noticed() {
        let start = Instant::now();
        let mut beats = Heartbeats::of(&[], start);
        assert!(!beats.beat("pi", start));
        assert!(beats.newly_missed(start + minutes(9)).is_empty());
        assert_eq!(beats.newly_missed(start + minutes(10)), [("pi".to_owned(), minutes(10))]);
        assert!(beats.newly_missed(start + minutes(11)).is_empty());
        assert!(beats.beat("pi", start + minutes(12)));
        assert!(!beats.beat("pi", start + minutes(13)));
    }

    #[test]
    fn only_who_was_heard_is_told_as_heard() {
        let start = Instant::now();
        let mut beats = Heartbeats::of(&["pi".to_owned(), "vm".to_owned()], start);
        beats.beat("vm", start + minutes(8));
        assert_eq!(beats.heard(start + minutes(10)).collect::<Vec<_>>(), [("vm", minutes(2))]);
    }

    #[test]
    fn a_monitor_that_only_reports_is_never_missed() {
        let start = Instant::now();
        let mut beats = Heartbeats::of(&[], start);
        assert!(!beats.spoke("report", start));
        assert!(beats.newly_missed(start + minutes(30)).is_empty());
    }

    #[test]
    fn names_that_somebody_makes_up_fill_no_memory() {
        let start = Instant::now();
        let mut beats = Heartbeats::of(&[], start);
        for number in 0..1000 {
            beats.beat(&format!("made-up-{number}"), start);
        }
        assert_eq!(beats.newly_missed(start + minutes(30)).len(), MOST);
    }

    #[test]
    fn a_watcher_that_the_configuration_names_is_missed_though_it_never_spoke() {
        let start = Instant::now();
        let mut beats = Heartbeats::of(&["pi".to_owned(), "vm".to_owned()], start);
        beats.beat("vm", start + minutes(8));
        assert_eq!(beats.newly_missed(start + minutes(10)), [("pi".to_owned(), minutes(10))]);
    }
}
