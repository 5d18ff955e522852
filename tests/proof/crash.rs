//! The crash table: the process is killed at every call of every story, on both sides of the call's effect.

use std::sync::Arc;

use sandbox::Moment;

use crate::{
    cast::Word,
    evidence::Evidence,
    recording::Point,
    runner::{Case, Played, survive},
    stage::Stage,
    story::{Recorded, STORIES, Story, record_all},
    verdict::{all_is_well, nothing_is_written_any_more},
};

/// So many reconciles are waited for: three that find the site silent, and some more.
const RECONCILES: usize = 6;

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
    let mut cases = Vec::new();
    for Recorded { story, points } in record_all("crash", STORIES).await {
        for point in points {
            for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
                for next in [Next::Redelivery, Next::Reconcile] {
                    let name = format!("crash/{}/{point}/{moment:?}/{next:?}", story.name);
                    cases.push(Case::new(name, move |evidence| play(story, point, moment, next, evidence)));
                }
            }
        }
    }
    survive("crash table", cases).await;
}

async fn play(story: &Story, point: Point, moment: Moment, next: Next, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = story.set_up(evidence).await?;
    let died = stage.die_at(point, moment, &message).await?;
    if next == Next::Redelivery {
        stage.settle(&message).await?;
    }
    let mut way = finish(&mut stage, story).await?;
    if story.ending.missing(&stage)?.is_some() {
        // Killed before anything was begun: the message is still Pub/Sub's.
        stage.settle(&message).await?;
        finish(&mut stage, story).await?;
        way = "by a redelivery after reconciles";
    }
    all_is_well(&stage, &story.ending).await?;
    nothing_is_written_any_more(&mut stage, &message).await?;
    Ok(if died { way } else { "not reached again" })
}

/// Reconciles until all is as it should be, or nothing more happens.
async fn finish(stage: &mut Stage, story: &Story) -> Played {
    for round in 0..RECONCILES {
        if story.ending.missing(stage)?.is_none() {
            return Ok(if round == 0 { "by the redelivery" } else { "by reconcile" });
        }
        stage.say(Word::Reconcile).await?;
    }
    Ok("by reconcile")
}
