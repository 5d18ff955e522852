//! A site's switches as they are looked at before anything is decided: all that is in here reads.

use std::{ops::Deref, sync::Arc};

use failover_core::{Observed, Role, Sighting};
use futures::future::join_all;
use tokio::task::JoinHandle;

use crate::{
    api::ApiErrorKind,
    clouds::{Observation, Readiness, Switch, SwitchError},
    pace::Pace,
};

/// What moves a site, in the order of the configuration, and how long a look may take.
#[derive(Debug)]
pub struct SiteSwitches {
    /// Every switch.
    pub all: Vec<Arc<dyn Switch>>,
    /// How long things may take.
    pub pace: Pace,
}

impl Deref for SiteSwitches {
    type Target = [Arc<dyn Switch>];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl SiteSwitches {
    /// The switches of one role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Arc<dyn Switch>> {
        self.all.iter().filter(move |switch| switch.role() == role)
    }

    /// Asks the switches whether the standby could serve, beside other work.
    pub fn ask_readiness(&self) -> JoinHandle<Vec<Result<Readiness, SwitchError>>> {
        let switches = self.all.clone();
        tokio::spawn(async move { join_all(switches.iter().map(|switch| switch.readiness())).await })
    }

    /// Looks at the gates, beside other work; a look that failed is made again when it is needed.
    pub fn look_at_gates(&self) -> JoinHandle<Vec<Option<Observation>>> {
        let gates: Vec<Arc<dyn Switch>> = self.of(Role::Gate).cloned().collect();
        tokio::spawn(async move {
            let looks = join_all(gates.iter().map(|gate| gate.observe())).await;
            looks.into_iter().map(Result::ok).collect()
        })
    }

    /// Looks at every switch whose role is among `roles`.
    pub async fn look_at(&self, roles: &[Role]) -> Vec<Sighting> {
        let wanted = self.all.iter().filter(|switch| roles.contains(&switch.role()));
        join_all(wanted.map(async |switch| sighting(switch.as_ref(), switch.observe().await))).await
    }

    /// Looks at what powers the primary, again while another look may help: what was not seen decides nothing.
    pub async fn look_at_power(&self) -> Vec<Sighting> {
        let until = tokio::time::Instant::now() + self.pace.call_timeout * 3;
        let looks = self.of(Role::Power).map(async |switch| {
            let seen = self.look_until(switch.as_ref(), until).await;
            sighting(switch.as_ref(), seen)
        });
        join_all(looks).await
    }

    async fn look_until(
        &self,
        switch: &dyn Switch,
        until: tokio::time::Instant,
    ) -> Result<Observation, SwitchError> {
        let mut tries = 0;
        loop {
            let error = match switch.observe().await {
                Err(error) if !error.cause.is_permanent() => error,
                seen => return seen,
            };
            let backoff = self.pace.backoff(tries);
            let wait = match error.cause.kind {
                ApiErrorKind::Busy(asked) | ApiErrorKind::Rationed(asked) => asked.max(backoff),
                _ => backoff,
            };
            if tokio::time::Instant::now() + wait >= until {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// As `look_at`, by glances; switches that are rationed are left unknown where it isn't this site's turn.
    pub async fn glance_at(&self, roles: &[Role], is_its_turn: bool) -> Vec<Sighting> {
        let wanted = self.all.iter().filter(|switch| roles.contains(&switch.role()));
        let glances = wanted.map(async |switch| {
            if is_its_turn || !switch.is_rationed() {
                return sighting(switch.as_ref(), switch.glance().await);
            }
            let observed = Observed::Unknown("it is looked at in turn with those of other sites".to_owned());
            Sighting { switch: switch.id().clone(), role: switch.role(), observed }
        });
        join_all(glances).await
    }

    /// Why the standby could not serve if it were opened, as far as the switches can tell.
    pub async fn standby_unable(&self) -> Option<String> {
        let answers = self.ask_readiness().await.unwrap_or_default();
        answers.into_iter().find_map(|answer| match answer {
            Ok(Readiness::Unable(why)) => Some(why),
            _ => None,
        })
    }
}

fn sighting(switch: &dyn Switch, seen: Result<Observation, SwitchError>) -> Sighting {
    let observed = match seen {
        Ok(observation) => observation.observed,
        Err(error) => Observed::Unknown(crate::log::chain(&error)),
    };
    Sighting { switch: switch.id().clone(), role: switch.role(), observed }
}
