//! `--keep`: everything goes on, for somebody to play with, and says where it is.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use sandbox::{Visitors, pubsub};
use tokio::time::MissedTickBehavior;

use super::{
    child::Child,
    control,
    happening::Board,
    show::{Screen, style::Paint},
    stage::{Stage, environment},
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
    let places = places(stage, child, control).await?;
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

/// Where everything is, and what can be tried.
async fn places(stage: &Stage, child: &Child, control: SocketAddr) -> anyhow::Result<String> {
    let function = format!("http://{}/", child.address());
    let folder = stage.config.parent().unwrap_or(&stage.config);
    let environment = folder.join("environment");
    std::fs::write(&environment, exports(stage)).context("the environment could not be written")?;
    let page =
        if has_page(&function).await { format!("  status page     {function}\n") } else { String::new() };
    let site = &stage.site;
    Ok(format!(
        "{page}  the site        curl -L {public}\n\
         \x20 the standby     curl {standby}\n\
         \x20 the journal     curl http://{control}/journal\n\
         \x20 cut the power   curl -X PUT -d off http://{control}/primary/power\n\
         \x20 bring it back   curl -X PUT -d on http://{control}/primary/power\n\
         \x20 fail back       curl -d '{{\"command\":\"failback\"}}' http://{control}/commands\n\
         \x20 fail over       curl -d '{{\"command\":\"failover\"}}' http://{control}/commands\n\
         \x20 acknowledge     curl -d '{{\"command\":\"acknowledge\"}}' http://{control}/commands\n\
         \x20                 (nothing moves by itself for 10 minutes after a move; this lifts that)\n\
         \x20 as an operator  . {environment} && {program} status\n\
         \x20 its log         {log}\n",
        public = site.public_url(),
        standby = site.standby_url(),
        environment = environment.display(),
        program = std::env::args().next().unwrap_or_else(|| "failover".to_owned()),
        log = stage.logbook.file.display(),
    ))
}

/// What a shell reads to be an operator of this function.
fn exports(stage: &Stage) -> String {
    let config = ("FAILOVER_CONFIG", stage.config.display().to_string());
    let variables = environment(&stage.sandbox).into_iter().chain([config]);
    variables.fold(String::new(), |out, (name, value)| format!("{out}export {name}='{value}'\n"))
}

/// Whether the function shows its status page.
async fn has_page(url: &str) -> bool {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    let Ok(client) = client else { return false };
    client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
}
