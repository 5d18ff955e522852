//! The fault table: every call of every story goes wrong in every way, and comes right afterwards.

use std::{sync::Arc, time::Duration};

use sandbox::{Aim, Fault, ledger::Record};

use crate::{
    evidence::Evidence,
    recording::Point,
    runner::{Case, Played, survive},
    stage::Stage,
    story::{FAULTY, Recorded, Scene, record_all},
    verdict::{all_is_well, nothing_is_written_any_more, reconciled},
};

/// Longer than a claim lives, shorter than a call is waited for.
const LATE: Duration = Duration::from_millis(700);

/// Longer than a call is waited for.
const TOO_LATE: Duration = Duration::from_millis(1300);

/// One way to go wrong.
#[derive(Debug, Clone)]
struct Trial {
    name: &'static str,
    fault: Fault,
    /// So many calls of the operation in a row.
    times: u32,
}

impl Trial {
    fn once(name: &'static str, fault: Fault) -> Self {
        Self { name, fault, times: 1 }
    }

    /// Whether a call of this operation can go wrong so.
    fn fits(&self, point: &Point) -> bool {
        self.fault != Fault::SuccessFalse || point.operation.starts_with("cloudflare.")
    }
}

fn trials() -> Vec<Trial> {
    vec![
        Trial::once("500", Fault::status(500)),
        Trial { times: 3, ..Trial::once("500-three-times", Fault::status(500)) },
        Trial::once("503-retry-after", Fault::retry_after(503, 1)),
        Trial::once("429-retry-after", Fault::retry_after(429, 1)),
        Trial::once("403", Fault::status(403)),
        Trial::once("404", Fault::status(404)),
        Trial::once("reset", Fault::Reset),
        Trial::once("garbage", Fault::Garbage),
        Trial::once("lost-answer", Fault::LostAnswer),
        Trial::once("hang", Fault::Hang),
        Trial::once("hang-after", Fault::HangAfter),
        Trial::once("late", Fault::Late(LATE)),
        Trial::once("late-effect", Fault::LateEffect(TOO_LATE)),
        Trial::once("success-false", Fault::SuccessFalse),
    ]
}

/// Every story, every call, every fault.
pub(crate) async fn table() {
    let mut cases = Vec::new();
    for Recorded { scene, points } in record_all("fault", FAULTY).await {
        for point in points {
            for trial in trials().into_iter().filter(|trial| trial.fits(&point)) {
                let name = format!("fault/{}/{point}/{}", scene.story.name, trial.name);
                let scene = scene.clone();
                cases.push(Case::new(name, move |evidence| play(scene, point, trial, evidence)));
            }
        }
    }
    survive("fault table", cases).await;
}

async fn play(scene: Scene, point: Point, trial: Trial, evidence: Arc<Evidence>) -> Played {
    let story = scene.story;
    let (mut stage, message) = scene.set_up(evidence).await?;
    let before = stage.sandbox.world.ledger.position();
    let aim = Aim::at(point.operation).nth(point.nth).times(trial.times);
    stage.sandbox.world.fault(aim, trial.fault.clone());
    let mut way = "at once";
    let mut answer = stage.deliver(&message).await?;
    if answer.status != 200 {
        (way, answer) = ("by a redelivery", stage.settle(&message).await?);
    }
    if answer.text("verdict") == "refused" {
        // A refusal is final: the operator reads why, and asks again.
        way = "by a new order";
        stage.say(story.message).await?;
    }
    if story.ending.missing(&stage)?.is_some() {
        way = reconciled(&mut stage, &story.ending).await?;
    }
    all_effects_landed(&stage, before, point, &trial).await;
    all_is_well(&stage, &story.ending).await?;
    nothing_is_written_any_more(&mut stage, &message).await?;
    Ok(way)
}

/// Waits until a change that comes late has come: what was settled meanwhile must not be upset by it.
async fn all_effects_landed(stage: &Stage, before: u64, point: Point, trial: &Trial) {
    if !matches!(trial.fault, Fault::LateEffect(_)) {
        return;
    }
    let ours = |record: &Record| record.sequence > before && record.operation == point.operation;
    let all = |records: &[Record]| records.iter().filter(|record| ours(record)).all(|record| record.effect);
    stage.sandbox.world.ledger.until(all).await;
}
