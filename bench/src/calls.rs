//! How many calls a move makes, by kind.

use ::stage::payload;
use anyhow::Result;
use sandbox::{Kind, Power, ledger::Record};

use crate::{
    history,
    options::Setup,
    stage::{Stage, usual},
    table::{Report, Table, progress},
};

pub(crate) async fn measure(setup: &Setup, report: &mut Report) -> Result<()> {
    progress("counting calls");
    let mut table = Table::new(
        "Calls of a move, counted by those who were asked",
        &[
            "what",
            "cloud reads",
            "cloud writes",
            "journal creates",
            "journal reads",
            "journal lists",
            "probes",
        ],
    );
    let stage = Stage::single(usual()).await?;
    let site = stage.sites[0].clone();
    history::in_bucket(&stage, 60).await?;
    let function = stage.start(&setup.binary).await?;
    stage.sandbox.world.set_primary(site.name(), Power::Off);
    let ledger = &stage.sandbox.world.ledger;

    let mut position = ledger.position();
    let mut count = |said: &str| {
        table.row(std::iter::once(said.to_owned()).chain(kinds(&ledger.since(position))));
        position = ledger.position();
    };
    let incident = payload::alert_now(site.name(), "open");
    function.try_push(&incident).await?.done()?;
    count("failover, on a cold instance");
    function.try_push(&incident).await?;
    count("the same message once more");
    function.try_push(&payload::order_now("reconcile")).await?;
    count("reconcile while on the standby");
    stage.sandbox.world.set_primary(site.name(), Power::On);
    function.try_push(&payload::order_now("failback")).await?.done()?;
    count("failback");
    function.try_push(&payload::order_now("reconcile")).await?;
    count("reconcile while on the primary");
    table.note(
        "A failover's three writes: policy, rule, uptime check. Each move looks at every switch once more before it \
         is `Done`. Not counted: one fetch of a token a cold instance.",
    );
    stage.is_clean()?;
    report.add(&table);
    Ok(())
}

/// How many calls of each kind, in the order of the columns.
pub(crate) fn kinds(records: &[Record]) -> Vec<String> {
    let count =
        |fits: &dyn Fn(&Record) -> bool| records.iter().filter(|record| fits(record)).count().to_string();
    vec![
        count(&is_cloud_read),
        count(&|record| record.kind == Kind::Write),
        count(&|record| record.kind == Kind::Journal),
        count(&|record| record.operation == "storage.get"),
        count(&|record| record.operation == "storage.list"),
        count(&is_probe),
    ]
}

fn is_cloud_read(record: &Record) -> bool {
    use sandbox::Service::{Cloudflare, Monitoring, Run};
    matches!(record.service, Run | Monitoring | Cloudflare) && record.kind == Kind::Read
}

/// What a probe begins with: a redirect that it follows is the same probe.
fn is_probe(record: &Record) -> bool {
    let is_followed = record.service == sandbox::Service::Standby && record.path.contains("failover-probe");
    record.kind == Kind::Visit && !is_followed
}
