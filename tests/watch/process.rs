//! The real `failover watch`: what it says at its start, without Pub/Sub, and at its end.

use std::path::PathBuf;

use sandbox::{Options, Power, Sandbox};
use stage::{Settings, watching::Watching};
use tempfile::TempDir;

/// A sandbox, and the configuration of a watcher of its site.
struct Scene {
    sandbox: Sandbox,
    config: PathBuf,
    _folder: TempDir,
}

impl Scene {
    async fn with(watch: &str) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings =
            Settings { rest: format!("[watch]\nevery = \"100ms\"\n{watch}"), ..Settings::default() };
        let config = settings.without_pubsub().write(&sandbox, folder.path()).unwrap();
        Self { sandbox, config, _folder: folder }
    }

    /// A watcher whose Pub/Sub is nowhere.
    fn watch(&self, arguments: &[&str]) -> Watching {
        Watching::spawn(&self.config, arguments, &[("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_no_secret_says_what_it_does_goes_on_without_pubsub_and_ends_when_told_to() {
    let scene = Scene::with("").await;
    let mut watching = scene.watch(&["--name", "pi"]);
    watching.until("pi watches 1 site every 100ms").await;
    watching.until("there are no anchors").await;
    watching.until("the primary answers (").await;
    watching.until("no sign of life could be published").await;
    scene.sandbox.world.set_primary("resume", Power::Off);
    watching.until("is down, and is reported").await;
    watching.until("could not be reported yet").await;
    scene.sandbox.world.set_primary("resume", Power::On);
    watching.until("the outage is over").await;
    assert_eq!(watching.terminate().await.code(), Some(0), "{}", watching.output());
    assert!(!watching.output().contains("panic"), "{}", watching.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_is_cut_off_says_so_and_reports_nothing() {
    let scene = Scene::with("anchors = [\"tcp://127.0.0.1:9\", \"tcp://127.0.0.1:10\"]\n").await;
    scene.sandbox.world.set_primary("resume", Power::Off);
    let watching = scene.watch(&["--site", "resume"]);
    watching.until("this watcher itself is cut off").await;
    assert!(!watching.output().contains("there are no anchors"), "{}", watching.output());
    assert!(!watching.output().contains("is reported"), "{}", watching.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_configured_is_refused() {
    let scene = Scene::with("").await;
    let mut watching = scene.watch(&["--site", "blog"]);
    assert_eq!(watching.ended().await.code(), Some(2), "{}", watching.output());
    watching.until("is no site of this configuration").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_fits_into_no_id_is_refused() {
    let scene = Scene::with("").await;
    let mut watching = scene.watch(&["--name", "my pi"]);
    assert_eq!(watching.ended().await.code(), Some(2), "{}", watching.output());
}
