//! Nothing that isn't ours changes: what a write may touch is taken away on both sides, and the rest compared.

use serde_json::{Map, Value, json};

use super::{Case, Change};
use crate::azure::INTERFACE_KIND;
use crate::cloudflare::{PAGE_RULE_KIND, RECORD_KIND, REDIRECTS_KIND, WORKER_ROUTE_KIND, worker_route_id};
use crate::google::monitoring::CHECK_KIND;
use crate::google::run::{POLICY_KIND, SERVICE_KIND};
use crate::sites::site::Site;

/// The only member that the product grants and revokes.
const EVERYBODY: &str = "allUsers";

/// The only role it does that for.
const INVOKER: &str = "roles/run.invoker";

/// What a service computes by itself.
const COMPUTED: [&str; 10] = [
    "etag",
    "generation",
    "observedGeneration",
    "updateTime",
    "lastModifier",
    "reconciling",
    "conditions",
    "terminalCondition",
    "latestReadyRevision",
    "latestCreatedRevision",
];

/// A sentence for everything that was changed and isn't ours.
pub(super) fn judge(case: &Case) -> Vec<String> {
    let Change { kind, within: zone, name, before, after } = case.change;
    let compared = |what: &str, ours: &[&str]| differs(what, &without(before, ours), &without(after, ours));
    match *kind {
        POLICY_KIND => differs(&format!("the policy of {name}"), &policy(before), &policy(after)),
        SERVICE_KIND => compared(name, &[&COMPUTED[..], &["invokerIamDisabled"]].concat()),
        CHECK_KIND => compared(name, &["disabled"]),
        PAGE_RULE_KIND => {
            let is_ours = |site: &Site| site.seed.zone == *zone && site.seed.rule == *name;
            let ours = case.world.site(is_ours).map_or(&[][..], |_| &["status", "modified_on"]);
            compared(&format!("page rule {name}"), ours)
        }
        REDIRECTS_KIND => {
            let sites = case.world.sites_where(|site| site.seed.zone == *zone);
            let rest = |ruleset| json!(redirects(ruleset, &sites));
            differs(&format!("the redirect rules of zone {zone}"), &rest(before), &rest(after))
        }
        INTERFACE_KIND => {
            let moving = case.world.azure.moving();
            differs(name, &interface_rest(before, &moving), &interface_rest(after, &moving))
        }
        WORKER_ROUTE_KIND => {
            let is_ours = |site: &Site| site.seed.zone == *zone && worker_route_id(site.name()) == *name;
            let ours = case.world.site(is_ours).map_or(&[][..], |_| &["script"]);
            compared(&format!("the Workers route {name}"), ours)
        }
        RECORD_KIND => compared(&format!("DNS record {name}"), &["content", "modified_on"]),
        unknown => vec![format!("nobody knows what may change of {name}: {unknown}")],
    }
}

/// The rules of a zone, ours without what is ours.
fn redirects(ruleset: &Value, sites: &[Site]) -> Vec<Value> {
    let ours = |rule: &Value| sites.iter().any(|site| rule["ref"] == site.seed.redirect);
    let rules = ruleset["rules"].as_array().into_iter().flatten();
    rules.map(|rule| if ours(rule) { redirect(rule) } else { rule.clone() }).collect()
}

/// A binding that lets everybody in, unconditionally.
pub(super) fn is_gate(binding: &Value) -> bool {
    let everybody = |members: &Vec<Value>| members.iter().any(|member| member == EVERYBODY);
    binding["role"] == INVOKER
        && binding.get("condition").is_none()
        && binding["members"].as_array().is_some_and(everybody)
}

/// An interface without the configurations that move, and without what the service computes.
fn interface_rest(interface: &Value, moving: &[String]) -> Value {
    let mut rest = without(interface, &["etag"]);
    let mut properties = without(&interface["properties"], &["provisioningState"]);
    let moves = |one: &Value| {
        one["properties"]["privateIPAddress"]
            .as_str()
            .is_some_and(|ip| moving.iter().any(|moving| moving == ip))
    };
    let configurations = interface["properties"]["ipConfigurations"].as_array().into_iter().flatten();
    let kept = configurations.filter(|one| !moves(one)).map(|one| {
        let mut kept = without(one, &["etag"]);
        kept["properties"] = without(&one["properties"], &["provisioningState"]);
        kept
    });
    properties["ipConfigurations"] = kept.collect();
    rest["properties"] = properties;
    rest
}

fn differs(what: &str, before: &Value, after: &Value) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    vec![format!("{what} was changed where it isn't ours: from {before} to {after}")]
}

fn without(value: &Value, fields: &[&str]) -> Value {
    let mut rest = value.clone();
    if let Some(object) = rest.as_object_mut() {
        object.retain(|field, _| !fields.contains(&field.as_str()));
    }
    rest
}

fn redirect(rule: &Value) -> Value {
    without(rule, &["enabled", "version", "last_updated"])
}

/// Members by role and condition, in one order, without the one that is ours. Neither the etag nor the order of
/// bindings means anything, and a version may rise.
fn policy(policy: &Value) -> Value {
    let mut members: Map<String, Value> = Map::new();
    for binding in policy["bindings"].as_array().into_iter().flatten() {
        let key = json!([binding["role"], binding["condition"]]).to_string();
        let ours = |member: &&Value| is_gate(binding) && **member == EVERYBODY;
        let foreign = binding["members"].as_array().into_iter().flatten().filter(|member| !ours(member));
        for member in foreign {
            let entry = members.entry(key.clone()).or_insert_with(|| json!({}));
            entry[member.as_str().unwrap_or_default()] = json!(true);
        }
    }
    json!({ "members": members, "auditConfigs": policy["auditConfigs"] })
}
