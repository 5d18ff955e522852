//! The page over a real journal and real switches, after the real binary has moved a site in the sandbox.

use std::{path::Path, sync::Arc};

use cloud_failover::{
    app::{Parts, Patience},
    clouds::Severity,
    config::{Config, Environment, Purpose},
    page::{Finding, Live, Overview, Place, Source},
};
use failover_core::{Direction, End, Position, Step};
use sandbox::Options;
use stage::{Drill, Settings};
use tempfile::TempDir;

/// A site in the sandbox whose journal is in a folder that the page can read too.
async fn drill(folder: &TempDir) -> Drill {
    let journal = format!("file:{}", folder.path().display());
    Drill::with(Settings { journal, ..Settings::default() }, Options::default()).await
}

/// The page's own process would read the same configuration.
fn live(drill: &Drill) -> Live {
    let text = drill.settings.text(&drill.sandbox, Path::new(""));
    let token = Options::default().cloudflare_token;
    let environment = Environment::of(Purpose::Look, &[("CLOUDFLARE_API_TOKEN", &token)]);
    let config = Arc::new(Config::read(&text, &environment).unwrap());
    let parts = Parts::build(config, Patience::OneTry).unwrap();
    Live::new(&parts.config, &parts.sites, &parts.pubsub)
}

async fn overview(live: &Live) -> Overview {
    let mut sites = live.overviews().await;
    assert_eq!(sites.len(), 1);
    sites.remove(0)
}

fn spoil_newest_entry(folder: &Path) {
    let entries = std::fs::read_dir(folder.join("resume")).unwrap().map(|entry| entry.unwrap().path());
    // The newest entry has the smallest name.
    let newest = entries.min().unwrap();
    let text = std::fs::read_to_string(&newest).unwrap();
    std::fs::write(&newest, &text[..text.len() / 2]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_is_told_as_it_happened() {
    let folder = TempDir::new().unwrap();
    let drill = drill(&folder).await;
    let live = live(&drill);
    assert_eq!(live.unlooked()[0].serving.by, Place::Unknown);

    let before = overview(&live).await;
    assert_eq!((before.serving.by, before.serving.since), (Place::Primary, None));
    assert_eq!(before.next.commands[0].send, "failover send hold --site resume");

    drill.cut_power();
    drill.open_incident("0.night").await.is(200, "move", Some("Done"));
    let during = overview(&live).await;
    assert_eq!(during.serving.by, Place::Standby);
    assert!(during.serving.why.contains("the public URL doesn't answer"), "{}", during.serving.why);
    let made = &during.moves[0];
    let steps: Vec<Step> = made.steps.iter().map(|part| part.step).collect();
    assert_eq!(steps, [Step::Open, Step::Answer, Step::Route, Step::Verify, Step::Pause]);
    assert_eq!((made.direction, made.end), (Direction::Failover, Some(End::Done)));
    assert_eq!(made.stages[0].name, "detected");
    let publish = during.next.commands[0].publish.as_deref().unwrap();
    assert!(publish.starts_with("gcloud pubsub topics publish failover-commands --project=gleich-tech "));

    // A forgotten grant, as the daily check of the function finds it.
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    drill.sandbox.world.deny("monitoring.alerts.list");
    drill.order("check").await.is(200, "stay", None);
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    let after = overview(&live).await;
    assert_eq!(after.serving.by, Place::Primary);
    let moves: Vec<Direction> = after.moves.iter().map(|made| made.direction).collect();
    assert_eq!(moves, [Direction::Failback, Direction::Failover]);
    let [Finding { severity: Severity::Warning, sentence, mend: Some(mend) }] = &after.findings[..] else {
        panic!("not what was found: {:?}", after.findings)
    };
    assert!(sentence.contains("lacks monitoring.alerts.list"), "{sentence}");
    assert!(mend.contains("roles/monitoring.viewer") && after.checked_at.is_some(), "{mend}");
    drill.all_promises_hold();
}

/// Without Google's metadata server there is no token for two of the switches; the third is Cloudflare's.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_seen_is_said_and_the_rest_is_shown() {
    let folder = TempDir::new().unwrap();
    let drill = drill(&folder).await;
    let live = live(&drill);
    drill.route_by_hand("active");
    let seen = overview(&live).await;
    assert!(seen.has_drift() && seen.switches[1].observed.is_at(Position::Standby), "{:?}", seen.switches);
    assert_eq!(seen.troubles.len(), 2, "{:?}", seen.troubles);
    assert!(
        seen.troubles[0].starts_with(
            "failed to observe the door of the service resume: could not get a Google access token"
        ),
        "{:?}",
        seen.troubles
    );
    assert_eq!(seen.switches[0].words(), "not seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_can_not_be_read_is_named_and_the_one_before_it_is_shown() {
    let folder = TempDir::new().unwrap();
    let drill = drill(&folder).await;
    drill.cut_power();
    drill.open_incident("0.night").await.is(200, "move", Some("Done"));
    spoil_newest_entry(folder.path());
    let live = live(&drill);
    let seen = overview(&live).await;
    assert_eq!(seen.serving.by, Place::Moving, "the entry before the end");
    assert!(seen.troubles[0].contains("of the journal of resume can't be read"), "{:?}", seen.troubles);
}
