//! Rest: all that is left is delivered, and then rounds of reconcile until nothing changes any more.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use sandbox::Power;

use crate::{stage::Stage, tale::Tale};

/// Deliveries of one message until it is settled.
const DELIVERIES: usize = 8;
/// Rounds of reconcile until nothing changes.
const ROUNDS: usize = 24;
/// So many rounds without a change are rest: three silent ones in a row make a report.
const STILL: usize = 4;

/// Brings the world to rest; the error says what would not end.
pub(crate) async fn come(stage: &Arc<Stage>) -> Result<(), String> {
    // Whoever waits for the standby would wait for ever, and is right to.
    stage.sandbox.world.set_standby("resume", Power::On);
    stage.sandbox.world.breakpoints.release();
    stage.note("all that is left is delivered");
    if !stage.is_over().await {
        return Err("a delivery was never answered".to_owned());
    }
    deliver_all(stage).await?;
    reconcile(stage).await
}

async fn deliver_all(stage: &Arc<Stage>) -> Result<(), String> {
    for round in 0..DELIVERIES {
        for place in stage.post.outstanding() {
            let _ = stage.deliver(place, place + round).await;
        }
    }
    match stage.post.outstanding().first() {
        None => Ok(()),
        Some(place) => Err(format!("message {} was not settled by {DELIVERIES} deliveries", 1000 + place)),
    }
}

async fn reconcile(stage: &Arc<Stage>) -> Result<(), String> {
    let lasts = stage.speakers.lock().await.come_to_the_end();
    if let Some(lasts) = lasts {
        stage.post.publish(lasts);
        deliver_all(stage).await?;
    }
    let mut still = 0;
    for round in 0..ROUNDS {
        let before = (Tale::length(&stage.sandbox), stage.sandbox.world.ledger.writes().len());
        round_of(stage, round).await?;
        let after = (Tale::length(&stage.sandbox), stage.sandbox.world.ledger.writes().len());
        still = if before == after { still + 1 } else { 0 };
        drained(stage).await?;
        if still >= STILL * stage.conditions.instances {
            return Ok(());
        }
    }
    Err(format!("{ROUNDS} rounds of reconcile did not come to rest"))
}

/// One round, as the scheduler publishes it, to each instance in its turn.
async fn round_of(stage: &Arc<Stage>, round: usize) -> Result<(), String> {
    let said = {
        let mut speakers = stage.speakers.lock().await;
        speakers.pass(5);
        speakers.command("reconcile", false, "")
    };
    let place = stage.post.publish(said);
    for _ in 0..DELIVERIES {
        let _ = stage.deliver(place, round).await;
        if stage.post.messages()[place].settled {
            return Ok(());
        }
    }
    Err(format!("reconcile was not settled by {DELIVERIES} deliveries"))
}

/// A standby that drains is closed at a time that the journal names: that time is waited for.
async fn drained(stage: &Arc<Stage>) -> Result<(), String> {
    let Some(until) = Tale::read(&stage.sandbox)?.state().draining else { return Ok(()) };
    let left = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
    tokio::time::sleep(left.min(Duration::from_secs(10))).await;
    Ok(())
}

/// Every instance is started anew and every message delivered once more: nothing may be written, to a cloud or to
/// the journal.
pub(crate) async fn redeliver(stage: &Arc<Stage>) -> Result<(), String> {
    stage.crash_all().await;
    let mut mark = stage.sandbox.world.ledger.position();
    for place in 0..stage.post.messages().len() {
        stage.note(&format!("{} once more", 1000 + place));
        let _ = stage.deliver(place, place).await;
        if stage.post.messages()[place].had_nothing_to_say() {
            mark = stage.sandbox.world.ledger.position();
        }
        let ledger = stage.sandbox.world.ledger.since(mark);
        let written =
            ledger.iter().find(|record| matches!(record.kind, sandbox::Kind::Write | sandbox::Kind::Journal));
        if let Some(record) = written {
            return Err(format!("message {}, delivered again, made {}", 1000 + place, record.operation));
        }
        if !matches!(stage.post.messages()[place].answers.last(), Some(Ok(answer)) if answer.status != 503) {
            return Err(format!("message {}, delivered again, was not settled", 1000 + place));
        }
    }
    Ok(())
}
