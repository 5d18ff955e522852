//! Check: finds, before an outage, what would break in one. Looks at everything, changes nothing, says as whom.
//!
//! `failover check` and the command `check` run it. One file an area below; what is wrong is decided there by pure
//! functions on what was observed. A switch observes its own thing (`Switch::check`).

mod clock;
pub mod function;
mod guarded;
mod journal;
mod probes;
mod report;
mod shared;
pub mod subscription;
mod token;
mod whom;

use std::sync::Arc;

use failover_core::{SiteName, SwitchId};
use futures::future::join_all;
use jiff::Timestamp;

use crate::{
    clouds::{Area, Checked, Clients, Cloud, Finding, Severity, cloud_of, google},
    config::Config,
    journal::JournalLocation,
    pubsub::PubSub,
    site::Guarded,
};

pub use report::Report;
pub use whom::{Eyes, Whom};

/// Looks at everything that a failover needs.
#[derive(Debug, Clone)]
pub struct Checker {
    /// What the operator decided.
    pub config: Arc<Config>,
    /// The providers' clients, with the credentials of whoever looks.
    pub clients: Arc<Clients>,
    /// Pub/Sub, likewise.
    pub pubsub: PubSub,
    /// The sites, likewise.
    pub sites: Vec<Arc<Guarded>>,
}

/// What is known before the sites are looked at: one cause is told once.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    member: &'a str,
    token_is_good: bool,
    journal_is_granted: bool,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<Finding>,
    seen: usize,
    unseen: Vec<String>,
    notes: Vec<String>,
}

impl Found {
    fn take(&mut self, site: Option<&SiteName>, area: Area, checked: Checked) {
        self.findings.extend(checked.problems.into_iter().map(|problem| problem.at(site, area)));
        self.seen += checked.seen;
        self.unseen.extend(checked.unseen);
        self.note(checked.notes);
    }

    fn join(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.seen += other.seen;
        self.unseen.extend(other.unseen);
        self.note(other.notes);
    }

    /// Several sites may have the same to note.
    fn note(&mut self, notes: Vec<String>) {
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

impl Checker {
    /// Looks at these sites (all of them, if none is named) and at what all of them share.
    pub async fn run(&self, only: Option<&SiteName>, whom: &Whom) -> Report {
        self.run_telling(only, whom, &|_| {}).await
    }

    /// As `run`; on the way `tell` hears what was looked at last.
    pub async fn run_telling(
        &self,
        only: Option<&SiteName>,
        whom: &Whom,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Report {
        let member = whom.member();
        let (token, journal) = tokio::join!(self.token(), self.journal_grants(&member));
        let good = token.problems.iter().all(|problem| problem.severity != Severity::Critical);
        let token_is_good = good && self.holds_token();
        let known = Known { member: &member, token_is_good, journal_is_granted: journal.problems.is_empty() };
        let sites = self.sites.iter().filter(|site| only.is_none_or(|only| *only == site.name));
        let sites = join_all(sites.map(async |site| {
            let found = self.site(site, known).await;
            tell(site.name.as_str());
            found
        }));
        let shared = async {
            let shared =
                tokio::join!(self.subscriptions(), self.function(whom), self.events(&member), self.clock());
            tell("what the sites share");
            shared
        };
        let (sites, (subscriptions, function, events, clock)) = tokio::join!(sites, shared);
        let mut found = Found::default();
        for site in sites {
            found.join(site);
        }
        for (area, checked) in [
            (Area::Token, token),
            (Area::Push, subscriptions),
            (Area::Push, events),
            (Area::Function, function),
            (Area::Journal, journal),
            (Area::Clock, clock),
        ] {
            found.take(None, area, checked);
        }
        found.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let things = found.seen + found.unseen.len();
        Report {
            looked_as: whom.told.clone(),
            at: Timestamp::now(),
            looked_at: found.seen,
            things,
            findings: found.findings,
            unseen: report::grouped(found.unseen),
            notes: report::grouped(found.notes),
        }
    }
}

/// Whether anything in this configuration is at Google, so that credentials for it are needed.
pub fn asks_google(config: &Config) -> bool {
    let mut switches = config.sites.iter().flat_map(|site| &site.switches);
    let stored = matches!(config.journal, JournalLocation::Gs { .. }) && !config.emulated.storage;
    let subscribed = !(config.push.alerts.is_empty() && config.push.commands.is_empty());
    let pushed = (subscribed || config.events.is_some()) && !config.emulated.pubsub;
    switches.any(|switch| is_of(&switch.id(), google::CLOUD)) || stored || pushed
}

fn is_of(switch: &SwitchId, cloud: Cloud) -> bool {
    cloud_of(&switch.kind) == Some(cloud)
}
