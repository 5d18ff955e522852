//! What a check of a site's things has to know of the site itself.

use std::time::Duration;

use failover_core::{Position, Served, SiteName, SwitchId};
use url::Url;

use crate::clouds::cloudflare::page_rule::check::{host, samples};

/// A site at the moment of a check.
#[derive(Debug, Clone)]
pub struct Situation {
    /// Its name.
    pub site: SiteName,
    /// Where it is and nothing is under way; none while something moves, drains or can't be told.
    pub settled_at: Option<Position>,
    /// Who answered a visitor just now.
    pub public: Served,
    /// What visitors type, where there are any.
    pub public_url: Option<Url>,
    /// Where the standby answers.
    pub standby_url: Option<Url>,
    /// Where the primary answers past the redirect, at a host of its own.
    pub primary_url: Option<Url>,
    /// How long after a failback the standby is left open, where there is a door to close.
    pub drain: Option<Duration>,
    /// Who acts on this site, as grants name them: `serviceAccount:…`.
    pub member: String,
    /// All that the site's moves set.
    pub switches: Vec<SwitchId>,
}

impl Situation {
    /// The host that visitors type, with its port where it isn't the usual one; nothing where there are no visitors.
    pub(crate) fn host(&self) -> String {
        self.public_url.as_ref().map_or_else(String::new, host)
    }

    /// The name that visitors type, where it is one and no address.
    pub fn domain(&self) -> Option<&str> {
        self.public_url.as_ref()?.domain()
    }

    /// Pages that visitors may ask for.
    pub(crate) fn pages(&self) -> Vec<Url> {
        self.public_url.as_ref().map_or_else(Vec::new, samples)
    }

    /// A site that visitors know by this URL, at home and in order.
    #[cfg(test)]
    pub(super) fn visited_at(url: &str) -> Self {
        Self {
            site: "resume".parse().expect("a name"),
            settled_at: Some(Position::Primary),
            public: Served::By(Position::Primary),
            public_url: Some(url.parse().expect("a URL")),
            standby_url: None,
            primary_url: None,
            drain: None,
            member: "user:YOU".to_owned(),
            switches: Vec::new(),
        }
    }

    /// Whether the site is on its primary and nothing is under way.
    pub fn is_at_home(&self) -> bool {
        self.settled_at == Some(Position::Primary)
    }
}
