//! What anybody may see: whether a site answers, and nothing else.

use cloud_failover::page::{Keys, Overview, Public};
use failover_core::{Position, Served};
use reqwest::{Response, StatusCode};

use crate::{
    scenes::scenes,
    server::{Server, Told, page_key},
    story::{Story, after, before, calm, during},
};

async fn server(story: &Story, public: Public) -> Server {
    let keys = Keys { page: Some(page_key("page-key")), public };
    Server::open_to(Told(vec![story.overview()]), keys, story.now).await
}

async fn get(server: &Server, path: &str) -> Response {
    reqwest::get(server.url(path)).await.unwrap()
}

async fn badge(story: &Story) -> String {
    get(&server(story, Public::Open).await, "/badge.svg?site=resume").await.text().await.unwrap()
}

#[tokio::test]
async fn there_is_none_unless_the_configuration_says_so() {
    let closed = server(&calm(), Public::Closed).await;
    for path in ["/public", "/badge.svg", "/badge.svg?site=resume", "/public?key=page-key"] {
        assert_eq!(get(&closed, path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn its_key_opens_it_and_nothing_else() {
    let keyed = server(&calm(), Public::Keyed(page_key("public-key"))).await;
    for path in ["/public", "/badge.svg", "/public?key=wrong"] {
        assert_eq!(get(&keyed, path).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in [
        "/public?key=public-key",
        "/badge.svg?key=public-key",
        "/badge.svg?site=resume&key=public-key",
        "/public?key=page-key",
    ] {
        assert_eq!(get(&keyed, path).await.status(), StatusCode::OK, "{path}");
    }
    for path in ["/?key=public-key", "/sites?key=public-key", "/metrics?key=public-key"] {
        assert_eq!(get(&keyed, path).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let bearer =
        reqwest::Client::new().get(keyed.url("/sites")).bearer_auth("public-key").send().await.unwrap();
    assert_eq!(bearer.status(), StatusCode::UNAUTHORIZED);
}

/// Nothing that somebody typed, and nothing that a provider numbered.
fn secrets(sites: &[Overview]) -> Vec<String> {
    let mut secrets =
        vec!["gcloud".to_owned(), "failover send".to_owned(), "alice".to_owned(), "projects/".to_owned()];
    for site in sites {
        secrets.extend(site.standby_url.clone().map(|url| cut(&url)));
        secrets.extend(site.primary_url.clone().map(|url| cut(&url)));
        secrets.extend(site.switches.iter().map(|seen| seen.switch.resource.clone()));
        secrets.extend(site.next.commands.iter().map(|advice| advice.send.clone()));
        secrets.extend(site.decisions.iter().map(|decided| decided.why.clone()).filter(|why| why.len() > 20));
        secrets.extend(site.findings.iter().map(|finding| finding.sentence.clone()));
        secrets.extend(site.troubles.clone());
    }
    secrets
}

fn cut(url: &str) -> String {
    url.trim_start_matches("https://").trim_end_matches('/').to_owned()
}

#[tokio::test]
async fn in_no_state_it_tells_more_than_anybody_may_know() {
    for scene in scenes().into_iter().filter(|scene| scene.name != "hostile") {
        let keys = Keys { page: None, public: Public::Open };
        let server = Server::open_to(Told(scene.sites.clone()), keys, scene.now).await;
        for path in ["/public", "/badge.svg"] {
            let shown = get(&server, path).await.text().await.unwrap();
            for secret in secrets(&scene.sites) {
                assert!(!shown.contains(&secret), "{}: {path} tells {secret:?}", scene.name);
            }
        }
    }
}

#[tokio::test]
async fn the_badge_says_how_the_site_is_now() {
    for (story, told) in [
        (calm(), "resume: up"),
        (after().answered(Position::Standby), "resume: up, on standby"),
        (before().silent(), "resume: down"),
        (during().asks(Served::Unknown("a challenge".to_owned()), false), "resume: moving"),
        (before().asks(Served::Unknown("a challenge".to_owned()), true), "resume: unknown"),
        (calm().later(0), "resume: up"),
    ] {
        let badge = badge(&story).await;
        assert!(
            badge.starts_with("<svg") && badge.contains(&format!("<title>{told}</title>")),
            "{told}: {badge}"
        );
    }
}

#[tokio::test]
async fn a_badge_of_all_sites_is_that_of_the_worst() {
    let mut dark = before().silent();
    dark.facts.name = "blog".parse().unwrap();
    let keys = Keys { page: None, public: Public::Open };
    let sites = vec![before().answered(Position::Primary).overview(), dark.overview()];
    let server = Server::open_to(Told(sites), keys, before().now).await;
    let answer = get(&server, "/badge.svg").await;
    assert_eq!(answer.headers()["content-type"], "image/svg+xml");
    assert!(answer.text().await.unwrap().contains("<title>2 sites: down</title>"));
    assert!(get(&server, "/badge.svg?site=resume").await.text().await.unwrap().contains("resume: up"));
    assert_eq!(get(&server, "/badge.svg?site=nobody").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_for_anybody_says_how_it_is_and_how_it_was() {
    let shown = get(&server(&calm(), Public::Open).await, "/public").await.text().await.unwrap();
    assert!(shown.contains("<strong>answers</strong>") && shown.contains("99.99 %"), "{shown}");
    let dark = get(&server(&during().silent(), Public::Open).await, "/public").await.text().await.unwrap();
    assert!(
        dark.contains("<strong>gives no answer</strong>") && dark.contains("for <b>2 min 40 s</b>"),
        "{dark}"
    );
}
