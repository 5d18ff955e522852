//! Cloud Storage behind the journal: the function's own HTTP client and tokens under `object_store`.
//!
//! `object_store` speaks the XML API. Answers that no retry changes are handed through it as a [`Refusal`], since its
//! own errors hide the status of a listing.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::StatusCode;
use object_store::{
    BackoffConfig, ClientOptions, CredentialProvider, Error as StoreError, Result, RetryConfig,
    StaticCredentialProvider,
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
    gcp::{GcpCredential, GcpCredentialProvider, GoogleCloudStorage, GoogleCloudStorageBuilder},
};

use super::JournalSettings;
use crate::api::ApiError;

/// Where access tokens come from.
#[async_trait]
pub trait Tokens: fmt::Debug + Send + Sync {
    /// A token that is valid now.
    async fn token(&self) -> Result<String, ApiError>;
}

/// Tries after the first one. The caller's patience is the real limit, and it tries again by itself.
const RETRIES: usize = 3;

pub(super) fn open(bucket: &str, settings: JournalSettings) -> Result<GoogleCloudStorage> {
    let http = settings.http.map_or_else(|| reqwest::Client::builder().build(), Ok).map_err(store_error)?;
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_credentials(credentials(settings.tokens))
        .with_retry(retry(settings.call_timeout))
        .with_http_connector(Courier(http));
    if let Some(endpoint) = settings.endpoint {
        builder = builder.with_base_url(endpoint.as_str().trim_end_matches('/'));
    }
    builder.build()
}

fn retry(call_timeout: Duration) -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(50),
        max_backoff: Duration::from_secs(1),
        base: 3.0,
    };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: call_timeout }
}

fn credentials(tokens: Option<Arc<dyn Tokens>>) -> GcpCredentialProvider {
    match tokens {
        Some(tokens) => Arc::new(Bearer(tokens)),
        None => Arc::new(StaticCredentialProvider::new(GcpCredential { bearer: String::new() })),
    }
}

fn store_error(source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Generic { store: "Cloud Storage", source: Box::new(source) }
}

/// The function's tokens, as `object_store` asks for them.
#[derive(Debug)]
struct Bearer(Arc<dyn Tokens>);

#[async_trait]
impl CredentialProvider for Bearer {
    type Credential = GcpCredential;

    async fn get_credential(&self) -> Result<Arc<GcpCredential>> {
        let bearer = self.0.token().await.map_err(store_error)?;
        Ok(Arc::new(GcpCredential { bearer }))
    }
}

/// Carries requests with the function's HTTP client and turns final answers into refusals.
#[derive(Debug, Clone)]
struct Courier(reqwest::Client);

impl HttpConnector for Courier {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Courier {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = self.0.call(request).await?;
        match response.status() {
            status @ (StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND) => {
                let body = response.into_body().bytes().await?;
                let body = String::from_utf8_lossy(&body).into_owned();
                Err(HttpError::new(HttpErrorKind::Unknown, Refusal { status, body }))
            }
            _ => Ok(response),
        }
    }
}

/// A final answer of Cloud Storage.
#[derive(Debug, thiserror::Error)]
#[error("{status}")]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    body: String,
}

impl Refusal {
    /// Whether it is the bucket that is missing, rather than an object in it.
    pub(super) fn lacks_bucket(&self) -> bool {
        self.element("Code") == Some("NoSuchBucket")
    }

    /// The provider's own words, cut to a line.
    pub(super) fn says(&self) -> String {
        let words = self.element("Details").or_else(|| self.element("Message")).unwrap_or(&self.body);
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(300).collect()
    }

    /// The text of an element of Cloud Storage's small XML error documents.
    fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    }
}
