//! Every kind of switch, as the suite needs to know it: what it is called, how it is read and written, what is
//! really there, and what hangs on it that isn't its own.

use cloud_failover::api::ApiErrorKind;
use sandbox::{
    PairSeed, Site, SiteSeed, World, azure,
    cloudflare::{record_id, worker_route_id},
};
use serde_json::{Value, json};

/// A kind of switch. A new provider adds one of these and passes the suite.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    /// Its table in the configuration.
    pub(crate) table: fn(&SiteSeed) -> String,
    /// A table that names something that isn't there.
    pub(crate) astray: fn(&SiteSeed) -> String,
    /// The operations that observe it.
    pub(crate) reads: &'static [&'static str],
    /// The operation that sets it.
    pub(crate) write: &'static str,
    /// How many writes it takes to set it, how many reads follow them, and how many writes prove that it may.
    pub(crate) writes: usize,
    pub(crate) follows: usize,
    pub(crate) touches: usize,
    /// Whether it has to read before it writes.
    pub(crate) reads_first: bool,
    pub(crate) provider: Provider,
    /// What a name that is nowhere is told: a role of Kubernetes that names what it is for says nothing of anything else.
    pub(crate) nowhere: ApiErrorKind,
    /// Whether it really is at its standby position.
    pub(crate) is_standby: fn(&World, &Site) -> bool,
    /// Somebody else moves it to its standby position.
    pub(crate) by_hand: fn(&World, &Site),
    /// Everything but what it owns.
    pub(crate) rest: fn(&World, &Site) -> Value,
    /// Takes the permission to write.
    pub(crate) forbid: fn(&World),
    /// What the sentence about a missing permission says.
    pub(crate) remedy: &'static str,
}

/// Whose a kind of switch is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Google,
    Cloudflare,
    Azure,
    Kubernetes,
}

pub(crate) const KINDS: [Kind; 11] = [
    ALL_USERS,
    IAM_CHECK,
    PAGE_RULE,
    REDIRECT_RULE,
    UPTIME_CHECK,
    DNS_RECORD,
    WORKER_ROUTE,
    ALIAS_IP,
    ACCESS_CONFIG,
    KUBERNETES_SCALE,
    IP_CONFIGURATION,
];

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

pub(crate) const PAGE_RULE: Kind = Kind {
    name: "cloudflare_page_rule",
    key: "cloudflare_page_rule",
    table: |seed| format!("zone = '{}'\nrule = '{}'", seed.zone, seed.rule),
    astray: |seed| format!("zone = '{}'\nrule = '{}'", seed.zone, "f".repeat(32)),
    reads: &["cloudflare.get_page_rule"],
    write: "cloudflare.patch_page_rule",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: false,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| {
        world
            .cloudflare
            .page_rule(&site.seed.zone, &site.seed.rule)
            .is_some_and(|rule| rule["status"] == "active")
    },
    by_hand: |world, site| {
        world.cloudflare.edit_page_rule(&site.seed.zone, &site.seed.rule, "status", json!("active"));
    },
    rest: |world, site| {
        without(world.cloudflare.page_rule(&site.seed.zone, &site.seed.rule), &["status", "modified_on"])
    },
    forbid: only_reading,
    remedy: "grant the token \"Page Rules: Edit\" on this zone",
};

pub(crate) const REDIRECT_RULE: Kind = Kind {
    name: "cloudflare_redirect_rule",
    key: "cloudflare_redirect_rule",
    table: |seed| format!("zone = '{}'\nref = '{}'", seed.zone, seed.redirect),
    astray: |seed| format!("zone = '{}'\nref = 'x{}'", seed.zone, seed.redirect),
    reads: &["cloudflare.get_entrypoint"],
    write: "cloudflare.patch_rule",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: true,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| {
        let rule = world.cloudflare.redirect_rule(&site.seed.zone, &site.seed.redirect);
        rule.is_some_and(|rule| rule["enabled"] == true)
    },
    by_hand: |world, site| {
        world.cloudflare.edit_redirect_rule(&site.seed.zone, &site.seed.redirect, "enabled", json!(true));
    },
    rest: |world, site| {
        let rule = world.cloudflare.redirect_rule(&site.seed.zone, &site.seed.redirect);
        without(rule, &["enabled", "version", "last_updated"])
    },
    forbid: only_reading,
    remedy: "grant the token \"Single Redirect: Edit\" on this zone",
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

pub(crate) const DNS_RECORD: Kind = Kind {
    name: "cloudflare_dns_record",
    key: "cloudflare_dns_record",
    table: |seed| dns_record(seed, &record_id(&seed.name)),
    astray: |seed| dns_record(seed, &"f".repeat(32)),
    reads: &["cloudflare.get_dns_record"],
    write: "cloudflare.patch_dns_record",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: false,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| {
        world
            .cloudflare
            .record(&site.seed.zone, "resume.gleich.tech")
            .is_some_and(|record| record["content"] == "198.51.100.7")
    },
    by_hand: |world, site| {
        let content = json!("198.51.100.7");
        world.cloudflare.edit_record(&site.seed.zone, "resume.gleich.tech", "content", content);
    },
    rest: |world, site| {
        let record = world.cloudflare.record(&site.seed.zone, "resume.gleich.tech");
        without(record, &["content", "modified_on"])
    },
    forbid: only_reading,
    remedy: "grant the token \"DNS: Edit\" on this zone",
};

pub(crate) const WORKER_ROUTE: Kind = Kind {
    name: "cloudflare_worker_route",
    key: "cloudflare_worker_route",
    table: |seed| worker_route(seed, ""),
    astray: |seed| worker_route(seed, "astray/"),
    reads: &["cloudflare.list_worker_routes"],
    write: "cloudflare.replace_worker_route",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: true,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| world.cloudflare.is_scripted(site),
    by_hand: |world, site| {
        let script = json!(sandbox::edge::STANDBY_SCRIPT);
        world.cloudflare.edit_worker_route(
            &site.seed.zone,
            &worker_route_id(&site.seed.name),
            "script",
            script,
        );
    },
    rest: |world, site| {
        without(
            world.cloudflare.worker_route(&site.seed.zone, &worker_route_id(&site.seed.name)),
            &["script"],
        )
    },
    forbid: only_reading,
    remedy: "grant the token \"Workers Routes: Edit\" on this zone",
};

fn worker_route(seed: &SiteSeed, slip: &str) -> String {
    let script = sandbox::edge::STANDBY_SCRIPT;
    format!("zone = '{}'\npattern = '{{edge}}/{slip}*'\nstandby_script = '{script}'", seed.zone)
}

fn dns_record(seed: &SiteSeed, record: &str) -> String {
    format!("zone = '{}'\nrecord = '{record}'\nprimary = '203.0.113.7'\nstandby = '198.51.100.7'", seed.zone)
}

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
    table: |_| format!("address = '{}'\n{}", pair().address(), machines("")),
    astray: |_| format!("address = '{}'\n{}", pair().address(), machines("x")),
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

pub(crate) const IP_CONFIGURATION: Kind = Kind {
    name: "azure_ip_configuration",
    key: "azure_ip_configuration",
    table: |_| ip_configuration(""),
    astray: |_| ip_configuration("x"),
    reads: &["azure.get_interface"],
    write: "azure.put_interface",
    writes: 2,
    // Before it is taken, what the identity may do with both interfaces and the five things that they join, and where
    // the public address is.
    follows: 2 + 8,
    // What the identity may do to one interface says nothing of the other.
    touches: 2,
    reads_first: true,
    provider: Provider::Azure,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, _| world.azure.holders(pair().private()) == [pair().machine(1)],
    by_hand: |world, _| world.hand_configuration(pair().private(), Some(&pair().machine(1))),
    rest: |world, _| json!([0, 1].map(|index| rest_of_interface(world, index))),
    forbid: |world| world.deny("Microsoft.Network/networkInterfaces/write"),
    remedy: "grant the identity Microsoft.Network/networkInterfaces/write on ",
};

fn ip_configuration(slip: &str) -> String {
    let seed = pair();
    format!(
        "configuration = 'vip'\naddress = '{}'\npublic_ip = '{}'\nprimary = '{}{slip}'\nstandby = '{}{slip}'",
        seed.private(),
        seed.public_ip(),
        seed.interface(0),
        seed.interface(1)
    )
}

/// An interface without what is computed and without the configuration that moves.
fn rest_of_interface(world: &World, index: usize) -> Value {
    let mut interface = world.azure.interface(&pair().interface_name(index)).expect("it is there");
    let configurations = interface["properties"]["ipConfigurations"].as_array_mut().expect("configurations");
    configurations.retain(|configuration| configuration["name"] != azure::pair::CONFIGURATION);
    without_computed(&mut interface);
    interface
}

fn without_computed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !["etag", "provisioningState"].contains(&key.as_str()));
            fields.values_mut().for_each(without_computed);
        }
        Value::Array(items) => items.iter_mut().for_each(without_computed),
        _ => {}
    }
}

fn pair() -> PairSeed {
    PairSeed::example()
}

/// One machine with its zone, the other without: it is found.
fn machines(slip: &str) -> String {
    let found = format!("projects/gleich-tech/instances/{}", pair().machine(1));
    format!("primary = '{}{slip}'\nstandby = '{found}{slip}'", pair().instance(0))
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

fn without(value: Option<Value>, keys: &[&str]) -> Value {
    let mut value = value.expect("it is there");
    value.as_object_mut().expect("an object").retain(|key, _| !keys.contains(&key.as_str()));
    value
}

fn only_reading(world: &World) {
    use sandbox::cloudflare::access::{Permission, Token};
    let secret = sandbox::Options::default().cloudflare_token;
    let permissions = vec![
        Permission::PageRulesRead,
        Permission::RedirectRead,
        Permission::DnsRead,
        Permission::WorkersRoutesRead,
    ];
    world.cloudflare.set_tokens(vec![Token { permissions, ..Token::new(&secret) }]);
}
