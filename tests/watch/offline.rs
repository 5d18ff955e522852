//! A watcher whose own network is down says nothing about its sites.

use std::{net::Ipv4Addr, sync::Arc};

use sandbox::{Options, Power, Sandbox};
use stage::PATIENCE;
use tokio::{net::TcpListener, time::timeout};

use crate::lookout::{Reports, Setting, targets};

const VISIT: &str = "edge.visit";

/// A place that nobody is at now.
async fn deserted() -> std::net::SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_long_as_no_anchor_answers_nothing_is_told() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let reports = Reports::default();
    let (one, other) = (deserted().await, deserted().await);
    let setting = Setting::of(targets(&sandbox.site("resume")));
    let anchors = vec![format!("http://{one}/"), format!("tcp://{other}")];
    let _lookout = Setting { anchors, ..setting }.watch(Arc::new(reports.clone()));
    sandbox.world.set_primary("resume", Power::Off);
    timeout(PATIENCE, sandbox.world.ledger.ended(VISIT, 12)).await.unwrap();
    assert_eq!(reports.told(), []);
    let _anchor = TcpListener::bind(other).await.unwrap();
    reports.until("open", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_that_refuses_is_an_answer_too() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let reports = Reports::default();
    let setting = Setting::of(targets(&sandbox.site("resume")));
    // The standby is closed and answers 403.
    let anchors =
        vec![format!("http://{}/", deserted().await), sandbox.site("resume").standby_url().to_string()];
    let _lookout = Setting { anchors, ..setting }.watch(Arc::new(reports.clone()));
    sandbox.world.set_primary("resume", Power::Off);
    reports.until("open", 1).await;
}
