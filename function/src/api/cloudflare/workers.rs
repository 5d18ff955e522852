//! Routes of Workers: which script runs on which URLs of a zone.
//!
//! Source: the page "Workers Routes" of Cloudflare's API reference, read 2026-11-29. It takes and returns
//! `request_limit_fail_open`, which the reference doesn't name.

use serde_json::Value;

use super::{Cloudflare, Purpose};
use crate::api::{ApiError, ApiErrorKind, names::HexId, task::Task};

fn task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    Task {
        provider: "Cloudflare",
        verb,
        subject,
        grant,
        missing: "check the zone, and that the scripts are deployed: terraform apply",
        refused: "check that the route's scripts are deployed: terraform apply",
    }
}

impl Cloudflare {
    /// Every route of a zone.
    pub async fn routes_of_workers(&self, purpose: Purpose, zone: &HexId) -> Result<Vec<Value>, ApiError> {
        let path = format!("zones/{zone}/workers/routes");
        let task = task("read", &path, "grant the token \"Workers Routes: Read\" on this zone");
        match self.get(&task, purpose, path.clone()).await? {
            Value::Array(routes) => Ok(routes),
            _ => Err(task.error(ApiErrorKind::Transient, "answered without a list of routes")),
        }
    }

    /// Replaces a route by `definition`, which has to be complete, and gives it as it is then.
    pub async fn set_worker_route(
        &self,
        zone: &HexId,
        route: &str,
        definition: &Value,
    ) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/workers/routes/{route}");
        let task = task("set", &path, "grant the token \"Workers Routes: Edit\" on this zone");
        self.put(&task, path.clone(), definition).await
    }
}
