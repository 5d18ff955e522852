//! What was set stays so: while a plan waits, and once more before it is done.

use std::{pin::pin, sync::Arc};

use failover_core::{Observed, Position, Role, SwitchId, Unless};
use futures::future::join_all;

use super::{
    ending::Halt,
    switches::{Setting, Switches},
};
use crate::{api::ApiErrorKind, clouds::Switch};

/// How often a switch is set again before it is said that somebody else moves it: own choice.
const SET_AGAIN: usize = 3;

/// Switches that are to stay as they were set.
pub(super) struct Keeping<'a> {
    pub(super) switches: &'a Switches,
    pub(super) wanted: &'a [Setting],
}

/// A switch that was not where it should be.
struct Moved {
    switch: SwitchId,
    setting: Setting,
    observed: Observed,
}

impl Switches {
    /// Waits until the standby answers at its own URL. Visitors go on being asked for meanwhile: where the primary
    /// serves them after all, what was done is to be undone. A standby that somebody closes is opened again.
    pub(super) async fn await_standby(&self, unless: Unless) -> Result<(), Halt> {
        let (role, position) = (Role::Gate, Position::Standby);
        let open = Setting { role, position, look: true, answers: None, unless, only: None };
        self.answers.waits_for("the standby to answer");
        let answered = async {
            tokio::select! {
                biased;
                () = self.answers.standby() => Ok(()),
                why = self.answers.pointless(unless) => Err(Halt::Unwind(why)),
            }
        };
        Keeping { switches: self, wanted: &[open] }.until(answered).await?
    }
}

impl Keeping<'_> {
    /// Waits for `answer`. What leads visitors is looked at meanwhile, and set again where somebody moved it.
    pub(super) async fn until<T>(&self, answer: impl Future<Output = T>) -> Result<T, Halt> {
        let mut answer = pin!(answer);
        loop {
            let race = async {
                tokio::select! {
                    biased;
                    answered = &mut answer => Some(answered),
                    () = self.until_moved() => None,
                }
            };
            if let Some(answered) = self.switches.permit.unless_stopped(race).await? {
                return Ok(answered);
            }
            for setting in self.wanted {
                self.switches.set_again(setting).await?;
            }
        }
    }

    async fn until_moved(&self) {
        loop {
            tokio::time::sleep(self.switches.permit.claim_for).await;
            for setting in self.wanted {
                if self.has_moved(setting).await {
                    return;
                }
            }
        }
    }

    /// Whether a switch was seen elsewhere; one that could not be looked at now is where it was.
    async fn has_moved(&self, setting: &Setting) -> bool {
        let (role, position) = (setting.role, setting.position);
        for switch in self.switches.site.switches.of(role) {
            let Ok(seen) = switch.glance().await else { continue };
            let observed = seen.observed;
            if !serves(role, position, &observed) {
                tracing::warn!(site = %self.switches.site.name, switch = %switch.id(), %observed, "not at {position} any more; it is set again");
                return true;
            }
        }
        false
    }

    /// The last look: every switch is observed until all are where they should be.
    ///
    /// # Errors
    /// A switch that doesn't stay where it is set is moved by somebody else: an operator has to look.
    pub(super) async fn last_look(&self) -> Result<(), Halt> {
        for round in 0.. {
            let moved = self.moved_meanwhile().await?;
            let Some(first) = moved.first() else { return Ok(()) };
            if round == SET_AGAIN {
                let said = format!(
                    "{} is {} again and again although it was set to {}; find who or what else moves it",
                    first.switch, first.observed, first.setting.position
                );
                return Err(Halt::Permanent(said.into()));
            }
            for Moved { switch, setting, observed } in &moved {
                let position = setting.position;
                tracing::warn!(site = %self.switches.site.name, %switch, %observed, "not at {position} any more; it is set again");
                self.switches.set(&setting.again(), Vec::new()).await?;
            }
        }
        Ok(())
    }

    async fn moved_meanwhile(&self) -> Result<Vec<Moved>, Halt> {
        let looks = self.switches.site.switches.iter().filter_map(|switch| {
            let setting = self.wanted.iter().find(|setting| setting.role == switch.role())?.clone();
            Some(async move {
                let observed = self.look_once_more(switch, setting.position).await?;
                let switch = switch.id().clone();
                let moved = !serves(setting.role, setting.position, &observed);
                Ok(moved.then_some(Moved { switch, setting, observed }))
            })
        });
        let seen: Result<Vec<_>, Halt> = join_all(looks).await.into_iter().collect();
        Ok(seen?.into_iter().flatten().collect())
    }

    /// Where looks are rationed, a visitor who is led to the right place proves as much of a route.
    async fn look_once_more(&self, switch: &Arc<dyn Switch>, position: Position) -> Result<Observed, Halt> {
        let rationed = match self.switches.permit.unless_stopped(switch.glance()).await? {
            Ok(seen) => return Ok(seen.observed),
            Err(error) => matches!(error.cause.kind, ApiErrorKind::Rationed(_)),
        };
        if rationed && switch.role() == Role::Route {
            let visited = self
                .switches
                .permit
                .unless_stopped(self.switches.site.prober.public(&self.switches.site.targets))
                .await?;
            if visited.served.is_by(position) {
                return Ok(Observed::At(position));
            }
        }
        Ok(self.switches.observe(switch, Unless::Nothing).await?.observed)
    }
}

/// Whether a switch does what it was set for. A gate with another door open beside ours lets visitors in all the
/// same; it does not keep them out.
fn serves(role: Role, position: Position, observed: &Observed) -> bool {
    let open_anyhow =
        matches!((role, position, observed), (Role::Gate, Position::Standby, Observed::Mixed(_)));
    observed.is_at(position) || open_anyhow
}
