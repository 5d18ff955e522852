//! A site's name and the settings that decisions depend on, already validated.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Role;

/// A site's name: `[a-z][a-z0-9-]{0,39}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteName(String);

/// Why a text is no site name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a site's name is a small letter followed by at most 39 small letters, digits or dashes, such as \"resume\""
)]
pub struct BadSiteName;

impl SiteName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteName {
    type Err = BadSiteName;

    fn from_str(text: &str) -> Result<Self, BadSiteName> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        let fits = text.len() <= 40;
        let plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if starts_well && fits && plain { Ok(Self(text.to_owned())) } else { Err(BadSiteName) }
    }
}

impl TryFrom<String> for SiteName {
    type Error = BadSiteName;

    fn try_from(text: String) -> Result<Self, BadSiteName> {
        text.parse()
    }
}

impl From<SiteName> for String {
    fn from(name: SiteName) -> Self {
        name.0
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When traffic is routed, compared to the standby's first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteOrder {
    /// Route once the standby has answered.
    #[default]
    StandbyFirst,
    /// Route as soon as the opening was accepted.
    Together,
}

/// Who lets an automatic failover go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Approval {
    /// Nobody needs to.
    #[default]
    Automatic,
    /// An operator, by the command `failover`.
    Operator,
}

/// Who returns traffic to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Failback {
    /// An operator, by the command `failback`.
    #[default]
    Manual,
    /// Reconcile, once the primary answered every time for this long.
    Automatic {
        /// How long the primary has to have answered.
        well_for: Duration,
    },
}

/// What a site's owner decided about its moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// When traffic is routed.
    pub order: RouteOrder,
    /// Who lets an automatic failover go ahead.
    pub approve: Approval,
    /// Who returns traffic to the primary.
    pub failback: Failback,
    /// Least time between the end of a move and the next automatic failover.
    pub cooldown: Duration,
    /// Most automatic failovers within 24 hours.
    pub moves_per_day: u32,
    /// How long the standby stays open after a failback, at least.
    pub drain: Duration,
    /// Whether there is a way to ask the primary past the redirect.
    pub has_primary_url: bool,
    /// Whether the standby has an address of its own, at which it is asked before visitors are led there.
    pub has_standby_url: bool,
    /// Whether there is a public URL to judge the site by. One without is moved by orders only.
    pub has_public_url: bool,
    /// Whether the site has a switch of the role route, gate, monitor: a role without one is a plan without
    /// that step.
    pub roles: Roles,
}

/// Which roles a site has switches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four roles, read by name")]
pub struct Roles {
    /// There is a switch that opens the standby.
    pub gate: bool,
    /// There is a switch that routes visitors.
    pub route: bool,
    /// There is a switch that pauses monitoring.
    pub monitor: bool,
    /// There is a switch that runs the primary.
    pub power: bool,
}

impl Roles {
    /// Whether there is a switch of this role.
    pub fn has(self, role: Role) -> bool {
        match role {
            Role::Gate => self.gate,
            Role::Route => self.route,
            Role::Monitor => self.monitor,
            Role::Power => self.power,
        }
    }
}

#[cfg(test)]
mod tests;
