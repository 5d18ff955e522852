//! The newest entries of the journal can't be read: 1, 20 or 200 of them, before the message comes or after any call.
//! Nothing moves by itself then; an operator's command goes on after them.

use std::sync::Arc;

use sandbox::Moment;

use crate::{
    cast::Word,
    conditions::Conditions,
    disturbance::Held,
    evidence::Evidence,
    recording::{Point, is_a_site},
    runner::{Case, Played, survive},
    selection::Sparse,
    stories::STORIES,
    story::{Recorded, Scene, record_all},
    verdict::comes_right,
};

/// Reading hundreds of entries takes a busy machine longer than a tenth of the usual time.
const PATIENT: Conditions = Conditions {
    speed: None,
    default_times: false,
    patient: true,
    hosts_hang: false,
    descriptors: None,
    site: "",
};

/// So many entries.
const HOW_MANY: [usize; 3] = [1, 20, 200];

/// What is in them: an entry that broke off, one of another format, and nothing.
const CONTENTS: [&str; 3] = [r#"{"v":1,"number":"#, r#"{"v":99,"what":"a later release knows"}"#, ""];

/// Every story and every call of it, and every number of entries.
pub(crate) async fn table() {
    let mut cases = Vec::new();
    let (mut before, mut selected) = (Sparse::one_in(7), Sparse::one_in(53));
    for Recorded { scene, points } in record_all("unreadable", STORIES).await {
        // None stands for the time before the message comes.
        for point in std::iter::once(None).chain(points.into_iter().map(Some)) {
            for what in HOW_MANY.into_iter().zip(CONTENTS) {
                let at = point.map_or("before".to_owned(), |point| point.to_string());
                let name = format!("unreadable/{}/{at}/{}", scene.story.name, what.0);
                let is_next = if point.is_none() { before.is_next() } else { selected.is_next() };
                let scene = scene.clone();
                let case = Case::new(name, move |evidence| play(scene, point, what, evidence));
                cases.push(case.selected(is_next));
            }
        }
    }
    survive("entries that can't be read", cases).await;
}

async fn play(
    scene: Scene,
    point: Option<Point>,
    (entries, content): (usize, &'static str),
    evidence: Arc<Evidence>,
) -> Played {
    let (mut stage, message) = scene.set_up_under(&PATIENT, evidence).await?;
    let mut met = true;
    if let Some(point) = point {
        let world = Arc::clone(&stage.sandbox.world);
        let (held, mut acknowledged) = (Held::at(&stage, point, Moment::AfterEffect), Ok(()));
        stage.function().await;
        let spoils = async || {
            stage.spoil(entries, content);
            world.breakpoints.release();
            // A plan that waits goes on waiting until somebody says so.
            acknowledged = stage.settle_here(&Word::Order("acknowledge").publish()).await.map(drop);
        };
        (met, _) = held.while_playing(stage.push(&message), spoils).await?;
        acknowledged?;
    } else {
        stage.spoil(entries, content);
        stage.deliver(&message).await?;
    }
    stage.say(Word::Order("acknowledge")).await?;
    stage.settle(&message).await?;
    let way = comes_right(&mut stage, scene.story, point.as_ref().is_some_and(is_a_site), &message).await?;
    Ok(if met { way } else { "not reached again" })
}
