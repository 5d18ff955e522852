//! What is to be published about one site, and when: the outage, again and again, and its end.
//!
//! Pure: time is an argument. Pub/Sub keeps what it took, so a repetition matters only where the function has to
//! hear several watchers within three intervals, or where a report was lost on the way; one too many is harmless.

use std::{collections::VecDeque, time::Duration};

use failover_core::IncidentState;
use tokio::time::Instant;

/// The longest wait between two reports of the same outage.
const SELDOM: Duration = Duration::from_mins(1);

/// Where several watchers have to agree, a report counts for three intervals: none waits longer than two.
const SELDOM_IN_COMPANY: u32 = 2;

/// The first and the longest wait after a report that could not be published.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Reports of one outage come ever more seldom: each after this share of the outage's age.
const SHARE: u32 = 4;

/// Pub/Sub keeps no order: a repetition of "open" may arrive after "closed", so that is said twice.
const CLOSINGS: u32 = 2;
const BETWEEN_CLOSINGS: Duration = Duration::from_secs(10);

/// One outage as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The same in every report of it.
    pub id: String,
    /// When the first failure was seen.
    pub since: Instant,
    /// What was met.
    pub summary: String,
}

#[derive(Debug)]
struct Open {
    outage: Outage,
    /// Somebody may have heard of it.
    tried: bool,
    /// When it is said again; never, once the function has answered.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Closing {
    outage: Outage,
    left: u32,
    next: Instant,
}

/// What is to be published about one site.
#[derive(Debug)]
pub struct Outbox {
    every: Duration,
    /// The longest wait between two reports of the same outage.
    seldom: Duration,
    open: Option<Open>,
    closing: VecDeque<Closing>,
    /// What is being published.
    sending: Option<(String, IncidentState)>,
    /// Failures to publish in a row, and until when nothing is tried.
    failures: u32,
    resting: Option<Instant>,
}

impl Outbox {
    /// Nothing to publish. While an outage is young it is told every `every`; where `agree` watchers have to report
    /// it, its reports stay frequent.
    pub fn new(every: Duration, agree: u32) -> Self {
        let seldom = if agree > 1 { SELDOM.min(every * SELDOM_IN_COMPANY) } else { SELDOM };
        let (open, closing) = (None, VecDeque::new());
        Self { every, seldom, open, closing, sending: None, failures: 0, resting: None }
    }

    /// An outage began.
    pub fn open(&mut self, outage: Outage, now: Instant) {
        self.open = Some(Open { outage, tried: false, next: Some(now) });
    }

    /// It is over. What nobody can have heard of needs no end.
    pub fn close(&mut self, now: Instant) {
        let told = self.open.take().filter(|open| open.tried);
        self.closing.extend(told.map(|open| Closing { outage: open.outage, left: CLOSINGS, next: now }));
    }

    /// The function has answered: it knows, and needs no repetition.
    pub fn answered(&mut self) {
        if let Some(open) = self.open.as_mut().filter(|open| open.tried) {
            open.next = None;
        }
    }

    /// The outage that is open.
    pub fn outage(&self) -> Option<&Outage> {
        self.open.as_ref().map(|open| &open.outage)
    }

    /// When there is something to publish.
    pub fn due(&self) -> Option<Instant> {
        if self.sending.is_some() {
            return None;
        }
        let closing = self.closing.front().map(|closing| closing.next);
        let next = [closing, self.open.as_ref().and_then(|open| open.next)].into_iter().flatten().min()?;
        Some(self.resting.map_or(next, |resting| next.max(resting)))
    }

    /// What to publish now; then [`Outbox::sent`] is to be told how that went.
    pub fn take(&mut self, now: Instant) -> Option<(Outage, IncidentState)> {
        self.due().filter(|due| *due <= now)?;
        if let Some(open) = self.open.as_mut().filter(|open| open.next.is_some_and(|next| next <= now)) {
            open.tried = true;
            self.sending = Some((open.outage.id.clone(), IncidentState::Open));
            return Some((open.outage.clone(), IncidentState::Open));
        }
        let closing = self.closing.front()?;
        self.sending = Some((closing.outage.id.clone(), IncidentState::Closed));
        Some((closing.outage.clone(), IncidentState::Closed))
    }

    /// Whether what was taken could be published.
    pub fn sent(&mut self, published: bool, now: Instant) {
        let sending = self.sending.take();
        if !published {
            let wait = RETRY.0.saturating_mul(2_u32.saturating_pow(self.failures)).min(RETRY.1);
            (self.failures, self.resting) = (self.failures.saturating_add(1), Some(now + wait));
            return;
        }
        (self.failures, self.resting) = (0, None);
        match sending {
            Some((id, IncidentState::Open)) => self.opened(&id, now),
            Some((_, IncidentState::Closed)) => self.closed(now),
            None => {}
        }
    }

    fn opened(&mut self, id: &str, now: Instant) {
        let Some(open) = self.open.as_mut().filter(|open| open.outage.id == id) else { return };
        let age = now.saturating_duration_since(open.outage.since);
        let wait = (age / SHARE).min(self.seldom).max(self.every);
        open.next = open.next.map(|_| now + wait);
    }

    fn closed(&mut self, now: Instant) {
        let Some(mut closing) = self.closing.pop_front() else { return };
        closing.left -= 1;
        if closing.left > 0 {
            closing.next = now + BETWEEN_CLOSINGS;
            self.closing.push_back(closing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    struct Story {
        start: Instant,
        outbox: Outbox,
    }

    impl Story {
        fn new() -> Self {
            Self::agreeing(1)
        }

        fn agreeing(watchers: u32) -> Self {
            let start = Instant::now();
            let mut outbox = Outbox::new(EVERY, watchers);
            let outage = Outage { id: "pi-resume-1".to_owned(), since: start, summary: String::new() };
            outbox.open(outage, start);
            Self { start, outbox }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        /// Publishes what is due next, when it is due; says when that was, in seconds.
        fn publish(&mut self, published: bool) -> Option<(u64, IncidentState)> {
            let due = self.outbox.due()?;
            let (outage, state) = self.outbox.take(due).expect("what is due can be taken");
            assert_eq!((outage.id.as_str(), self.outbox.due()), ("pi-resume-1", None));
            self.outbox.sent(published, due);
            Some((due.duration_since(self.start).as_secs(), state))
        }
    }

    #[test]
    fn an_outage_is_told_at_once_and_ever_more_seldom() {
        let mut story = Story::new();
        let told: Vec<u64> = (0..12).map(|_| story.publish(true).unwrap().0).collect();
        assert_eq!(told, [0, 5, 10, 15, 20, 25, 31, 39, 48, 61, 76, 95]);
        let later: Vec<u64> = (0..9).map(|_| story.publish(true).unwrap().0).collect();
        assert_eq!(later[7] - later[6], 60);
    }

    #[test]
    fn where_watchers_have_to_agree_every_three_intervals_see_a_report_however_old_the_outage() {
        let mut story = Story::agreeing(3);
        let told: Vec<u64> = (0..100).map(|_| story.publish(true).unwrap().0).collect();
        let waits: Vec<u64> = told.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.iter().all(|wait| (5..=10).contains(wait)), "{waits:?}");
    }

    #[test]
    fn its_end_is_told_twice_under_the_same_name() {
        let mut story = Story::new();
        story.publish(true);
        story.outbox.close(story.at(30));
        let told: Vec<_> = std::iter::from_fn(|| story.publish(true)).collect();
        assert_eq!(told, [(30, IncidentState::Closed), (40, IncidentState::Closed)]);
    }

    #[test]
    fn an_outage_that_nobody_heard_of_needs_no_end() {
        let mut story = Story::new();
        story.outbox.close(story.at(0));
        assert_eq!(story.outbox.due(), None);
    }

    #[test]
    fn what_could_not_be_published_is_tried_again_with_growing_waits() {
        let mut story = Story::new();
        let tries: Vec<u64> = (0..8).map(|_| story.publish(false).unwrap().0).collect();
        assert_eq!(tries, [0, 1, 3, 7, 15, 31, 61, 91]);
        assert_eq!(story.publish(true), Some((121, IncidentState::Open)));
        story.outbox.close(story.at(125));
        assert_eq!(story.publish(true), Some((125, IncidentState::Closed)));
    }

    #[test]
    fn the_functions_answer_ends_the_repetitions_but_not_the_story() {
        let mut story = Story::new();
        story.outbox.answered();
        assert_eq!(story.publish(true), Some((0, IncidentState::Open)), "an answer to an earlier outage");
        story.outbox.answered();
        assert_eq!(story.outbox.due(), None);
        story.outbox.close(story.at(99));
        assert_eq!(story.publish(true), Some((99, IncidentState::Closed)));
    }

    #[test]
    fn a_report_that_arrives_after_its_outage_delays_no_other() {
        let mut story = Story::new();
        story.outbox.take(story.at(0)).unwrap();
        story.outbox.close(story.at(1));
        let outage = Outage { id: "pi-resume-2".to_owned(), since: story.at(1), summary: String::new() };
        story.outbox.open(outage, story.at(1));
        story.outbox.sent(true, story.at(2));
        assert_eq!(story.outbox.due(), Some(story.at(1)));
        assert_eq!(story.outbox.outage().map(|outage| outage.id.as_str()), Some("pi-resume-2"));
    }

    #[test]
    fn a_new_outage_is_told_before_the_end_of_an_old_one() {
        let mut story = Story::new();
        story.publish(true);
        story.outbox.close(story.at(10));
        let outage = Outage { id: "pi-resume-2".to_owned(), since: story.at(10), summary: String::new() };
        story.outbox.open(outage, story.at(10));
        let (first, state) = story.outbox.take(story.at(10)).unwrap();
        assert_eq!((first.id.as_str(), state), ("pi-resume-2", IncidentState::Open));
        story.outbox.sent(true, story.at(10));
        let (second, state) = story.outbox.take(story.at(10)).unwrap();
        assert_eq!((second.id.as_str(), state), ("pi-resume-1", IncidentState::Closed));
    }
}
