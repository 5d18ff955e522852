//! `--keep`: everything goes on, for somebody to play with, and says where it is.

use std::time::Duration;

use sandbox::{Visitors, pubsub};
use tokio::time::MissedTickBehavior;

use super::{
    child::Child,
    control,
    happening::Board,
    show::{Screen, style::Paint},
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
/// When nobody can listen.
pub(super) async fn keep(stage: &Stage, child: &Child, screen: &mut Screen) -> anyhow::Result<()> {
    let control = control::start(stage.world().clone(), stage.site.name(), 0).await?;
    let visitors = Visitors::start(&stage.site.public_url(), VISITOR_EVERY)?;
    let board = Board::default();
    let places = places(stage, child, control).await;
    screen.say(&screen.style().paint(Paint::Strong, "Everything goes on; Ctrl-C ends it."));
    screen.say(&format!("\n\n{places}"));
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

async fn places(stage: &Stage, child: &Child, control: std::net::SocketAddr) -> String {
    let function = format!("http://{}/", child.address());
    let folder = stage.config.parent().unwrap_or(&stage.config).display();
    let page =
        if has_page(&function).await { format!("  status page     {function}\n") } else { String::new() };
    let site = &stage.site;
    format!(
        "{page}  the site        curl -L {public}\n\
         \x20 the standby     curl {standby}\n\
         \x20 the journal     curl http://{control}/journal\n\
         \x20 cut the power   curl -X PUT -d off http://{control}/primary/power\n\
         \x20 bring it back   curl -X PUT -d on http://{control}/primary/power\n\
         \x20 fail back       curl -d '{{\"command\":\"failback\"}}' http://{control}/commands\n\
         \x20 fail over       curl -d '{{\"command\":\"failover\"}}' http://{control}/commands\n\
         \x20 its files       {folder}\n",
        public = site.public_url(),
        standby = site.standby_url(),
    )
}

/// Whether the function shows its status page.
async fn has_page(url: &str) -> bool {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    let Ok(client) = client else { return false };
    client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
}
