//! What is billed: operations of an idle month and of a long outage.

use ::stage::payload;
use anyhow::Result;
use sandbox::Power;

use crate::{
    calls::kinds,
    history,
    options::Setup,
    stage::{Stage, usual},
    table::{Report, Table, progress},
};

/// Reconciles in a month of thirty days, one a minute.
const MONTH: u32 = 30 * 24 * 60;

/// The outage of the write-up.
const OUTAGE_HOURS: u32 = 55;

/// What Cloud Storage takes for an operation, in US dollars: a standard bucket in one region, before anything that is
/// free (cloud.google.com/storage/pricing, read 2026-11-21).
const CLASS_A: f64 = 0.005 / 1000.0;
const CLASS_B: f64 = 0.0004 / 1000.0;

/// Reconciles that are counted, after one that warms the instance.
const ROUNDS: u32 = 10;

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    progress("counting operations");
    let stage = Stage::single(usual()).await?;
    history::in_bucket(&stage, 60).await?;
    let function = stage.start(&setup.binary).await?;
    let ledger = &stage.sandbox.world.ledger;
    let reconcile = payload::order_now;
    let mut table = Table::new(
        "Operations per site, by what bills them",
        &[
            "what",
            "cloud reads",
            "cloud writes",
            "storage creates and lists (class A)",
            "storage reads (class B)",
            "probes",
            "storage at list prices, US$",
        ],
    );
    function.try_push(&reconcile("reconcile")).await?;
    let position = ledger.position();
    for _ in 0..ROUNDS {
        function.try_push(&reconcile("reconcile")).await?;
    }
    let idle = billed(&ledger.since(position))?;
    table.row(row("an idle reconcile", idle, 1.0 / f64::from(ROUNDS)));
    table.row(row("an idle month, one reconcile a minute", idle, f64::from(MONTH) / f64::from(ROUNDS)));

    let site = &stage.sites[0];
    stage.sandbox.world.set_primary(site.name(), Power::Off);
    let position = ledger.position();
    function.try_push(&payload::alert_now(site.name(), "open")).await?.done()?;
    let away = billed(&ledger.since(position))?;
    let position = ledger.position();
    for _ in 0..ROUNDS {
        function.try_push(&reconcile("reconcile")).await?;
    }
    let waiting = billed(&ledger.since(position))?;
    stage.sandbox.world.set_primary(site.name(), Power::On);
    let position = ledger.position();
    function.try_push(&payload::order_now("failback")).await?.done()?;
    let back = billed(&ledger.since(position))?;
    let rounds = f64::from(OUTAGE_HOURS * 60) / f64::from(ROUNDS);
    let outage = std::array::from_fn(|i| away[i] + back[i] + waiting[i] * rounds);
    table.row(row("an outage of 55 hours: there, a reconcile a minute, back", outage, 1.0));
    table.note(
        "Google bills a class A operation at $0.005 per 1,000 and one of class B at $0.0004 per 1,000 (standard bucket \
         in one region, cloud.google.com/storage/pricing, read 2026-11-21). Calls to Cloud Run's and Monitoring's \
         interfaces and to Cloudflare's are free of charge.",
    );
    report.add(&table);
    Ok(())
}

/// Calls by what bills them: cloud reads, cloud writes, class A, class B, probes.
fn billed(records: &[sandbox::ledger::Record]) -> Result<[f64; 5]> {
    let counts: Vec<f64> = kinds(records).iter().map(|count| count.parse()).collect::<Result<_, _>>()?;
    Ok([counts[0], counts[1], counts[2] + counts[4], counts[3], counts[5]])
}

fn row(said: &str, counts: [f64; 5], factor: f64) -> Vec<String> {
    let [.., class_a, class_b, _] = counts;
    let price = format!("{:.4}", (class_a * CLASS_A + class_b * CLASS_B) * factor);
    let counted = counts.map(|count| format!("{}", (count * factor * 10.0).round() / 10.0));
    std::iter::once(said.to_owned()).chain(counted).chain([price]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_one_read_a_minute_costs_less_than_two_cents() {
        let month = row("a month", [0.0, 0.0, 0.0, 1.0, 1.0], f64::from(MONTH));
        assert_eq!(month, ["a month", "0", "0", "0", "43200", "43200", "0.0173"]);
    }
}
