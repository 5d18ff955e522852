//! The whole way of our own detector: watcher, Google's emulator, the real binary, a site failed over.

use stage::{Settings, watching::Watching};

use crate::delivery::Office;

#[tokio::test]
async fn what_a_watcher_sees_comes_through_pubsub_and_moves_the_site() {
    let Some(office) = Office::open().await else { return };
    let answers = office.subscribe_to_events().await;
    let watch = format!("[watch]\nevery = \"200ms\"\nevents = {answers:?}\n");
    let config = office.configure(&Settings { rest: watch, ..Settings::default() });
    let host = office.emulator_host();
    let mut watching = Watching::spawn(&config, &["--name", "pi"], &[("PUBSUB_EMULATOR_HOST", &host)]);
    watching.until("reports go to the topic of").await;
    watching.until("the primary answers").await;
    office.cut_power();
    office.until_on_standby().await;
    watching.until("the function has taken it up").await;
    watching.until("reported as Closed").await;
    assert_eq!(
        office.writes(),
        ["run.set_iam_policy", "cloudflare.patch_page_rule", "monitoring.patch_check"]
    );
    office.promises_hold();
    assert!(watching.terminate().await.success(), "{}", watching.output());
}
