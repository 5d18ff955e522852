//! The scenarios `gcp-vip` and `azure-vip`: a mirror of two machines whose private and external address follow whichever
//! was promoted.
//!
//! The addresses are on loopback, so that clients really connect to them; the mirror's callback is this same
//! executable as `promote`, with each machine's own metadata server.

mod mirror;

use std::{
    fmt::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use ::stage::{
    Settings,
    process::{command, environment},
    table,
};
use anyhow::{Context, anyhow};
use sandbox::{Options, Sandbox, Served, Service, Visitors};
use serde::Serialize;
use tempfile::TempDir;
use url::Url;

pub(super) use mirror::Cloud;
use mirror::Mirror;

use super::{BADLY, WELL, arguments::DrillArguments, logbook::in_seconds, show};

/// How often a client connects.
const CLIENT_EVERY: Duration = Duration::from_millis(25);
/// How long an operation takes without `--slow`.
const QUICK: Duration = Duration::from_millis(200);
/// No client waits longer for an address.
const PATIENCE: Duration = Duration::from_mins(2);

/// What came of it, for people and for machines.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    scenario: &'static str,
    #[serde(skip)]
    cloud: Cloud,
    ended_well: bool,
    /// How long an operation of the cloud takes here.
    #[serde(rename = "operation_takes_s", serialize_with = "in_seconds")]
    operation_takes: Duration,
    moves: Vec<Move>,
    /// What is not as it should be.
    wrong: Vec<String>,
}

/// One promotion.
#[derive(Debug, Serialize)]
struct Move {
    /// The machine that was promoted.
    promoted: String,
    why: &'static str,
    /// How long the callback took.
    #[serde(rename = "took_s", serialize_with = "in_seconds")]
    took: Duration,
    /// How long clients of the private address had nobody.
    #[serde(rename = "private_dark_s", serialize_with = "in_seconds")]
    private_dark: Duration,
    /// How long clients of the external address had nobody.
    #[serde(rename = "external_dark_s", serialize_with = "in_seconds")]
    external_dark: Duration,
}

struct VirtualIpStage {
    sandbox: Sandbox,
    mirror: Mirror,
    config: PathBuf,
    _folder: TempDir,
    /// Clients of the private address, and of the external one.
    clients: [Visitors; 2],
}

/// Plays it, and tells of it at the end.
pub(super) async fn run(arguments: &DrillArguments, cloud: Cloud) -> anyhow::Result<u8> {
    let operation_takes = if arguments.slow { cloud.slow() } else { QUICK };
    let stage = VirtualIpStage::build(cloud, operation_takes).await?;
    let mut moves = Vec::new();
    stage.sandbox.world.run_machine(&stage.mirror.machines[0], false);
    moves.push(stage.promote(1, "its peer died").await?);
    stage.sandbox.world.run_machine(&stage.mirror.machines[0], true);
    moves.push(stage.promote(0, "it was promoted again").await?);
    let wrong = stage.wrong();
    let report = Report {
        version: 1,
        scenario: cloud.scenario(),
        cloud,
        ended_well: wrong.is_empty(),
        operation_takes,
        moves,
        wrong,
    };
    if arguments.json {
        show::write(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else {
        show::write(&told(&report));
    }
    Ok(if report.ended_well { WELL } else { BADLY })
}

impl VirtualIpStage {
    async fn build(cloud: Cloud, operation_takes: Duration) -> anyhow::Result<Self> {
        let (pairs, azure_pairs) = (Vec::new(), Vec::new());
        let options = Options { sites: Vec::new(), pairs, azure_pairs, ..Options::default() };
        let sandbox = Sandbox::start(options).await.context("the cloud could not be started")?;
        let mirror = Mirror::add(cloud, &sandbox, operation_takes)?;
        let folder = tempfile::Builder::new().prefix("failover-drill-").tempdir()?;
        let config = settings(&mirror).write(&sandbox, folder.path())?;
        let client = |address| -> anyhow::Result<Visitors> {
            let url: Url = format!("http://{address}/").parse()?;
            Ok(Visitors::start(&url, CLIENT_EVERY)?)
        };
        let [private, external] = mirror.sockets;
        let clients = [client(private)?, client(external)?];
        Ok(Self { sandbox, mirror, config, _folder: folder, clients })
    }

    /// The mirror's callback on one machine, until clients of both addresses are served by it.
    async fn promote(&self, index: usize, why: &'static str) -> anyhow::Result<Move> {
        let before = self.dark();
        let begun = Instant::now();
        let executable = std::env::current_exe().context("this executable could not be found")?;
        let (variable, metadata) = &self.mirror.metadata[index];
        let ended = command(executable, &self.config)
            .args(["promote", "--site", "db", "--reason", why])
            .envs(environment(&self.sandbox))
            .env(variable, metadata)
            .output()
            .await?;
        let took = begun.elapsed();
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            return Err(anyhow!("the promotion ended with {}: {}", ended.status, said.trim()));
        }
        let served = if index == 0 { Served::Primary } else { Served::Standby };
        for client in &self.clients {
            let seen = client.served_by(&served, begun);
            tokio::time::timeout(PATIENCE, seen).await.map_err(|_| anyhow!("no client reached it"))?;
        }
        let [private_dark, external_dark] = self.dark();
        Ok(Move {
            promoted: self.mirror.machines[index].clone(),
            why,
            took,
            private_dark: private_dark.saturating_sub(before[0]),
            external_dark: external_dark.saturating_sub(before[1]),
        })
    }

    /// How long clients of either address have had nobody so far.
    fn dark(&self) -> [Duration; 2] {
        [0, 1]
            .map(|index| self.clients[index].outages().iter().map(sandbox::visitors::Outage::duration).sum())
    }

    fn wrong(&self) -> Vec<String> {
        let unknown = self.sandbox.world.ledger.unknown();
        let asked = (!unknown.is_empty()).then(|| format!("calls that no provider has: {unknown:?}"));
        self.mirror.strayed(&self.sandbox).into_iter().chain(asked).collect()
    }
}

fn settings(mirror: &Mirror) -> Settings {
    let public = format!("tcp://{}", mirror.sockets[0]);
    let named = table::texts(&[("name", "db"), ("public_url", &public)]);
    Settings {
        push: Vec::new(),
        services: vec![Service::Storage, mirror.service],
        rest: format!("[[sites]]\n{named}\n{}", mirror.switches),
        ..Settings::as_deployed()
    }
}

fn told(report: &Report) -> String {
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let cloud = report.cloud;
    let mut text =
        format!("A mirror of two machines on {}, with a private and an external address\n\n", cloud.name());
    for Move { promoted, why, took, private_dark, external_dark } in &report.moves {
        let _ = writeln!(text, "  {promoted} is promoted: {why}");
        let _ = writeln!(text, "    the callback took            {:>7}", seconds(*took));
        let _ = writeln!(text, "    private address, in the dark  {:>6}", seconds(*private_dark));
        let _ = writeln!(text, "    external address, in the dark {:>6}\n", seconds(*external_dark));
    }
    let _ = writeln!(
        text,
        "  Simulated here: an operation of {} takes {}, {}",
        cloud.name(),
        seconds(report.operation_takes),
        cloud.in_reality()
    );
    for wrong in &report.wrong {
        let _ = writeln!(text, "  wrong: {wrong}");
    }
    text.push_str(if report.ended_well {
        "\nEverything ended where it should.\n"
    } else {
        "\nIt ended badly.\n"
    });
    text
}
