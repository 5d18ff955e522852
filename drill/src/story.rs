//! The story: a power cut, the failover, a redelivery, the power's return, the failback.
//!
//! It makes things happen and waits for what the function makes of them; it never helps it along.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use failover_core::Direction;
use sandbox::{Power, Served, Visitors, pubsub};
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    child::Child,
    fault::FaultName,
    happening::{Board, Tone, Who},
    outlook::{ACT_ENDS_WITHIN, Outlook},
    patience::{InVain, until},
    stage::{Home, Stage},
};

/// How long things are left as they are, so that one can see that they are well.
const LOOK_AROUND: Duration = Duration::from_millis(1200);
/// How long the journal stays away after visitors are served again.
const JOURNAL_RETURNS_AFTER: Duration = Duration::from_millis(1500);
/// How long the function stays dead.
const RESTART_AFTER: Duration = Duration::from_millis(500);
/// How long it takes somebody to mend the token.
const TOKEN_MENDED_AFTER: Duration = Duration::from_secs(3);

/// What the failback says.
pub(super) const WHO_ASKS: &str = "alice";
const WHY: &str = "power is back";
const WHY_AFTER_A_DRILL: &str = "the drill is over";

/// What came of a second delivery of the alert.
#[derive(Debug, Clone)]
pub(super) struct Again {
    /// What the function answered.
    pub(super) verdict: String,
    /// The writes it made, to clouds and to the journal.
    pub(super) writes: usize,
}

/// When things happened that nobody else notes.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// The power failed.
    pub(super) cut: Option<Instant>,
    /// The first alert, by its message's id.
    pub(super) alert: Option<String>,
    /// It was delivered once more.
    pub(super) again: Option<Again>,
    /// The power came back.
    pub(super) back: Option<Instant>,
    /// The operator asked for the failback.
    pub(super) asked: Option<Instant>,
    /// It is over.
    pub(super) over: Option<Instant>,
}

/// Why a story didn't come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    /// Something didn't happen.
    #[error(transparent)]
    InVain(#[from] InVain),
    /// The function could not be started again, or the primary not scaled down.
    #[error("{0:#}")]
    Undone(#[from] anyhow::Error),
}

/// The story while it is played.
#[derive(Debug)]
pub(super) struct DrillStory<'a> {
    stage: &'a Stage,
    seen: Outlook<'a>,
    board: &'a Board,
    child: Child,
    marks: Marks,
}

impl<'a> DrillStory<'a> {
    /// With everybody in their places.
    pub(super) fn new(stage: &'a Stage, visitors: &'a Visitors, board: &'a Board, child: Child) -> Self {
        Self { stage, seen: Outlook { stage, visitors }, board, child, marks: Marks::default() }
    }

    /// Plays it, as far as it goes; the function still runs afterwards.
    pub(super) async fn play(mut self) -> (Marks, Child, Result<(), Cut>) {
        let came_out = self.acts().await;
        self.marks.over = Some(Instant::now());
        (self.marks, self.child, came_out)
    }

    async fn acts(&mut self) -> Result<(), Cut> {
        self.all_is_well().await?;
        self.the_power_fails().await?;
        self.the_alert_comes_again().await?;
        self.the_power_returns().await
    }

    /// The power fails halfway between two looks, so that detecting takes as long as it does on average.
    async fn all_is_well(&mut self) -> Result<(), Cut> {
        let checked = Instant::now();
        self.seen.see(Served::Primary).await?;
        tokio::time::sleep((self.stage.pace.look_every() / 2).saturating_sub(checked.elapsed())).await;
        Ok(())
    }

    async fn the_power_fails(&mut self) -> Result<(), Cut> {
        let cut = match self.stage.home {
            Home::Server => self.board.chapter("The power fails"),
            Home::Deployment => self.board.chapter("The primary is scaled down"),
        };
        self.marks.cut = Some(cut);
        let (who, tone, told) = match (self.stage.home, self.primary_power()) {
            (Home::Deployment, _) => {
                (Who::Operator, Tone::Plain, "scales the deployment to 0, as with kubectl scale")
            }
            (Home::Server, Power::Off) => (Who::Home, Tone::Bad, "the primary is gone"),
            (Home::Server, _) => (Who::Home, Tone::Bad, "the primary hangs"),
        };
        self.board.tell(who, tone, told);
        let reached =
            self.stage.fault.and_then(|fault| fault.arm(self.stage.world(), &self.stage.site.seed.service));
        if let Some(fault) = self.stage.fault {
            self.board.tell(Who::Fault, Tone::Doubtful, fault.sentence());
        }
        self.primary_goes().await?;
        self.marks.alert = Some(self.seen.alert_after(cut).await?);
        self.suffer(reached).await?;
        self.seen.ended(Direction::Failover).await?;
        self.seen.settled(self.marks.alert.clone()).await?;
        self.seen.see(Served::Standby).await?;
        tokio::time::sleep(LOOK_AROUND).await;
        Ok(())
    }

    /// The cause of it all.
    async fn primary_goes(&self) -> Result<(), Cut> {
        match self.stage.home {
            Home::Server => self.stage.world().set_primary(self.stage.site.name(), self.primary_power()),
            Home::Deployment => self.stage.scale_down().await?,
        }
        Ok(())
    }

    fn primary_power(&self) -> Power {
        self.stage.fault.map_or(Power::Off, FaultName::primary)
    }

    /// What a fault needs while the function copes with it.
    async fn suffer(&mut self, reached: Option<oneshot::Receiver<()>>) -> Result<(), Cut> {
        match self.stage.fault {
            Some(FaultName::Killed) => {
                if let Some(reached) = reached {
                    let patience = tokio::time::timeout(ACT_ENDS_WITHIN, reached);
                    // Without the moment nobody is killed, and the end tells.
                    let _ = patience.await;
                }
                self.kill_and_restart().await
            }
            Some(FaultName::JournalGone) => {
                self.seen.see(Served::Standby).await?;
                tokio::time::sleep(JOURNAL_RETURNS_AFTER).await;
                self.mend("the journal's bucket is there again");
                Ok(())
            }
            Some(FaultName::TokenRefused) => {
                let refused = || self.stage.logbook.find(0, |line| line.kind() == "trouble");
                until("the sentence that says what to mend", ACT_ENDS_WITHIN, refused).await?;
                tokio::time::sleep(TOKEN_MENDED_AFTER).await;
                self.mend("the token is mended");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn kill_and_restart(&mut self) -> Result<(), Cut> {
        let world = self.stage.world();
        world.pubsub.hold();
        self.child.kill().await;
        world.breakpoints.release();
        self.board.tell(Who::Fault, Tone::Bad, "the function is killed, its last write just made");
        tokio::time::sleep(RESTART_AFTER).await;
        self.child = self.stage.start_function().await?;
        self.board.tell(Who::Fault, Tone::Plain, "the function is started again");
        Ok(())
    }

    fn mend(&self, told: &str) {
        self.stage.world().faults.clear();
        self.board.tell(Who::Fault, Tone::Plain, told);
    }

    /// Pub/Sub delivers at least once, which means twice.
    async fn the_alert_comes_again(&mut self) -> Result<(), Cut> {
        let Some(alert) = self.marks.alert.clone() else { return Ok(()) };
        let pubsub = &self.stage.world().pubsub;
        let (known, writes) = (pubsub.outcomes_of(&alert).len(), self.seen.writes());
        pubsub.redeliver(&alert);
        let answer = || pubsub.outcomes_of(&alert).get(known).filter(|it| it.ended.is_some()).cloned();
        let answer = until("the answer to a second delivery", ACT_ENDS_WITHIN, answer).await?;
        tokio::time::sleep(LOOK_AROUND).await;
        let verdict = answer.json()["verdict"].as_str().unwrap_or_default().to_owned();
        self.marks.again = Some(Again { verdict, writes: self.seen.writes() - writes });
        Ok(())
    }

    async fn the_power_returns(&mut self) -> Result<(), Cut> {
        let world = Arc::clone(self.stage.world());
        let why = match self.stage.home {
            Home::Server => {
                self.marks.back = Some(self.board.chapter("The power is back"));
                world.set_primary(self.stage.site.name(), Power::On);
                self.board.tell(Who::Home, Tone::Good, "the primary runs; visitors stay where they are");
                WHY
            }
            Home::Deployment => {
                self.marks.back = Some(self.board.chapter("The way back"));
                self.board.tell(Who::Home, Tone::Plain, "the deployment is still scaled to 0");
                WHY_AFTER_A_DRILL
            }
        };
        tokio::time::sleep(LOOK_AROUND / 2).await;
        let command =
            json!({ "command": "failback", "site": self.stage.site.name(), "reason": why, "by": WHO_ASKS });
        self.board.tell(Who::Operator, Tone::Plain, format!("publishes {command}"));
        self.marks.asked = Some(Instant::now());
        let message = world.pubsub.publish(&pubsub::topic("failover-commands"), command.to_string(), &[]);
        self.seen.ended(Direction::Failback).await?;
        self.seen.settled(Some(message)).await?;
        self.seen.see(Served::Primary).await?;
        tokio::time::sleep(LOOK_AROUND).await;
        Ok(())
    }
}
