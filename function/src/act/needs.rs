//! What must hold before a plan writes anything.

use std::time::Duration;

use failover_core::{Need, Position, Role, Served};

use super::{Halt, Prefetched, permit::Permit};
use crate::{clouds::Readiness, site::Guarded};

/// What makes sure of it, by looking and asking alone.
pub(super) struct Needs<'a> {
    pub(super) site: &'a Guarded,
    pub(super) permit: &'a Permit,
    /// What was read beside the intent.
    pub(super) prefetched: &'a mut Prefetched,
    /// Whether what was looked at just before the plan was decided is as good.
    pub(super) is_fresh: bool,
}

impl Needs<'_> {
    pub(super) async fn make_sure(&mut self, need: Need) -> Result<(), Halt> {
        match need {
            Need::StandbyAble => self.can_serve().await,
            _ if self.is_fresh => Ok(()),
            Need::StillSilent => self.is_still_silent().await,
            Need::RoutedBack => self.is_routed_back().await,
            Need::Served(place) => self.is_served(place).await,
            _ => Ok(()),
        }
    }

    /// What was looked at long ago is looked at again: two answers in a row, and nothing is begun.
    async fn is_still_silent(&self) -> Result<(), Halt> {
        for _ in 0..2 {
            let (public, primary) = self.permit.unless_stopped(self.site.ask_places(true)).await?;
            let well = match public {
                Served::Unknown(_) => primary.is_by(Position::Primary),
                seen => seen.is_by(Position::Primary),
            };
            if !well {
                return Ok(());
            }
            self.permit.rest(self.site.pace.between_probes(Duration::ZERO)).await?;
        }
        Err(Halt::Unwind("the primary answers again".to_owned()))
    }

    /// Whether nobody is led to a standby that is about to be closed.
    async fn is_routed_back(&self) -> Result<(), Halt> {
        let seen = self.permit.unless_stopped(self.site.switches.look_at(&[Role::Route])).await?;
        match seen.iter().find(|seen| !seen.observed.is_at(Position::Primary)) {
            None => Ok(()),
            Some(astray) => Err(Halt::Unwind(format!(
                "{} was not seen at the primary ({})",
                astray.switch, astray.observed
            ))),
        }
    }

    async fn is_served(&self, place: Position) -> Result<(), Halt> {
        let (served, _) = self.permit.unless_stopped(self.site.visit_served_by(place)).await?;
        if served { Ok(()) } else { Err(Halt::Unwind(format!("visitors are not served by the {place}"))) }
    }

    /// A move to a standby that can't serve ends before anything is written to a cloud. "Could not look" is no reason to
    /// keep visitors in the dark.
    async fn can_serve(&mut self) -> Result<(), Halt> {
        let readiness =
            self.prefetched.readiness.take().unwrap_or_else(|| self.site.switches.ask_readiness());
        let patience = self.site.pace.call_timeout / 5;
        let asked = self.permit.unless_stopped(tokio::time::timeout(patience, readiness)).await?;
        let Ok(Ok(answers)) = asked else {
            tracing::warn!(site = %self.site.name, "nobody could tell in time whether the standby is ready");
            return Ok(());
        };
        for answer in answers {
            match answer {
                Ok(Readiness::Unable(why)) => {
                    return Err(Halt::Unwind(format!("the standby can't serve: {why}")));
                }
                Ok(Readiness::Doubtful(why)) => tracing::warn!(site = %self.site.name, "{why}"),
                Ok(Readiness::Ready) => {}
                Err(error) => tracing::warn!(site = %self.site.name, "{}", crate::log::chain(&error)),
            }
        }
        Ok(())
    }
}
