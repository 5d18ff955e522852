//! Cloud Run's Admin API: services, their IAM policies and long-running operations.
//!
//! Speaks v2 as the function does (`run.googleapis.com`, discovery document of run v2) and the v1 forms that
//! `gcloud` uses. Whether a visitor gets in is [`Run::front_door`]'s word: a policy spreads with a delay.

pub mod door;
mod iam;
mod knative;
mod operations;
pub mod policy;
mod revisions;
mod routes;
mod seed;
mod services;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use self::door::{FrontDoor, Spread, Spreading};
use self::operations::Pending;
use self::policy::Policy;
use self::routes::ROUTES;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::google;
use crate::google::access::Access;
use crate::google::refusal::{self, Refusal};

/// Changes of a service's policy.
pub(crate) const POLICY_KIND: &str = "run.policy";
/// Changes of a service itself.
pub(crate) const SERVICE_KIND: &str = "run.service";

/// A service and everything that hangs on it.
#[derive(Debug)]
struct Service {
    /// The v2 resource, without what is computed when it is read.
    fields: Map<String, Value>,
    policy: Policy,
    spread: Spread,
    /// When the change that is under way will have settled.
    settles: Option<Instant>,
}

#[derive(Debug, Default)]
struct RunState {
    services: BTreeMap<String, Service>,
    operations: BTreeMap<String, Pending>,
    /// Domain restricted sharing: `allUsers` may not be granted anything.
    all_users_forbidden: bool,
    /// How long a patched service reconciles.
    operation_takes: Duration,
    /// How the next patches end, if not well: gRPC's code, and why.
    operation_fails: Option<(i64, String)>,
}

/// Cloud Run, as far as it can be asked and told.
#[derive(Debug)]
pub struct Run {
    access: Arc<Access>,
    spreading: Spreading,
    state: Mutex<RunState>,
}

impl Run {
    /// Without services; asks `access` who may do what. Policies take this long to spread.
    pub fn new(access: Arc<Access>, propagation: Duration) -> Self {
        let spreading = Spreading::After(propagation);
        Self { access, spreading, state: Mutex::default() }
    }

    /// Adds a service with a ready revision, closed to visitors, with other people's bindings in its policy.
    pub fn add_service(&self, name: &str, uri: &str) {
        let service = Service {
            fields: seed::service(name, uri),
            policy: Policy::seeded(),
            spread: Spread::new(self.spreading),
            settles: None,
        };
        lock(&self.state).services.insert(name.to_owned(), service);
    }

    /// The policy as it is stored.
    pub fn policy(&self, service: &str) -> Option<Value> {
        self.with(service, |service| service.policy.to_value())
    }

    /// Somebody else replaces the policy: its etag changes.
    pub fn replace_policy(&self, service: &str, policy: &Value) {
        self.with(service, |service| {
            service.policy.overwrite(policy);
            service.note_gate(Instant::now());
        });
    }

    /// Somebody else grants a role to a member: its etag changes.
    pub fn grant(&self, service: &str, role: &str, member: &str) {
        self.with(service, |service| {
            service.policy.grant(role, member);
            service.note_gate(Instant::now());
        });
    }

    /// Changes the service's own fields, such as `ingress`, `scaling` or `terminalCondition`.
    pub fn edit(&self, service: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        self.with(service, |service| {
            change(&mut service.fields);
            service.note_gate(Instant::now());
        });
    }

    /// The service as a v2 client reads it.
    pub fn service(&self, service: &str) -> Option<Value> {
        self.with(service, |service| Value::Object(service.read(Instant::now())))
    }

    /// How granting and revoking spread from now on.
    pub fn spread(&self, service: &str, granting: Spreading, revoking: Spreading) {
        self.with(service, |service| service.spread.set(granting, revoking));
    }

    /// Domain restricted sharing on or off.
    pub fn forbid_all_users(&self, forbidden: bool) {
        lock(&self.state).all_users_forbidden = forbidden;
    }

    /// Whether domain restricted sharing is on.
    pub fn forbids_all_users(&self) -> bool {
        lock(&self.state).all_users_forbidden
    }

    /// How long a patched service reconciles before its operation is done.
    pub fn operations_take(&self, duration: Duration) {
        lock(&self.state).operation_takes = duration;
    }

    /// From now on a patched service stays as it was: its operation ends with this error (gRPC's code, and why).
    pub fn operations_fail(&self, error: Option<(i64, &str)>) {
        lock(&self.state).operation_fails = error.map(|(code, why)| (code, why.to_owned()));
    }

    /// Whether the policy or the invoker check lets everybody in, however far that has spread.
    pub fn is_granted(&self, service: &str) -> bool {
        self.with(service, |service| service.is_granted()).unwrap_or_default()
    }

    /// What a visitor without a token meets at the service's address.
    pub fn front_door(&self, service: &str, now: Instant) -> FrontDoor {
        self.with(service, |service| service.front_door(now)).unwrap_or(FrontDoor::Hidden)
    }

    fn with<T>(&self, service: &str, work: impl FnOnce(&mut Service) -> T) -> Option<T> {
        lock(&self.state).services.get_mut(service).map(work)
    }
}

impl Provider for Run {
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
