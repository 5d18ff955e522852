//! Cloudflare's interface: one page rule, or one Single Redirect in its ruleset.
//!
//! Requests go through the `cloudflare` crate's client. Answers are taken as raw bytes, because the crate itself
//! never looks at `success`, and a failure may arrive with status 200.

mod answer;
mod rules;
mod tokens;

use std::{fmt, sync::OnceLock, time::Duration};

use ::cloudflare::framework::{
    Environment,
    auth::Credentials,
    client::{ClientConfig, async_api::Client},
    endpoint::{Method, RequestBody, spec::EndpointSpec},
};
use serde_json::Value;

use super::{
    ApiError, ApiErrorKind, Endpoints, Pace, Secret,
    retry::{self, Failure},
    task::Task,
};

/// A client of Cloudflare's interface.
pub struct Cloudflare {
    base: String,
    token: Option<Secret>,
    /// Built at the first call, since it reads the system's certificates anew; where that fails, every call says why.
    client: OnceLock<Result<Client, ApiError>>,
    call_timeout: Duration,
    pace: Pace,
}

/// One request, below `/client/v4`.
#[derive(Debug)]
struct Request {
    method: Method,
    path: String,
    body: Option<String>,
}

impl EndpointSpec for Request {
    const IS_RAW_BODY: bool = true;
    type JsonResponse = ();
    type ResponseType = Vec<u8>;

    fn method(&self) -> Method {
        self.method.clone()
    }

    fn path(&self) -> String {
        self.path.clone()
    }

    fn body(&self) -> Option<RequestBody<'_>> {
        self.body.clone().map(RequestBody::Json)
    }
}

impl Cloudflare {
    /// A client with this token.
    pub fn new(endpoints: &Endpoints, token: Option<Secret>, call_timeout: Duration, pace: Pace) -> Self {
        // Without the slash the base's last part would be lost.
        let base = endpoints.cloudflare() + "/";
        Self { base, token, client: OnceLock::new(), call_timeout, pace }
    }

    /// The whole address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn get(&self, task: &Task<'_>, path: String) -> Result<Value, ApiError> {
        self.call(task, &Request { method: Method::GET, path, body: None }).await
    }

    async fn patch(&self, task: &Task<'_>, path: String, body: &Value) -> Result<Value, ApiError> {
        self.call(task, &Request { method: Method::PATCH, path, body: Some(body.to_string()) }).await
    }

    /// Asks until there is an answer, and gives the `result` in it.
    async fn call(&self, task: &Task<'_>, request: &Request) -> Result<Value, ApiError> {
        let client = self.client.get_or_init(|| self.build()).as_ref().map_err(Clone::clone)?;
        retry::persist(&self.pace, || async {
            match client.request(request).await {
                Ok(body) => answer::read(task, &body).map_err(Failure::from),
                Err(failure) => Err(answer::failed(task, failure, self.call_timeout)),
            }
        })
        .await
    }

    fn build(&self) -> Result<Client, ApiError> {
        let Some(token) = self.token.as_ref().filter(|token| !token.is_empty()) else {
            let message =
                "there is no Cloudflare token; set CLOUDFLARE_API_TOKEN or CLOUDFLARE_API_TOKEN_FILE";
            return Err(ApiError { kind: ApiErrorKind::Denied, message: message.to_owned() });
        };
        // The reqwest inside the crate panics where no TLS provider is installed. A second installation is refused,
        // which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let credentials = Credentials::UserAuthToken { token: token.expose().to_owned() };
        let config = ClientConfig { http_timeout: self.call_timeout, ..ClientConfig::default() };
        let environment = Environment::Custom(self.base.clone());
        Client::new(credentials, config, environment).map_err(|error| ApiError {
            kind: ApiErrorKind::Refused,
            message: format!("could not prepare for Cloudflare: {}", retry::causes(&error)),
        })
    }
}

impl fmt::Debug for Cloudflare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloudflare")
            .field("base", &self.base)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
