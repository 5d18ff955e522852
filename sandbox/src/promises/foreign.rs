//! Nothing that isn't ours changes: what a write may touch is taken away on both sides, and the rest compared.

use serde_json::{Map, Value, json};

use super::{Case, Change};
use crate::cloudflare::worker_route_id;

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
    match case.change {
        Change::Policy { service, before, after } => {
            differs(&format!("the policy of {service}"), &policy(before), &policy(after))
        }
        Change::Service { service, before, after } => {
            let rest = |value| without(value, &[&COMPUTED[..], &["invokerIamDisabled"]].concat());
            differs(service, &rest(before), &rest(after))
        }
        Change::Check { check, before, after } => {
            differs(check, &without(before, &["disabled"]), &without(after, &["disabled"]))
        }
        Change::PageRule { zone, rule, before, after } => {
            let ours = case.world.site(|site| site.seed.zone == *zone && site.seed.rule == *rule).is_some();
            let own: &[&str] = if ours { &["status", "modified_on"] } else { &[] };
            differs(&format!("page rule {rule}"), &without(before, own), &without(after, own))
        }
        Change::Redirects { zone, before, after } => {
            let refs = case.world.sites_where(|site| site.seed.zone == *zone);
            let ours = |rule: &Value| refs.iter().any(|site| rule["ref"] == site.seed.redirect);
            let rules = |ruleset: &Value| -> Vec<Value> {
                let rules = ruleset["rules"].as_array().into_iter().flatten();
                rules.map(|rule| if ours(rule) { redirect(rule) } else { rule.clone() }).collect()
            };
            differs(
                &format!("the redirect rules of zone {zone}"),
                &json!(rules(before)),
                &json!(rules(after)),
            )
        }
        Change::Interface { interface, before, after } => {
            let moving = case.world.azure.moving();
            differs(interface, &interface_rest(before, &moving), &interface_rest(after, &moving))
        }
        Change::WorkerRoute { zone, route, before, after } => {
            let is_ours =
                |site: &crate::Site| site.seed.zone == *zone && worker_route_id(site.name()) == *route;
            let own: &[&str] = if case.world.site(is_ours).is_some() { &["script"] } else { &[] };
            differs(&format!("the Workers route {route}"), &without(before, own), &without(after, own))
        }
        Change::Record { record, before, after, .. } => {
            let own = ["content", "modified_on"];
            differs(&format!("DNS record {record}"), &without(before, &own), &without(after, &own))
        }
    }
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
