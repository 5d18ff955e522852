//! The proofs that a plan waits for: a place's answer, and a visitor who is served.

use std::time::Duration;

use failover_core::{Line, Plan, Position, Within};

use super::{
    Halt,
    keep::Keeping,
    switches::{Setting, Switches},
};
use crate::site::Guarded;

/// What waits for them, while what earlier lines set is kept so.
pub(super) struct Proof<'a> {
    pub(super) site: &'a Guarded,
    pub(super) plan: &'a Plan,
    pub(super) switches: &'a Switches,
}

impl Proof<'_> {
    pub(super) async fn answer(&self, line: &Line) -> Result<(), Halt> {
        if line.within == Within::AnyTime {
            return self.switches.await_standby(line.unless).await;
        }
        let within = self.site.waits.verify_within;
        let answered = tokio::time::timeout(within, self.switches.answers.standby());
        let kept = Keeping { switches: self.switches, wanted: &self.kept_before(line) };
        match kept.until(answered).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Halt::Unwind(format!(
                "the standby was opened and didn't answer within {} s",
                within.as_secs()
            ))),
        }
    }

    /// A visitor's request to the public URL, answered by the place that visitors are led to; how long the redirect to the
    /// standby lives.
    pub(super) async fn visitor(&self, line: &Line, place: Position) -> Result<Option<Duration>, Halt> {
        let Switches { answers, .. } = self.switches;
        answers.waits_for(&format!("a visitor to be served by the {place}"));
        let patience = (line.within != Within::AnyTime).then_some(self.site.waits.failback_patience);
        let served = async {
            let visitor = async {
                tokio::select! {
                    biased;
                    redirect_lives = answers.visitor(place) => Ok(redirect_lives),
                    why = answers.pointless(line.unless) => Err(Halt::Unwind(why)),
                }
            };
            match patience {
                Some(patience) => tokio::time::timeout(patience, visitor).await,
                None => Ok(visitor.await),
            }
        };
        let kept = Keeping { switches: self.switches, wanted: &self.kept_before(line) };
        let Ok(served) = Box::pin(kept.until(served)).await? else {
            return Err(self.in_vain(line, place));
        };
        Ok(served?.filter(|_| place == Position::Standby))
    }

    fn in_vain(&self, line: &Line, place: Position) -> Halt {
        let patience = jiff::SignedDuration::try_from(self.site.waits.failback_patience).unwrap_or_default();
        let why = format!("the {place} didn't answer visitors within {}", failover_core::span(patience));
        if line.within == Within::FailbackPatienceByForce { Halt::InVain(why) } else { Halt::Unwind(why) }
    }

    fn kept_before(&self, line: &Line) -> Vec<Setting> {
        self.plan.kept_before(line.step).iter().filter_map(Setting::of).collect()
    }
}
