//! Others write meanwhile: between any two calls of a story somebody moves a switch, or our own other work is under way
//! when the outage comes.

use std::{sync::Arc, time::Duration};

use failover_core::{Position, Role};
use sandbox::{Moment, Power, Promise};

use crate::{
    cast::Word,
    conditions::Conditions,
    disturbance::Held,
    evidence::Evidence,
    recording::Point,
    runner::{Case, Played, survive},
    selection::Sparse,
    stories::{OWN_WORK, STORIES},
    story::{Recorded, Route, Scene, record_all},
    verdict::nobody_is_left_in_the_dark,
};

/// Our own work is held for so long at most while the outage is told of: less than a call is waited for.
const HELD: Duration = Duration::from_millis(400);

/// What somebody moves.
const ROLES: [Role; 3] = [Role::Gate, Role::Route, Role::Monitor];

/// What strays is set again.
const REPAIRED: Conditions = Conditions {
    speed: None,
    default_times: false,
    patient: false,
    hosts_hang: false,
    descriptors: None,
    site: "repair = true\n",
};

/// Every call of the stories, and every switch moved back right after it.
pub(crate) async fn moved_back() {
    let (mut cases, mut selected) = (Vec::new(), Sparse::one_in(23));
    let recorded = record_all("moved-back", STORIES).await;
    for Recorded { scene, points } in recorded.into_iter().filter(|r| r.scene.story.route == Route::PageRule)
    {
        for point in points {
            for role in ROLES {
                let name = format!("moved-back/{}/{point}/{role:?}", scene.story.name);
                let scene = scene.clone();
                let case = Case::new(name, move |evidence| somebody_moves(scene, point, role, evidence));
                cases.push(case.selected(selected.is_next()));
            }
        }
    }
    survive("moved back by somebody else", cases).await;
}

/// Every call of our other work, and an outage at it.
pub(crate) async fn own_work() {
    let (mut cases, mut selected) = (Vec::new(), Sparse::one_in(5));
    for Recorded { scene, points } in record_all("own-work", OWN_WORK).await {
        for point in points {
            for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
                let name = format!("own-work/{}/{point}/{moment:?}", scene.story.name);
                let scene = scene.clone();
                let case = Case::new(name, move |evidence| an_outage_comes(scene, point, moment, evidence));
                cases.push(case.selected(selected.is_next()));
            }
        }
    }
    survive("an outage during our own work", cases).await;
}

async fn somebody_moves(scene: Scene, point: Point, role: Role, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = scene.set_up_under(&REPAIRED, evidence).await?;
    let world = Arc::clone(&stage.sandbox.world);
    // Who leads visitors by hand answers for where they are led; what we set after a look made in that very moment too.
    world.promises.allow(Promise::MovesToWhatAnswers);
    world.promises.allow(Promise::StandbyStaysOpen);
    world.promises.allow(Promise::PausesOnProof);
    let back = match scene.story.ending.active {
        Position::Primary => Position::Standby,
        Position::Standby => Position::Primary,
    };
    let held = Held::at(&stage, point, Moment::AfterEffect);
    stage.function().await;
    let moves = async || {
        stage.move_by_hand(role, back);
        world.breakpoints.release();
        if !scene.story.ending.served {
            // Whoever waits for an answer gets one in the end.
            stage.standby(Power::On);
        }
    };
    let (met, _) = held.while_playing(stage.settle_here(&message), moves).await?;
    if !met {
        return Ok("not reached again");
    }
    nobody_is_left_in_the_dark(&mut stage, scene.story.ending.failovers + 1).await?;
    Ok("with everybody served")
}

async fn an_outage_comes(scene: Scene, point: Point, moment: Moment, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = scene.set_up(evidence).await?;
    let world = Arc::clone(&stage.sandbox.world);
    let held = Held::at(&stage, point, moment);
    stage.function().await;
    let mut outage = Ok(());
    let tells = async || {
        let (incident, known) = (Word::Incident.publish(), stage.entries());
        stage.primary(Power::Off);
        let goes_on = async {
            let told = world.ledger.until(|_| stage.entries() > known);
            let _held_long_enough = tokio::time::timeout(HELD, told).await;
            world.breakpoints.release();
        };
        outage = tokio::join!(stage.settle_here(&incident), goes_on).0.map(drop);
    };
    let (met, _) = held.while_playing(stage.settle_here(&message), tells).await?;
    outage?;
    if !met {
        return Ok("not reached again");
    }
    nobody_is_left_in_the_dark(&mut stage, scene.story.ending.failovers + 1).await?;
    Ok("with everybody served")
}
