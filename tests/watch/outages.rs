//! What a watcher publishes of a site that goes, comes back, or only seems to.

use std::{sync::Arc, time::Duration};

use cloud_failover::announce::{Announcer, Outlet};
use jiff::Timestamp;
use sandbox::{Aim, Fault, Options, Power, Sandbox};
use stage::PATIENCE;
use tokio::time::timeout;

use crate::{
    lookout::{Lookout, Reports, Setting, targets},
    tls::News,
};

const VISIT: &str = "edge.visit";

/// A sandbox under watch.
struct Scene {
    sandbox: Sandbox,
    reports: Reports,
    news: News,
    _lookout: Lookout,
}

impl Scene {
    async fn begin() -> Self {
        Self::with(|setting| setting).await
    }

    async fn with(change: impl FnOnce(Setting) -> Setting) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let reports = Reports::default();
        let news = News::default();
        let announcer = Announcer::new(vec![Arc::new(news.clone()) as Arc<dyn Outlet>]);
        let setting = Setting { announcer, ..Setting::of(targets(&sandbox.site("resume"))) };
        let lookout = change(setting).watch(Arc::new(reports.clone()));
        Self { sandbox, reports, news, _lookout: lookout }
    }

    fn power(&self, power: Power) {
        self.sandbox.world.set_primary("resume", power);
    }

    /// Waits for so many more looks.
    async fn looks(&self, more: usize) {
        let so_far = self.sandbox.world.ledger.count(VISIT);
        timeout(PATIENCE, self.sandbox.world.ledger.ended(VISIT, so_far + more)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_once_begun_repeated_and_ended_under_one_name() {
    let scene = Scene::begin().await;
    scene.looks(2).await;
    let before = Timestamp::now();
    scene.power(Power::Off);
    scene.reports.until("open", 3).await;
    scene.power(Power::On);
    scene.reports.until("closed", 1).await;
    let told = scene.reports.told();
    let (states, ids): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    assert!(ids.iter().all(|id| *id == ids[0] && id.starts_with("pi-resume-")), "{ids:?}");
    let opens = states.iter().take_while(|state| *state == "open").count();
    assert_eq!((opens, states[opens..].to_vec()), (states.len() - 1, vec!["closed".to_owned()]));
    let first = scene.reports.messages()[0]["incident"].clone();
    let started = first["started_at"].as_i64().unwrap();
    assert!((before.as_second()..=Timestamp::now().as_second()).contains(&started), "{first}");
    assert_eq!(first["policy_user_labels"]["failover_watcher"], "pi");
    assert!(first["summary"].as_str().unwrap().contains("answered 521"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_below_the_threshold_are_no_outage() {
    let scene = Scene::begin().await;
    for first in [2, 6, 11, 15] {
        scene.sandbox.world.fault(Aim::at(VISIT).nth(first).times(2), Fault::status(503));
    }
    scene.looks(20).await;
    assert_eq!(scene.reports.told(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_no_outage() {
    let scene = Scene::begin().await;
    scene.sandbox.world.edge.set("resume", |edge| edge.challenge = true);
    scene.looks(10).await;
    assert_eq!(scene.reports.told(), []);
    let news = scene.news.sentences();
    assert_eq!(news.len(), 1, "once, after six looks: {news:?}");
    assert!(news[0].starts_with("the watcher pi can't judge resume, so it guards nothing there"), "{news:?}");
    assert!(news[0].contains("challenge"), "{news:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_keeps_visitors_waiting_is_down() {
    let scene = Scene::with(|setting| Setting { patience: Duration::from_millis(300), ..setting }).await;
    scene.power(Power::Dark);
    scene.reports.until("open", 1).await;
    let first = scene.reports.messages()[0]["incident"]["summary"].clone();
    assert!(first.as_str().unwrap().contains("it took the request and said nothing"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_pubsub_is_down_the_site_is_watched_on_and_reported_afterwards() {
    let scene = Scene::begin().await;
    scene.reports.breaks(true);
    scene.power(Power::Off);
    scene.looks(8).await;
    let down_by = Timestamp::now().as_second();
    scene.looks(8).await;
    assert_eq!(scene.reports.told(), []);
    scene.reports.breaks(false);
    scene.reports.until("open", 1).await;
    let started = scene.reports.messages()[0]["incident"]["started_at"].as_i64().unwrap();
    assert!(started <= down_by, "the outage began when it was seen, not when it was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_on_its_standby_is_well() {
    let scene = Scene::begin().await;
    scene.power(Power::Off);
    scene.reports.until("open", 1).await;
    let seed = scene.sandbox.site("resume").seed;
    scene.sandbox.world.run.grant(&seed.service, "roles/run.invoker", "allUsers");
    scene.sandbox.world.cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, "status", "active".into());
    scene.reports.until("closed", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_ends_when_it_is_told_to_and_says_no_more() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let reports = Reports::default();
    let lookout = Setting::of(targets(&sandbox.site("resume"))).watch(Arc::new(reports.clone()));
    reports.until_heartbeat().await;
    lookout.end().await;
    let (looks, told) = (sandbox.world.ledger.count(VISIT), reports.heartbeats());
    assert_eq!(told[0]["incident"]["policy_user_labels"]["failover_watcher"], "pi");
    assert!(told[0]["incident"]["summary"].as_str().unwrap().contains("watches 1 site"));
    sandbox.world.set_primary("resume", Power::Off);
    assert_eq!((sandbox.world.ledger.count(VISIT), reports.heartbeats().len()), (looks, told.len()));
}
