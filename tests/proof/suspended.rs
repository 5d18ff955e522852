//! The machine is suspended for an hour between any two calls: what was seen before is old, and so is the claim.

use std::{sync::Arc, time::Duration};

use ::stage::clock::Clock;
use sandbox::Moment;

use crate::{
    conditions::Conditions,
    disturbance::Held,
    evidence::Evidence,
    recording::Point,
    runner::{Case, Played, survive},
    selection::Sparse,
    stories::STORIES,
    story::{Recorded, Scene, record_all},
    verdict::comes_right,
};

const AN_HOUR: Duration = Duration::from_hours(1);

const CONDITIONS: Conditions = Conditions {
    speed: Some(1),
    default_times: false,
    patient: false,
    hosts_hang: false,
    descriptors: None,
    site: "",
};

/// Every call of every story, and an hour's sleep before its answer is read.
pub(crate) async fn table() {
    if !Clock::can_be_made("suspended for an hour") {
        return;
    }
    let (mut cases, mut selected) = (Vec::new(), Sparse::one_in(11));
    for Recorded { scene, points } in record_all("suspended", STORIES).await {
        for point in points {
            let name = format!("suspended/{}/{point}", scene.story.name);
            let scene = scene.clone();
            let case = Case::new(name, move |evidence| play(scene, point, evidence));
            cases.push(case.selected(selected.is_next()));
        }
    }
    survive("suspended for an hour", cases).await;
}

async fn play(scene: Scene, point: Point, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = scene.set_up_under(&CONDITIONS, evidence).await?;
    let world = Arc::clone(&stage.sandbox.world);
    let held = Held::at(&stage, point, Moment::AfterEffect);
    stage.function().await;
    let sleeps = async || {
        stage.evidence.note("suspended for an hour");
        stage.clock.as_ref().expect("it has one").suspended(AN_HOUR);
        world.ledger.book.suspended(AN_HOUR);
        world.breakpoints.release();
    };
    let (met, _) = held.while_playing(stage.settle_here(&message), sleeps).await?;
    let way = comes_right(&mut stage, scene.story, false, &message).await?;
    Ok(if met { way } else { "not reached again" })
}
