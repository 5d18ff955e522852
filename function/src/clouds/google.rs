//! Google's interfaces over JSON: Cloud Run Admin v2, Cloud Monitoring v3 and Compute Engine v1.
//!
//! What an answer holds is kept as it came, unknown fields included, so that what is written back loses nothing.

pub mod access_config;
pub mod alias_ip;
pub mod cloud_run_invoker;
mod compute;
pub mod credentials;
mod envelope;
pub(super) mod machine;
mod machines;
mod monitoring;
pub mod names;
mod permissions;
mod run;
pub mod uptime_check;

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::Value;

use super::{Cloud, Endpoints};
use crate::api::{
    ApiError, Pace,
    answer::{Answer, authorized, broken},
    fence,
    retry::{self, Failure},
    task::{Party, Task},
    tokens::{Token, Tokens},
};
use compute::ComputeApi;
use envelope::read;
use monitoring::MonitoringApi;
use permissions::AccessApi;
use run::RunApi;

pub use compute::At;
pub use monitoring::{Alert, alerts_on, watches};
pub use run::Located;

/// What all kinds of switches here ask by one account.
pub const CLOUD: Cloud = Cloud("google");

/// One of Google's interfaces: whom is asked.
const fn party(name: &'static str) -> Party {
    let renewal = "the credentials aren't accepted: on Cloud Run see that the service's account is there and enabled, \
                   elsewhere run gcloud auth application-default login";
    Party { name, renewal }
}

/// A client of Google's interfaces.
#[derive(Debug, Clone)]
pub struct Google {
    pub(super) http: reqwest::Client,
    pub(super) tokens: Arc<dyn Tokens>,
    pub(super) endpoints: Endpoints,
    pub(super) call_timeout: Duration,
    pub(super) pace: Pace,
}

/// A request before its token.
#[derive(Debug)]
struct Request<'a> {
    method: Method,
    url: String,
    query: &'a [(&'a str, &'a str)],
    body: Option<&'a Value>,
}

impl Google {
    /// Compute Engine's interface, asked by Google's client.
    pub fn compute(&self) -> ComputeApi<'_> {
        ComputeApi { google: self }
    }

    /// Cloud Monitoring's interface, asked by Google's client.
    pub fn monitoring(&self) -> MonitoringApi<'_> {
        MonitoringApi { google: self }
    }

    /// What tells who may what, asked by Google's client.
    pub fn access(&self) -> AccessApi<'_> {
        AccessApi { google: self }
    }

    /// Cloud Run's interface, asked by Google's client.
    pub fn run(&self) -> RunApi<'_> {
        RunApi { google: self }
    }

    async fn get(&self, task: &Task<'_>, url: String, query: &[(&str, &str)]) -> Result<Value, ApiError> {
        self.call(task, &Request { method: Method::GET, url, query, body: None }).await
    }

    async fn post(&self, task: &Task<'_>, url: String, body: &Value) -> Result<Value, ApiError> {
        self.call(task, &Request { method: Method::POST, url, query: &[], body: Some(body) }).await
    }

    /// Changes the one field that `mask` names. Without a mask Google replaces everything or all that is set.
    async fn patch(&self, task: &Task<'_>, url: String, mask: &str, body: &Value) -> Result<Value, ApiError> {
        let query = &[("updateMask", mask)];
        self.call(task, &Request { method: Method::PATCH, url, query, body: Some(body) }).await
    }

    async fn call(&self, task: &Task<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
        retry::persist(&self.pace, || self.attempt(task, request)).await
    }

    async fn attempt(&self, task: &Task<'_>, request: &Request<'_>) -> Result<Value, Failure> {
        read(&authorized(&*self.tokens, |token| self.send(task, request, token)).await?, task)
    }

    async fn send(&self, task: &Task<'_>, request: &Request<'_>, token: Token) -> Result<Answer, Failure> {
        if request.method != Method::GET {
            fence::check(task)?;
        }
        let mut sent = self.http.request(request.method.clone(), &request.url).query(request.query);
        sent = sent.bearer_auth(token.bearer.expose()).timeout(self.call_timeout);
        if let Some(project) = &token.quota_project {
            sent = sent.header("x-goog-user-project", project);
        }
        if let Some(body) = request.body {
            sent = sent.json(body);
        }
        let broken = |error: reqwest::Error| broken(task, &error, self.call_timeout);
        let response = sent.send().await.map_err(broken)?;
        Answer::receive(response).await.map_err(broken)
    }
}
