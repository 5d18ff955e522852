//! Switches in people's words.

use failover_core::{Role, Sighting, SwitchId};

/// Every role there is.
pub(super) const ROLES: [Role; 4] = [Role::Gate, Role::Route, Role::Monitor, Role::Power];

/// A switch as people recognise it: its kind, and the end of the provider's long name.
pub(super) fn short(switch: &SwitchId) -> String {
    format!("{} {}", switch.kind, switch.resource.rsplit('/').next().unwrap_or_default())
}

/// A switch's position in the words of its role.
pub(super) fn position(sighting: &Sighting) -> String {
    use failover_core::{Observed, Position};
    match (&sighting.observed, sighting.role) {
        (Observed::At(Position::Standby), Role::Gate) => "open".to_owned(),
        (Observed::At(Position::Primary), Role::Gate) => "closed".to_owned(),
        (Observed::At(Position::Standby), Role::Monitor) => "paused".to_owned(),
        (Observed::At(Position::Primary), Role::Monitor) => "watching".to_owned(),
        (Observed::At(position), Role::Route) => format!("to the {position}"),
        (Observed::At(Position::Standby), Role::Power) => "off".to_owned(),
        (Observed::At(Position::Primary), Role::Power) => "on".to_owned(),
        (other, _) => other.to_string(),
    }
}
