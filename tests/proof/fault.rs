//! The fault table: every call of every story goes wrong in every way, and comes right afterwards.

use std::{sync::Arc, time::Duration};

use ::stage::Answer;
use sandbox::{Aim, Fault, ledger::Record};

use crate::{
    evidence::Evidence,
    recording::{Point, is_a_site},
    runner::{Case, Played, survive},
    selection,
    stage::Stage,
    stories::FAULTY,
    story::{Recorded, Scene, record_all},
    verdict::{all_is_well, ended_otherwise, nothing_is_written_any_more, reconciled},
};

/// Longer than a claim lives, shorter than a call is waited for.
const LATE: Duration = Duration::from_millis(700);

/// Longer than a call is waited for.
const TOO_LATE: Duration = Duration::from_millis(1300);

/// After how many seconds a provider that refuses asks to be asked again.
const ASKS_FOR: u32 = 1;

/// How a sentence goes on that tells an operator what to mend.
const REMEDIES: [&str; 7] = [
    "; grant ",
    "; check ",
    "; create ",
    "; correct ",
    "; on Cloud Run give ",
    "; give the machine ",
    "operator's command",
];

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

    /// Whether no other try helps before somebody mends something.
    fn is_permanent(&self) -> bool {
        [403, 404].map(Fault::status).contains(&self.fault)
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
        Trial::once("503-retry-after", Fault::retry_after(503, ASKS_FOR)),
        Trial::once("429-retry-after", Fault::retry_after(429, ASKS_FOR)),
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
    let recorded = record_all("fault", FAULTY).await;
    let points: Vec<(Scene, Point)> = recorded
        .into_iter()
        .flat_map(|Recorded { scene, points }| points.into_iter().map(move |point| (scene.clone(), point)))
        .collect();
    let fitting = |point: &Point| trials().into_iter().filter(|trial| trial.fits(point)).collect::<Vec<_>>();
    let names = |(_, point): &(Scene, Point)| {
        (point.operation, fitting(point).iter().map(|trial| trial.name).collect())
    };
    let selected = selection::faults(&points.iter().map(names).collect::<Vec<_>>());
    let mut cases = Vec::new();
    for ((scene, point), selected) in points.into_iter().zip(selected) {
        for (number, trial) in fitting(&point).into_iter().enumerate() {
            let name = format!("fault/{}/{point}/{}", scene.story.name, trial.name);
            let scene = scene.clone();
            let case = Case::new(name, move |evidence| play(scene, point, trial, evidence));
            cases.push(case.selected(selected.contains(&number)));
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
        tells_what_to_mend(&answer, &trial)?;
        (way, answer) = ("by a redelivery", stage.settle(&message).await?);
    }
    for _ in 0..trial.times {
        if answer.text("verdict") != "refused" {
            break;
        }
        // A refusal is final: the operator reads why, and asks again.
        (way, answer) = ("by a new order", stage.say(story.message).await?);
    }
    let mut ending = story.ending;
    if ending.missing(&stage)?.is_some() {
        throttling_is_over(&trial).await;
        way = reconciled(&mut stage, &ending).await?;
    }
    // What is left of the fault is not for our own visitor.
    stage.sandbox.world.faults.clear();
    if let Some(otherwise) = ended_otherwise(&stage, story, is_a_site(&point))? {
        (way, ending) = otherwise;
    }
    all_effects_landed(&stage, before, point, &trial).await;
    all_is_well(&stage, &ending).await?;
    nothing_is_written_any_more(&mut stage, &message).await?;
    Ok(way)
}

/// A permanent error ends the attempt with a sentence that says what to mend.
fn tells_what_to_mend(answer: &Answer, trial: &Trial) -> Result<(), String> {
    let reason = answer.text("reason");
    // On a busy machine the journal's patience may end first, and the attempt with it.
    let told = reason.contains("in time") || REMEDIES.iter().any(|remedy| reason.contains(remedy));
    (!trial.is_permanent() || told)
        .then_some(())
        .ok_or_else(|| format!("nothing to mend was told: {}", answer.body))
}

/// Waits until a provider that refused may be asked again, as it is between two rounds a minute apart: a look that can
/// wait is not made before.
async fn throttling_is_over(trial: &Trial) {
    if trial.fault == Fault::retry_after(429, ASKS_FOR) {
        tokio::time::sleep(Duration::from_secs(ASKS_FOR.into())).await;
    }
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
