//! Who is let in, and what every answer says to the browser.

use cloud_failover::{
    api::Secret,
    page::{Keys, PageKey, Public, content_security_policy, serve},
};
use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::Value;

use crate::{
    server::{Server, Silent, Told},
    story::{after, before},
};

const KEY: &str = "correct-horse-battery-staple";

async fn locked() -> Server {
    let story = after();
    Server::start(Told(vec![story.overview()]), Some(KEY), story.now).await
}

async fn get(server: &Server, path: &str) -> Response {
    reqwest::get(server.url(path)).await.unwrap()
}

#[track_caller]
fn said(response: &Response, name: header::HeaderName) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

/// The cookie as a browser sends it back.
fn cookie(response: &Response) -> String {
    said(response, header::SET_COOKIE).split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn without_a_key_everybody_may_read() {
    let story = before();
    let server = Server::start(Told(vec![story.overview()]), None, story.now).await;
    let page = get(&server, "/").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(said(&page, header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert!(page.headers().get(header::SET_COOKIE).is_none());
    assert!(page.text().await.unwrap().contains("<strong>primary</strong>"));
}

#[tokio::test]
async fn every_answer_forbids_others_scripts_frames_caches_and_referrers() {
    let server = locked().await;
    for path in ["/", "/sites", "/metrics", "/public", &format!("/?key={KEY}")] {
        let answer = get(&server, path).await;
        assert_eq!(said(&answer, header::CONTENT_SECURITY_POLICY), content_security_policy());
        assert_eq!(said(&answer, header::CACHE_CONTROL), "no-store");
        assert_eq!(said(&answer, header::REFERRER_POLICY), "no-referrer");
        assert_eq!(said(&answer, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
    let policy = content_security_policy();
    for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.split("; ").any(|said| said == part), "{policy}");
    }
    assert!(policy.contains("; script-src 'sha256-") && policy.contains("; connect-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
}

#[tokio::test]
async fn without_the_key_nothing_of_a_site_is_told() {
    let server = locked().await;
    for path in ["/", "/sites", "/metrics", "/?key=", "/?key=wrong", "/?other=1"] {
        let answer = get(&server, path).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains("resume") && text.contains("FAILOVER_PAGE_KEY"), "{text}");
    }
    let wrong = get(&server, "/?key=wrong").await.text().await.unwrap();
    assert!(wrong.contains("That was not it."));
}

#[tokio::test]
async fn the_link_leaves_a_cookie_that_opens_page_and_json() {
    let server = locked().await;
    let welcome = get(&server, &format!("/?key={KEY}")).await;
    assert_eq!(welcome.status(), StatusCode::OK);
    let set = said(&welcome, header::SET_COOKIE);
    assert!(set.contains("; HttpOnly; SameSite=Strict") && !set.contains("Secure"), "{set}");
    let cookie = cookie(&welcome);
    let text = welcome.text().await.unwrap();
    assert!(
        text.contains(r#"http-equiv="refresh" content="0; url=/""#) && !text.contains("resume"),
        "{text}"
    );
    for path in ["/", "/sites", "/metrics"] {
        let request = Client::new().get(server.url(path)).header(header::COOKIE, &cookie);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn away_from_loopback_the_cookie_is_kept_to_tls() {
    let server = locked().await;
    let request = Client::new().get(server.url(&format!("/?key={KEY}")));
    let answer = request.header(header::HOST, "status.example.com").send().await.unwrap();
    assert!(said(&answer, header::SET_COOKIE).ends_with("; Secure"));
}

#[tokio::test]
async fn programs_bring_the_key_as_a_bearer_token() {
    let server = locked().await;
    let ask = |token: &'static str| Client::new().get(server.url("/sites")).bearer_auth(token).send();
    assert_eq!(ask("wrong").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let answer = ask(KEY).await.unwrap();
    assert_eq!(said(&answer, header::CONTENT_TYPE), "application/json");
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["sites"][0]["serving"]["by"], "standby");
}

#[tokio::test]
async fn a_key_in_the_address_opens_the_page_only() {
    let server = locked().await;
    let answer = get(&server, &format!("/sites?key={KEY}")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn it_is_for_reading_only_and_other_paths_are_not_its_own() {
    let server = locked().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        for path in ["/", "/sites", "/metrics", "/public", "/badge.svg"] {
            let answer = Client::new().request(method.clone(), server.url(path)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(said(&answer, header::ALLOW), "GET, HEAD");
        }
    }
    assert_eq!(Client::new().head(server.url("/")).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for path in ["/push", "/sites/resume", "/favicon.ico"] {
        assert_eq!(get(&server, path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn alone_it_says_that_it_is_well_and_ends_when_it_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (end, ending) = tokio::sync::oneshot::channel::<()>();
    let source = std::sync::Arc::new(Told(vec![before().overview()]));
    let keys = Keys { page: Some(PageKey::new(&Secret::new(KEY))), public: Public::Closed };
    let serving = tokio::spawn(serve(listener, source, keys, None, async { drop(ending.await) }));
    let get = |path: &str| reqwest::get(format!("{base}{path}"));
    assert_eq!(get("/health").await.unwrap().status(), StatusCode::OK, "without a key");
    assert_eq!(get("/").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get("/push").await.unwrap().status(), StatusCode::NOT_FOUND);
    end.send(()).unwrap();
    serving.await.unwrap();
}

#[tokio::test]
async fn the_page_loads_when_nothing_answers() {
    let mut story = before();
    story.facts.state = None;
    story.facts.entries.clear();
    story = story.blind();
    story.facts.troubles = vec!["nothing has answered yet".to_owned()];
    let server = Server::start(Silent(vec![story.overview()]), None, story.now).await;
    let begun = std::time::Instant::now();
    let page = get(&server, "/").await.text().await.unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(page.contains("This is old.") && page.contains("<strong>unknown</strong>"), "{page}");
    let text = page.replace("<span>", "").replace("</span>", "");
    assert!(text.contains("failover send failover --site resume --force"));
}

/// Fields are added, never changed or removed: this is what others read.
#[tokio::test]
async fn the_json_keeps_its_shape() {
    let story = after();
    let server = Server::start(Told(vec![story.overview()]), None, story.now).await;
    let told: Value = get(&server, "/sites").await.json().await.unwrap();
    assert_eq!((&told["version"], &told["late"]), (&1.into(), &false.into()));
    assert_eq!(told["looked_at"], "2026-11-20T05:27:02Z");
    let site = &told["sites"][0];
    let keys: Vec<&String> = site.as_object().unwrap().keys().collect();
    assert_eq!(
        keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(" "),
        "asked at automatic checked_at dark decisions evidence findings hold maintenance moves next open pending primary_url public_url serving \
         site standby_url stuck switches tone troubles"
    );
    assert_eq!(site["serving"]["since"], "2026-11-20T03:12:40.63Z");
    assert_eq!(site["next"]["commands"][0]["send"], "failover send failback --site resume");
    assert_eq!(
        site["moves"][0]["stages"][0],
        serde_json::json!({
            "name": "detected", "at": "2026-11-20T03:12:37Z", "took_ms": 157_000, "total_ms": 157_000
        })
    );
    assert_eq!(site["moves"][0]["steps"][2]["step"], "route");
    assert_eq!(site["switches"][1]["observed"], serde_json::json!({ "at": "standby" }));
    assert_eq!(site["decisions"][0]["what"], "failover Done");
}
