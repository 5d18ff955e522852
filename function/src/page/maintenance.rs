//! Maintenance that is refused: what is to be so, why it isn't, and whether the next outage would go unnoticed.

use failover_core::{Act, OpenPlan, Plan, Position, Role, SwitchId, Trouble};
use serde::Serialize;

use super::facts::SiteFacts;

/// A plan of maintenance that can't go on without a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hindered {
    /// The number of its intent in the journal.
    pub plan: u64,
    /// What is to be so.
    pub wanted: &'static str,
    /// What keeps it from being so.
    pub trouble: Trouble,
    /// Whether monitoring doesn't watch although it is to.
    pub unwatched: bool,
}

/// The maintenance that is refused, if any is.
pub(super) fn hindered(facts: &SiteFacts) -> Option<Hindered> {
    let open = facts.state.as_ref()?.maintenance.as_ref()?;
    let trouble = open.trouble.clone()?;
    let aim = aim(facts, open);
    let unwatched = aim == Some((Role::Monitor, Position::Primary)) && !is_watched(facts);
    Some(Hindered { plan: open.id, wanted: wanted(aim), trouble, unwatched })
}

/// Which switches its plan sets where; none where that isn't known.
fn aim(facts: &SiteFacts, open: &OpenPlan) -> Option<(Role, Position)> {
    let role_of = |switch: &SwitchId| {
        let mut seen = facts.switches.iter().map(|glimpse| &glimpse.sighting);
        seen.find(|sighting| sighting.switch == *switch).map(|sighting| sighting.role)
    };
    match Plan::maintenance(open.task.as_ref()?, role_of).lines.first()?.act {
        Act::Set(role, position) => Some((role, position)),
        _ => None,
    }
}

fn wanted(aim: Option<(Role, Position)>) -> &'static str {
    match aim {
        Some((Role::Monitor, Position::Primary)) => "monitoring is to watch again",
        Some((Role::Monitor, Position::Standby)) => "monitoring is to be paused again",
        Some((Role::Gate, Position::Primary)) => "the standby is to be closed",
        Some((Role::Gate, Position::Standby)) => "the standby is to be opened",
        _ => "a switch is to be set where it belongs",
    }
}

/// Whether all monitoring was seen to watch: somebody may have resumed it by hand.
fn is_watched(facts: &SiteFacts) -> bool {
    let mut seen = facts.switches.iter().map(|glimpse| &glimpse.sighting);
    seen.all(|sighting| sighting.role != Role::Monitor || sighting.observed.is_at(Position::Primary))
}
