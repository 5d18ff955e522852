//! A headless Chromium, driven through the `WebDriver` interface of its driver: plain JSON over HTTP.
//!
//! `.ci/browser` installs both. Without them a test says that it was skipped, and fails if
//! `FAILOVER_REQUIRE_CHROMIUM=1` says that it must not be.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// What keeps a fresh browser from calling home.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
];
/// Most that a page takes to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a page is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) phone: bool,
}

/// A browser with one window.
pub(crate) struct Chromium {
    http: Client,
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Chromium {
    /// A fresh browser; none where it isn't installed.
    pub(crate) async fn start() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut driver) = driver else {
            let required = std::env::var("FAILOVER_REQUIRE_CHROMIUM").is_ok_and(|value| value == "1");
            assert!(!required, "chromedriver can't be started; .ci/browser installs it");
            say(
                "SKIPPED: the page in a browser, since chromedriver can't be started; .ci/browser installs it",
            );
            return None;
        };
        let port = port(&mut driver).await;
        let profile = TempDir::new().unwrap();
        let http = Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        let arguments: Vec<String> = ARGUMENTS
            .iter()
            .map(ToString::to_string)
            .chain([format!("--user-data-dir={}", profile.path().display())])
            .collect();
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let root = format!("http://127.0.0.1:{port}/session");
        let made = post(&http, &root, &capabilities).await;
        let session = format!("{root}/{}", made["sessionId"].as_str().unwrap());
        Some(Self { http, session, driver, _profile: profile })
    }

    /// Opens `url` on a screen, in `dark` or in `light`.
    pub(crate) async fn show(&self, url: &str, screen: Screen, scheme: &str) {
        let size = json!({
            "width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.phone
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", scheme).await;
        self.command("url", &json!({ "url": url })).await;
    }

    /// Follows a link to `url` on a page of another site.
    pub(crate) async fn follow_from_elsewhere(&self, url: &str) {
        let page = format!("data:text/html,<a href=\"{url}\">status</a>");
        self.command("url", &json!({ "url": page })).await;
        let link = self.command("element", &json!({ "using": "css selector", "value": "a" })).await;
        self.command(&format!("element/{}/click", reference(&link)), &json!({})).await;
    }

    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let field = self.command("element", &json!({ "using": "css selector", "value": selector })).await;
        self.command(&format!("element/{}/value", reference(&field)), &json!({ "text": text })).await;
    }

    pub(crate) async fn address(&self) -> String {
        let answer = self.http.get(format!("{}/url", self.session)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["value"].as_str().unwrap().to_owned()
    }

    /// What a script in the page returns; the page's own policy doesn't bind the driver.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// What the browser had to complain of since it was asked last.
    pub(crate) async fn complaints(&self) -> Vec<Value> {
        self.command("se/log", &json!({ "type": "browser" })).await.as_array().unwrap().clone()
    }

    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    /// Waits until all of these are visible somewhere on the page.
    #[track_caller]
    pub(crate) fn sees<'a>(&'a self, name: &'a str, texts: &'a [&str]) -> impl Future<Output = ()> + 'a {
        self.waits_for(name, texts, "return document.body.innerText".to_owned())
    }

    /// Waits until all of these are visible without scrolling.
    pub(crate) async fn sees_at_once(&self, name: &str, texts: &[&str], height: u32) {
        let script = format!(
            "return [...document.body.querySelectorAll('h2,h3,p,li,a,td,th,span')]\
             .filter(e => e.getBoundingClientRect().height && e.getBoundingClientRect().bottom <= {height})\
             .map(e => e.innerText).join('\\n')"
        );
        self.waits_for(name, texts, script).await;
    }

    async fn waits_for(&self, name: &str, texts: &[&str], script: String) {
        let begun = std::time::Instant::now();
        loop {
            let shown = self.run(&script).await;
            let shown = shown.as_str().unwrap_or_default();
            let missing: Vec<&&str> = texts.iter().filter(|text| !shown.contains(**text)).collect();
            if missing.is_empty() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{name}: {missing:?} in\n{shown}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A PNG of what is seen, or of the whole page.
    pub(crate) async fn picture(&self, whole: bool) -> Vec<u8> {
        let taken = json!({ "format": "png", "captureBeyondViewport": whole });
        let answer = if whole {
            let size = self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
            let clip = json!({
                "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1
            });
            let whole = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
            self.devtools("Page.captureScreenshot", whole).await
        } else {
            self.devtools("Page.captureScreenshot", taken).await
        };
        STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// Keeps a picture of the whole page for people to look at.
    pub(crate) async fn keep_picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.picture(true).await).unwrap();
    }

    /// Ends the browser and its driver.
    pub(crate) async fn end(mut self) {
        let ended = self.http.delete(&self.session).send().await;
        drop(ended);
        self.driver.kill().await.unwrap();
    }

    async fn command(&self, path: &str, body: &Value) -> Value {
        post(&self.http, &format!("{}/{path}", self.session), body).await
    }
}

async fn post(http: &Client, url: &str, body: &Value) -> Value {
    let answer: Value = http.post(url).json(body).send().await.unwrap().json().await.unwrap();
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{url}: {value}");
    value
}

/// The driver's word for an element.
fn reference(element: &Value) -> &str {
    element.as_object().unwrap().values().next().unwrap().as_str().unwrap()
}

/// Reads the port from the driver's first lines, and goes on reading, so that it never waits for a reader.
async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.').parse().unwrap();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port;
        }
    }
    panic!("chromedriver ended without a word of its port")
}

/// Written past the test runner, which shows the output of failed tests only.
pub(crate) fn say(text: &str) {
    let _written = writeln!(io::stderr(), "{text}");
}
