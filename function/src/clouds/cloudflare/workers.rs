//! Workers: which script runs on which URLs of a zone, what is deployed in an account, and how much it has to do.
//!
//! Sources, read 2026-11-30: the pages "Workers Routes", "Scripts" and "Script and version settings" of Cloudflare's API
//! reference; "Querying Workers Metrics with GraphQL" of its analytics documentation. Routes are taken and returned with
//! `request_limit_fail_open`, which the reference doesn't name.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Cloudflare, Purpose, Request, answer};
use crate::{
    api::{ApiError, ApiErrorKind, task::Task},
    clouds::cloudflare::HexId,
};

const SCRIPTS: &str = "grant the token \"Workers Scripts: Read\" on the account";

/// The requests of all Workers of an account from one moment to another.
const REQUESTS: &str = "query Requests($account: string, $since: Time, $until: Time) { viewer { accounts(filter: \
                        {accountTag: $account}) { workersInvocationsAdaptive(limit: 1, filter: {datetime_geq: $since, \
                        datetime_leq: $until}) { sum { requests } } } } }";

fn task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    Task {
        provider: super::PARTY,
        verb,
        subject,
        grant,
        missing: "check the zone, and that the scripts are deployed: terraform apply",
        refused: "check that the route's scripts are deployed: terraform apply",
    }
}

/// Workers, their routes and their counts, asked for by the client.
#[derive(Debug, Clone, Copy)]
pub struct WorkersApi<'a> {
    pub(super) cloudflare: &'a Cloudflare,
}

impl WorkersApi<'_> {
    /// Every route of a zone.
    pub async fn worker_routes(self, purpose: Purpose, zone: &HexId) -> Result<Vec<Value>, ApiError> {
        let path = format!("zones/{zone}/workers/routes");
        let task = task("read", &path, "grant the token \"Workers Routes: Read\" on this zone");
        self.cloudflare.list(&task, purpose, &path, None).await
    }

    /// Replaces a route by `definition`, which has to be complete, and gives it as it is then.
    pub async fn set_worker_route(
        self,
        zone: &HexId,
        route: &str,
        definition: &Value,
    ) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/workers/routes/{route}");
        let task = task("set", &path, "grant the token \"Workers Routes: Edit\" on this zone");
        self.cloudflare.put(&task, path.clone(), definition).await
    }

    /// A script's text. Cloudflare sends modules as the parts of a form, and their text in it as it was deployed.
    pub async fn worker_script(self, account: &str, script: &str) -> Result<String, ApiError> {
        let path = format!("accounts/{account}/workers/scripts/{script}");
        self.cloudflare
            .ask(&task("read", &path, SCRIPTS), Purpose::Read, &Request::get(path.clone()), answer::text)
            .await
    }

    /// A script's settings, its bindings among them; secrets come without their texts.
    pub async fn worker_settings(self, account: &str, script: &str) -> Result<Value, ApiError> {
        let path = format!("accounts/{account}/workers/scripts/{script}/settings");
        self.cloudflare.get(&task("read", &path, SCRIPTS), Purpose::Read, path.clone()).await
    }

    /// How many requests all Workers of an account answered in the last 24 hours.
    pub async fn worker_requests(self, account: &str) -> Result<u64, ApiError> {
        let (path, until) = ("graphql".to_owned(), Timestamp::now());
        let subject = format!("the requests of account {account}");
        let task = task("read", &subject, "grant the token \"Account Analytics: Read\" on the account");
        let since = until - SignedDuration::from_hours(24);
        let variables =
            json!({ "account": account, "since": format!("{since:.0}"), "until": format!("{until:.0}") });
        let query = json!({ "query": REQUESTS, "variables": variables });
        let data =
            self.cloudflare.ask(&task, Purpose::Read, &Request::post(path, &query), answer::data).await?;
        // Where nothing was answered there is nothing to sum; without an account nothing is known.
        let accounts = data["viewer"]["accounts"].as_array().filter(|accounts| !accounts.is_empty());
        let groups = accounts.and_then(|accounts| {
            accounts
                .iter()
                .map(|account| account["workersInvocationsAdaptive"].as_array())
                .collect::<Option<Vec<_>>>()
        });
        let Some(groups) = groups else {
            return Err(task.error(ApiErrorKind::Transient, "answered without accounts"));
        };
        Ok(groups.into_iter().flatten().filter_map(|group| group["sum"]["requests"].as_u64()).sum())
    }
}
