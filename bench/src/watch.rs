//! Resident memory of one watcher: the release binary, sites and Pub/Sub over TLS.

mod process;
mod sites;

use std::{collections::HashSet, time::Duration};

use anyhow::{Context, Result};
use sandbox::{
    Options, Sandbox,
    pubsub::{Subscription, subscription, topic},
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    options::Setup,
    stage::mebibytes,
    table::{Report, Table, progress},
};
use process::{Config, Watching};
use sites::Sites;

/// Rounds of looks before memory is read: buffers have been made, used and given back.
const ROUNDS: u64 = 3;

/// A subscription of the bench's own: what is reported waits there to be counted.
const LISTENER: &str = "bench";

/// Between two counts of what was reported.
const LOOK: Duration = Duration::from_millis(500);

/// A thousand dark sites take minutes.
const PATIENCE: Duration = Duration::from_mins(10);

/// One watcher: sites, seconds from look to look, and the most MiB it may take.
const CASES: [(usize, u64, u64); 2] = [(10, 5, 15), (1000, 30, 60)];

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        "Resident memory of `failover watch`, MiB (VmRSS; VmHWM at the peak)",
        &[
            "sites",
            "every",
            "all answer",
            "none answers any more",
            "peak",
            "target",
            "looks",
            "outages reported",
        ],
    );
    for (sites, every, most) in CASES {
        let sites = if setup.quick { sites.min(100) } else { sites };
        let every = Duration::from_secs(if setup.quick { 1 } else { every });
        progress(&format!("watching {sites} sites every {} s", every.as_secs()));
        let mut row = watch(setup, sites, every).await?;
        row.insert(5, format!("at most {most}"));
        table.row(row);
    }
    table.note(format!(
        "Each look makes a connection with TLS 1.3 of its own. Read after {ROUNDS} rounds of looks, and again when \
         all sites have taken connections and said nothing until every outage was reported; each such look lasts five \
         seconds."
    ));
    report.add(&table);
    Ok(())
}

async fn watch(setup: &Setup, count: usize, every: Duration) -> Result<Vec<String>> {
    let sandbox = Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await?;
    sandbox.world.pubsub.subscribe(Subscription::pull(subscription(LISTENER), topic("failover-alerts")));
    let mut sites = Sites::serve(&sandbox).await?;
    let folder = tempfile::tempdir()?;
    let config = Config { sites: &sites, count, every, folder: folder.path() };
    let mut watching = Watching::start(&setup.binary, &sandbox, &config)?;
    let looks = ROUNDS * u64::try_from(count)?;
    watching.during(sites.looked_at(looks)).await?;
    let well = mebibytes(watching.process.resident_kib()?)?;
    sites.go_dark();
    watching.during(all_reported(&sandbox, count)).await?;
    let dark = mebibytes(watching.process.resident_kib()?)?;
    let (seen, reported) = (sites.looks().to_string(), reported(&sandbox).to_string());
    let figure = |mebibytes: f64| format!("{mebibytes:.1}");
    let every = format!("{} s", every.as_secs());
    Ok(vec![
        count.to_string(),
        every,
        figure(well),
        figure(dark),
        figure(mebibytes(watching.process.peak_kib()?)?),
        seen,
        reported,
    ])
}

/// Waits until every site's outage was reported.
async fn all_reported(sandbox: &Sandbox, count: usize) -> Result<()> {
    let waiting = async {
        while reported(sandbox) < count {
            sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, waiting).await.context("not every outage was reported")
}

/// How many outages Pub/Sub has heard of.
fn reported(sandbox: &Sandbox) -> usize {
    let waiting = sandbox.world.pubsub.waiting(&subscription(LISTENER));
    let incidents = waiting.iter().filter_map(|(data, _)| {
        let said: Value = serde_json::from_slice(data).ok()?;
        let incident = &said["incident"];
        (incident["state"] == "open").then(|| incident["incident_id"].to_string())
    });
    incidents.collect::<HashSet<_>>().len()
}
