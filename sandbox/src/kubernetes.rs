//! A Kubernetes cluster's interface, as far as the scale of deployments goes, and the deployments that are primaries.
//!
//! As strict as the real one: content types of patches, resource versions, grants by verb, resource, namespace and
//! name, `Status` objects (the reference of `apps/v1` and `autoscaling/v1` and "API Concepts", read 2026-11-20). What
//! is told of a deployment lags behind a change, and pods aren't ready at once, where a test says so.

mod deployment;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;

use self::deployment::Deployment;
use self::status::KubernetesDenied;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::frame::routes::{Route, Routes};

/// The namespace that the primaries are in.
pub const NAMESPACE: &str = "web";
/// The token of the function's account, the only one that is good.
pub const TOKEN: &str = "sandbox-kubernetes-token-0123456789abcdef";
/// What its role grants: exactly what `kubernetes/components/scale-access` does.
const GRANTS: [(&str, &str); 2] = [("get", "deployments"), ("patch", "deployments/scale")];

/// A cluster.
#[derive(Debug)]
pub struct Kubernetes(Mutex<KubernetesState>);

#[derive(Debug)]
struct KubernetesState {
    deployments: BTreeMap<(String, String), Deployment>,
    grants: BTreeSet<(String, String)>,
    /// Of which deployments the role is: it names each, and is in its namespace.
    granted: BTreeSet<(String, String)>,
    /// How long it takes until a pod that is started is ready.
    starting_takes: Duration,
}

impl Default for Kubernetes {
    fn default() -> Self {
        let grants = GRANTS.iter().map(|(verb, on)| ((*verb).to_owned(), (*on).to_owned())).collect();
        let (deployments, granted) = (BTreeMap::new(), BTreeSet::new());
        Self(Mutex::new(KubernetesState { deployments, grants, granted, starting_takes: Duration::ZERO }))
    }
}

/// With the namespace and the name that the path tells.
type Does = fn(&mut KubernetesState, &Call, (&str, &str)) -> Result<Reply, KubernetesDenied>;

const ROUTES: Routes<Does> = Routes::new(
    "kubernetes.unknown",
    &[
        Route::get(
            "/apis/apps/v1/namespaces/{*}/deployments/{*}",
            "kubernetes.get_deployment",
            |state, call, key| state.get(call, key),
        ),
        Route::get(
            "/apis/apps/v1/namespaces/{*}/deployments/{*}/scale",
            "kubernetes.get_scale",
            |state, call, key| state.get_scale(call, key),
        ),
        Route::patch(
            "/apis/apps/v1/namespaces/{*}/deployments/{*}/scale",
            "kubernetes.patch_scale",
            KubernetesState::patch_scale,
        ),
    ],
);

impl Kubernetes {
    /// Adds a deployment of one replica that is ready, and a role for it.
    pub fn add(&self, namespace: &str, name: &str) {
        let key = (namespace.to_owned(), name.to_owned());
        let state = &mut *lock(&self.0);
        state.granted.insert(key.clone());
        state.deployments.insert(key, Deployment::new(namespace, name));
    }

    /// Somebody deletes a deployment; the role for it stays.
    pub fn delete(&self, namespace: &str, name: &str) {
        lock(&self.0).deployments.remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// How long pods take from now on until they are ready.
    pub fn starting_takes(&self, time: Duration) {
        lock(&self.0).starting_takes = time;
    }

    /// Takes a verb on a resource from the function's role.
    pub fn deny(&self, verb: &str, resource: &str) {
        lock(&self.0).grants.remove(&(verb.to_owned(), resource.to_owned()));
    }

    /// Somebody with all rights sets how many replicas a primary should have.
    pub fn scale(&self, name: &str, replicas: u64) {
        let state = &mut *lock(&self.0);
        let key = (NAMESPACE.to_owned(), name.to_owned());
        if let Some(deployment) = state.deployments.get_mut(&key) {
            deployment.scale(replicas, Instant::now(), state.starting_takes);
        }
    }

    /// How many replicas a primary should have.
    pub fn replicas(&self, name: &str) -> u64 {
        let key = (NAMESPACE.to_owned(), name.to_owned());
        lock(&self.0).deployments.get(&key).map_or(0, |deployment| deployment.replicas)
    }

    /// The deployment as the interface shows it.
    pub fn deployment(&self, name: &str) -> Option<Value> {
        let key = (NAMESPACE.to_owned(), name.to_owned());
        lock(&self.0).deployments.get(&key).map(|deployment| deployment.view(Instant::now()))
    }

    /// Whether a pod of this primary is ready, or it isn't one of a cluster.
    pub(crate) fn runs(&self, name: &str) -> bool {
        let key = (NAMESPACE.to_owned(), name.to_owned());
        lock(&self.0).deployments.get(&key).is_none_or(|deployment| deployment.serves(Instant::now()))
    }

    /// A kubeconfig of the function's account at this address.
    pub fn kubeconfig(server: &Url) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: home\nclusters:\n- name: home\n  cluster:\n    server: {server}\n\
             users:\n- name: failover\n  user:\n    token: {TOKEN}\ncontexts:\n- name: home\n  context:\n    cluster: home\n    \
             user: failover\n"
        )
    }
}

impl KubernetesState {
    fn settle(&mut self, call: &Call) -> Result<Reply, KubernetesDenied> {
        match ROUTES.find(call) {
            Some((route, names)) => (route.does)(self, call, (&names[0], &names[1])),
            None if ROUTES.knows_path(call) => Err(KubernetesDenied::not_allowed()),
            None => Err(KubernetesDenied::unknown_route()),
        }
    }

    fn get(&self, call: &Call, key: (&str, &str)) -> Result<Reply, KubernetesDenied> {
        self.may(call, "get", "deployments", key)?;
        status::check_query(call, &["timeout", "pretty"])?;
        Ok(Reply::json(200, &self.find(key)?.view(Instant::now())))
    }

    fn get_scale(&self, call: &Call, key: (&str, &str)) -> Result<Reply, KubernetesDenied> {
        self.may(call, "get", "deployments/scale", key)?;
        status::check_query(call, &["timeout", "pretty"])?;
        Ok(Reply::json(200, &self.find(key)?.scale_view(Instant::now())))
    }

    /// Who may is asked before it is said whether there is such a thing.
    fn may(
        &self,
        call: &Call,
        verb: &str,
        resource: &str,
        (namespace, name): (&str, &str),
    ) -> Result<(), KubernetesDenied> {
        let user = match call.bearer() {
            Some(TOKEN) => "system:serviceaccount:web:failover",
            Some(_) => return Err(KubernetesDenied::unauthorized()),
            None => "system:anonymous",
        };
        let granted = self.grants.contains(&(verb.to_owned(), resource.to_owned()))
            && self.granted.contains(&(namespace.to_owned(), name.to_owned()));
        if granted && user != "system:anonymous" {
            return Ok(());
        }
        Err(KubernetesDenied::forbidden(&format!(
            "deployments.apps \"{name}\" is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API \
             group \"apps\" in the namespace \"{namespace}\""
        )))
    }

    fn find(&self, (namespace, name): (&str, &str)) -> Result<&Deployment, KubernetesDenied> {
        let found = self.deployments.get(&(namespace.to_owned(), name.to_owned()));
        found.ok_or_else(|| KubernetesDenied::not_found(name))
    }

    fn patch_scale(
        &mut self,
        call: &Call,
        (namespace, name): (&str, &str),
    ) -> Result<Reply, KubernetesDenied> {
        self.may(call, "patch", "deployments/scale", (namespace, name))?;
        status::check_query(
            call,
            &["dryRun", "fieldManager", "fieldValidation", "timeout", "pretty", "force"],
        )?;
        let takes = self.starting_takes;
        let known = self.deployments.get_mut(&(namespace.to_owned(), name.to_owned()));
        let deployment = known.ok_or_else(|| KubernetesDenied::not_found(name))?;
        let now = Instant::now();
        let patch = status::patch(call, &deployment.scale_view(now))?;
        let wanted = deployment.check(&patch, status::is_strict(call)?)?;
        if status::only_tries(call)? {
            let mut tried = deployment.clone();
            tried.scale(wanted, now, takes);
            return Ok(Reply::json(200, &tried.scale_view(now)));
        }
        deployment.scale(wanted, now, takes);
        Ok(Reply::json(200, &deployment.scale_view(now)))
    }
}

impl Provider for Kubernetes {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        lock(&self.0).settle(call).unwrap_or_else(Reply::from)
    }

    fn refusal(&self, status: u16) -> Reply {
        KubernetesDenied::of_status(status).into()
    }

    /// What is only tried changes nothing.
    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        let tries = call.query("dryRun") == Some("All");
        if tries { Kind::Read } else { ROUTES.kind(call) }
    }
}

#[cfg(test)]
mod tests;
