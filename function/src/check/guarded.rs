//! One site: its journal, its own answers, and what each of its switches finds.

use std::sync::Arc;

use failover_core::{Position, Role, Served, State};
use futures::future::join_all;

use super::{Checker, Found, Known, is_of, journal, probes};
use crate::{
    clouds::{Area, Checked, Situation, Switch, cloudflare},
    record::RecordError,
    site::Guarded,
};

impl Checker {
    /// Looks at all of a site.
    pub(super) async fn site(&self, site: &Guarded, known: Known<'_>) -> Found {
        let primary = async {
            let asked = site.targets.primary.is_some() || site.targets.connect.is_some();
            if asked { Some(twice(site).await) } else { None }
        };
        let public = site.visit();
        let closed = async {
            let (prober, targets) = (&site.prober, &site.targets);
            let both = async { tokio::join!(prober.standby(targets), prober.standby_as_a_stranger(targets)) };
            if targets.witness.is_gate() { Some(both.await) } else { None }
        };
        let (head, public, primary, closed) = tokio::join!(site.record.look(), public, primary, closed);
        let mut found = Found::default();
        match &head {
            Ok(_) => found.seen += 1,
            Err(error) => found.take(Some(&site.name), Area::Journal, self.unread(error, site, known)),
        }
        let settled_at = head.ok().and_then(|head| settled_at(&head.state));
        let situation = situation(site, settled_at, public.served, known.member);
        let mut probed = Checked::default();
        probes::of_public(&situation, &mut probed);
        if let Some(primary) = &primary {
            probes::of_primary(primary, &situation, &mut probed);
        }
        found.take(Some(&site.name), Area::Probes, probed);
        if let Some((invited, stranger)) = closed {
            let checked = probes::of_closed_standby(&invited.served, &stranger.served, &situation);
            found.take(Some(&site.name), Area::Standby, checked);
        }
        let is_seen =
            |switch: &Arc<dyn Switch>| known.token_is_good || !is_of(switch.id(), cloudflare::CLOUD);
        let looks = site.switches.iter().map(async |switch| {
            let mut checked =
                if is_seen(switch) { switch.check(&situation).await } else { unseen(switch.as_ref()) };
            // A switch that doesn't count its looks had at least the one at itself.
            if checked.unseen.is_empty() {
                checked.seen = checked.seen.max(1);
            }
            (area(switch.role()), checked)
        });
        for (area, checked) in join_all(looks).await {
            found.take(Some(&site.name), area, checked);
        }
        found
    }

    /// What comes of a missing permission has been told with it.
    fn unread(&self, error: &RecordError, site: &Guarded, known: Known<'_>) -> Checked {
        let follows = !known.journal_is_granted && matches!(error, RecordError::Store { .. });
        let mut checked = Checked::default();
        if !follows {
            journal::of_reading(error, &self.config.journal, site.name.as_str(), &mut checked);
        }
        checked
    }
}

/// Asks the primary two times, as a failback does: a cache may give the second answer.
async fn twice(site: &Guarded) -> Served {
    match site.prober.primary(&site.targets).await.served {
        Served::By(_) => site.prober.primary(&site.targets).await.served,
        first => first,
    }
}

/// What a token would be needed for that there isn't, or that isn't good: that was told already.
fn unseen(switch: &dyn Switch) -> Checked {
    let mut checked = Checked::default();
    checked.blind(format!("{} was not looked at: that takes a good token of Cloudflare's", switch.id()));
    checked
}

fn situation(site: &Guarded, settled_at: Option<Position>, public: Served, member: &str) -> Situation {
    let targets = &site.targets;
    let visited = targets.public.as_ref().map(url::Url::origin);
    let elsewhere = targets.primary.as_ref().filter(|url| visited.as_ref() != Some(&url.origin()));
    Situation {
        site: site.name.clone(),
        settled_at,
        public,
        public_url: targets.public.clone(),
        standby_url: targets.standby.clone(),
        primary_url: elsewhere.cloned(),
        drain: site.switches.of(Role::Gate).next().map(|_| site.policy.drain),
        member: member.to_owned(),
        switches: site.switches.iter().map(|switch| switch.id().clone()).collect(),
    }
}

/// Where a site is, if nothing is under way.
fn settled_at(state: &State) -> Option<Position> {
    let settled = state.running().is_none()
        && state.upkeep.is_none()
        && state.draining.is_none()
        && state.outage.is_none();
    settled.then_some(state.active)
}

fn area(role: Role) -> Area {
    match role {
        Role::Gate => Area::Standby,
        Role::Route => Area::Route,
        Role::Monitor => Area::Monitoring,
        Role::Power => Area::Probes,
    }
}
