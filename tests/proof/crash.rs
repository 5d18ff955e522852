//! The crash table: the process is killed at every call of every story, on both sides of the call's effect.

use std::sync::Arc;

use sandbox::Moment;

use crate::{
    cast::Word,
    evidence::Evidence,
    recording::Point,
    runner::{Case, Played, survive},
    selection::Turns,
    stories::STORIES,
    story::{Recorded, Scene, Story, record_all},
    verdict::{all_is_well, nothing_is_written_any_more, reconciled},
};

/// Who comes by after the crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Pub/Sub, with the same message.
    Redelivery,
    /// Only the scheduler; Pub/Sub comes when all that was begun is finished.
    Reconcile,
}

/// Every story, every call, both moments, both motors.
pub(crate) async fn table() {
    let (mut cases, mut turns) = (Vec::new(), Turns::default());
    for Recorded { scene, points } in record_all("crash", STORIES).await {
        let motors = motors(scene.story);
        let ways: Vec<(Moment, Next)> = [Moment::BeforeEffect, Moment::AfterEffect]
            .into_iter()
            .flat_map(|moment| motors.iter().map(move |next| (moment, *next)))
            .collect();
        for point in points {
            let selected = turns.next_of(ways.len());
            for (number, (moment, next)) in ways.iter().copied().enumerate() {
                let name = format!("crash/{}/{point}/{moment:?}/{next:?}", scene.story.name);
                let scene = scene.clone();
                let case = Case::new(name, move |evidence| play(scene, point, moment, next, evidence));
                cases.push(case.selected(number == selected));
            }
        }
    }
    survive("crash table", cases).await;
}

/// A reconcile that is delivered again is a reconcile.
fn motors(story: &Story) -> &'static [Next] {
    if story.message == Word::Reconcile { &[Next::Redelivery] } else { &[Next::Redelivery, Next::Reconcile] }
}

async fn play(scene: Scene, point: Point, moment: Moment, next: Next, evidence: Arc<Evidence>) -> Played {
    let story = scene.story;
    let (mut stage, message) = scene.set_up(evidence).await?;
    let died = stage.die_at(point, moment, &message).await?;
    if next == Next::Redelivery {
        stage.settle(&message).await?;
    }
    let mut way = "by the redelivery";
    if story.ending.missing(&stage)?.is_some() {
        way = reconciled(&mut stage, &story.ending).await?;
    }
    if story.ending.missing(&stage)?.is_some() {
        // Killed before anything was begun: the message is still Pub/Sub's.
        stage.settle(&message).await?;
        reconciled(&mut stage, &story.ending).await?;
        way = "by a redelivery after reconciles";
    }
    all_is_well(&stage, &story.ending).await?;
    nothing_is_written_any_more(&mut stage, &message).await?;
    Ok(if died { way } else { "not reached again" })
}
