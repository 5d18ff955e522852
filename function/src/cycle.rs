//! The cycle: push, decode, decide, act, verify, record. The place to start reading.
//!
//! A delivery arrives decoded from the door (`push`), is decided on the site's journal (`record`) and on what was
//! just observed, its plan is executed (`act`, which verifies by probes), and what happened is recorded before it
//! is answered. Each site is decided on by itself (`one_site`); reconcile comes by every minute.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use failover_core::{Command, Concern, Incident, Signal, SignalKind, SiteName, Verb};
use futures::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::{
    announce::{Announcer, Pinger},
    check::Checker,
    config,
    push::{Deliver, Delivery, DeliveryKind, Reply},
    site::Guarded,
};

mod again;
mod agree;
mod announce;
mod answer;
mod check;
mod counts;
mod decide;
mod executors;
mod heartbeats;
mod maintenance;
mod one_site;
mod plans;
mod prefetch;
mod reconcile;
mod rounds;
mod seen;
mod standby;
mod turns;
mod unheeded;
mod waiters;
mod watchers;
mod without_journal;

use one_site::OneSite;
use rounds::Rounds;
use turns::Turns;
use unheeded::Unheeded;
use watchers::Watchers;

/// Announcements are waited for this long before an answer: afterwards Cloud Run takes the CPU away.
const ANNOUNCE_WITHIN: Duration = Duration::from_secs(2);

/// Which of the configured sites an incident acts on, or names for nothing.
pub type ConcernOf = Box<dyn Fn(&Incident) -> Concern + Send + Sync>;

/// All sites, and what is done with a delivery.
pub struct Cycle {
    sites: Vec<OneSite>,
    concern_of: ConcernOf,
    announcer: Announcer,
    watchers: Watchers,
    unheeded: Unheeded,
    rounds: Rounds,
    checker: Option<Checker>,
    pinger: Pinger,
}

impl std::fmt::Debug for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cycle").field("sites", &self.sites).finish_non_exhaustive()
    }
}

#[async_trait]
impl Deliver for Cycle {
    async fn deliver(&self, delivery: Delivery) -> Reply {
        self.deliver(delivery).await
    }
}

impl Cycle {
    /// Serves `sites` until `shutdown` says that this process ends; the schedule sends reconcile at this interval.
    pub fn new(
        sites: Vec<Arc<Guarded>>,
        concern_of: ConcernOf,
        announcer: Announcer,
        (watch, reconcile_every): (&config::Watch, Duration),
        shutdown: &watch::Receiver<bool>,
    ) -> Self {
        let is_rationed = |site: &Arc<Guarded>| site.switches.iter().any(|switch| switch.is_rationed());
        let turns = Turns::draw(sites.iter().map(is_rationed));
        let one = |(site, turns)| OneSite::new(site, turns, reconcile_every, shutdown.clone());
        let sites = sites.into_iter().zip(turns).map(one).collect();
        let (watchers, unheeded, pinger) = (Watchers::new(watch), Unheeded::default(), Pinger::default());
        let rounds = Rounds::default();
        Self { sites, concern_of, announcer, watchers, unheeded, rounds, checker: None, pinger }
    }

    /// With what the command `check` does.
    pub(crate) fn checking(self, checker: Checker) -> Self {
        Self { checker: Some(checker), ..self }
    }

    /// With what is told that all is well.
    pub(crate) fn pinging(self, pinger: Pinger) -> Self {
        Self { pinger, ..self }
    }

    /// Answers one delivery, after all that it brings about is settled and recorded.
    pub async fn deliver(&self, delivery: Delivery) -> Reply {
        let (message, published, received) = (delivery.message_id, delivery.publish_time, Timestamp::now());
        let signal = |kind| Signal { message: message.clone(), published, received, kind };
        let reply = match delivery.kind {
            DeliveryKind::Alert(failover_core::Notification::Test) => {
                Reply::stay(None, "Monitoring's test notification arrived: the channel works")
            }
            DeliveryKind::Alert(failover_core::Notification::Incident(incident)) => {
                self.incident(&signal(SignalKind::Incident(incident.clone())), &incident).await
            }
            DeliveryKind::Command(command) => {
                self.command(&signal(SignalKind::Command(command.clone())), &command).await
            }
        };
        self.watchers.tell_of_the_missing(&self.announcer);
        self.announcer.settle(ANNOUNCE_WITHIN).await;
        reply
    }

    async fn incident(&self, signal: &Signal, incident: &Incident) -> Reply {
        if let Some(reply) = self.watchers.hear(incident, &self.announcer) {
            return reply;
        }
        let concern = (self.concern_of)(incident);
        if let Concern::Site(name) = &concern
            && let Some(site) = self.site(name)
        {
            if let Some(reply) = self.watchers.disagree(incident, name, signal.order_time()) {
                return reply;
            }
            return site.decider.handle(signal).await;
        }
        self.unheeded.tell(incident, &concern, &self.announcer)
    }

    async fn command(&self, signal: &Signal, command: &Command) -> Reply {
        let sites = match self.meant(command) {
            Ok(sites) => sites,
            Err(reason) => return Reply::unreadable(reason),
        };
        if command.verb == Verb::Check {
            return self.check(sites, command).await;
        }
        if command.verb == Verb::Reconcile {
            return self.reconcile(sites, signal, command).await;
        }
        answer::together(join_all(sites.into_iter().map(|site| site.decider.handle(signal))).await)
    }

    async fn reconcile(&self, sites: Vec<&OneSite>, signal: &Signal, command: &Command) -> Reply {
        let reply = self.rounds.reconcile(sites, signal, &self.announcer).await;
        if command.site.is_none() && reply.status == 200 {
            // Monitoring counts this line, and tells humans when it stops coming.
            tracing::info!(reconciled = true, "every site was looked at");
            self.pinger.all_is_well().await;
        }
        reply
    }

    /// The sites that a command means, or why it means none.
    fn meant(&self, command: &Command) -> Result<Vec<&OneSite>, String> {
        let names = || self.sites.iter().map(|one| one.site.name.as_str()).collect::<Vec<_>>().join(", ");
        match (&command.site, command.verb) {
            (Some(name), _) => {
                let known = self.sites.iter().find(|one| one.site.name.as_str() == name);
                known.map(|one| vec![one]).ok_or_else(|| {
                    format!("\"{name}\" is no site of this configuration; there is {}", names())
                })
            }
            (None, Verb::Failover | Verb::Failback) if self.sites.len() > 1 => {
                Err(format!("\"{}\" needs a \"site\" where there are several: {}", command.verb, names()))
            }
            (None, _) => Ok(self.sites.iter().collect()),
        }
    }

    fn site(&self, name: &SiteName) -> Option<&OneSite> {
        self.sites.iter().find(|one| one.site.name == *name)
    }
}
