//! What is looked at when all is over: whether everything ended where it should, and which promises were kept.

use failover_core::{Direction, End, Move};
use sandbox::{Promise, Served};
use serde::Serialize;

use super::{
    fault::FaultName,
    journal,
    stage::{Home, Stage},
    story::Marks,
};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What should be so.
    pub(super) what: &'static str,
    /// Whether it is.
    pub(super) good: bool,
    /// What was seen instead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) seen: String,
}

impl Finding {
    fn of(what: &'static str, good: bool, seen: impl FnOnce() -> String) -> Self {
        Self { what, good, seen: if good { String::new() } else { seen() } }
    }
}

/// Where everything ended.
pub(super) fn ends(stage: &Stage, visitors: &sandbox::Visitors) -> Vec<Finding> {
    let (world, seed) = (stage.world(), &stage.site.seed);
    let moves = moves(stage);
    let served = visitors.visits().last().map(|visit| visit.served.clone());
    let unknown = world.ledger.unknown();
    let mut found = vec![
        one_end(&moves, Direction::Failover, "the failover ended Done"),
        one_end(&moves, Direction::Failback, "the failback ended Done"),
        Finding::of("visitors are served by the primary", served == Some(Served::Primary), || {
            served.as_ref().map_or_else(|| "there was no visitor".to_owned(), ToString::to_string)
        }),
        switch("the page rule is disabled", !world.cloudflare.is_routed(&stage.site), "it is active"),
        switch("the standby is closed", !world.run.is_granted(&seed.service), "allUsers may invoke it"),
        switch("the uptime check runs", world.monitoring.is_enabled(&seed.check), "it is paused"),
        Finding::of("nobody was asked for what doesn't exist", unknown.is_empty(), || {
            let asked = unknown.iter().map(|record| format!("{} {}", record.method, record.path));
            asked.collect::<Vec<_>>().join(", ")
        }),
    ];
    if stage.home == Home::Deployment {
        let replicas = world.kubernetes.replicas(stage.site.name());
        let what = "the deployment has its replica again";
        found.push(Finding::of(what, replicas == 1, || format!("it has {replicas}")));
    }
    found
}

/// How a process took SIGTERM.
pub(super) fn farewell(what: &'static str, code: Option<i32>) -> Finding {
    Finding::of(what, code == Some(0), || match code {
        Some(code) => format!("with exit code {code}"),
        None => "it had to be killed".to_owned(),
    })
}

fn moves(stage: &Stage) -> Vec<Move> {
    journal::asked(stage).into_iter().map(|asked| asked.told).collect()
}

fn one_end(moves: &[Move], direction: Direction, what: &'static str) -> Finding {
    let last = moves.iter().rfind(|told| told.direction == direction);
    let ended = last.and_then(|told| told.ended.as_ref());
    Finding::of(what, ended.is_some_and(|ended| ended.end == End::Done), || match (last, ended) {
        (None, _) => "there was none".to_owned(),
        (Some(_), None) => "it is still open".to_owned(),
        (Some(_), Some(ended)) => format!("it ended {}: {}", ended.end, ended.sentence),
    })
}

fn switch(what: &'static str, good: bool, else_seen: &str) -> Finding {
    Finding::of(what, good, || else_seen.to_owned())
}

/// The promises that were watched: by the sandbox at every change, or by the drill.
pub(super) fn promises(stage: &Stage, marks: &Marks) -> Vec<Finding> {
    let moves = moves(stage);
    let mut found = vec![
        watched(stage, Promise::MovesToWhatAnswers, "traffic is moved only to what answers"),
        watched(stage, Promise::PausesOnProof, "monitoring is paused only once a visitor was served"),
        watched(stage, Promise::StandbyStaysOpen, "the standby stays open while visitors are led to it"),
        watched(stage, Promise::NothingForeign, "nothing changes that isn't ours"),
        once(&moves),
        written_down(&moves),
    ];
    found.extend(marks.again.as_ref().map(|again| {
        let what = "an alert that comes again writes nothing";
        Finding::of(what, again.writes == 0, || format!("{} writes, verdict {}", again.writes, again.verdict))
    }));
    if stage.fault == Some(FaultName::Killed) {
        let done = moves.iter().any(is_done_failover);
        found.push(Finding::of("killed in the middle, it finishes", done, || "it didn't".to_owned()));
    }
    found
}

fn watched(stage: &Stage, promise: Promise, what: &'static str) -> Finding {
    let broken = stage.sandbox.violations().into_iter().filter(|violation| violation.promise == promise);
    let broken: Vec<String> = broken.map(|violation| violation.to_string()).collect();
    Finding::of(what, broken.is_empty(), || broken.join("; "))
}

fn is_done_failover(told: &Move) -> bool {
    told.direction == Direction::Failover && told.ended.as_ref().is_some_and(|ended| ended.end == End::Done)
}

fn once(moves: &[Move]) -> Finding {
    let done = moves.iter().filter(|told| is_done_failover(told)).count();
    Finding::of("one outage makes at most one failover", done <= 1, || format!("{done} ended Done"))
}

fn written_down(moves: &[Move]) -> Finding {
    let is_whole = |told: &Move| !told.reason.is_empty() && !told.steps.is_empty() && told.ended.is_some();
    let gaps = moves.iter().filter(|told| !is_whole(told)).count();
    let what = "the journal tells who, why, each step and how it ended";
    Finding::of(what, gaps == 0 && !moves.is_empty(), || format!("{gaps} of {} moves have gaps", moves.len()))
}
