//! Drift: switches that are elsewhere than where the journal says, and what may be set again without asking anybody.

use failover_core::{Observed, Position, Role, Served, Sighting, State};
use jiff::Timestamp;
use serde_json::json;

use super::{desk::Desk, upkeep::Chore};
use crate::{announce::Kind, record::RecordError};

impl Desk {
    /// Switches that are not where the journal says: announced once, and set again where the owner wants it.
    pub(super) async fn drift(
        &self,
        state: &State,
        seen: &[Sighting],
        public: &Served,
    ) -> Result<Option<String>, RecordError> {
        let off = strayed(state, seen);
        if let Some(said) = self.counts().strays(&off, seen) {
            self.site.announce(Kind::Drift, &said, json!({ "repair": self.site.repair }), None);
        }
        let mut trouble = None;
        if state.upkeep.is_none() {
            // A pause of ours on the primary would keep the next outage unnoticed, whoever repairs what else.
            let wanted = |s: &Sighting| self.site.repair || is_our_pause(s, state);
            let off = off.into_iter().filter(|(s, to)| wanted(s) && may_repair(s.role, *to, seen, public));
            for (sighting, position) in off {
                let chore = Chore::repair(sighting.switch.clone(), sighting.role, position);
                trouble = trouble.or(self.chore(chore, state).await?);
            }
        }
        Ok(trouble)
    }
}

/// Whether this is monitoring that a plan of ours paused, on a site that is on its primary.
fn is_our_pause(sighting: &Sighting, state: &State) -> bool {
    sighting.role == Role::Monitor && state.active == Position::Primary && state.has_paused(Timestamp::now())
}

/// The switches that are elsewhere than where the journal says, with where they belong. A route that was moved as a
/// whole has mostly been adopted before; what is left of routes is partly here and partly there, or led where nobody
/// could tell whether visitors are answered.
fn strayed<'a>(state: &State, seen: &'a [Sighting]) -> Vec<(&'a Sighting, Position)> {
    let belongs = |role| match role {
        Role::Gate if state.draining.is_some() => None,
        Role::Monitor if state.outage.is_some() => Some(Position::Primary),
        _ => Some(state.active),
    };
    let off = seen.iter().filter_map(|sighting| {
        let position = belongs(sighting.role)?;
        let strayed = matches!(&sighting.observed, Observed::At(at) if *at != position)
            || matches!(sighting.observed, Observed::Mixed(_));
        strayed.then_some((sighting, position))
    });
    off.collect()
}

/// Whether a strayed switch may be set again without asking anybody: traffic is moved by plans alone, a standby is
/// closed only where no route leads there, and monitoring is paused only while a visitor was just served by it.
pub(super) fn may_repair(role: Role, to: Position, seen: &[Sighting], public: &Served) -> bool {
    match (role, to) {
        (Role::Route, _) => false,
        (Role::Gate, Position::Primary) => is_routed_back(seen),
        (Role::Monitor, Position::Standby) => public.is_by(Position::Standby),
        _ => true,
    }
}

/// Whether every route was seen to lead to the primary.
pub(super) fn is_routed_back(seen: &[Sighting]) -> bool {
    seen.iter().filter(|s| s.role == Role::Route).all(|s| s.observed.is_at(Position::Primary))
}
