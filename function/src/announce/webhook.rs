//! Webhooks: Slack, Discord, ntfy, Apprise, and any program that takes a signed CloudEvent.
//!
//! A webhook's URL is its password: it never reaches a log; its host does.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::json;

use super::{Announcement, CONTENT_TYPE, Kind, Outlet, signature::SigningKey};
use crate::api::{ApiError, ApiErrorKind, Secret, retry::causes};
use crate::clouds::Severity;

/// Tries after the first.
const RETRIES: usize = 3;

/// Which chat or program a webhook belongs to: `[[webhooks]] kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookKind {
    /// Slack's "incoming webhooks".
    Slack,
    /// Discord's "execute webhook".
    Discord,
    /// An ntfy topic, on ntfy.sh or a server of one's own.
    Ntfy,
    /// Apprise's interface, which passes it on: e-mail, Telegram, Gotify, Pushover, Matrix and most others.
    Apprise,
    /// A CloudEvent in JSON, signed if there is a secret.
    Generic,
}

/// One webhook that is told everything.
pub struct Webhook {
    kind: WebhookKind,
    url: Url,
    host: String,
    key: Option<SigningKey>,
    http: Client,
    call_timeout: Duration,
}

/// What is sent: a body and its headers.
struct Letter {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Webhook {
    /// A webhook at `url`, told through the process's one HTTP client.
    ///
    /// # Errors
    /// When the URL or the secret can't be used; the text repeats neither.
    pub fn new(
        kind: WebhookKind,
        url: &Secret,
        secret: Option<&Secret>,
        http: Client,
        call_timeout: Duration,
    ) -> Result<Self, &'static str> {
        let url = Url::parse(url.expose()).map_err(|_| "it is not a URL")?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("it is not an https URL");
        }
        let host = url.host_str().ok_or("it has no host")?.to_owned();
        let key = secret.map(SigningKey::read).transpose()?;
        Ok(Self { kind, url, host, key, http, call_timeout })
    }

    fn letter(&self, told: &Announcement) -> Letter {
        match self.kind {
            WebhookKind::Slack => Letter::json(&json!({ "text": slack_text(told) })),
            WebhookKind::Discord => Letter::json(&json!({
                "content": format!("{} **{}**\n{}", told.symbol(), told.title(), told.short_sentence()),
                "allowed_mentions": { "parse": [] },
            })),
            WebhookKind::Ntfy => ntfy(told),
            WebhookKind::Apprise => apprise(told),
            WebhookKind::Generic => self.signed(told),
        }
    }

    fn signed(&self, told: &Announcement) -> Letter {
        let body = told.to_event().to_string().into_bytes();
        let second = Timestamp::now().as_second();
        let mut letter = Letter { headers: HeaderMap::new(), body };
        letter.set(header::CONTENT_TYPE, CONTENT_TYPE);
        letter.set(HeaderName::from_static("webhook-id"), &told.id);
        letter.set(HeaderName::from_static("webhook-timestamp"), &second.to_string());
        if let Some(key) = &self.key {
            let signature = key.sign(&told.id, second, &letter.body);
            letter.set(HeaderName::from_static("webhook-signature"), &signature);
        }
        letter
    }

    async fn send(&self, told: &Announcement) -> Result<(), Failure> {
        let Letter { headers, body } = self.letter(told);
        let request = self.http.post(self.url.clone()).headers(headers).body(body).timeout(self.call_timeout);
        let response = request.send().await.map_err(|error| Failure::of_transport(self, error))?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(Failure::of_status(self, status, response.headers())),
        }
    }
}

#[async_trait]
impl Outlet for Webhook {
    fn name(&self) -> String {
        format!("{:?} at {}", self.kind, self.host)
    }

    async fn deliver(&self, told: &Announcement) -> Result<(), ApiError> {
        let backoff = ExponentialBuilder::new().with_min_delay(Duration::from_millis(300)).with_jitter();
        (|| self.send(told))
            .retry(backoff.with_max_times(RETRIES))
            .when(|failure: &Failure| failure.error.kind == ApiErrorKind::Transient)
            .adjust(|failure, planned| planned.map(|pause| pause.max(failure.asked)))
            .await
            .map_err(|failure| failure.error)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Letter {
    fn json(body: &serde_json::Value) -> Self {
        let mut letter = Self { headers: HeaderMap::new(), body: body.to_string().into_bytes() };
        letter.set(header::CONTENT_TYPE, "application/json");
        letter
    }

    fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }
}

/// Slack, "Formatting text for app surfaces": these three characters are control characters.
fn slack_text(told: &Announcement) -> String {
    let sentence = told.short_sentence().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("{} *{}*\n{sentence}", told.symbol(), told.title())
}

/// ntfy, "Publishing": the body is the message, title and priority (1 to 5, 3 is ordinary) are headers.
fn ntfy(told: &Announcement) -> Letter {
    let (priority, tag) = match told.severity {
        Severity::Info => ("3", "information_source"),
        Severity::Warning => ("4", "warning"),
        Severity::Critical => ("5", "rotating_light"),
    };
    let mut letter = Letter { headers: HeaderMap::new(), body: told.short_sentence().into_bytes() };
    letter.set(HeaderName::from_static("title"), &told.title());
    letter.set(HeaderName::from_static("priority"), priority);
    letter.set(HeaderName::from_static("tags"), tag);
    letter
}

/// Apprise API, "Notify" (`POST /notify/KEY`): its four types stand for colours and signs.
fn apprise(told: &Announcement) -> Letter {
    let kind = match (told.severity, told.kind) {
        (Severity::Critical, _) => "failure",
        (Severity::Warning, _) => "warning",
        (Severity::Info, Kind::Ended | Kind::Recovered | Kind::Repaired | Kind::Drained) => "success",
        (Severity::Info, _) => "info",
    };
    Letter::json(
        &json!({ "title": told.title(), "body": told.short_sentence(), "type": kind, "format": "text" }),
    )
}

/// One try that failed, and the pause that the receiver asked for.
struct Failure {
    error: ApiError,
    asked: Duration,
}

impl Failure {
    fn of_transport(webhook: &Webhook, error: reqwest::Error) -> Self {
        let why = causes(&error.without_url());
        Self::new(ApiErrorKind::Transient, format!("no answer from {}: {why}", webhook.host))
    }

    fn of_status(webhook: &Webhook, status: StatusCode, headers: &HeaderMap) -> Self {
        let host = &webhook.host;
        let (kind, what_to_do) = match status.as_u16() {
            408 | 429 | 500..=599 => (ApiErrorKind::Transient, ""),
            401 | 403 => (ApiErrorKind::Denied, "; it was revoked or is mistyped: make a new one"),
            404 | 410 => (ApiErrorKind::Missing, "; it was deleted or is mistyped: make a new one"),
            _ => (ApiErrorKind::Refused, ""),
        };
        let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let asked = Duration::from_secs(seconds.unwrap_or_default());
        Self { asked, ..Self::new(kind, format!("{host} answered {status}{what_to_do}")) }
    }

    fn new(kind: ApiErrorKind, message: String) -> Self {
        Self { error: ApiError { kind, message }, asked: Duration::ZERO }
    }
}
