//! `getIamPolicy`, `setIamPolicy` and `testIamPermissions` of a service (discovery document of run v2).

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::policy::{self, ALL_USERS, POLICY};
use super::{POLICY_KIND, RunState, services};
use crate::frame::call::{Call, Reply};
use crate::frame::change::Change;
use crate::google::Asked;
use crate::google::mask;
use crate::google::refusal::Refusal;
use crate::google::strict::{self, Fields, Shape};

const SET_REQUEST: Fields = &[("policy", Shape::Object(POLICY)), ("updateMask", Shape::Text)];
const TEST_REQUEST: Fields = &[("permissions", Shape::List(&Shape::Text))];

/// A policy with conditions is only shown to clients that say they understand them.
pub(super) fn get(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.services.getIamPolicy", name)?;
    strict::check_query(call, &["options.requestedPolicyVersion"])?;
    let policy = &services::find(state, name)?.policy;
    let requested = requested_version(call)?;
    if requested < 3 && policy.is_conditional() {
        let message = format!(
            "Requested policy version ({requested}) cannot be less than the existing policy version (3). For more \
             information, please refer to https://cloud.google.com/iam/docs/policies#versions."
        );
        return Err(Refusal::invalid_argument(message));
    }
    Ok(strict::ok(&policy.to_value()))
}

fn requested_version(call: &Call) -> Result<u8, Refusal> {
    let text = strict::query(call, "options.requestedPolicyVersion").unwrap_or("0");
    let version = text.parse().ok().filter(|version| [0, 1, 3].contains(version));
    version.ok_or_else(|| {
        Refusal::invalid_argument(format!(
            "Invalid requested policy version {text}. Valid values are 0, 1, and 3."
        ))
    })
}

/// Overwrites the policy if its etag is the current one, or without looking if the request brings none.
pub(super) fn set(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.services.setIamPolicy", name)?;
    strict::check_query(call, &[])?;
    let request = strict::body(call, SET_REQUEST)?;
    let wanted = request.get("policy").and_then(Value::as_object).cloned().unwrap_or_default();
    let all_users_forbidden = state.all_users_forbidden;
    let service = services::find_mut(state, name)?;
    let mask = request.get("updateMask").and_then(Value::as_str).unwrap_or("bindings,etag");
    let mask = mask::parse(mask, POLICY)?;
    policy::check(&wanted, &service.policy)?;
    let etag = wanted.get("etag").and_then(Value::as_str);
    if etag.is_some_and(|etag| etag != service.policy.etag()) {
        return Err(Refusal::aborted(
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential \
             backoff.",
        ));
    }
    if all_users_forbidden && grants_everybody(&wanted) {
        return Err(Refusal::failed_precondition(
            "One or more users named in the policy do not belong to a permitted customer, perhaps due to an \
             organization policy.",
        ));
    }
    let before = service.policy.to_value();
    service.policy.set(&wanted, &mask);
    service.note_gate(Instant::now());
    let after = service.policy.to_value();
    let change = Change::new(POLICY_KIND, name, [before, after.clone()]);
    let complaint = etag.is_none().then(|| format!("the policy of {name} was overwritten without an etag"));
    Ok(Reply { complaint, ..strict::ok(&after).changed(change) })
}

fn grants_everybody(policy: &Map<String, Value>) -> bool {
    let bindings = policy.get("bindings").and_then(Value::as_array).into_iter().flatten();
    bindings
        .filter_map(|binding| binding["members"].as_array())
        .flatten()
        .any(|member| member == ALL_USERS || member == "allAuthenticatedUsers")
}

/// Which of the permissions the caller holds. Needs none itself, and answers for a service that doesn't exist
/// too: with nothing.
pub(super) fn test(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    let account = access.account_of(call)?;
    let request = strict::body(call, TEST_REQUEST)?;
    let asked = request.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default();
    let asked: Vec<&str> = asked.iter().filter_map(Value::as_str).collect();
    if let Some(wrong) = asked.iter().find(|permission| !is_permission(permission)) {
        return Err(Refusal::invalid_argument(format!("Permission {wrong} is not valid for this resource.")));
    }
    let exists = state.services.contains_key(name);
    let held: Vec<&str> =
        asked.into_iter().filter(|permission| exists && access.may(&account, permission)).collect();
    Ok(strict::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}

/// Permissions that a service has; wildcards aren't among them (IAM documentation, "Permissions reference").
fn is_permission(permission: &str) -> bool {
    const SERVICES: [&str; 9] = [
        "create",
        "delete",
        "get",
        "getIamPolicy",
        "list",
        "listEffectiveTags",
        "setIamPolicy",
        "update",
        "createTagBinding",
    ];
    match permission.rsplit_once('.') {
        Some(("run.services", verb)) => SERVICES.contains(&verb),
        Some(("run.routes", verb)) => verb == "invoke",
        Some(("run.operations" | "run.revisions", verb)) => ["get", "list", "delete"].contains(&verb),
        _ => false,
    }
}
