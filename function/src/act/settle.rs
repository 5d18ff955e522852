//! The last look: before a plan is done, every switch is observed once more, and what moved meanwhile set again.

use std::sync::Arc;

use super::{Executor, Halt, patience::Unless, set::Before};
use crate::{api::ApiErrorKind, clock::Instant, switch::Switch};
use failover_core::{Observed, Position, Role, Step, SwitchId};
use futures::future::join_all;

/// How often a switch is set again before it is said that somebody else moves it: own choice.
const SET_AGAIN: usize = 3;

/// A switch that was not where it should be.
struct Moved {
    switch: SwitchId,
    role: Role,
    position: Position,
    observed: Observed,
}

impl Executor {
    /// Observes every switch of the given roles until all are where they should be. Visitors are led back only to a
    /// place that has the `proof`.
    ///
    /// # Errors
    /// A switch that doesn't stay where it is set is moved by somebody else: an operator has to look.
    pub(super) async fn settle(
        &self,
        wanted: &[(Role, Position)],
        proof: Option<Position>,
    ) -> Result<(), Halt> {
        for round in 0.. {
            let moved = self.moved_meanwhile(wanted).await?;
            let Some(first) = moved.first() else { return Ok(()) };
            if round == SET_AGAIN {
                let Moved { switch, position, observed, .. } = first;
                let said = format!(
                    "{switch} is {observed} again and again although it was set to {position}; find who or what else moves it"
                );
                return Err(Halt::Permanent(said.into()));
            }
            for Moved { switch, role, position, observed } in &moved {
                tracing::warn!(site = %self.site.name, %switch, %observed, "not at {position} any more; it is set again");
                let answers = proof.filter(|_| *role == Role::Route);
                self.set(*role, *position, Vec::new(), Before { look: true, answers }).await?;
            }
        }
        Ok(())
    }

    /// The proof where there are no visitors: every route was seen to lead to `place`.
    pub(super) async fn verify_by_switches(&mut self, place: Position) -> Result<(), Halt> {
        let begun = Instant::now();
        self.settle(&[(Role::Route, place)], None).await?;
        self.record(Step::Verify, begun, Some("as its switches show; there is no public_url".to_owned()));
        Ok(())
    }

    async fn moved_meanwhile(&self, wanted: &[(Role, Position)]) -> Result<Vec<Moved>, Halt> {
        let looks = self.site.switches.iter().filter_map(|switch| {
            let (role, position) = *wanted.iter().find(|(role, _)| *role == switch.role())?;
            Some(async move {
                let observed = self.last_look(switch, position).await?;
                let switch = switch.id().clone();
                Ok((!serves(role, position, &observed)).then_some(Moved { switch, role, position, observed }))
            })
        });
        let seen: Result<Vec<_>, Halt> = join_all(looks).await.into_iter().collect();
        Ok(seen?.into_iter().flatten().collect())
    }

    /// Where looks are rationed, a visitor who is led to the right place proves as much of a route.
    async fn last_look(&self, switch: &Arc<dyn Switch>, position: Position) -> Result<Observed, Halt> {
        let rationed = match self.unless_stopped(switch.glance()).await? {
            Ok(seen) => return Ok(seen.observed),
            Err(error) => matches!(error.cause.kind, ApiErrorKind::Rationed(_)),
        };
        if rationed && switch.role() == Role::Route {
            let visited = self.unless_stopped(self.site.prober.public(&self.site.targets)).await?;
            if visited.served.is_by(position) {
                return Ok(Observed::At(position));
            }
        }
        Ok(self.observe(switch, Unless::Nothing).await?.observed)
    }
}

/// Whether a switch does what it was set for. A gate with another door open beside ours lets visitors in all the
/// same; it does not keep them out.
pub(super) fn serves(role: Role, position: Position, observed: &Observed) -> bool {
    let open_anyhow =
        matches!((role, position, observed), (Role::Gate, Position::Standby, Observed::Mixed(_)));
    observed.is_at(position) || open_anyhow
}
