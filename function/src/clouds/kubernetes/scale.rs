//! A deployment of a Kubernetes cluster that is the primary: it runs, or it is scaled down.
//!
//! Only the number of replicas is written, by a merge patch of the scale subresource (`autoscaling/v1` Scale), so nobody
//! else's fields are. It is read first: a deployment with more replicas than are asked for keeps them. That the pods
//! are ready takes its time after a write, and is seen by looking (`takes_at_most`).

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Change, Checked, Clients, Keys, Observation, Operation, Problem, Provider, Read, Situation, Spec,
        Switch, SwitchError,
        kubernetes::{DeploymentName, Kubernetes, Really, Scale, Source},
    },
};

/// The kind `kubernetes_scale`.
pub const PROVIDER: Provider =
    Provider { kind: "kubernetes_scale", cloud: super::CLOUD, called: "the deployment {name}", read };

/// A pod that has to fetch its image and replay a journal may need minutes: own choice.
const READY_WITHIN: Duration = Duration::from_mins(10);

#[derive(Debug, Clone)]
struct ScaleSpec {
    name: DeploymentName,
    /// Which cluster; none is the one that this process is a pod of.
    cluster: Option<(PathBuf, Option<String>)>,
    replicas: u32,
    ready_within: Duration,
}

#[derive(Debug)]
struct ScaleSwitch {
    id: SwitchId,
    spec: ScaleSpec,
    cluster: Kubernetes,
}

/// A name as Kubernetes has them: a label of DNS (documentation, "Object Names and IDs", read 2026-11-20).
struct Label(String);

/// The name of a context, which may be anything but nothing.
struct Context(String);

fn read(mut keys: Keys<'_>) -> Read {
    let namespace: Option<Label> = keys.required("namespace", "web");
    let deployment: Option<Label> = keys.required("deployment", "primary");
    let kubeconfig: Option<PathBuf> = keys.optional("kubeconfig", "/secrets/kubeconfig");
    let context: Option<Context> = keys.optional("context", "home");
    let replicas = keys.number("replicas", 1..=100, 1);
    let ready_within = keys.time("ready_within", READY_WITHIN);
    if context.is_some() && !keys.has("kubeconfig") {
        keys.refuse("context", "is of a kubeconfig, and none is named", "home");
    }
    let cluster = kubeconfig.map(|path| (path, context.map(|Context(name)| name)));
    let spec = namespace.zip(deployment).zip(replicas.zip(ready_within));
    let spec = spec.map(|((Label(namespace), Label(deployment)), (replicas, ready_within))| ScaleSpec {
        name: DeploymentName { namespace, deployment },
        cluster,
        replicas,
        ready_within,
    });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl FromStr for Label {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = text.len() <= 63
            && text.starts_with(plain)
            && text.ends_with(plain)
            && text.chars().all(|c| plain(c) || c == '-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("is no name of Kubernetes: a-z, 0-9 and -, at most 63")
        }
    }
}

impl FromStr for Context {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("is empty") } else { Ok(Self(text.to_owned())) }
    }
}

impl ScaleSpec {
    /// Where it is. Pods that aren't ready yet are on their way: neither on nor off.
    fn observed(&self, scale: Scale) -> Observed {
        let Scale { wanted, ready, .. } = scale;
        if wanted == 0 {
            return Observed::At(Position::Standby);
        }
        if wanted < self.replicas {
            return Observed::Mixed(format!("scaled to {wanted} of {}", self.replicas));
        }
        if scale.is_ready() {
            return Observed::At(Position::Primary);
        }
        Observed::Mixed(format!("scaled up, {ready} of {wanted} ready"))
    }

    /// How many to ask for; none where enough are asked for already.
    fn to_ask_for(&self, position: Position, scale: Scale) -> Option<u32> {
        match position {
            Position::Primary => (scale.wanted < self.replicas).then_some(self.replicas),
            Position::Standby => (scale.wanted > 0).then_some(0),
        }
    }
}

impl Spec for ScaleSpec {
    fn id(&self) -> SwitchId {
        let context = self.cluster.as_ref().and_then(|(_, context)| context.as_ref());
        let of = context.map_or_else(String::new, |context| format!("contexts/{context}/"));
        SwitchId::new(PROVIDER.kind, format!("{of}{}", self.name))
    }

    fn role(&self) -> Role {
        Role::Power
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        let source = self.cluster.clone().map(|(path, context)| Source::Kubeconfig { path, context });
        Arc::new(ScaleSwitch { id: self.id(), spec: self.clone(), cluster: clients.kubernetes(source) })
    }
}

impl ScaleSwitch {
    async fn look(&self) -> Result<Scale, ApiError> {
        self.cluster.scale(&self.spec.name).await
    }

    async fn move_to(&self, position: Position, seen: Option<Observation>) -> Result<Change, ApiError> {
        let known = seen.and_then(|seen| seen.basis?.downcast_ref::<Scale>().copied());
        let scale = match known {
            Some(scale) => scale,
            None => self.look().await?,
        };
        let Some(replicas) = self.spec.to_ask_for(position, scale) else { return Ok(Change::Already) };
        let told = self.cluster.set_scale(&self.spec.name, replicas, Really::Make).await?;
        if told == replicas {
            return Ok(Change::Made);
        }
        let message =
            format!("Kubernetes accepted {replicas} replicas of {}, but has {told}", self.spec.name);
        Err(ApiError { kind: ApiErrorKind::Transient, message })
    }

    /// Asks for as many as there are, and only tries it.
    async fn try_writing(&self, scale: Scale) -> Result<(), ApiError> {
        self.cluster.set_scale(&self.spec.name, scale.wanted, Really::TryOnly).await.map(drop)
    }

    fn kubectl(&self, verb: &str) -> String {
        let DeploymentName { namespace, deployment } = &self.spec.name;
        format!("kubectl -n {namespace} {verb} deployment/{deployment}")
    }
}

#[async_trait]
impl Switch for ScaleSwitch {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Power
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        let scale = self.look().await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed: self.spec.observed(scale), basis: Some(Arc::new(scale)) })
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        self.move_to(position, seen).await.map_err(Operation::Set(position).failed(&self.id))
    }

    fn reads_first(&self) -> bool {
        true
    }

    fn takes_at_most(&self) -> Duration {
        self.spec.ready_within
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let scale = match self.look().await {
            Ok(scale) => scale,
            Err(error) => {
                checked.unseen(&error, self.kubectl("get"));
                return checked;
            }
        };
        if let Err(error) = self.try_writing(scale).await {
            checked.unseen(&error, "kubectl apply -k kubernetes/overlays/web, which grants it");
        }
        let observed = self.spec.observed(scale);
        if situation.is_at_home() && !observed.is_at(Position::Primary) {
            let sentence = format!("the site is on its primary, but {} is {}", self.id, told(&observed));
            checked.problem(Problem::warning(sentence, self.kubectl("describe")));
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        let tried = async { self.try_writing(self.look().await?).await };
        tried.await.map_err(Operation::Touch.failed(&self.id))
    }
}

fn told(observed: &Observed) -> String {
    match observed {
        Observed::At(_) => "scaled to 0".to_owned(),
        Observed::Mixed(how) | Observed::Unknown(how) => how.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(replicas: u32) -> ScaleSpec {
        let name = DeploymentName { namespace: "web".to_owned(), deployment: "primary".to_owned() };
        ScaleSpec { name, cluster: None, replicas, ready_within: READY_WITHIN }
    }

    fn scale(wanted: u32, ready: u32) -> Scale {
        Scale { wanted, ready, current: true }
    }

    #[test]
    fn it_is_on_once_all_that_are_wanted_are_ready() {
        let mixed = |how: &str| Observed::Mixed(how.to_owned());
        for (replicas, seen, expected) in [
            (1, scale(0, 0), Observed::At(Position::Standby)),
            // Pods that are ending don't count.
            (1, scale(0, 1), Observed::At(Position::Standby)),
            (1, scale(1, 0), mixed("scaled up, 0 of 1 ready")),
            (1, scale(1, 1), Observed::At(Position::Primary)),
            (1, scale(3, 3), Observed::At(Position::Primary)),
            (3, scale(1, 1), mixed("scaled to 1 of 3")),
            // What is told is of before the change.
            (1, Scale { current: false, ..scale(1, 1) }, mixed("scaled up, 1 of 1 ready")),
        ] {
            assert_eq!(spec(replicas).observed(seen), expected, "{replicas} {seen:?}");
        }
    }

    #[test]
    fn nobody_is_scaled_down_by_scaling_up() {
        for (position, seen, expected) in [
            (Position::Primary, 0, Some(2)),
            (Position::Primary, 1, Some(2)),
            (Position::Primary, 2, None),
            (Position::Primary, 5, None),
            (Position::Standby, 5, Some(0)),
            (Position::Standby, 0, None),
        ] {
            assert_eq!(spec(2).to_ask_for(position, scale(seen, 0)), expected, "{position} from {seen}");
        }
    }
}
