//! Resident memory of one instance.

use ::stage::payload;
use anyhow::Result;
use sandbox::Power;

use crate::{
    options::Setup,
    stage::{Stage, mebibytes, usual},
    stats::Sample,
    table::{Report, Table, progress},
};

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    progress("looking at memory");
    let (mut idle, mut reconciled, mut moved) = (Sample::default(), Sample::default(), Sample::default());
    for _ in 0..setup.runs.min(10) {
        let stage = Stage::single(usual()).await?;
        let function = stage.start(&setup.binary).await?;
        idle.add(mebibytes(function.process().resident_kib()?)?);
        for _ in 0..20 {
            function.try_push(&payload::order_now("reconcile")).await?;
        }
        reconciled.add(mebibytes(function.process().resident_kib()?)?);
        stage.sandbox.world.set_primary("resume", Power::Off);
        function.try_push(&payload::alert_now("resume", "open")).await?.done()?;
        moved.add(mebibytes(function.process().resident_kib()?)?);
    }
    let mut table = Table::new(
        "Resident memory, MiB (VmRSS): median (least to most)",
        &["idle, just started", "after 20 reconciles", "after a failover", "target after a failover"],
    );
    table.row([idle.shown(1), reconciled.shown(1), moved.shown(1), "at most 16".to_owned()]);
    report.add(&table);
    Ok(())
}
