//! What is waited for at its usual length, on clocks that run faster: a provider that asks to be left alone for a second,
//! a minute or a day, and hosts that give no answer instead of refusing, with every time at its default.

use std::{sync::Arc, time::Duration};

use ::stage::clock::Clock;
use sandbox::{Aim, Fault};

use crate::{
    conditions::Conditions,
    evidence::Evidence,
    recording::{Point, is_a_site},
    runner::{Case, Played, survive},
    selection::Sparse,
    stories::STORIES,
    story::{Recorded, Scene, record_all},
    verdict::comes_right,
};

/// As fast as a busy machine can bear: a look at a site may take a second of its own.
const SPEED: u32 = 5;

const REFUSING: Conditions = Conditions {
    speed: Some(SPEED),
    default_times: true,
    patient: false,
    hosts_hang: false,
    descriptors: None,
    site: "",
};

const HANGING: Conditions = Conditions { hosts_hang: true, ..REFUSING };

/// What is asked for, in seconds.
const ASKED: [u32; 3] = [1, 60, 86_400];

/// A wish is honoured for so long.
const HONOURED: u32 = 60;

/// Every call of every story but looks at sites, and every length.
pub(crate) async fn retry_after() {
    if !Clock::can_be_made("Retry-After") {
        return;
    }
    let (mut cases, mut selected) = (Vec::new(), Sparse::one_in(47));
    for Recorded { scene, points } in record_all("retry-after", STORIES).await {
        for point in points.into_iter().filter(|point| !is_a_site(point)) {
            for (number, seconds) in ASKED.into_iter().enumerate() {
                let status = if number % 2 == 0 { 503 } else { 429 };
                let name = format!("retry-after/{}/{point}/{seconds}", scene.story.name);
                let (scene, fault) = (scene.clone(), Fault::retry_after(status, seconds));
                let wait = Duration::from_secs(u64::from(seconds.min(HONOURED))) / SPEED;
                let case =
                    Case::new(name, move |evidence| play(scene, point, (REFUSING, fault, wait), evidence));
                cases.push(case.selected(selected.is_next()));
            }
        }
    }
    survive("Retry-After of a second, a minute and a day", cases).await;
}

/// Every call of every story, which is never answered, nor is anything by a host without power.
pub(crate) async fn hanging() {
    if !Clock::can_be_made("default times") {
        return;
    }
    let (mut cases, mut selected) = (Vec::new(), Sparse::one_in(29));
    for Recorded { scene, points } in record_all("hanging", STORIES).await {
        for point in points {
            for fault in [Fault::Hang, Fault::HangAfter] {
                let name = format!("hanging/{}/{point}/{fault:?}", scene.story.name);
                let scene = scene.clone();
                let what = (HANGING, fault, Duration::ZERO);
                let case = Case::new(name, move |evidence| play(scene, point, what, evidence));
                cases.push(case.selected(selected.is_next()));
            }
        }
    }
    survive("default times, and hosts that hang", cases).await;
}

async fn play(
    scene: Scene,
    point: Point,
    (conditions, fault, wait): (Conditions, Fault, Duration),
    evidence: Arc<Evidence>,
) -> Played {
    let (mut stage, message) = scene.set_up_under(&conditions, evidence).await?;
    stage.sandbox.world.fault(Aim::at(point.operation).nth(point.nth), fault);
    stage.settle(&message).await?;
    if scene.story.ending.missing(&stage)?.is_some() {
        // A look that can wait is not made before.
        tokio::time::sleep(wait).await;
    }
    // What is left of the fault is not for our own visitor.
    stage.sandbox.world.faults.clear();
    comes_right(&mut stage, scene.story, is_a_site(&point), &message).await
}
