//! The one HTTP client.

use super::{ApiError, ApiErrorKind};

/// Builds the HTTP client for Google's interfaces and for webhooks: once for the whole process, since every
/// client parses the system's certificates anew. Time limits are set on each request.
pub fn http_client() -> Result<reqwest::Client, ApiError> {
    let agent = concat!("cloud-failover/", env!("CARGO_PKG_VERSION"));
    reqwest::Client::builder().user_agent(agent).build().map_err(|error| ApiError {
        kind: ApiErrorKind::Refused,
        message: format!(
            "could not prepare for HTTPS: {}; install the CA certificates or point SSL_CERT_FILE to them",
            super::retry::causes(&error)
        ),
    })
}
