//! Many sites failing at once, through one instance and under Cloudflare's limit of calls.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use ::stage::{Function, payload};
use anyhow::{Result, ensure};
use futures::future::join_all;
use sandbox::{Power, Served, SiteSeed, ledger::Record, visitors};

use crate::{
    options::Setup,
    stage::{Stage, mebibytes, realistic, usual},
    table::{Report, Table, progress},
};

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        "Sites failing at once through one instance, under Cloudflare's 1,200 calls in five minutes",
        &[
            "sites",
            "rules switched, s: first / median / last",
            "pushes answered, s: last",
            "writes of a site",
            "Cloudflare calls",
            "429",
            "served by their standby",
            "resident, MiB",
        ],
    );
    let counts: &[u32] = if setup.quick { &[1, 10] } else { &[1, 10, 100, 1000] };
    for &count in counts {
        progress(&format!("{count} sites failing at once"));
        table.row(fail(setup, count).await?);
    }
    report.add(&table);
    Ok(())
}

async fn fail(setup: &Setup, count: u32) -> Result<Vec<String>> {
    let seeds = (0..count).map(SiteSeed::numbered).collect();
    let stage = Stage::with(usual(), seeds, realistic()).await?;
    let function = stage.start(&setup.binary).await?;
    for site in &stage.sites {
        stage.sandbox.world.set_primary(site.name(), Power::Off);
    }
    let begun = Instant::now();
    let pushes = join_all(stage.sites.iter().map(|site| until_done(&function, site.name()))).await;
    let answered = begun.elapsed();
    pushes.into_iter().collect::<Result<Vec<()>>>()?;
    stage.is_clean()?;
    let calls = stage.sandbox.world.ledger.select(|record| record.service == sandbox::Service::Cloudflare);
    let resident = mebibytes(function.process().resident_kib()?)?;
    let served = served(&stage).await?;
    Ok(vec![
        count.to_string(),
        switched(&calls, begun)?,
        format!("{:.1}", answered.as_secs_f64()),
        writes(&calls),
        calls.len().to_string(),
        calls.iter().filter(|record| record.status() == Some(429)).count().to_string(),
        format!("{served} of {count}"),
        format!("{resident:.0}"),
    ])
}

/// Delivers an incident as Pub/Sub does: again, until it is answered 200.
async fn until_done(function: &Function, site: &str) -> Result<()> {
    let incident = payload::alert_now(site, "open");
    for _ in 0..50 {
        if function.try_push(&incident).await?.status == 200 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    anyhow::bail!("the incident of {site} was never settled")
}

/// When the rules were switched on.
fn switched(calls: &[Record], begun: Instant) -> Result<String> {
    let mut times: Vec<f64> = calls
        .iter()
        .filter(|record| record.method == "PATCH" && record.status() == Some(200))
        .filter_map(|record| Some((record.ended? - begun).as_secs_f64()))
        .collect();
    times.sort_by(f64::total_cmp);
    ensure!(!times.is_empty(), "no rule was switched");
    Ok(format!("{:.1} / {:.1} / {:.1}", times[0], times[times.len() / 2], times[times.len() - 1]))
}

/// How often each rule was written, refused writes included.
fn writes(calls: &[Record]) -> String {
    let patches: Vec<&str> =
        calls.iter().filter(|record| record.method == "PATCH").map(|record| record.path.as_str()).collect();
    let rules: HashSet<&str> = patches.iter().copied().collect();
    let most = rules.iter().map(|rule| patches.iter().filter(|path| *path == rule).count()).max();
    format!("{} in {} rules, at most {}", patches.len(), rules.len(), most.unwrap_or_default())
}

async fn served(stage: &Stage) -> Result<usize> {
    let mut served = 0;
    for site in &stage.sites {
        served += usize::from(visitors::visit(&site.public_url()).await?.served == Served::Standby);
    }
    Ok(served)
}
