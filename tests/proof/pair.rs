//! Two instances at the same instant, on one journal.

use std::{sync::Arc, time::Duration};

use ::stage::Settings;
use failover_core::Position;
use futures::future::try_join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sandbox::{Aim, Fault, Options, Power, Service};
use serde_json::Value;

use crate::{
    cast::Word,
    evidence::Evidence,
    runner::{Case, Played, survive},
    stage::{Stage, push_to, settle_at},
    stories::ON_STANDBY,
    story::settings,
    verdict::{all_is_well, nothing_is_written_any_more, nothing_was_broken},
};

/// Deliveries of one incident at the same time.
const CROWD: usize = 64;

/// Latencies drawn anew for each.
const SEEDS: u64 = 24;

/// The journals that two processes may share.
const JOURNALS: [&str; 2] = ["gs://gleich-tech-failover/journal", "file:{folder}/journal"];

/// Many messages at the same moment.
pub(crate) async fn table() {
    let mut cases = crowds();
    cases.extend((0..SEEDS).flat_map(|seed| {
        [Position::Primary, Position::Standby].map(|at| {
            let name = format!("pair/all-at-once/on-{at}/{seed}");
            Case::new(name, move |evidence| all_at_once(at, seed, evidence)).selected(seed % 3 == 0)
        })
    }));
    cases.extend((0..SEEDS / 4).map(|seed| {
        Case::new(format!("pair/without-a-journal/{seed}"), move |evidence| in_the_dark(seed, evidence))
    }));
    survive("two instances", cases).await;
}

/// Many deliveries of one outage.
fn crowds() -> Vec<Case> {
    let mut cases = Vec::new();
    for journal in JOURNALS {
        let store = &journal[..journal.find(':').expect("a scheme")];
        for seed in 0..SEEDS / 8 {
            let one = format!("pair/one-incident/{store}/{seed}");
            cases.push(Case::new(one, move |evidence| crowd(journal, seed, 1, evidence)));
            let six = format!("pair/six-incidents/{store}/{seed}");
            cases.push(Case::new(six, move |evidence| crowd(journal, seed, 6, evidence)));
        }
    }
    cases
}

/// `incidents` of one outage, each delivered again and again to both: the writes of one failover.
async fn crowd(journal: &str, seed: u64, incidents: usize, evidence: Arc<Evidence>) -> Played {
    let settings = Settings { journal: journal.to_owned(), ..settings("") };
    let mut stage = Stage::set(settings, latencies(seed), evidence).await;
    stage.primary(Power::Off);
    let (one, other) = (stage.another().await, stage.another().await);
    let messages: Vec<Value> = (0..incidents).map(|_| Word::Incident.publish()).collect();
    let deliveries = (0..CROWD).map(|number| {
        let function = if number % 2 == 0 { &one } else { &other };
        settle_at(function, &messages[number % incidents], &stage.evidence)
    });
    try_join_all(deliveries).await?;
    let writes: Vec<&str> = stage.sandbox.world.ledger.writes().iter().map(|write| write.operation).collect();
    if writes != ["run.set_iam_policy", "cloudflare.patch_page_rule", "monitoring.patch_check"] {
        return Err(format!("not the writes of one failover: {writes:?}"));
    }
    all_is_well(&stage, &ON_STANDBY).await?;
    for message in &messages {
        nothing_is_written_any_more(&mut stage, message).await?;
    }
    Ok("with the writes of one failover")
}

/// A rehearsal, a failback and a failover, to both at the same moment: whatever wins, visitors are served.
async fn all_at_once(at: Position, seed: u64, evidence: Arc<Evidence>) -> Played {
    let mut stage = Stage::set(settings(""), latencies(seed), evidence).await;
    if at == Position::Standby {
        stage.say(Word::Order("failover")).await?;
        stage.kill().await;
    }
    let (one, other) = (stage.another().await, stage.another().await);
    let mut random = StdRng::seed_from_u64(seed);
    let words = ["rehearse", "failback", "failover"].map(Word::Order);
    let deliveries = words.map(|word| {
        let function = if random.random() { &one } else { &other };
        let pause = Duration::from_millis(random.random_range(0..40));
        let stage = &stage;
        async move {
            tokio::time::sleep(pause).await;
            settle_at(function, &word.publish(), &stage.evidence).await
        }
    });
    try_join_all(deliveries).await?;
    drop((one, other));
    nothing_is_astray(&mut stage).await
}

/// Neither can reach the journal: both move, and one of them tells of it afterwards.
async fn in_the_dark(seed: u64, evidence: Arc<Evidence>) -> Played {
    let mut stage = Stage::set(settings(""), latencies(seed), evidence).await;
    stage.primary(Power::Off);
    let world = Arc::clone(&stage.sandbox.world);
    world.fault(Aim::service(Service::Storage), Fault::status(503));
    let (one, other) = (stage.another().await, stage.another().await);
    let messages = [Word::Incident.publish(), Word::Incident.publish()];
    let (first, second) = tokio::join!(
        push_to(&one, &messages[0], &stage.evidence),
        push_to(&other, &messages[1], &stage.evidence)
    );
    for answer in [first?, second?] {
        if answer.status != 503 {
            return Err(format!("answered {} before it was recorded", answer.status));
        }
    }
    world.faults.clear();
    for (function, message) in [(&one, &messages[0]), (&other, &messages[1])] {
        settle_at(function, message, &stage.evidence).await?;
    }
    all_is_well(&stage, &ON_STANDBY).await?;
    nothing_is_written_any_more(&mut stage, &messages[1]).await?;
    Ok("told of once")
}

/// Wherever visitors are led, they are served there, and everything else fits.
async fn nothing_is_astray(stage: &mut Stage) -> Played {
    stage.say(Word::Reconcile).await?;
    let chronicle = stage.chronicle()?;
    nothing_was_broken(stage, &chronicle, 2)?;
    let state = chronicle.state();
    let (world, site) = (&stage.sandbox.world, stage.site());
    let on_standby = state.active == Position::Standby;
    let seen = (
        world.cloudflare.is_routed(&site),
        world.run.is_granted(&site.seed.service),
        !world.monitoring.is_enabled(&site.seed.check),
        sandbox::visitors::visit(&site.public_url()).await.map_err(|error| error.to_string())?.succeeded(),
        state.plans.is_empty(),
    );
    let expected = (on_standby, on_standby, on_standby, true, true);
    if seen != expected {
        return Err(format!("(routed, open, paused, served, idle) is {seen:?} on the {}", state.active));
    }
    Ok(if on_standby { "on the standby" } else { "on the primary" })
}

/// Every service takes its own time, and never the same.
fn latencies(seed: u64) -> Options {
    let mut random = StdRng::seed_from_u64(seed);
    let services = Service::CLOUDS.into_iter().chain(Service::SITES);
    let latencies = services.map(|service| (service, Duration::from_millis(random.random_range(0..25))));
    Options { latencies: latencies.collect(), jitter: 0.9, ..Options::default() }
}
