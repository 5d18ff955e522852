//! A promotion that is killed at any call, or of which any call goes wrong, still ends with the address on the machine
//! that was promoted.

use ::stage::{machines::Moves, mirror::Mirror};
use sandbox::{Aim, Fault, Kind, Moment};

use crate::{
    recording::{Point, points},
    runner::{Case, Played, survive},
    selection::{self, Turns},
};

/// The switches that move an address from machine to machine.
const SWITCHES: [Moves; 3] = [Moves::Alias, Moves::External, Moves::Configuration];

/// Which machine is promoted.
const PROMOTED: usize = 1;

/// What may go wrong with a call once, whichever it is.
fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("500", Fault::status(500)),
        ("503", Fault::retry_after(503, 0)),
        ("429", Fault::status(429)),
        ("403", Fault::status(403)),
        ("404", Fault::status(404)),
        ("409", Fault::status(409)),
        ("412", Fault::status(412)),
        ("reset", Fault::Reset),
        ("garbage", Fault::Garbage),
        ("hang", Fault::Hang),
        ("lost answer", Fault::LostAnswer),
        ("answer that never comes", Fault::HangAfter),
    ]
}

/// The calls of a promotion, but for those of the credentials' own.
async fn recorded(moves: Moves, all: bool) -> Vec<Point> {
    let mirror = Mirror::moving(moves).await;
    mirror.promote(PROMOTED, &[]).await.ends(0);
    let ledger = &mirror.sandbox.world.ledger;
    let calls =
        ledger.select(|record| !record.operation.starts_with("metadata.") && record.kind != Kind::Visit);
    let clouds = ["compute.", "azure"];
    let is_breakable = |point: &Point| clouds.iter().any(|cloud| point.operation.starts_with(cloud));
    points(&calls).into_iter().filter(|point| all || is_breakable(point)).collect()
}

/// Killed there, and promoted again: at the next start of the system, say.
pub(crate) async fn crashes() {
    let (mut cases, mut turns) = (Vec::new(), Turns::default());
    for moves in SWITCHES {
        for point in recorded(moves, true).await {
            let selected = turns.next_of(2);
            let moments = [("before", Moment::BeforeEffect), ("after", Moment::AfterEffect)];
            for (number, (word, moment)) in moments.into_iter().enumerate() {
                let name = format!("crash/promotion/{}/{point}/{word}", moves.kind());
                let case = Case::new(name, move |_| killed(moves, point, moment));
                cases.push(case.selected(number == selected));
            }
        }
    }
    survive("promotions killed", cases).await;
}

async fn killed(moves: Moves, point: Point, moment: Moment) -> Played {
    let mirror = Mirror::moving(moves).await;
    let reached = mirror.sandbox.world.stop_at(point.operation, point.nth, moment);
    let mut process = mirror.begin_promotion(PROMOTED);
    let ended = tokio::select! {
        reached = reached => { reached.map_err(|_| "the call was never made".to_owned())?; false }
        _ended = process.wait() => true,
    };
    process.kill().await.map_err(|error| error.to_string())?;
    mirror.sandbox.world.breakpoints.release();
    let again = mirror.promote(PROMOTED, &[]).await;
    if again.status != 0 {
        return Err(format!("the next promotion ended so: {again:#?}"));
    }
    arrived(&mirror).await?;
    Ok(if ended { "without that call" } else { "by the next promotion" })
}

/// One call goes wrong once: the same promotion gets there.
pub(crate) async fn broken_calls() {
    let mut points = Vec::new();
    for moves in SWITCHES {
        points.extend(recorded(moves, false).await.into_iter().map(|point| (moves, point)));
    }
    let words: Vec<&'static str> = faults().iter().map(|(word, _)| *word).collect();
    let of_each: Vec<_> = points.iter().map(|(_, point)| (point.operation, words.clone())).collect();
    let mut cases = Vec::new();
    for ((moves, point), selected) in points.into_iter().zip(selection::faults(&of_each)) {
        for (number, (word, fault)) in faults().into_iter().enumerate() {
            let name = format!("fault/promotion/{}/{point}/{word}", moves.kind());
            let case = Case::new(name, move |_| broken(moves, point, fault));
            cases.push(case.selected(selected.contains(&number)));
        }
    }
    survive("promotions with a broken call", cases).await;
}

async fn broken(moves: Moves, point: Point, fault: Fault) -> Played {
    let mirror = Mirror::moving(moves).await;
    mirror.sandbox.world.fault(Aim::at(point.operation).nth(point.nth), fault);
    let ran = mirror.promote(PROMOTED, &[]).await;
    if ran.status != 0 {
        return Err(format!("the promotion ended so: {ran:#?}"));
    }
    arrived(&mirror).await?;
    Ok("by itself")
}

/// One machine has the address, clients reach it, what isn't the mirror's is where it was, and nothing is left open.
async fn arrived(mirror: &Mirror) -> Result<(), String> {
    let holders = mirror.holders();
    if holders != [mirror.machine(PROMOTED)] {
        return Err(format!("the address is at {holders:?}"));
    }
    let astray = mirror.astray();
    if !astray.is_empty() {
        return Err(format!("what isn't ours is not as it was: {astray:?}"));
    }
    if mirror.client_sees().await.as_deref() != Some(mirror.machine(PROMOTED).as_str()) {
        return Err("a client that connects doesn't reach it".to_owned());
    }
    let unknown = mirror.sandbox.world.ledger.unknown();
    if !unknown.is_empty() {
        return Err(format!("calls that no provider has: {unknown:?}"));
    }
    let status = mirror.operator(&["status", "--json"]).await;
    let open = status.json()["sites"][0]["open"].clone();
    if open.is_null() { Ok(()) } else { Err(format!("a plan is still open: {open}")) }
}
