//! Webhooks: Slack, Discord, ntfy, Apprise, and any program that takes a signed CloudEvent.
//!
//! A webhook's URL is its password: it never reaches a log; its host does.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use http::{HeaderMap, HeaderName, StatusCode, header};
use jiff::Timestamp;
use reqwest::{Client, Url};
use serde::Deserialize;

use super::{
    Announcement, CONTENT_TYPE, Outlet,
    letter::{self, Letter},
    signature::SigningKey,
};
use crate::api::{ApiError, ApiErrorKind, Secret, retry::causes};

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
    /// Where the status page is.
    page: Option<Url>,
    http: Client,
    call_timeout: Duration,
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
        Ok(Self { kind, url, host, key, page: None, http, call_timeout })
    }

    /// With a link to the status page in what people read.
    #[must_use]
    pub fn linking_to(self, page: Option<Url>) -> Self {
        Self { page, ..self }
    }

    fn letter(&self, told: &Announcement) -> Letter {
        let link = letter::link(self.page.as_ref(), told);
        let link = link.as_deref();
        match self.kind {
            WebhookKind::Slack => letter::slack(told, link),
            WebhookKind::Discord => letter::discord(told, link),
            WebhookKind::Ntfy => letter::ntfy(told, link),
            WebhookKind::Apprise => letter::apprise(told, link),
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
