//! Read-only requests, and their failures as sentences.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use super::super::exit::Failure;
use crate::api::Secret;

/// Nobody waits longer for one answer.
const WITHIN: Duration = Duration::from_secs(20);

/// Asks.
#[derive(Debug)]
pub(super) struct Web {
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    /// The HTTP status.
    pub(super) status: u16,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) text: String,
}

impl Answered {
    /// The body as JSON; null where it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// What the provider says is wrong, as Google and Cloudflare put it.
    pub(super) fn reason(&self) -> String {
        let json = self.json();
        let said = json.pointer("/error/message").or_else(|| json.pointer("/errors/0/message"));
        let code = json.pointer("/errors/0/code").map_or_else(String::new, |code| format!(" ({code})"));
        said.and_then(Value::as_str)
            .map_or_else(|| format!("status {}", self.status), |said| format!("{said}{code}"))
    }
}

impl Web {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { http: crate::api::http_client()? })
    }

    /// Asks for `url` with these headers.
    pub(super) async fn get(&self, url: &str, headers: HeaderMap) -> Result<Answered, Failure> {
        let sent = self.http.get(url).headers(headers).timeout(WITHIN).send();
        let refused = |error: reqwest::Error| {
            let why = crate::log::chain(&error.without_url());
            Failure::new(format!("{} gave no answer: {why}", place(url)))
        };
        let answer = sent.await.map_err(refused)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.map_err(refused)?;
        Ok(Answered { status, headers, text })
    }

    /// The same with a token as Cloudflare takes it.
    pub(super) async fn get_as(&self, url: &str, token: &Secret) -> Result<Answered, Failure> {
        let Ok(value) = format!("Bearer {}", token.expose()).parse() else {
            return Err(Failure::usage("a token is one word of plain characters, and that isn't"));
        };
        self.get(url, HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])).await
    }
}

fn place(url: &str) -> String {
    url::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| url.to_owned())
}
