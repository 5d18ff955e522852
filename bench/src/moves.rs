//! From a push to a visitor's 200, beside the chain of calls that no failover can do without.

use std::time::{Duration, Instant};

use ::stage::{Answer, Function, Settings, payload};
use anyhow::{Context, Result};
use sandbox::{Promise, Served, Visitors, ledger::Record};

use crate::{
    chain::Chain,
    history,
    options::Setup,
    stage::{Stage, usual},
    stats::Sample,
    table::{Report, Table, progress},
};

/// Between two visitors.
const VISITS: Duration = Duration::from_millis(2);

/// Entries of a journal that has a history.
const HISTORY: u64 = 60;

/// The order that routes without waiting for the standby's answer.
const TOGETHER: &str = "together";

/// How an instance meets the outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instance {
    /// Just started, and the site has never moved.
    ColdEmpty,
    /// Just started, and there is a history to be read.
    ColdHistory,
    /// It has done a reconcile before.
    Warm,
}

/// One failover and the chain that ran right before it.
struct Run {
    chain: Duration,
    move_: Duration,
    answer: Duration,
    steps: Vec<(&'static str, Duration, Duration)>,
}

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    let chain = Chain::prepare().await?;
    let mut table = Table::new(
        "Push to a visitor's 200, beside the chain: median (least to most)",
        &["order", "instance", "runs", "chain, ms", "push to 200, ms", "ratio", "push answered, ms"],
    );
    let mut timeline = None;
    for order in ["standby_first", TOGETHER] {
        for instance in [Instance::ColdEmpty, Instance::ColdHistory, Instance::Warm] {
            progress(&format!("failing over: {order}, {}", instance.said()));
            let mut runs = Vec::new();
            for _ in 0..setup.runs {
                runs.push(run(setup, &chain, order, instance).await?);
            }
            table.row(row(order, instance, &runs));
            if order == "standby_first" && instance == Instance::ColdHistory {
                timeline = Some(steps(&runs));
            }
        }
    }
    table.note(
        "The chain: read policy, write policy, patch rule, by a bare client with open connections, 550 ms by \
         themselves. Target: 1.05. `together` routes when the opening was accepted, so its longest branch \
         is the same three calls; it only leaves out waiting for the standby's answer.",
    );
    report.add(&table);
    if let Some(timeline) = timeline {
        report.add(&timeline);
    }
    Ok(())
}

impl Instance {
    fn said(self) -> &'static str {
        match self {
            Self::ColdEmpty => "cold, empty journal",
            Self::ColdHistory => "cold, with a history",
            Self::Warm => "warm",
        }
    }
}

async fn run(setup: &Setup, chain: &Chain, order: &'static str, instance: Instance) -> Result<Run> {
    let stage = Stage::single(Settings { site: format!("order = \"{order}\"\n"), ..usual() }).await?;
    if order == TOGETHER {
        stage.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
    }
    let site = stage.sites[0].clone();
    if instance != Instance::ColdEmpty {
        history::in_bucket(&stage, HISTORY).await?;
    }
    let chain = chain.run().await?;
    let function = stage.start(&setup.binary).await?;
    if instance == Instance::Warm {
        function.try_push(&payload::order_now("reconcile")).await?;
    }
    stage.sandbox.world.set_primary(site.name(), sandbox::Power::Off);
    let visitors = Visitors::start(&site.public_url(), VISITS)?;
    let position = stage.sandbox.world.ledger.position();
    let begun = Instant::now();
    let incident = payload::alert_now(site.name(), "open");
    let (answer, visited) =
        tokio::join!(push(&function, &incident), visitors.served_by(&Served::Standby, begun));
    answer.1.with_context(|| format!("{order}, {}", instance.said()))?;
    visitors.stop();
    stage.is_clean()?;
    let ledger = stage.sandbox.world.ledger.since(position);
    Ok(Run {
        chain,
        move_: visited.ended - begun,
        answer: answer.0 - begun,
        steps: ledger.iter().filter_map(|record| step(record, begun)).collect(),
    })
}

async fn push(function: &Function, body: &serde_json::Value) -> (Instant, Result<Answer>) {
    let answer = async { function.try_push(body).await?.done() }.await;
    (Instant::now(), answer)
}

fn row(order: &str, instance: Instance, runs: &[Run]) -> Vec<String> {
    let (mut chain, mut took, mut ratio, mut answer) =
        (Sample::default(), Sample::default(), Sample::default(), Sample::default());
    for run in runs {
        chain.add_time(run.chain);
        took.add_time(run.move_);
        ratio.add(run.move_.as_secs_f64() / run.chain.as_secs_f64());
        answer.add_time(run.answer);
    }
    let count = runs.len().to_string();
    let shown = [chain.shown(0), took.shown(0), ratio.shown(3), answer.shown(0)];
    [format!("`{order}`"), instance.said().to_owned(), count].into_iter().chain(shown).collect()
}

/// A call of the function's as the timeline shows it; visits are left out.
fn step(record: &Record, begun: Instant) -> Option<(&'static str, Duration, Duration)> {
    let is_visit = matches!(record.operation, "edge.visit" | "standby.get" | "primary.get");
    let ended = record.ended.filter(|_| !is_visit)?;
    Some((
        record.operation,
        record.arrived.saturating_duration_since(begun),
        ended.saturating_duration_since(begun),
    ))
}

/// When each call arrived and was answered, by its place among those of its kind.
fn steps(runs: &[Run]) -> Table {
    let mut table = Table::new(
        "Where the time goes: `standby_first`, cold, with a history; ms after the push, medians",
        &["call", "asked", "answered"],
    );
    let mut seen: Vec<&'static str> = Vec::new();
    for (operation, ..) in runs.iter().take(1).flat_map(|run| &run.steps) {
        let nth = seen.iter().filter(|known| *known == operation).count();
        seen.push(operation);
        let (mut asked, mut answered) = (Sample::default(), Sample::default());
        for run in runs {
            if let Some(step) = run.steps.iter().filter(|step| step.0 == *operation).nth(nth) {
                asked.add_time(step.1);
                answered.add_time(step.2);
            }
        }
        table.row([
            format!("`{operation}`"),
            format!("{:.0}", asked.median()),
            format!("{:.0}", answered.median()),
        ]);
    }
    table
}
