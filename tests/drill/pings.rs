//! Who watches the watcher: what hears that every site was looked at, and what doesn't.

use std::sync::{Arc, Mutex};

use sandbox::{Aim, Fault, Options, Service};
use serde_json::json;
use stage::{Drill, Settings};
use tokio::net::TcpListener;
use warp::Filter;

const PATH: &str = "/0e3b5a52-secret-of-the-check";

/// Somebody who counts calls, as healthchecks.io does.
async fn listener() -> (String, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let note = {
        let heard = Arc::clone(&heard);
        warp::path::full().map(move |path: warp::path::FullPath| {
            heard.lock().expect("no panic").push(path.as_str().to_owned());
            "OK"
        })
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}{PATH}", listener.local_addr().expect("its address"));
    tokio::spawn(warp::serve(note).incoming(listener).run());
    (url, heard)
}

async fn pinging(url: String) -> Drill {
    let settings = Settings {
        rest: "\n[[webhooks]]\nkind = \"ping\"\nurl_env = \"SEEN_WORKING\"\n".to_owned(),
        environment: vec![("SEEN_WORKING", url)],
        ..Settings::default()
    };
    Drill::with(settings, Options::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reconcile_that_looked_at_every_site_is_heard_and_logged() {
    let (url, heard) = listener().await;
    let drill = pinging(url).await;
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.order("check").await;
    drill.command(json!({ "command": "reconcile", "site": "resume" })).await;
    assert_eq!(*heard.lock().expect("no panic"), [PATH, PATH]);
    printed(&drill, "every site was looked at", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_that_could_not_read_the_journal_is_not_taken_for_a_sign_of_life() {
    let (url, heard) = listener().await;
    let drill = pinging(url).await;
    // What it read when it started would do for the first.
    drill.order("reconcile").await.is(200, "stay", None);
    drill.sandbox.world.faults.set(Aim::service(Service::Storage), Fault::status(503));
    assert_eq!(drill.order("reconcile").await.status, 503);
    assert_eq!(*heard.lock().expect("no panic"), [PATH]);
    printed(&drill, "every site was looked at", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_url_that_is_gone_is_named_by_its_variable_and_harms_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}{PATH}", gone.local_addr().expect("its address"));
    drop(gone);
    let drill = pinging(url).await;
    drill.order("reconcile").await.is(200, "stay", None);
    printed(&drill, "the ping URL in SEEN_WORKING could not be called", 1).await;
    let said = drill.function.output();
    assert!(!said.contains("secret-of-the-check"), "{said}");
}

/// Waits until the function has printed this so often: its log arrives beside its answers.
async fn printed(drill: &Drill, words: &str, times: usize) {
    let count = || drill.function.output().matches(words).count();
    for _ in 0..1000 {
        if count() >= times {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(count(), times, "{words:?} in {}", drill.function.output());
}
