//! Google's kinds: who may invoke a service, an uptime check, addresses of machines.

use cloud_failover::api::ApiErrorKind;
use sandbox::World;
use serde_json::{Value, json};

use super::{Kind, Provider, pair, without};

pub(crate) const ALL_USERS: Kind = Kind {
    name: "cloud_run_invoker, all_users",
    key: "cloud_run_invoker",
    table: |seed| format!("service = '{}'", seed.service),
    astray: |seed| format!("service = '{}x'", seed.service),
    reads: &["run.get_iam_policy", "run.get_service"],
    write: "run.set_iam_policy",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: true,
    provider: Provider::Google,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| world.run.is_granted(&site.seed.service),
    by_hand: |world, site| world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers"),
    rest: |world, site| {
        let mut policy = without(world.run.policy(&site.seed.service), &["etag", "version"]);
        for binding in policy["bindings"].as_array_mut().into_iter().flatten() {
            let ours = binding["role"] == "roles/run.invoker" && binding.get("condition").is_none();
            binding["members"].as_array_mut().into_iter().flatten().filter(|_| ours).for_each(|member| {
                if *member == "allUsers" {
                    *member = Value::Null;
                }
            });
            binding["members"]
                .as_array_mut()
                .into_iter()
                .for_each(|members| members.retain(|m| !m.is_null()));
        }
        if let Some(bindings) = policy["bindings"].as_array_mut() {
            bindings.retain(|binding| binding["members"] != json!([]));
        }
        json!([policy, world.run.service(&site.seed.service)])
    },
    forbid: |world| world.deny("run.services.setIamPolicy"),
    remedy: "grant the account run.services.setIamPolicy on it, as roles/run.admin has",
};

pub(crate) const IAM_CHECK: Kind = Kind {
    name: "cloud_run_invoker, iam_check",
    table: |seed| format!("gate = 'iam_check'\nservice = '{}'", seed.service),
    astray: |seed| format!("gate = 'iam_check'\nservice = '{}x'", seed.service),
    write: "run.patch_service",
    follows: 2,
    by_hand: |world, site| {
        world.run.edit(&site.seed.service, |fields| {
            fields.insert("invokerIamDisabled".to_owned(), json!(true));
        });
    },
    rest: |world, site| {
        let computed =
            ["invokerIamDisabled", "etag", "updateTime", "generation", "observedGeneration", "lastModifier"];
        json!([
            without(world.run.service(&site.seed.service), &computed),
            world.run.policy(&site.seed.service)
        ])
    },
    remedy: "grant the account run.services.update and run.services.setIamPolicy on it",
    ..ALL_USERS
};

pub(crate) const UPTIME_CHECK: Kind = Kind {
    name: "uptime_check",
    key: "uptime_check",
    table: |seed| format!("check = '{}'", seed.check),
    astray: |seed| format!("check = '{}x'", seed.check),
    reads: &["monitoring.get_check"],
    write: "monitoring.patch_check",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: false,
    provider: Provider::Google,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| !world.monitoring.is_enabled(&site.seed.check),
    by_hand: |world, site| {
        world.monitoring.edit(&site.seed.check, |check| {
            check.insert("disabled".to_owned(), json!(true));
        });
    },
    rest: |world, site| without(world.monitoring.check(&site.seed.check), &["disabled"]),
    forbid: |world| world.deny("monitoring.uptimeCheckConfigs.update"),
    remedy: "grant the account roles/monitoring.uptimeCheckConfigEditor in the check's project",
};

pub(crate) const ALIAS_IP: Kind = Kind {
    name: "gcp_alias_ip",
    key: "gcp_alias_ip",
    table: |_| format!("range = '10.0.0.250/32'\n{}", machines("")),
    astray: |_| format!("range = '10.0.0.250/32'\n{}", machines("x")),
    reads: &["compute.get_instance"],
    write: "compute.update_network_interface",
    writes: 2,
    // Before it is taken, what the account may do with both machines and their subnet.
    follows: 2 + 3,
    touches: 1,
    reads_first: true,
    provider: Provider::Google,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, _| world.compute.holders(pair().private()) == [pair().machine(1)],
    by_hand: |world, _| world.hand_alias(pair().private(), Some(&pair().machine(1))),
    rest: |world, _| interfaces(world, "aliasIpRanges", |alias| alias["ipCidrRange"] != "10.0.0.250/32"),
    forbid: |world| world.deny("compute.instances.updateNetworkInterface"),
    remedy: "grant the account compute.instances.updateNetworkInterface",
};

/// A range of the subnet's secondary range, of which the configuration doesn't know.
pub(crate) const SECONDARY: Kind = Kind {
    name: "gcp_alias_ip, of a secondary range that isn't configured",
    table: |_| format!("range = '{SECONDARY_IP}/32'\n{}", machines("")),
    is_standby: |world, _| world.compute.holders(SECONDARY_IP.parse().unwrap()) == [pair().machine(1)],
    ..ALIAS_IP
};

/// An address of the secondary range `pods`.
pub(crate) const SECONDARY_IP: &str = "10.1.0.250";

pub(crate) const ACCESS_CONFIG: Kind = Kind {
    name: "gcp_access_config",
    key: "gcp_access_config",
    table: |_| format!("address = '{}'\n{}", pair().on_compute().address(), machines("")),
    astray: |_| format!("address = '{}'\n{}", pair().on_compute().address(), machines("x")),
    write: "compute.delete_access_config",
    // Before it is detached, whether it may be attached: both machines, their subnet, the address.
    follows: 2 + 4,
    touches: 0,
    is_standby: |world, _| world.compute.holders(pair().public()) == [pair().machine(1)],
    by_hand: |world, _| world.hand_external(pair().public(), Some(&pair().machine(1))),
    rest: |world, _| interfaces(world, "accessConfigs", |config| config["natIP"] != "203.0.113.9"),
    forbid: |world| {
        world.deny("compute.instances.addAccessConfig");
        world.deny("compute.instances.deleteAccessConfig");
    },
    remedy: "grant the account compute.instances.addAccessConfig",
    ..ALIAS_IP
};

/// One machine with its zone, the other without: it is found.
fn machines(slip: &str) -> String {
    let found = format!("projects/gleich-tech/instances/{}", pair().machine(1));
    format!("primary = '{}{slip}'\nstandby = '{found}{slip}'", pair().on_compute().instance(0))
}

/// Both interfaces without what is computed, and of the list only what is kept.
fn interfaces(world: &World, list: &str, kept: fn(&Value) -> bool) -> Value {
    let machines = [0, 1].map(|index| {
        let mut machine = world.compute.machine(&pair().machine(index)).expect("it is there");
        let interface = machine["networkInterfaces"][0].as_object_mut().expect("an interface");
        interface.remove("fingerprint");
        let rest: Vec<Value> = match interface.remove(list) {
            Some(Value::Array(items)) => items.into_iter().filter(kept).collect(),
            _ => Vec::new(),
        };
        json!([machine, rest])
    });
    json!(machines)
}
