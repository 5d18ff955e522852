//! Cloud Storage behind the journal: the function's own HTTP client and tokens under `object_store`.
//!
//! `object_store` speaks the XML API; its own configuration from the environment is not used.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use object_store::{
    BackoffConfig, CredentialProvider, Error as StoreError, Result, RetryConfig, StaticCredentialProvider,
    gcp::{GcpCredential, GcpCredentialProvider, GoogleCloudStorage, GoogleCloudStorageBuilder},
};

use super::{JournalSettings, courier::Courier};
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
