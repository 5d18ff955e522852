//! Probes against a site behind Cloudflare's edge, through a whole failover.

use std::time::Duration;

use cloud_failover::probe::{Answer, Expect, Prober, Targets, Witness};
use failover_core::{
    Position::{Primary, Standby},
    Served,
};
use sandbox::{Options, Sandbox, Site, sites::Power};
use serde_json::json;

struct Scene {
    sandbox: Sandbox,
    site: Site,
    prober: Prober,
    targets: Targets,
}

impl Scene {
    async fn set() -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let site = sandbox.site("resume");
        let targets = Targets {
            public: Some(site.public_url()),
            witness: Witness::Origin,
            standby: Some(site.standby_url()),
            primary: Some(site.primary_url()),
            connect: None,
            by_name: false,
            expect: Expect { status: 200, contains: "Served by the primary of resume".to_owned() },
            standby_expect: Expect { status: 200, contains: "Served by the standby of resume".to_owned() },
        };
        Self { sandbox, site, prober: Prober::new(Duration::from_millis(800)), targets }
    }

    fn open(&self) {
        self.sandbox.world.run.grant(&self.site.seed.service, "roles/run.invoker", "allUsers");
    }

    fn route(&self) {
        let seed = &self.site.seed;
        self.sandbox.world.cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, "status", json!("active"));
    }

    async fn public(&self) -> Answer {
        self.prober.public(&self.targets).await
    }
}

fn by(answer: &Answer) -> Option<failover_core::Position> {
    if let Served::By(position) = answer.served { Some(position) } else { None }
}

#[track_caller]
fn silent(answer: &Answer, because: &str) {
    assert!(matches!(&answer.served, Served::Silent(why) if why.ends_with(because)), "{because}: {answer:?}");
}

#[tokio::test]
async fn an_outage_and_its_failover_are_seen_step_by_step() {
    let scene = Scene::set().await;
    assert_eq!(by(&scene.public().await), Some(Primary));
    silent(&scene.prober.standby(&scene.targets).await, "answered 403, not 200");

    scene.sandbox.world.set_primary("resume", Power::Off);
    silent(&scene.public().await, "answered 521, not 200");
    silent(&scene.prober.primary(&scene.targets).await, "Connection refused (os error 111)");

    scene.open();
    assert_eq!(by(&scene.prober.standby(&scene.targets).await), Some(Standby));
    silent(&scene.public().await, "answered 521, not 200");

    scene.sandbox.world.edge.set("resume", |edge| {
        edge.redirect_cache_control = Some("max-age=30".to_owned());
    });
    scene.route();
    let answer = scene.public().await;
    assert_eq!((by(&answer), answer.redirect_lives), (Some(Standby), Some(Duration::from_secs(30))));

    scene.sandbox.world.set_primary("resume", Power::On);
    // A door takes a moment to open.
    while by(&scene.prober.primary(&scene.targets).await) != Some(Primary) {}
    assert_eq!(by(&scene.public().await), Some(Standby));
}

#[tokio::test]
async fn a_site_that_is_there_but_does_not_answer_is_silent() {
    let scene = Scene::set().await;
    scene.sandbox.world.set_primary("resume", Power::Dark);
    silent(&scene.public().await, "gave no answer within 800ms");
    silent(&scene.prober.primary(&scene.targets).await, "gave no answer within 800ms");
    scene.sandbox.world.set_primary("resume", Power::Failing(500));
    silent(&scene.public().await, "answered 500, not 200");
}

#[tokio::test]
async fn the_edge_that_answers_in_the_sites_stead_proves_nothing() {
    let scene = Scene::set().await;
    scene.sandbox.world.edge.set("resume", |edge| edge.cached = Some("HIT".to_owned()));
    assert!(
        matches!(scene.public().await.served, Served::Unknown(why) if why.contains("Cloudflare's cache (HIT)"))
    );
    scene.sandbox.world.edge.set("resume", |edge| edge.challenge = true);
    assert!(matches!(scene.public().await.served, Served::Unknown(_)));
}

#[tokio::test]
async fn the_primary_is_reached_past_the_edge_by_its_address() {
    let mut scene = Scene::set().await;
    scene.route();
    scene.targets.primary = scene.targets.public.clone();
    scene.targets.connect = Some(scene.site.primary.to_string().parse().expect("an address"));
    assert_eq!(by(&scene.prober.primary(&scene.targets).await), Some(Primary));
    silent(&scene.public().await, "answered 403, not 200");
}
