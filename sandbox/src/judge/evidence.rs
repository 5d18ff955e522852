//! What the ledger knows of who answered whom, and when.
//! A probe that any promise is judged by is not older than five seconds.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Case;
use crate::cloudflare::{RECORD_KIND, WORKER_ROUTE_KIND};
use crate::frame::ledger::{Fate, Record};
use crate::sites::cache::Caching;
use crate::sites::site::Site;

/// How old a probe may be, by the first promise.
const FRESH: Duration = Duration::from_secs(5);

/// Calls older than this are not looked at: no probe waits that long.
const HORIZON: Duration = Duration::from_mins(1);

/// How long a visitor waits for a page, as the product's probes do by default.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

impl Case<'_> {
    /// When the call that made this change arrived: the caller decided before that.
    fn decided(&self) -> Instant {
        self.world
            .ledger
            .find(|record| record.sequence == self.position)
            .map_or_else(Instant::now, |record| record.arrived)
    }

    /// The standby answers now, or answered somebody a moment ago.
    pub(super) fn standby_proven(&self, site: &Site) -> bool {
        // A script comes in by a door of its own.
        let scripted = self.world.cloudflare.is_scripted(site)
            && self.world.sites.pages.standby(site.name()).answers_within(PATIENCE);
        scripted
            || self.world.sites.standby_answers(site, PATIENCE)
            || self.lately("standby.get", site.standby, served)
    }

    /// The primary answers now, or answered somebody a moment ago.
    pub(super) fn primary_proven(&self, site: &Site) -> bool {
        // What the edge has in its cache proves nothing about the primary.
        let settings = self.world.edge.settings(site.name());
        let cached = settings.cached.is_some() || settings.caching != Caching::Nothing;
        // Nor does what it had from the standby, to which the record led until this change.
        let named = [RECORD_KIND, WORKER_ROUTE_KIND].contains(&self.change.kind);
        self.world.sites.primary_answers(site, PATIENCE)
            || self.lately("primary.get", site.primary, served)
            || (!cached && !named && self.lately("edge.visit", site.edge, served))
    }

    /// Somebody asked the public address a moment ago, or is waiting there, and got no page.
    pub(super) fn public_silent(&self, site: &Site) -> bool {
        let settings = self.world.edge.settings(site.name());
        let barred = settings.challenge || settings.blocked.is_some();
        self.lately("edge.visit", site.edge, |record| match record.fate {
            Fate::Answered(403 | 429) => !barred,
            Fate::Answered(status) => status >= 400,
            Fate::Open | Fate::Dropped | Fate::Abandoned => true,
        })
    }

    fn lately(&self, operation: &str, address: SocketAddr, fits: impl Fn(&Record) -> bool) -> bool {
        let decided = self.decided();
        let fresh = |record: &Record| record.ended.is_none_or(|ended| ended + FRESH >= decided);
        let recent = |record: &Record| record.arrived + HORIZON >= decided;
        let found = |record: &Record| {
            record.operation == operation && record.local == address && fresh(record) && fits(record)
        };
        self.world.ledger.newest_while(recent, found)
    }

    /// Since this place in the ledger, a visitor was redirected by the edge and then served by the standby, or served
    /// by the edge with what the standby says.
    pub(super) fn visitor_served(&self, site: &Site, since: u64) -> bool {
        if self.world.cloudflare.is_named(site) || self.world.cloudflare.is_scripted(site) {
            let at_edge =
                |record: &Record| record.sequence > since && record.local == site.edge && served(record);
            return self.world.ledger.find(at_edge).is_some();
        }
        let redirected = self.world.ledger.find(|record| {
            record.sequence > since
                && record.local == site.edge
                && record.status().is_some_and(|status| (300..400).contains(&status))
        });
        redirected.is_some_and(|redirected| {
            let later = |record: &Record| record.sequence > redirected.sequence;
            let standby = |record: &Record| record.local == site.standby && served(record);
            self.world.ledger.find(|record| later(record) && standby(record)).is_some()
        })
    }
}

fn served(record: &Record) -> bool {
    record.status().is_some_and(|status| (200..300).contains(&status))
}
