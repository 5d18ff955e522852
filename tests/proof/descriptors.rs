//! Few descriptors: a process that may have 64 or 256 is flooded with half-open connections, or has none left for a
//! moment between any two calls.

use std::{sync::Arc, time::Duration};

use sandbox::{Kind, Moment, World};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    conditions::Conditions,
    disturbance::Held,
    evidence::Evidence,
    recording::{Point, is_a_site},
    runner::{Case, Played, survive},
    selection::Sparse,
    stage::Stage,
    stories::STORIES,
    story::{Recorded, Scene, record_all},
    verdict::comes_right,
};

/// So many it may have.
const MOST: [u32; 2] = [64, 256];

/// Sockets with half a request each: more than any of these processes could hold.
const FLOOD: usize = 300;

/// How home is looked at.
const LOOKS_HOME: [&str; 2] = ["edge.visit", "primary.get"];

/// For so long there is none left: shorter than anything is waited for.
const NONE_LEFT: Duration = Duration::from_millis(300);

const FEW: Conditions = Conditions {
    speed: None,
    default_times: false,
    patient: false,
    hosts_hang: false,
    descriptors: Some(256),
    site: "",
};

/// Every story under a flood, and every call after which there is no descriptor left for a moment.
pub(crate) async fn table() {
    let mut cases = Vec::new();
    let (mut floods, mut selected) = (Sparse::one_in(4), Sparse::one_in(17));
    for Recorded { scene, points } in record_all("descriptors", STORIES).await {
        for most in MOST {
            let name = format!("descriptors/{}/{most}", scene.story.name);
            let (scene, conditions) = (scene.clone(), Conditions { descriptors: Some(most), ..FEW });
            let case = Case::new(name, move |evidence| flooded(scene, conditions, evidence));
            cases.push(case.selected(floods.is_next()));
        }
        for point in points {
            let name = format!("descriptors/{}/{point}", scene.story.name);
            let scene = scene.clone();
            let case = Case::new(name, move |evidence| none_left(scene, point, evidence));
            cases.push(case.selected(selected.is_next()));
        }
    }
    survive("few descriptors", cases).await;
}

async fn flooded(scene: Scene, conditions: Conditions, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = scene.set_up_under(&conditions, evidence).await?;
    stage.function().await;
    let _flood = flood(&stage).await;
    stage.settle_here(&message).await?;
    comes_right(&mut stage, scene.story, false, &message).await?;
    Ok("under a flood")
}

async fn flood(stage: &Stage) -> Vec<TcpStream> {
    let address = stage.base().trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    for _ in 0..FLOOD {
        // One that was ended already is as good.
        let Ok(mut stream) = TcpStream::connect(&address).await else { continue };
        let _ = stream.write_all(b"POST /push HTTP/1.1\r\nhost: x\r\n").await;
        open.push(stream);
    }
    open
}

async fn none_left(scene: Scene, point: Point, evidence: Arc<Evidence>) -> Played {
    let (mut stage, message) = scene.set_up_under(&FEW, evidence).await?;
    let world = Arc::clone(&stage.sandbox.world);
    let held = Held::at(&stage, point, Moment::AfterEffect);
    stage.function().await;
    let run_out = async || {
        stage.descriptors_run_out(true);
        world.breakpoints.release();
        tokio::time::sleep(NONE_LEFT).await;
        stage.descriptors_run_out(false);
    };
    let (met, _) = held.while_playing(stage.settle_here(&message), run_out).await?;
    let blind = is_a_site(&point) || nobody_looked_before_a_write(&world, &point);
    let way = comes_right(&mut stage, scene.story, blind, &message).await?;
    Ok(if met { way } else { "not reached again" })
}

/// Whether the calls after this one went on to a write at a cloud without having seen the site: none of its looks had a
/// descriptor, and a move that was begun is carried on then.
fn nobody_looked_before_a_write(world: &World, point: &Point) -> bool {
    let calls = world.ledger.since(0);
    let mut reached = calls.iter().filter(|call| call.operation == point.operation);
    let Some(at) = reached.nth(point.nth as usize - 1) else { return false };
    let next = calls
        .iter()
        .filter(|call| call.sequence > at.sequence)
        .find(|call| call.kind == Kind::Write || LOOKS_HOME.contains(&call.operation));
    next.is_some_and(|call| call.kind == Kind::Write)
}
