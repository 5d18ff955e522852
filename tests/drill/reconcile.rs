//! The second motor.

use sandbox::Served;

use crate::harness::Drill;

#[tokio::test(flavor = "multi_thread")]
async fn three_silent_reconciles_make_up_for_an_alert_that_never_came() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    let idle = drill.sandbox.world.ledger.journal_writes().len();
    assert_eq!(idle, 0, "an idle reconcile wrote to the journal");
    drill.cut_power();
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "stay", None);
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_somebody_moved_by_hand_is_adopted() {
    let drill = Drill::start().await;
    drill.sandbox.world.promises.allow(sandbox::Promise::MovesToWhatAnswers);
    drill.route_by_hand("active");
    drill.order("reconcile").await.is(200, "stay", None).because("standby");
    drill.open_incident("0.late").await.is(200, "stay", None).because("already");
    assert_eq!(drill.sandbox.world.ledger.journal_writes().len(), 1);
}
