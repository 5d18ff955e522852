//! A journal that is slow, gone, or unreadable.

use sandbox::{Aim, Fault, Served};
use serde_json::json;

use crate::harness::{Drill, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_journal_does_not_keep_visitors_in_the_dark() {
    let drill = Drill::start().await;
    for operation in ["storage.list", "storage.get", "storage.create"] {
        drill.sandbox.world.fault(Aim::at(operation), Fault::status(503));
    }
    drill.cut_power();
    let answer = drill.open_incident("0.outage").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.sandbox.world.faults.clear();
    let recorded = drill.open_incident("0.outage").await;
    assert_eq!(recorded.status, 200, "{recorded:?}");
    drill.open_incident("0.outage").await.is(200, "stay", None);
    assert_eq!(drill.writes().len(), 3, "{:?}", drill.writes());
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_entry_stops_automatic_moves_and_is_named() {
    let settings = Settings { journal: "file:{folder}/journal".to_owned(), ..Settings::default() };
    let mut drill = Drill::with(settings, sandbox::Options::default()).await;
    drill.command(json!({ "command": "hold", "for": "1h" })).await.is(200, "stay", None);
    drill.function.kill().await;
    drill.spoil_newest_entry();
    drill.restart().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(503, "stay", None).because("entry 1");
    drill.order("failover").await.is(200, "move", Some("Done"));
    drill.all_promises_hold();
}
