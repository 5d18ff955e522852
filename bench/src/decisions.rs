//! How long a decision takes, however long the journal is.

use std::{collections::HashMap, time::Instant};

use ::stage::{
    Settings, payload,
    settings::{BUCKET, FOLDER},
};
use anyhow::Result;
use sandbox::SiteSeed;

use crate::{
    history,
    options::Setup,
    stage::{Stage, usual},
    stats::Sample,
    table::{Report, Table, progress},
};

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        "A decision by the length of the journal, in ms: median (least to most)",
        &["journal", "entries", "runs", "first decision of a cold instance", "decision of a warm instance"],
    );
    let lengths: &[u64] = if setup.quick { &[10, 1000] } else { &[10, 1000, 100_000] };
    for (said, journal) in [("folder", FOLDER), ("`gs://`, sandbox without latency", BUCKET)] {
        for &length in lengths {
            progress(&format!("deciding on {length} entries: {said}"));
            let (cold, warm) = decide(setup, journal, length).await?;
            table.row([
                said.to_owned(),
                length.to_string(),
                setup.runs.to_string(),
                cold.shown(1),
                warm.shown(1),
            ]);
        }
    }
    table.note(
        "The push is a closed incident that nothing waits for: the journal is read, nothing is written. The first \
         decision includes fetching a token.",
    );
    report.add(&table);
    Ok(())
}

async fn decide(setup: &Setup, journal: &'static str, length: u64) -> Result<(Sample, Sample)> {
    let settings = Settings { journal: journal.to_owned(), ..usual() };
    let stage = Stage::with(settings, vec![SiteSeed::example()], HashMap::new()).await?;
    match journal {
        FOLDER => history::in_folder(&stage, length)?,
        _ => history::in_bucket(&stage, length).await?,
    }
    let (mut cold, mut warm) = (Sample::default(), Sample::default());
    for _ in 0..setup.runs {
        let function = stage.start(&setup.binary).await?;
        for sample in [&mut cold, &mut warm] {
            let body = payload::alert_now("resume", "closed");
            let begun = Instant::now();
            let answer = function.try_push(&body).await?;
            sample.add_time(begun.elapsed());
            anyhow::ensure!(answer.body["verdict"] == "stay", "not a decision to stay: {}", answer.body);
        }
    }
    Ok((cold, warm))
}
