//! A cache in front of a source: one look at a time, and an answer within seconds however long a look takes.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{Overview, Source};

/// How long a look is good for: own choice, so that a page left open costs little.
const GOOD_FOR: Duration = Duration::from_secs(15);
/// How long it is good for while something moves or visitors get no answer: own choice, what a person watching
/// expects.
const GOOD_FOR_WHILE_URGENT: Duration = Duration::from_secs(3);
/// How long a visitor waits for a look before the one before it is shown: own choice.
const PATIENCE: Duration = Duration::from_secs(3);

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What was seen of all sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The sites, in the order of the configuration.
    pub sites: Vec<Overview>,
    /// When they were looked at; none if nothing has answered yet.
    pub at: Option<Timestamp>,
    /// Whether a newer look was begun and has not answered in time.
    pub late: bool,
}

impl Look {
    /// Whether anything moves, or any site gives no answer.
    pub fn is_urgent(&self) -> bool {
        self.sites.iter().any(Overview::is_urgent)
    }
}

/// Keeps the newest look of a source.
#[derive(Clone)]
pub struct Cached {
    source: Arc<dyn Source>,
    clock: Clock,
    kept: watch::Sender<Kept>,
}

#[derive(Clone, Default)]
struct Kept {
    newest: Option<(Instant, Look)>,
    looking: bool,
}

impl Kept {
    fn is_fresh(&self) -> bool {
        self.newest.as_ref().is_some_and(|(begun, look)| {
            let good_for = if look.is_urgent() { GOOD_FOR_WHILE_URGENT } else { GOOD_FOR };
            begun.elapsed() < good_for
        })
    }
}

impl Cached {
    /// Nothing is looked at yet.
    pub fn new(source: Arc<dyn Source>, clock: Clock) -> Self {
        Self { source, clock, kept: watch::Sender::new(Kept::default()) }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The newest look: a fresh one if the source answers in time, else the one before it, marked as late.
    pub async fn look(&self) -> Look {
        let mut kept = self.kept.subscribe();
        self.begin_if_stale();
        let answered = timeout(PATIENCE, kept.wait_for(|kept| !kept.looking)).await;
        let late = !matches!(&answered, Ok(Ok(kept)) if kept.is_fresh());
        drop(answered);
        let newest = self.kept.borrow().newest.clone();
        match newest {
            Some((_, look)) => Look { late, ..look },
            None => Look { sites: self.source.unlooked(), at: None, late: true },
        }
    }

    fn begin_if_stale(&self) {
        let begins = self.kept.send_if_modified(|kept| {
            let begins = !kept.looking && !kept.is_fresh();
            kept.looking |= begins;
            begins
        });
        if begins {
            let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
            let looking = Looking(self.kept.clone());
            tokio::spawn(async move {
                let begun = Instant::now();
                let sites = source.overviews().await;
                let look = Look { sites, at: Some(clock()), late: false };
                looking.0.send_modify(|kept| kept.newest = Some((begun, look)));
            });
        }
    }
}

/// While this lives a look is under way; it ends with its task, however that ends.
struct Looking(watch::Sender<Kept>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.send_modify(|kept| kept.looking = false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use tokio::time::{advance, sleep};

    use super::*;

    /// Takes this long for each look, and counts them; panics at the look of this number.
    struct Slow(Duration, AtomicUsize, usize);

    #[async_trait]
    impl Source for Slow {
        async fn overviews(&self) -> Vec<Overview> {
            let number = self.1.fetch_add(1, Ordering::SeqCst) + 1;
            assert_ne!(number, self.2, "this look breaks");
            if number > 1 {
                sleep(self.0).await;
            }
            Vec::new()
        }

        fn unlooked(&self) -> Vec<Overview> {
            Vec::new()
        }
    }

    fn cached(takes: Duration, breaks: usize) -> (Arc<Slow>, Cached) {
        let source = Arc::new(Slow(takes, AtomicUsize::new(0), breaks));
        (Arc::clone(&source), Cached::new(source, Arc::new(Timestamp::now)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_is_good_for_a_while_and_made_once_for_all_who_ask() {
        let (source, cached) = cached(Duration::from_secs(1), 0);
        let looks = futures::future::join_all((0..20).map(|_| cached.look())).await;
        assert!(looks.iter().all(|look| !look.late && look.at.is_some()));
        advance(GOOD_FOR * 9 / 10).await;
        cached.look().await;
        assert_eq!(source.1.load(Ordering::SeqCst), 1);
        advance(Duration::from_secs(2)).await;
        cached.look().await;
        assert_eq!(source.1.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_hangs_costs_its_reader_seconds_and_leaves_the_look_before() {
        let (source, cached) = cached(Duration::from_hours(1), 0);
        let first = cached.look().await;
        advance(GOOD_FOR).await;
        let asked = Instant::now();
        let second = cached.look().await;
        assert_eq!(asked.elapsed(), PATIENCE);
        assert_eq!((second.at, second.late), (first.at, true));
        cached.look().await;
        assert_eq!(source.1.load(Ordering::SeqCst), 2, "one look at a time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_breaks_is_asked_again() {
        let (source, cached) = cached(Duration::ZERO, 1);
        let look = cached.look().await;
        assert_eq!((look.at, look.late), (None, true));
        assert!(!cached.look().await.late);
        assert_eq!(source.1.load(Ordering::SeqCst), 2);
    }
}
