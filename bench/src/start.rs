//! From starting the process to its first answer, and what the binary weighs.

use anyhow::Result;
use sandbox::SiteSeed;

use crate::{
    options::Setup,
    stage::{Stage, realistic, usual},
    stats::Sample,
    table::{Report, Table, progress},
};

/// Configurations: how many sites, and what is aimed at on a machine that does nothing else.
const CONFIGURATIONS: [(&str, u32, &str); 2] = [("one site", 1, "at most 10"), ("1,000 sites", 1000, "none")];

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    progress("starting the function again and again");
    let mut table = Table::new(
        "Process start to the first answer of /health, in ms: median (least to most)",
        &["configuration", "runs", "ms", "target"],
    );
    let runs = if setup.quick { 2 } else { setup.runs * 3 };
    for (said, count, target) in CONFIGURATIONS {
        let sample = starts(setup, count, runs).await?;
        table.row([said.to_owned(), runs.to_string(), sample.shown(1), target.to_owned()]);
    }
    report.add(&table);
    report.add(&size(setup)?);
    Ok(())
}

async fn starts(setup: &Setup, sites: u32, runs: usize) -> Result<Sample> {
    let seeds = (0..sites).map(SiteSeed::numbered).collect();
    let stage = Stage::with(usual(), seeds, realistic()).await?;
    let mut sample = Sample::default();
    for _ in 0..runs {
        sample.add_time(stage.start(&setup.binary).await?.ready_after);
    }
    Ok(sample)
}

fn size(setup: &Setup) -> Result<Table> {
    let bytes = u32::try_from(std::fs::metadata(&setup.binary)?.len())?;
    let mut table = Table::new("Size of the stripped release binary", &["bytes", "MB", "target"]);
    let megabytes = format!("{:.2}", f64::from(bytes) / 1e6);
    table.row([bytes.to_string(), megabytes, "at most 12 MB".to_owned()]);
    table.note("The image holds this binary (linked statically), the CA certificates and two licence files.");
    Ok(table)
}
