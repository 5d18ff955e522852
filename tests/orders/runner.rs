//! Plays many sequences side by side, shrinks the first that goes wrong, and remembers it.

use std::{
    any::Any,
    io::Write,
    time::{Duration, Instant},
};

use proptest::test_runner::{
    Config, FailurePersistence, FileFailurePersistence, PersistedSeed, RngSeed, TestCaseError, TestRunner,
};
use sandbox::visitors;
use tokio::runtime::Runtime;

use crate::{
    model::Serves,
    promises, rest,
    sequence::{Sequence, sequences},
    stage::Stage,
    tale::Tale,
    tally::Tally,
};

/// Sequences in every run.
const CASES: u32 = 60;
/// Where the dice of every run begin: a change is judged by the sequences that the one before it passed.
const SEED: u64 = 0;
/// Sequences that play at the same time.
const AT_ONCE: u32 = 6;
/// No sequence takes longer; most take about five seconds.
const DEADLINE: Duration = Duration::from_mins(4);
/// Seeds of sequences that went wrong.
const REGRESSIONS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/orders/proptest-regressions/orders.txt");

/// What all cases share.
pub(crate) struct Theatre {
    runtime: Runtime,
    http: reqwest::Client,
    tally: Tally,
}

impl Theatre {
    pub(crate) fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        Self { runtime, http, tally: Tally::default() }
    }

    /// Plays one sequence to its rest and asks for every promise.
    pub(crate) fn play(&self, sequence: &Sequence) -> Result<(), TestCaseError> {
        let play = play(sequence, self.http.clone(), &self.tally);
        let played = async { tokio::time::timeout(DEADLINE, play).await };
        match self.runtime.block_on(played) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(report)) => Err(TestCaseError::fail(report)),
            Err(_) => Err(TestCaseError::fail(format!("it was not over after {DEADLINE:?}"))),
        }
    }
}

/// Plays one sequence in a world of its own; the error tells everything.
async fn play(sequence: &Sequence, http: reqwest::Client, tally: &Tally) -> Result<(), String> {
    let stage = Stage::set(&sequence.conditions, http).await;
    stage.play(sequence).await;
    let kept = match judged(&stage, sequence).await {
        Ok(()) => Ok(()),
        Err(why) => Err(report(&stage, &why).await),
    };
    stage.close().await;
    tally.add(&stage);
    kept
}

async fn judged(stage: &std::sync::Arc<Stage>, sequence: &Sequence) -> Result<(), String> {
    rest::come(stage).await?;
    promises::hold(stage, sequence, visit(stage).await)?;
    rest::redeliver(stage).await?;
    promises::hold(stage, sequence, visit(stage).await)
}

async fn visit(stage: &Stage) -> Serves {
    let public = stage.sandbox.site("resume").public_url();
    match visitors::visit(&public).await.expect("a visitor").served {
        sandbox::Served::Primary => Serves::Primary,
        sandbox::Served::Standby => Serves::Standby,
        _ => Serves::Nobody,
    }
}

async fn report(stage: &Stage, why: &str) -> String {
    let journal = Tale::read(&stage.sandbox).map_or_else(|why| why, |tale| tale.report());
    let violations = stage.sandbox.violations();
    let mut report = format!(
        "{why}\n-- what happened\n{}\n-- messages\n{}\n-- journal\n{journal}\n-- violations\n{violations:#?}\n",
        stage.notes(),
        stage.post.report(),
    );
    if std::env::var("ORDERS_OUTPUT").is_ok() {
        report.push_str(&stage.output().await);
    }
    report
}

/// Remembers failures, and leaves trying the old ones first to the test that does so.
#[derive(Debug, Clone, PartialEq)]
struct Remember;

impl FailurePersistence for Remember {
    fn load_persisted_failures2(&self, _: Option<&'static str>) -> Vec<PersistedSeed> {
        Vec::new()
    }

    fn save_persisted_failure2(
        &mut self,
        source: Option<&'static str>,
        seed: PersistedSeed,
        shrunk: &dyn std::fmt::Debug,
    ) {
        FileFailurePersistence::Direct(REGRESSIONS).save_persisted_failure2(source, seed, shrunk);
    }

    fn box_clone(&self) -> Box<dyn FailurePersistence> {
        Box::new(Self)
    }

    fn eq(&self, other: &dyn FailurePersistence) -> bool {
        other.as_any().is::<Self>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn config(cases: u32, rng_seed: RngSeed, persistence: Box<dyn FailurePersistence>) -> Config {
    Config {
        cases,
        rng_seed,
        failure_persistence: Some(persistence),
        max_shrink_iters: 60,
        source_file: Some(file!()),
        ..Config::default()
    }
}

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// `ORDERS_NEW=1` throws dice that nobody has thrown before.
fn seed(seat: u32) -> RngSeed {
    if std::env::var_os("ORDERS_NEW").is_some() {
        RngSeed::Random
    } else {
        RngSeed::Fixed(SEED + u64::from(seat))
    }
}

fn run(
    theatre: &Theatre,
    (cases, seat): (u32, u32),
    persistence: Box<dyn FailurePersistence>,
) -> Result<(), String> {
    let mut runner = TestRunner::new(config(cases, seed(seat), persistence));
    runner.run(&sequences(), |sequence| theatre.play(&sequence)).map_err(|failure| failure.to_string())
}

/// The line that a gate keeps; written past the harness, which swallows what tests print.
fn tell(what: &str, theatre: &Theatre, begun: Instant) {
    // A closed terminal is no reason to fail.
    let _ = writeln!(std::io::stderr(), "orders, {what}: {}, {} s", theatre.tally, begun.elapsed().as_secs());
}

#[test]
fn every_sequence_that_went_wrong_once_goes_well() {
    let (theatre, begun) = (Theatre::open(), Instant::now());
    let outcome = run(&theatre, (0, 0), Box::new(FileFailurePersistence::Direct(REGRESSIONS)));
    tell("those that went wrong once", &theatre, begun);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn whatever_happens_in_whatever_order_the_promises_hold() {
    let (theatre, begun) = (Theatre::open(), Instant::now());
    let (cases, at_once) = (number("ORDERS_CASES", CASES), number("ORDERS_AT_ONCE", AT_ONCE).max(1));
    let failures: Vec<String> = std::thread::scope(|scope| {
        let share = |seat| cases / at_once + u32::from(seat < cases % at_once);
        let seats: Vec<_> = (0..at_once)
            .map(|seat| {
                scope.spawn({
                    let theatre = &theatre;
                    move || run(theatre, (share(seat), seat), Box::new(Remember))
                })
            })
            .collect();
        seats.into_iter().filter_map(|seat| seat.join().expect("no panic").err()).collect()
    });
    tell("others", &theatre, begun);
    assert!(failures.is_empty(), "{} of {at_once} seats failed:\n{}", failures.len(), failures.join("\n\n"));
}
