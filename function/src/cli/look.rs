//! Looking at a site for people: who answers where, and switches in people's words.

use failover_core::{Role, Served, Sighting, SiteName, SwitchId};
use serde::Serialize;

use crate::site::Guarded;

/// Who answers where, as just asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Answers {
    /// The site.
    pub(super) site: SiteName,
    /// Who answered a visitor of the public URL.
    pub(super) public: Served,
    /// Who answered at the primary's own URL, past the redirect.
    pub(super) primary: Option<Served>,
}

/// Every role there is.
pub(super) const ROLES: [Role; 4] = [Role::Gate, Role::Route, Role::Monitor, Role::Power];

/// Asks the public URL and, past the redirect, the primary.
pub(super) async fn answers(site: &Guarded) -> Answers {
    let primary = async {
        match &site.targets.primary {
            Some(_) => Some(site.prober.primary(&site.targets).await.served),
            None => None,
        }
    };
    let (public, primary) = tokio::join!(site.visit(), primary);
    Answers { site: site.name.clone(), public: public.served, primary }
}

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
