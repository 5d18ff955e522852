//! Cloud Storage behind the journal: the function's own HTTP client and tokens under `object_store`.
//!
//! `object_store` speaks the XML API; its own configuration from the environment is not used.

use std::{sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, Error as StoreError, Result, RetryConfig, StaticCredentialProvider,
    gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder},
};

use super::{JournalSettings, copy::Copies, courier::Courier};

/// Tries after the first one. The caller's patience is the real limit, and it tries again by itself.
const RETRIES: usize = 3;

pub(super) fn open(bucket: &str, settings: JournalSettings) -> Result<(GoogleCloudStorage, Option<Copies>)> {
    let built = |source| StoreError::Generic { store: "Cloud Storage", source: Box::new(source) };
    let http = settings.http.map_or_else(|| reqwest::Client::builder().build(), Ok).map_err(built)?;
    let courier = Courier { http, tokens: settings.tokens };
    let copies = Copies::of(courier.clone(), bucket, settings.endpoint.as_ref());
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_credentials(Arc::new(StaticCredentialProvider::new(unsigned())))
        .with_retry(retry(settings.call_timeout))
        .with_http_connector(courier);
    if let Some(endpoint) = settings.endpoint {
        builder = builder.with_base_url(endpoint.as_str().trim_end_matches('/'));
    }
    Ok((builder.build()?, copies))
}

fn retry(call_timeout: Duration) -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(50),
        max_backoff: Duration::from_secs(1),
        base: 3.0,
    };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: call_timeout }
}

/// The courier puts the token on; without any credentials `object_store` would look for its own.
fn unsigned() -> GcpCredential {
    GcpCredential { bearer: String::new() }
}
