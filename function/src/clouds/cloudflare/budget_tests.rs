//! The budget on a clock that stands still until everybody waits.

use futures::future::join_all;
use proptest::prelude::*;

use super::*;

const PAUSES: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

fn budget() -> Arc<Budget> {
    Arc::new(Budget::new(PAUSES))
}

async fn writes(budget: &Arc<Budget>, count: usize) {
    let count = u32::try_from(count).unwrap();
    join_all((0..count).map(|rank| budget.turn(Purpose::Write, rank))).await;
}

/// How many seconds so many writes at once take, after so many glances.
#[track_caller]
fn check(glances: usize, wanted: usize, seconds: u64) {
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    clock.unwrap().block_on(async {
        let (budget, mut given) = (budget(), 0);
        for _ in 0..glances {
            given += usize::from(budget.glance().is_ok());
            tokio::time::advance(Duration::from_millis(20)).await;
        }
        assert_eq!(given, glances.min(GLANCES), "glances");
        let begun = Instant::now();
        writes(&budget, wanted).await;
        assert_eq!(begun.elapsed().as_secs(), seconds, "{wanted} writes after {glances} glances");
    });
}

#[test]
fn a_thousand_sites_are_moved_within_seconds_whatever_was_looked_at_before() {
    check(0, 1, 0);
    check(0, 10, 0);
    check(0, 100, 0);
    check(0, 101, 1);
    check(0, 1000, 9);
    check(600, 1000, 9);
}

#[test]
fn what_is_too_much_for_a_window_waits_for_the_next() {
    check(0, 1100, 10);
    check(0, 1101, 300);
    check(0, 2200, 310);
}

#[tokio::test(start_paused = true)]
async fn reads_leave_half_of_a_window_to_writes() {
    let (budget, begun) = (budget(), Instant::now());
    join_all((0..550).map(|rank| budget.turn(Purpose::Read, rank))).await;
    let reader = budget.turn(Purpose::Read, 0);
    tokio::pin!(reader);
    assert!(futures::poll!(&mut reader).is_pending());
    writes(&budget, 550).await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    reader.await;
    assert_eq!(begun.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn writes_go_before_reads_and_both_in_the_order_of_the_configuration() {
    let (budget, order) = (budget(), Mutex::new(Vec::new()));
    writes(&budget, PER_SECOND).await;
    let asked = [(Purpose::Read, 1), (Purpose::Write, 9), (Purpose::Read, 0), (Purpose::Write, 3)];
    join_all(asked.map(async |(purpose, rank)| {
        budget.turn(purpose, rank).await;
        order.lock().unwrap().push((purpose, rank));
    }))
    .await;
    let expected = [(Purpose::Write, 3), (Purpose::Write, 9), (Purpose::Read, 0), (Purpose::Read, 1)];
    assert_eq!(*order.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_glance_never_waits_and_says_when_to_come_again() {
    let budget = budget();
    writes(&budget, PER_SECOND).await;
    let wait = budget.glance().unwrap_err();
    assert_eq!(wait, Duration::from_secs(1));
    tokio::time::advance(wait).await;
    for _ in 0..GLANCES {
        assert!(budget.glance().is_ok());
    }
    assert_eq!(budget.glance().unwrap_err(), WINDOW);
    tokio::time::advance(WINDOW).await;
    assert!(budget.glance().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_glance_is_refused_while_somebody_waits() {
    let budget = budget();
    writes(&budget, PER_SECOND).await;
    let write = budget.turn(Purpose::Write, 0);
    tokio::pin!(write);
    assert!(futures::poll!(&mut write).is_pending());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(budget.glance().is_err());
    write.await;
    assert!(budget.glance().is_ok());
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_one_call_tries_and_the_others_wait_for_it() {
    let (budget, begun) = (budget(), Instant::now());
    budget.turn(Purpose::Write, 0).await.answered(Heard::TooMany(None));
    let first = budget.turn(Purpose::Write, 0).await;
    assert_eq!(begun.elapsed().as_secs(), 2);
    let other = tokio::time::timeout(Duration::from_secs(10), budget.turn(Purpose::Write, 1)).await;
    assert!(other.is_err(), "the first call hasn't been answered");
    first.answered(Heard::TooMany(None));
    assert!(budget.glance().is_err());
    let again = Instant::now();
    let second = budget.turn(Purpose::Write, 1).await;
    assert_eq!(again.elapsed().as_secs(), 5);
    second.answered(Heard::AnythingElse);
    writes(&budget, 3).await;
    assert_eq!(again.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_wait_is_heeded_and_for_a_minute_at_most() {
    for (wish, waited) in [(1, 1), (30, 30), (300, 60), (u64::MAX, 60)] {
        let (budget, begun) = (budget(), Instant::now());
        let asked = budget.turn(Purpose::Write, 0).await;
        asked.answered(Heard::TooMany(Some(Duration::from_secs(wish))));
        budget.turn(Purpose::Write, 0).await;
        assert_eq!(begun.elapsed().as_secs(), waited, "{wish}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_refusals_of_calls_made_at_once_are_one() {
    let (budget, begun) = (budget(), Instant::now());
    let grants = join_all((0..50).map(|rank| budget.turn(Purpose::Write, rank))).await;
    for grant in grants {
        grant.answered(Heard::TooMany(None));
    }
    budget.turn(Purpose::Write, 0).await;
    assert_eq!(begun.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_is_given_up_holds_nobody_up_for_long() {
    let (budget, begun) = (budget(), Instant::now());
    budget.turn(Purpose::Write, 0).await.answered(Heard::TooMany(None));
    drop(budget.turn(Purpose::Write, 0).await);
    budget.turn(Purpose::Write, 1).await;
    assert_eq!(begun.elapsed(), PAUSES[0] + TRYING_TAKES);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_good_for_seconds_and_not_after_a_refusal() {
    let budget = budget();
    let (old, asked) = (budget.turn(Purpose::Write, 0).await, budget.turn(Purpose::Write, 1).await);
    assert!(old.is_good());
    asked.answered(Heard::TooMany(None));
    assert!(!old.is_good(), "Cloudflare refuses everything now");
    let new = budget.turn(Purpose::Write, 0).await;
    assert!(new.is_good());
    tokio::time::advance(TURN_HOLDS).await;
    assert!(!new.is_good(), "what was made sure of is too old");
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_makes_room_for_the_next() {
    let budget = budget();
    writes(&budget, PER_SECOND).await;
    let gives_up = tokio::time::timeout(Duration::from_millis(100), budget.turn(Purpose::Write, 0));
    let (gave_up, _) = tokio::join!(gives_up, budget.turn(Purpose::Write, 1));
    assert!(gave_up.is_err());
}

/// What somebody does next: so many writes and reads at once, a glance, or letting time pass.
#[derive(Debug, Clone)]
enum Act {
    Move { writes: u32, reads: u32 },
    Glance,
    Pass(Duration),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..400_u32, 0..50_u32).prop_map(|(writes, reads)| Act::Move { writes, reads }),
        Just(Act::Glance),
        (1..60_000_u64).prop_map(|ms| Act::Pass(Duration::from_millis(ms))),
    ]
}

/// When calls were made.
async fn perform(budget: &Arc<Budget>, acts: Vec<Act>) -> Vec<Instant> {
    let mut made = Vec::new();
    for act in acts {
        match act {
            Act::Move { writes, reads } => {
                let writes = (0..writes).map(|rank| (Purpose::Write, rank));
                let all = writes.chain((0..reads).map(|rank| (Purpose::Read, rank)));
                let grants = join_all(all.map(|(purpose, rank)| budget.turn(purpose, rank))).await;
                made.extend(grants.iter().map(|grant| grant.since));
            }
            Act::Glance => made.extend(budget.glance().ok().map(|grant| grant.since)),
            Act::Pass(time) => tokio::time::advance(time).await,
        }
    }
    made.sort();
    made
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_is_ever_locked_out(acts in prop::collection::vec(act(), 1..20)) {
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let made = clock.unwrap().block_on(async { perform(&budget(), acts).await });
        for (calls, time) in [(CALLS, WINDOW), (PER_SECOND, Duration::from_secs(1))] {
            for within in made.windows(calls + 1) {
                prop_assert!(within[calls] - within[0] >= time, "{} calls within {:?}", calls + 1, time);
            }
        }
    }
}
