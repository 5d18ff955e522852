//! Cloud Monitoring: uptime checks, alerting policies and alerts.
//!
//! Speaks v3 as the function does (`monitoring.googleapis.com`, discovery document of monitoring v3). There is
//! no etag here: the last writer wins, and a forgotten update mask replaces the whole check.

mod alerts;
mod checks;
mod config;
mod policies;
mod routes;
mod series;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

pub use self::alerts::Alert;
use self::routes::ROUTES;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::google;
use crate::google::access::Access;
use crate::google::refusal::{self, Refusal};

/// Changes of an uptime check.
pub(crate) const CHECK_KIND: &str = "monitoring.check";

#[derive(Debug, Default)]
struct MonitoringState {
    checks: BTreeMap<String, Map<String, Value>>,
    policies: BTreeMap<String, Value>,
    alerts: BTreeMap<String, Alert>,
    /// Alerts of other policies, as they are shown.
    others: Vec<Value>,
    /// Requests by service on Cloud Run, its last name alone.
    requests: BTreeMap<String, u64>,
}

/// Cloud Monitoring, as far as it can be asked and told.
#[derive(Debug)]
pub struct Monitoring {
    access: Arc<Access>,
    state: Mutex<MonitoringState>,
}

impl Monitoring {
    /// Without checks; asks `access` who may do what.
    pub fn new(access: Arc<Access>) -> Self {
        Self { access, state: Mutex::default() }
    }

    /// Adds an HTTPS check of `host`, enabled, with other people's settings in it.
    pub fn add_check(&self, name: &str, host: &str) {
        lock(&self.state).checks.insert(name.to_owned(), config::seeded(name, host));
    }

    /// So many requests have reached a service on Cloud Run, half of them an hour ago.
    pub fn count_requests(&self, service: &str, requests: u64) {
        lock(&self.state).requests.insert(service.to_owned(), requests);
    }

    /// Adds an alerting policy on a check, carrying the user label `failover_site`.
    pub fn add_policy(&self, check: &str, site: &str) {
        let name = Self::policy_of(check);
        let policy = policies::seeded(&name, check, site);
        lock(&self.state).policies.insert(name, policy);
    }

    /// The resource name of the policy on a check.
    pub fn policy_of(check: &str) -> String {
        policies::name_for(check)
    }

    /// The condition of that policy, as notifications repeat it.
    pub fn threshold_of(check_id: &str) -> Value {
        policies::threshold(check_id)
    }

    /// The check as it is stored.
    pub fn check(&self, name: &str) -> Option<Value> {
        lock(&self.state).checks.get(name).cloned().map(Value::Object)
    }

    /// Whether the check runs. One that doesn't exist doesn't.
    pub fn is_enabled(&self, name: &str) -> bool {
        lock(&self.state).checks.get(name).is_some_and(|check| !config::is_disabled(check))
    }

    /// Changes a check as somebody else would, past the interface.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        if let Some(check) = lock(&self.state).checks.get_mut(name) {
            change(check);
        }
    }

    /// Changes a policy as somebody else would.
    pub fn edit_policy(&self, name: &str, field: &str, value: &Value) {
        if let Some(policy) = lock(&self.state).policies.get_mut(name) {
            policy[field] = value.clone();
        }
    }

    /// Records an alert, or what has become of it.
    pub fn put_alert(&self, alert: Alert) {
        lock(&self.state).alerts.insert(alert.name(), alert);
    }

    /// Alerts of whatever policies, as they are shown, instead of those that were set so before.
    pub fn set_other_alerts(&self, alerts: Vec<Value>) {
        lock(&self.state).others = alerts;
    }

    /// Every alert of the project that is still open.
    pub fn open_alerts(&self) -> Vec<Alert> {
        lock(&self.state).alerts.values().filter(|alert| alert.is_open()).cloned().collect()
    }
}

impl Provider for Monitoring {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        google::settle(&ROUTES, (&self.state, &self.access, call), Refusal::unknown_route)
            .unwrap_or_else(Reply::from)
    }

    fn refusal(&self, status: u16) -> Reply {
        refusal::of_status(status)
    }

    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        ROUTES.kind(call)
    }
}

#[cfg(test)]
mod tests;
