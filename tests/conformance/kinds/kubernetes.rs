//! Kubernetes' kind: how many replicas a deployment has.

use cloud_failover::api::ApiErrorKind;

use super::{Kind, Provider, without};

pub(crate) const KUBERNETES_SCALE: Kind = Kind {
    name: "kubernetes_scale",
    key: "kubernetes_scale",
    table: |seed| format!("namespace = 'web'\ndeployment = '{}'", seed.name),
    astray: |seed| format!("namespace = 'web'\ndeployment = '{}x'", seed.name),
    reads: &["kubernetes.get_deployment"],
    write: "kubernetes.patch_scale",
    writes: 1,
    follows: 0,
    // A dry run, which is no write.
    touches: 0,
    reads_first: true,
    provider: Provider::Kubernetes,
    nowhere: ApiErrorKind::Denied,
    is_standby: |world, site| world.kubernetes.replicas(site.name()) == 0,
    by_hand: |world, site| world.kubernetes.scale(site.name(), 0),
    rest: |world, site| {
        let mut deployment = without(world.kubernetes.deployment(site.name()), &["status"]);
        for (of, key) in [("metadata", "generation"), ("metadata", "resourceVersion"), ("spec", "replicas")] {
            deployment[of].as_object_mut().expect("an object").remove(key);
        }
        deployment
    },
    forbid: |world| world.kubernetes.deny("patch", "deployments/scale"),
    remedy: "grant the account get on deployments and patch on deployments/scale",
};
