use failover_core::Position;

use super::*;

const RULES: Rules = Rules { every: Duration::from_secs(5), threshold: 3, recovery: 2, agree: 1 };

/// A site on a clock of its own, in milliseconds.
struct Story {
    start: Instant,
    site: Watched,
}

fn answer() -> Served {
    Served::By(Position::Primary)
}

fn silence() -> Served {
    Served::Silent("connection refused".to_owned())
}

fn challenge() -> Served {
    Served::Unknown("a challenge".to_owned())
}

impl Story {
    fn new() -> Self {
        let start = Instant::now();
        Self { start, site: Watched::new(RULES, start) }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + Duration::from_millis(milliseconds)
    }

    /// When the next look is due.
    fn next(&self) -> Option<u64> {
        let next = self.site.next_look()?.duration_since(self.start).as_millis();
        Some(u64::try_from(next).unwrap())
    }

    /// The next look begins when it is due and ends `taking` later; says when, and what it changed.
    fn look(&mut self, taking: u64, served: &Served) -> (u64, Change) {
        let begun = self.next().expect("a look is due");
        self.site.begin(self.at(begun), RULES.every);
        (begun + taking, self.site.saw(served, self.at(begun + taking)))
    }

    /// A site that was called down, at that time.
    fn down() -> (Self, u64) {
        let mut story = Self::new();
        story.look(10, &silence());
        story.look(10, &silence());
        let (at, change) = story.look(10, &silence());
        assert_eq!(change, Change::Doubted);
        assert_eq!(story.site.judge(true), Change::Fell(story.at(10)));
        (story, at)
    }
}

#[test]
fn a_site_that_answers_is_looked_at_in_its_rhythm() {
    let mut story = Story::new();
    for round in 0..3 {
        assert_eq!(story.next(), Some(round * 5000));
        assert_eq!(story.look(30, &answer()), (round * 5000 + 30, Change::Nothing));
    }
}

#[test]
fn three_quick_failures_are_an_outage_within_two_seconds() {
    let (_, certain) = Story::down();
    assert_eq!(certain, 10 + 510 + 510);
}

#[test]
fn a_dark_site_takes_one_timeout_and_two_joined_looks() {
    let mut story = Story::new();
    for begun in [0, 1000, 2000] {
        assert_eq!(story.next(), Some(begun));
        story.site.begin(story.at(begun), RULES.every);
    }
    assert_eq!(story.next(), None, "three looks are enough to wait for");
    assert_eq!(story.site.saw(&silence(), story.at(5000)), Change::Faltered);
    assert_eq!(story.site.saw(&silence(), story.at(6000)), Change::Nothing);
    assert_eq!(story.site.saw(&silence(), story.at(7000)), Change::Doubted);
    assert_eq!(story.site.judge(true), Change::Fell(story.at(5000)));
}

#[test]
fn failures_below_the_threshold_are_forgotten_with_the_first_answer() {
    let mut story = Story::new();
    for _ in 0..4 {
        assert_eq!(story.look(10, &silence()).1, Change::Faltered);
        assert_eq!(story.look(10, &silence()).1, Change::Nothing);
        assert_eq!(story.look(10, &answer()).1, Change::Steadied);
    }
}

#[test]
fn a_challenge_neither_counts_nor_resets_nor_hurries() {
    let mut story = Story::new();
    story.look(10, &silence());
    let (at, change) = story.look(10, &challenge());
    assert_eq!((change, story.next()), (Change::Nothing, Some(at - 10 + 5000)));
    story.look(10, &silence());
    assert_eq!(story.look(10, &silence()).1, Change::Doubted);
}

#[test]
fn a_watcher_that_is_cut_off_forgets_what_it_saw() {
    let mut story = Story::new();
    for _ in 0..2 {
        story.look(10, &silence());
    }
    let (at, change) = story.look(10, &silence());
    assert_eq!((change, story.next()), (Change::Doubted, None));
    assert_eq!(story.site.judge(false), Change::Nothing);
    assert_eq!(story.next(), Some(at - 10 + 5000));
    assert_eq!(story.look(10, &silence()).1, Change::Faltered);
}

#[test]
fn an_answer_that_comes_while_the_anchors_are_asked_wins() {
    let mut story = Story::new();
    story.site.begin(story.start, RULES.every);
    for _ in 0..3 {
        story.site.begin(story.start, RULES.every);
        story.site.saw(&silence(), story.at(10));
    }
    assert_eq!(story.site.saw(&answer(), story.at(20)), Change::Steadied);
    assert_eq!(story.site.judge(true), Change::Nothing);
}

#[test]
fn an_outage_ends_after_so_many_answers_in_a_row() {
    let (mut story, _) = Story::down();
    assert_eq!(story.look(10, &answer()).1, Change::Nothing);
    assert_eq!(story.look(10, &silence()).1, Change::Nothing);
    assert_eq!(story.look(10, &answer()).1, Change::Nothing);
    assert_eq!(story.look(10, &answer()).1, Change::Rose);
    assert_eq!(story.look(10, &silence()).1, Change::Faltered);
}

#[test]
fn a_site_that_is_down_is_looked_at_one_look_at_a_time() {
    let (mut story, _) = Story::down();
    let begun = story.next().unwrap();
    story.site.begin(story.at(begun), RULES.every);
    assert_eq!(story.next(), None);
    story.site.saw(&silence(), story.at(begun + 4000));
    assert_eq!(story.next(), Some(begun + 5000));
}
