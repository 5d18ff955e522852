//! One of two instances dies at any call, or is kept from running until the other is done and then goes on.
//!
//! The other one finishes: what was begun, or, where that was a rehearsal or the closing of a drained standby, a
//! failover that needs this very standby. Whoever wakes up must leave everything alone.

use std::sync::Arc;

use jiff::Timestamp;
use sandbox::{Kind, Moment, Power, ledger::Record};
use serde_json::Value;

use crate::{
    cast::Word,
    evidence::Evidence,
    recording::Point,
    runner::{Case, Played, survive},
    selection::Turns,
    stage::{Stage, settle_at, signal},
    stories::{ON_STANDBY, SHARED},
    story::{Recorded, Scene, record_all},
    verdict::{Ending, all_is_well, comes_to_rest, nothing_is_written_any_more},
};

/// What happens to the first of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is killed.
    Killed,
    /// It is kept from running, and goes on when the other is done.
    Frozen,
}

/// Every call of the stories that two may share, and both fates.
pub(crate) async fn table() {
    let (mut cases, mut turns) = (Vec::new(), Turns::default());
    for Recorded { scene, points } in record_all("freeze", SHARED).await {
        for point in points {
            let selected = turns.next_of(2);
            for (number, fate) in [Fate::Killed, Fate::Frozen].into_iter().enumerate() {
                let name = format!("freeze/{}/{point}/{fate:?}", scene.story.name);
                let scene = scene.clone();
                let case = Case::new(name, move |evidence| play(scene, point, fate, evidence));
                cases.push(case.selected(number == selected));
            }
        }
    }
    survive("one of two instances", cases).await;
}

async fn play(scene: Scene, point: Point, fate: Fate, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = scene.set_up(Arc::clone(&evidence)).await?;
    let world = Arc::clone(&stage.sandbox.world);
    let tokens = world.ledger.count("metadata.token");
    let other = stage.another().await;
    world.ledger.ended("metadata.token", tokens + 1).await;
    let reached = world.stop_at(point.operation, point.nth, Moment::AfterEffect);
    let one = stage.another().await;
    let mut delivery = Box::pin(settle_at(&one, &message, &evidence));
    let met = tokio::select! {
        biased;
        _ = reached => true,
        answer = &mut delivery => answer.map(|_| false)?,
    };
    if met {
        signal(one.pid(), if fate == Fate::Killed { "KILL" } else { "STOP" });
        stage.evidence.note(format!("{fate:?} at {point}"));
    }
    let (order, ending) = task_of_the_other(&scene, &stage, &message);
    settle_at(&other, &order, &stage.evidence).await?;
    world.breakpoints.release();
    if met && fate == Fate::Frozen {
        stage.evidence.note("it goes on");
        let (woken, woken_at) = (world.ledger.position(), Timestamp::now());
        signal(one.pid(), "CONT");
        delivery.await?;
        let late = came_late(&stage, woken, woken_at)?;
        if !late.is_empty() {
            comes_to_rest(&mut stage, &ending, &late).await?;
            return Ok("after a frost, with a request on its way");
        }
    }
    all_is_well(&stage, &ending).await?;
    nothing_is_written_any_more(&mut stage, &order).await?;
    Ok(match (met, fate) {
        (false, _) => "not reached again",
        (true, Fate::Killed) => "after a death",
        (true, Fate::Frozen) => "after a frost",
    })
}

/// Nothing is written by whoever woke up, but what was on its way already: a request that was handed over before arrives
/// as one does that the network held up. The numbers of such calls.
fn came_late(stage: &Stage, woken: u64, woken_at: Timestamp) -> Result<Vec<u64>, String> {
    let is_write = |record: &Record| record.kind == Kind::Write;
    let calls = stage.sandbox.world.ledger.calls();
    let (early, late): (Vec<_>, Vec<_>) =
        calls.into_iter().filter(is_write).partition(|record| record.sequence <= woken);
    let on_its_way = stage.evidence.asked_before(woken_at).saturating_sub(early.len());
    if late.len() > on_its_way {
        return Err(format!("whoever woke up wrote {late:?}"));
    }
    Ok(late.iter().map(|record| record.sequence).collect())
}

/// What the other one is told, and where that leads.
fn task_of_the_other(scene: &Scene, stage: &Stage, message: &Value) -> (Value, Ending) {
    match scene.story.name {
        "rehearsal" => (Word::Order("failover").publish(), ON_STANDBY),
        "reconcile-closes-a-drained-standby" => {
            stage.primary(Power::Off);
            (Word::Incident.publish(), Ending { failovers: 2, ..ON_STANDBY })
        }
        _ => (message.clone(), scene.story.ending),
    }
}
