//! Cloud Monitoring's uptime checker: asks every site's public address from several places, and publishes an
//! incident when it stops answering.
//!
//! What it publishes is Monitoring's real payload ([`payload`]). A disabled check isn't carried out, and a check
//! without data closes its incident: "closed" proves nothing about the primary.

pub mod payload;
mod rounds;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use self::payload::Incident;
use self::rounds::Rounds;
use crate::frame::lock::lock;
use crate::google::monitoring::{Alert, Monitoring};
use crate::google::pubsub::{self, Pubsub};
use crate::sites::site::Site;
use crate::world::World;

/// Where Google's checkers stand (Monitoring documentation, "Uptime checks", section "regions").
pub const LOCATIONS: [&str; 6] =
    ["usa-oregon", "usa-iowa", "usa-virginia", "eur-belgium", "apac-singapore", "sa-brazil-sao_paulo"];

/// How Google's checker calls itself.
const USER_AGENT: &str = "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)";

/// How the checker goes about it. The real one asks once a minute at most; here it may be faster.
#[derive(Debug, Clone)]
pub struct Settings {
    /// From how many places, six at most.
    pub locations: usize,
    /// How long one probe waits.
    pub timeout: Duration,
    /// In how many places it must fail before an incident opens.
    pub failing: usize,
    /// How long it must have failed there.
    pub for_at_least: Duration,
    /// An incident for every place, as without a cross-series reducer, instead of one for the outage.
    pub per_location: bool,
    /// Incidents stay open whatever happens, so that the next alert is swallowed.
    pub keeps_incidents_open: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            locations: LOCATIONS.len(),
            timeout: Duration::from_secs(10),
            failing: 2,
            for_at_least: Duration::ZERO,
            per_location: false,
            keeps_incidents_open: false,
        }
    }
}

/// What the checker remembers of each site: incidents by site and place.
type Incidents = BTreeMap<(String, &'static str), Incident>;

/// A checker at work. Dropped, it stops.
#[derive(Debug)]
pub struct Checker {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    settings: Mutex<Settings>,
    incidents: Mutex<Incidents>,
    rounds: Mutex<Rounds>,
    /// Sites whose round isn't over.
    busy: Mutex<HashSet<String>>,
    client: reqwest::Client,
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Checker {
    /// Checks all sites of the world, now and once every period.
    pub fn start(world: Arc<World>, period: Duration, settings: Settings) -> Self {
        let shared = Arc::new(Shared {
            settings: Mutex::new(settings),
            incidents: Mutex::default(),
            rounds: Mutex::default(),
            busy: Mutex::default(),
            client: client(),
        });
        let task = tokio::spawn(shared.clone().work(world, period));
        Self { shared, task }
    }

    /// Changes how it goes about it, from the next round on.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.shared.settings));
    }

    /// The ids of the incidents that are open now.
    pub fn open_incidents(&self) -> Vec<String> {
        lock(&self.shared.incidents).values().map(|incident| incident.id.clone()).collect()
    }
}

impl Shared {
    /// A site that keeps its checkers waiting doesn't keep the others waiting.
    async fn work(self: Arc<Self>, world: Arc<World>, period: Duration) {
        let mut at_work = JoinSet::new();
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            while at_work.try_join_next().is_some() {}
            for site in world.sites_where(|_| true) {
                if lock(&self.busy).insert(site.name().to_owned()) {
                    at_work.spawn(self.clone().round(world.clone(), site));
                }
            }
        }
    }

    async fn round(self: Arc<Self>, world: Arc<World>, site: Site) {
        match self.check(&world, &site).await {
            Some(answers) => lock(&self.rounds).note(site.name(), &answers, Instant::now()),
            None => lock(&self.rounds).forget(site.name()),
        }
        self.judge(&world, &site);
        lock(&self.busy).remove(site.name());
    }

    /// Whether the site answers, by place; none if its check is paused.
    async fn check(&self, world: &World, site: &Site) -> Option<Vec<bool>> {
        if !world.monitoring.is_enabled(&site.seed.check) {
            return None;
        }
        let Settings { locations, timeout, .. } = lock(&self.settings).clone();
        let probes = (0..locations.clamp(1, LOCATIONS.len())).map(|_| self.probe(site, timeout));
        Some(join_all(probes).await)
    }

    /// One probe: redirects are followed, anything in the two hundreds is an answer.
    async fn probe(&self, site: &Site, timeout: Duration) -> bool {
        let request = self.client.get(site.public_url()).header("user-agent", USER_AGENT).timeout(timeout);
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Opens and closes what the rounds so far call for.
    fn judge(&self, world: &World, site: &Site) {
        let settings = lock(&self.settings).clone();
        let now = Instant::now();
        let failing = lock(&self.rounds).failing(site.name(), settings.for_at_least, now);
        let enough = settings.failing.min(settings.locations.max(1));
        for (index, location) in places(&settings) {
            let down = match index {
                Some(index) => failing.contains(&index),
                None => failing.len() >= enough,
            };
            self.turn(world, site, location, down, settings.keeps_incidents_open);
        }
    }

    /// Opens an incident where there is none, or closes the one that is there.
    fn turn(&self, world: &World, site: &Site, location: &'static str, down: bool, keeps: bool) {
        let key = (site.name().to_owned(), location);
        let mut incidents = lock(&self.incidents);
        if down && !incidents.contains_key(&key) {
            let incident = Incident::of_site(site).at_location(location);
            open(&world.monitoring, &world.pubsub, site, &incident);
            incidents.insert(key, incident);
        } else if !down
            && !keeps
            && let Some(incident) = incidents.remove(&key)
        {
            close(&world.monitoring, &world.pubsub, site, &incident);
        }
    }
}

/// The places that have incidents of their own: all of them, or one that has no name.
fn places(settings: &Settings) -> Vec<(Option<usize>, &'static str)> {
    if !settings.per_location {
        return vec![(None, "")];
    }
    let numbered = LOCATIONS.iter().take(settings.locations.max(1)).enumerate();
    numbered.map(|(index, location)| (Some(index), *location)).collect()
}

fn open(monitoring: &Monitoring, pubsub: &Pubsub, site: &Site, incident: &Incident) {
    monitoring.put_alert(alert(site, incident, None));
    pubsub.publish(&pubsub::topic("failover-alerts"), incident.open().to_string(), &[]);
}

fn close(monitoring: &Monitoring, pubsub: &Pubsub, site: &Site, incident: &Incident) {
    let now = Timestamp::now();
    monitoring.put_alert(alert(site, incident, Some(now)));
    pubsub.publish(&pubsub::topic("failover-alerts"), incident.closed(now.as_second()).to_string(), &[]);
}

fn alert(site: &Site, incident: &Incident, closed: Option<Timestamp>) -> Alert {
    Alert {
        project: crate::google::metadata::PROJECT.to_owned(),
        id: incident.id.clone(),
        policy: Monitoring::policy_of(&site.seed.check),
        site: site.name().to_owned(),
        host: incident.host.clone(),
        opened: Timestamp::from_second(incident.started_at).unwrap_or_default(),
        closed,
    }
}

fn client() -> reqwest::Client {
    // Every probe is a visit of its own, with a connection of its own.
    let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
    builder.build().unwrap_or_default()
}

#[cfg(test)]
mod tests;
