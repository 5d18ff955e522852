//! What was observed just before a decision: the answers of probes and the positions of switches.

use serde::{Deserialize, Serialize};

use crate::{Observed, Position, Role, SwitchId};

/// Who served a request, as far as a probe could tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Served {
    /// The answer came from this place and was what is expected.
    By(Position),
    /// There was no answer, or one that is none; the text says what came instead.
    Silent(String),
    /// Neither silence nor proof (a bot challenge, or nobody asked); the text says why.
    Unknown(String),
}

impl Served {
    /// Whether `position` served, for certain.
    pub fn is_by(&self, position: Position) -> bool {
        *self == Self::By(position)
    }

    /// Whether nobody served, for certain.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Silent(_))
    }
}

/// A switch as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Which switch.
    pub switch: SwitchId,
    /// What it does for a move.
    pub role: Role,
    /// Where it pointed.
    pub observed: Observed,
}

/// What was observed for one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Who answered a visitor of the public URL.
    pub public: Served,
    /// Who answered at the primary's own URL, twice in a row where a failback asks.
    pub primary: Served,
    /// The switches that were looked at; empty when a decision doesn't wait for that look.
    pub switches: Vec<Sighting>,
    /// Why the standby could not serve if it were opened; `None` when it could, or was not asked.
    pub standby_unable: Option<String>,
}

impl Facts {
    /// Nothing was looked at.
    pub fn none() -> Self {
        let unasked = || Served::Unknown("not asked".to_owned());
        Self { public: unasked(), primary: unasked(), switches: Vec::new(), standby_unable: None }
    }

    /// Where all route switches point, if they were looked at and agree.
    pub fn route(&self) -> Option<Position> {
        let mut seen = self.switches.iter().filter(|s| s.role == Role::Route).map(|s| &s.observed);
        let Some(Observed::At(first)) = seen.next() else { return None };
        seen.all(|observed| observed.is_at(*first)).then_some(*first)
    }

    /// Whether a route switch was seen to point elsewhere than at `position`, wholly or partly.
    pub fn is_route_astray(&self, position: Position) -> bool {
        let astray = |observed: &Observed| match observed {
            Observed::At(seen) => *seen != position,
            Observed::Mixed(_) => true,
            Observed::Unknown(_) => false,
        };
        self.switches.iter().any(|seen| seen.role == Role::Route && astray(&seen.observed))
    }

    /// Whether the primary was seen to be off, or on its way.
    pub fn is_powerless(&self) -> bool {
        let off = |seen: &Observed| matches!(seen, Observed::At(Position::Standby) | Observed::Mixed(_));
        self.switches.iter().any(|seen| seen.role == Role::Power && off(&seen.observed))
    }

    /// Why it was not seen whether the primary is off.
    pub fn power_unseen(&self) -> Option<&str> {
        let power = self.switches.iter().filter(|seen| seen.role == Role::Power);
        power.map(|seen| &seen.observed).find_map(|observed| match observed {
            Observed::Unknown(why) => Some(why.as_str()),
            Observed::At(_) | Observed::Mixed(_) => None,
        })
    }

    /// The switches of `roles` that were not seen at `position`: elsewhere, or not at all.
    pub fn not_at(&self, position: Position, roles: &[Role]) -> Vec<&SwitchId> {
        let off = |s: &&Sighting| roles.contains(&s.role) && !s.observed.is_at(position);
        self.switches.iter().filter(off).map(|s| &s.switch).collect()
    }
}

#[cfg(test)]
mod tests;
