//! `--keep`: everything goes on, for somebody to play with, and says where it is.

use std::time::Duration;

use sandbox::{Visitors, pubsub};
use tokio::time::MissedTickBehavior;

use super::{
    happening::Board,
    places::{Places, told},
    show::{DrillScreen, style::Paint},
    stage::Stage,
};

/// Visitors come more seldom: their notes are kept for as long as this takes.
const VISITOR_EVERY: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(200);
/// As Cloud Scheduler sends it.
const RECONCILE_EVERY: Duration = Duration::from_mins(1);

/// Goes on until somebody ends it.
///
/// # Errors
/// When no visitor can be sent.
pub(super) async fn go_on(stage: &Stage, places: &Places, screen: &mut DrillScreen) -> anyhow::Result<()> {
    let visitors = Visitors::start(&stage.site.public_url(), VISITOR_EVERY)?;
    let board = Board::default();
    screen.say(&screen.style().paint(Paint::Strong, "Everything goes on; Ctrl-C ends it."));
    screen.say(&format!("\n\n{}", told(places)));
    board.chapter("What happens now");
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reconciles = tokio::time::interval(RECONCILE_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => screen.look(stage, &visitors, &board),
            _ = reconciles.tick() => {
                let command = r#"{"command":"reconcile"}"#;
                stage.world().pubsub.publish(&pubsub::topic("failover-commands"), command, &[]);
            }
        }
    }
}
