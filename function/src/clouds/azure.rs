//! Azure Resource Manager over JSON: network interfaces, and the operations that change them.
//!
//! What an answer holds is kept as it came, unknown fields included: an interface is written back as a whole, and what
//! is left out of it is switched off.

mod envelope;
mod interfaces;
pub mod ip_configuration;
pub(super) mod machine;
pub mod names;
mod operations;
mod permissions;
mod tokens;

use std::time::Duration;

use http::{
    HeaderValue, Method,
    header::{AUTHORIZATION, IF_MATCH},
};
use serde_json::Value;

use super::{Cloud, Endpoints};
use crate::api::{
    ApiError, ApiErrorKind, Pace, Secret,
    answer::{Answer, authorized, broken},
    fence,
    retry::{self, Failure},
    task::{Party, Task},
};
use envelope::accepted;
use tokens::Tokens;

pub use interfaces::{Deed, ETag};
pub use permissions::Permissions;
pub use tokens::Account;

/// The newest version that Microsoft's own clients use (azure-mgmt-network 33.1.0). An older one would not show newer
/// fields, and what isn't shown can't be written back.
const VERSION: &str = "2026-03-01";

/// What all kinds of switches here ask by one identity.
pub const CLOUD: Cloud = Cloud("azure");

/// Whom is asked.
const PARTY: Party = Party {
    name: "Azure",
    renewal: "the credentials aren't accepted: check the identity that they are of, or sign in anew",
};

/// The version in which machines are read (`Microsoft.Compute`, azure-mgmt-compute); of theirs only the zones matter.
const COMPUTE_VERSION: &str = "2024-07-01";

/// A client of Azure Resource Manager.
#[derive(Debug)]
pub struct Azure {
    http: reqwest::Client,
    tokens: Tokens,
    endpoints: Endpoints,
    call_timeout: Duration,
    pace: Pace,
}

/// A request before its token.
#[derive(Debug)]
struct Request<'a> {
    method: Method,
    url: &'a str,
    body: Option<(&'a ETag, &'a Value)>,
}

impl<'a> Request<'a> {
    fn get(url: &'a str) -> Self {
        Self { method: Method::GET, url, body: None }
    }
}

impl Azure {
    /// A client that makes its calls with `http` as `account`. Nothing is asked of anybody yet.
    pub(crate) fn new(
        http: reqwest::Client,
        account: Account,
        endpoints: Endpoints,
        call_timeout: Duration,
        pace: Pace,
    ) -> Self {
        let tokens = Tokens::new(http.clone(), account, &endpoints, call_timeout, pace);
        Self { http, tokens, endpoints, call_timeout, pace }
    }

    /// How patiently calls are tried again.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    async fn call(&self, task: &Task<'_>, request: &Request<'_>) -> Result<Answer, ApiError> {
        retry::persist(&self.pace, || self.attempt(task, request)).await
    }

    async fn attempt(&self, task: &Task<'_>, request: &Request<'_>) -> Result<Answer, Failure> {
        accepted(authorized(&self.tokens, |token| self.send(task, request, token)).await?, task)
    }

    async fn send(&self, task: &Task<'_>, request: &Request<'_>, token: Secret) -> Result<Answer, Failure> {
        if request.method != Method::GET {
            fence::check(task)?;
        }
        let unfit = |_| task.error(ApiErrorKind::Denied, "can't be shown a token that fits into no header");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(unfit)?;
        bearer.set_sensitive(true);
        let mut sent = self.http.request(request.method.clone(), request.url);
        sent = sent.header(AUTHORIZATION, bearer).timeout(self.call_timeout);
        if let Some((etag, body)) = request.body {
            sent = sent.header(IF_MATCH, etag.as_str()).json(body);
        }
        let broken = |error: reqwest::Error| broken(task, &error, self.call_timeout);
        let response = sent.send().await.map_err(broken)?;
        Answer::receive(response).await.map_err(broken)
    }
}
