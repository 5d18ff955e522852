//! A Kubernetes cluster's interface, for one thing: how many replicas a deployment has.
//!
//! Source: the reference of `apps/v1` Deployment and `autoscaling/v1` Scale, and "API Concepts" (patches, dry runs,
//! `Status`), read 2026-11-20. Whom to ask and as whom is read anew for each call, since tokens and certificates are
//! replaced in their files.

mod access;
mod envelope;
mod kubeconfig;
pub mod scale;
mod yaml;

use std::{fmt, sync::Mutex, time::Duration};

use http::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::Cloud;
use crate::api::{
    ApiError, ApiErrorKind, Pace,
    answer::{Answer, broken},
    fence,
    retry::{self, Failure, root_cause},
    task::{Party, Task},
};
use access::Trust;
use envelope::read;

pub use access::{Source, in_this_pod};

/// What all kinds of switches here ask by a kubeconfig, or by the account of the pod that this is.
pub const CLOUD: Cloud = Cloud("kubernetes");

/// Whom is asked.
const PARTY: Party = Party {
    name: "Kubernetes",
    renewal: "the token isn't accepted: make a new one and write it to where the kubeconfig has it from",
};

const GRANT: &str = "grant the account get on deployments and patch on deployments/scale, as \
                     kubernetes/components/scale-access does, and check namespace and name: of what isn't granted a \
                     cluster doesn't say whether it is there";
const MISSING: &str = "check namespace and name: kubectl get deployments --all-namespaces";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A deployment of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentName {
    /// The namespace.
    pub namespace: String,
    /// The deployment itself.
    pub deployment: String,
}

/// How many replicas a deployment has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// How many it should have.
    pub wanted: u32,
    /// How many of them are ready.
    pub ready: u32,
    /// Whether what is told of the ready ones is about what is wanted now.
    pub current: bool,
}

impl Scale {
    /// Whether all that are wanted are ready.
    pub fn is_ready(&self) -> bool {
        self.current && self.ready >= self.wanted
    }
}

/// A client of one cluster.
#[derive(Debug)]
pub struct Kubernetes {
    source: Source,
    call_timeout: Duration,
    pace: Pace,
    /// The HTTP client with what it trusts: each parses certificates anew.
    client: Mutex<Option<(Trust, reqwest::Client)>>,
}

impl fmt::Display for DeploymentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "namespaces/{}/deployments/{}", self.namespace, self.deployment)
    }
}

impl Kubernetes {
    /// A client of the cluster that `source` leads to; nothing is read yet.
    pub fn new(source: Source, call_timeout: Duration, pace: Pace) -> Self {
        Self { source, call_timeout, pace, client: Mutex::default() }
    }

    /// How many replicas a deployment has and should have.
    pub async fn scale(&self, name: &DeploymentName) -> Result<Scale, ApiError> {
        let subject = name.to_string();
        let task = task("read", &subject);
        let deployment = self.call(&task, Method::GET, &name.path(), None).await?;
        read_scale(&deployment).ok_or_else(|| told_nothing(&task))
    }

    /// Sets how many replicas a deployment should have, and returns how many the cluster says it should have now.
    /// The deployment's other fields are not sent. Tried only, nothing changes.
    pub async fn set_scale(
        &self,
        name: &DeploymentName,
        replicas: u32,
        really: Really,
    ) -> Result<u32, ApiError> {
        let subject = name.to_string();
        let task = task("scale", &subject);
        let mut path = format!("{}/scale", name.path());
        if really == Really::TryOnly {
            path.push_str("?dryRun=All");
        }
        let patch = json!({ "spec": { "replicas": replicas } });
        let scale = self.call(&task, Method::PATCH, &path, Some(&patch)).await?;
        // None at all are left out.
        if scale["kind"] == "Scale" {
            return Ok(number(&scale["spec"]["replicas"]));
        }
        Err(told_nothing(&task))
    }

    async fn call(
        &self,
        task: &Task<'_>,
        method: Method,
        path: &str,
        patch: Option<&Value>,
    ) -> Result<Value, ApiError> {
        retry::persist(&self.pace, || self.attempt(task, method.clone(), path, patch)).await
    }

    async fn attempt(
        &self,
        task: &Task<'_>,
        method: Method,
        path: &str,
        patch: Option<&Value>,
    ) -> Result<Value, Failure> {
        let access = self
            .source
            .read()
            .await
            .map_err(|why| task.error(ApiErrorKind::Refused, &format!("was not asked: {why}")))?;
        let client = self
            .client(&access.trust)
            .map_err(|why| task.error(ApiErrorKind::Refused, &format!("was not asked: {why}")))?;
        if patch.is_some() {
            fence::check(task)?;
        }
        let mut request =
            client.request(method, format!("{}{path}", access.server)).timeout(self.call_timeout);
        if let Some(bearer) = &access.bearer {
            request = request.bearer_auth(bearer.expose());
        }
        if let Some(patch) = patch {
            request = request.header(CONTENT_TYPE, MERGE_PATCH).body(patch.to_string());
        }
        let broken = |error: reqwest::Error| {
            untrusted(task, &error).unwrap_or_else(|| broken(task, &error, self.call_timeout))
        };
        let response = request.send().await.map_err(broken)?;
        read(&Answer::receive(response).await.map_err(broken)?, task)
    }

    /// The client that trusts what is to be trusted now.
    fn client(&self, trust: &Trust) -> Result<reqwest::Client, String> {
        let mut known = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, client)) = known.as_ref().filter(|(trusted, _)| trusted == trust) {
            return Ok(client.clone());
        }
        let client = trust.client()?;
        *known = Some((trust.clone(), client.clone()));
        Ok(client)
    }
}

/// Whether a change is to be made, or only to be tried (`dryRun`): then all is checked and nothing is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Really {
    /// It is made.
    Make,
    /// It is tried.
    TryOnly,
}

impl DeploymentName {
    fn path(&self) -> String {
        format!("/apis/apps/v1/{self}")
    }
}

fn task<'a>(verb: &'static str, subject: &'a str) -> Task<'a> {
    Task { provider: PARTY, verb, subject, grant: GRANT, missing: MISSING, refused: "" }
}

/// A certificate that isn't trusted is not trusted by trying again. The cluster isn't known by it, so nothing was told to
/// whoever answers there.
fn untrusted(task: &Task<'_>, error: &reqwest::Error) -> Option<Failure> {
    let cause = root_cause(error);
    let why = cause.split_once("invalid peer certificate")?.1;
    let mend = if why.contains("NotValidForName") {
        "write the server as its certificate names it"
    } else if why.contains("Expired") || why.contains("NotValidYet") {
        "renew the cluster's certificate, or set the clock"
    } else {
        "certificate-authority has to be the certificate of the authority that issued the cluster's; the cluster's own \
         certificate, or an authority that answers for itself, is taken by kubectl but not here"
    };
    let at = error.url().map(|url| format!(" at {}", url.origin().ascii_serialization())).unwrap_or_default();
    let what = format!("is not trusted{at}: {cause}; {mend}");
    Some(task.error(ApiErrorKind::Refused, &what).into())
}

fn told_nothing(task: &Task<'_>) -> ApiError {
    task.error(ApiErrorKind::Transient, "answered without the number of replicas")
}

/// What a deployment tells; `None` if it is none. Ready ones are left out where there are none, wanted ones never.
fn read_scale(deployment: &Value) -> Option<Scale> {
    if deployment["kind"] != "Deployment" {
        return None;
    }
    let wanted = deployment["spec"]["replicas"].as_u64()?;
    let status = &deployment["status"];
    let generation = deployment["metadata"]["generation"].as_u64().unwrap_or_default();
    let seen = status["observedGeneration"].as_u64().unwrap_or_default();
    Some(Scale {
        wanted: u32::try_from(wanted).unwrap_or(u32::MAX),
        ready: number(&status["readyReplicas"]),
        current: seen >= generation,
    })
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
