//! Plays many cases side by side, each with a deadline, and tells of all that failed.

use std::{
    collections::BTreeMap,
    io::Write,
    pin::Pin,
    sync::{Arc, LazyLock},
    time::Duration,
};

use futures::{StreamExt, stream};
use tokio::sync::Semaphore;

use crate::{evidence::Evidence, selection};

/// No case takes longer; most take about a second.
const DEADLINE: Duration = Duration::from_secs(45);

/// So many failures are told with all evidence, the others by name.
const TOLD: usize = 4;

/// So often it is told how far a table is.
const PROGRESS: usize = 250;

/// So many cases play at the same time: most of a case is waiting.
const AT_ONCE: usize = 24;

/// Cases that play at the same time, over all tests of this binary.
static SEATS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(at_once()));

/// What a case came to: how it got to its end, in a word that is counted, or what went wrong.
pub(crate) type Played = Result<&'static str, String>;

type Play = Pin<Box<dyn Future<Output = Played> + Send>>;

/// One thing to try.
pub(crate) struct Case {
    name: String,
    /// Whether it is among those that are always played.
    is_selected: bool,
    play: Box<dyn FnOnce(Arc<Evidence>) -> Play + Send>,
}

struct Failure {
    name: String,
    why: String,
    evidence: Arc<Evidence>,
}

impl Case {
    pub(crate) fn new<F>(name: String, play: impl FnOnce(Arc<Evidence>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Played> + Send + 'static,
    {
        Self { name, is_selected: true, play: Box::new(move |evidence| Box::pin(play(evidence))) }
    }

    /// As one of many alike, of which only the selected ones are always played.
    pub(crate) fn selected(self, is_selected: bool) -> Self {
        Self { is_selected, ..self }
    }

    async fn run(self) -> Result<&'static str, Failure> {
        let evidence = Arc::new(Evidence::default());
        let playing = tokio::spawn(tokio::time::timeout(DEADLINE, (self.play)(Arc::clone(&evidence))));
        let why = match playing.await {
            Ok(Ok(Ok(how))) => return Ok(how),
            Ok(Ok(Err(why))) => why,
            Ok(Err(_)) => format!("it was not over after {DEADLINE:?}"),
            Err(panic) => panic.to_string(),
        };
        Err(Failure { name: self.name, why, evidence })
    }
}

/// Whether this case is among those asked for by the variable `PROOF`.
pub(crate) fn is_wanted(name: &str) -> bool {
    std::env::var("PROOF").map_or(true, |wanted| name.contains(&wanted))
}

/// Whether cases whose names begin so may be among those asked for.
pub(crate) fn may_be_wanted(beginning: &str) -> bool {
    is_wanted(beginning) || std::env::var("PROOF").is_ok_and(|wanted| wanted.starts_with(beginning))
}

/// Plays all cases and prints how many there were.
///
/// # Panics
/// When one failed, after all were played.
pub(crate) async fn survive(table: &str, cases: Vec<Case>) {
    let cases: Vec<Case> = cases.into_iter().filter(|case| is_wanted(&case.name)).collect();
    let all = cases.len();
    let is_played = |case: &Case| case.is_selected || selection::is_whole(&case.name);
    let cases: Vec<Case> = cases.into_iter().filter(is_played).collect();
    let points = cases.len();
    let played = stream::iter(cases).map(|case| async {
        let _seat = SEATS.acquire().await.expect("never closed");
        case.run().await
    });
    let (mut ways, mut failures) = (BTreeMap::<&str, usize>::new(), Vec::new());
    let mut played = std::pin::pin!(played.buffer_unordered(at_once()));
    for number in 1.. {
        let Some(outcome) = played.next().await else { break };
        if number % PROGRESS == 0 {
            say(&format!("{table}: {number} of {points} points played"));
        }
        match outcome {
            Ok(how) => *ways.entry(how).or_default() += 1,
            Err(failure) => {
                say(&format!("{}: {}", failure.name, failure.why));
                failures.push(failure);
            }
        }
    }
    conclude(table, (points, all), &ways, &failures);
}

fn conclude(table: &str, (points, all): (usize, usize), ways: &BTreeMap<&str, usize>, failures: &[Failure]) {
    let ways: Vec<String> = ways.iter().map(|(how, count)| format!("{count} {how}")).collect();
    if failures.is_empty() {
        let selected = format!("{points} of {all} points (a selection; PROOF_WHOLE=1 plays all)");
        let played = if points < all { selected } else { format!("{points} points") };
        say(&format!("{table}: {played}, all survived ({})", ways.join(", ")));
        return;
    }
    for failure in failures.iter().take(TOLD) {
        say(&format!("{}: {}\n{}", failure.name, failure.why, failure.evidence.report()));
    }
    let names: Vec<String> =
        failures.iter().map(|failure| format!("{}: {}", failure.name, first_line(&failure.why))).collect();
    panic!("{table}: {} of {points} points failed:\n{}", failures.len(), names.join("\n"));
}

/// Past the capture of tests that succeed: a table takes minutes, and its count is what one wants to see.
fn say(line: &str) {
    let _closed_is_fine = writeln!(std::io::stdout(), "{line}");
}

fn at_once() -> usize {
    std::env::var("PROOF_AT_ONCE").ok().and_then(|number| number.parse().ok()).unwrap_or(AT_ONCE)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
