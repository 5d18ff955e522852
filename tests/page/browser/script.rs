//! What the page's one script does: looks again, leaves alone what somebody reads, and shows local times.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloud_failover::page::{Overview, Source};
use failover_core::Position;
use serde_json::json;

use super::{PHONE, chromium::Chromium};
use crate::{
    server::Server,
    story::{Story, during, time},
};

/// A site that changes while somebody looks.
#[derive(Clone)]
struct Changing(Arc<Mutex<Story>>);

#[async_trait]
impl Source for Changing {
    async fn overviews(&self) -> Vec<Overview> {
        self.unlooked()
    }

    fn unlooked(&self) -> Vec<Overview> {
        vec![self.0.lock().unwrap().overview()]
    }
}

/// A failover under way, shown in a browser: it is looked at again every five seconds.
async fn shown() -> Option<(Chromium, Changing, Server)> {
    let browser = Chromium::start().await?;
    let changing = Changing(Arc::new(Mutex::new(during().silent())));
    let server = Server::start(changing.clone(), None, during().now).await;
    browser.show(&server.url("/"), PHONE, "dark").await;
    browser.sees("moving", &["Visitors get\nno answer"]).await;
    Some((browser, changing, server))
}

fn served(changing: &Changing) {
    *changing.0.lock().unwrap() = during().answered(Position::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_swapped_in_and_said_and_what_is_unfolded_stays_so() {
    let Some((browser, changing, _server)) = shown().await else { return };
    browser.run("document.querySelector('summary').click(); window.same = 1").await;
    served(&changing);
    browser.sees("served", &["Visitors are being moved to the\nstandby"]).await;
    assert_eq!(browser.run("return window.same").await, 1, "the page itself was not loaded again");
    assert_eq!(browser.run("return document.querySelector('details').open").await, true);
    let said = browser.run("return document.getElementById('said').textContent").await;
    assert!(said.as_str().unwrap().starts_with("resume: Visitors are being moved to the standby"), "{said}");
    assert_eq!(browser.complaints().await, Vec::<serde_json::Value>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_paused_and_does_not_take_a_selection_away() {
    let Some((browser, changing, _server)) = shown().await else { return };
    browser.run("getSelection().selectAllChildren(document.querySelector('code'))").await;
    served(&changing);
    let look =
        "dispatchEvent(new Event('visibilitychange')); return document.querySelector('main').innerText";
    let still_dark = async |why: &str| {
        browser.run(look).await;
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        let shown = browser.run("return document.body.innerText").await;
        assert!(shown.as_str().unwrap().contains("no answer"), "{why}: {shown}");
    };
    still_dark("while a command is being copied").await;
    browser.run("getSelection().removeAllRanges(); document.getElementById('pause').click()").await;
    still_dark("while it is paused").await;
    browser.run("document.getElementById('pause').click()").await;
    browser.sees("going on", &["Visitors are being moved to the\nstandby"]).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_can_not_be_asked_again_says_how_old_it_is() {
    let Some((browser, _changing, _server)) = shown().await else { return };
    let offline = json!({ "offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0 });
    browser.devtools("Network.enable", json!({})).await;
    browser.devtools("Network.emulateNetworkConditions", offline).await;
    browser.run("dispatchEvent(new Event('visibilitychange'))").await;
    browser.sees("lost", &["This page could not be asked again: what it shows is from"]).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn local_time_stands_beside_utc() {
    let Some(browser) = Chromium::start().await else { return };
    browser.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Kathmandu" })).await;
    let story = crate::story::after();
    assert_eq!(story.overview().serving.since, Some(time("2026-11-20T03:12:40.630Z")));
    let server = Server::start(crate::server::Told(vec![story.overview()]), None, story.now).await;
    browser.show(&server.url("/"), PHONE, "light").await;
    browser.sees("local", &["03:12:40 UTC (20 Nov, 08:57 here)"]).await;
    browser.end().await;
}
