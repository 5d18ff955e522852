//! Edits one member of one binding of an IAM policy; everything else stays as it came.

use serde_json::{Map, Value, json};

const ROLE: &str = "roles/run.invoker";
const EVERYBODY: &str = "allUsers";

/// Whether `allUsers` holds `roles/run.invoker` without a condition.
pub(super) fn holds_all_users(policy: &Value) -> bool {
    bindings(policy).any(|binding| is_ours(binding) && holds(binding))
}

/// The same policy with `allUsers` in the unconditional binding, or out of it.
pub(super) fn with_all_users(policy: Value, open: bool) -> Value {
    let mut policy = at_version_3(policy);
    if open {
        add(&mut policy);
    } else {
        remove(&mut policy);
    }
    policy
}

/// Version 3 has to be sent back where a binding has a condition, and never hurts.
pub(super) fn at_version_3(mut policy: Value) -> Value {
    if !policy.is_object() {
        policy = Value::Object(Map::new());
    }
    policy["version"] = json!(3);
    policy
}

fn add(policy: &mut Value) {
    if let Some(binding) = bindings_mut(policy).iter_mut().find(|binding| is_ours(binding))
        && let Some(members) = binding["members"].as_array_mut()
    {
        members.push(json!(EVERYBODY));
        return;
    }
    bindings_mut(policy).push(json!({ "role": ROLE, "members": [EVERYBODY] }));
}

fn remove(policy: &mut Value) {
    let bindings = bindings_mut(policy);
    for binding in bindings.iter_mut().filter(|binding| is_ours(binding)) {
        if let Some(members) = binding["members"].as_array_mut() {
            members.retain(|member| *member != EVERYBODY);
        }
    }
    // A binding has to have a member.
    bindings
        .retain(|binding| !is_ours(binding) || binding["members"].as_array().is_none_or(|m| !m.is_empty()));
}

fn bindings(policy: &Value) -> impl Iterator<Item = &Value> {
    policy["bindings"].as_array().into_iter().flatten()
}

fn bindings_mut(policy: &mut Value) -> &mut Vec<Value> {
    if !policy["bindings"].is_array() {
        policy["bindings"] = json!([]);
    }
    policy["bindings"].as_array_mut().expect("made an array just now")
}

fn is_ours(binding: &Value) -> bool {
    binding["role"] == ROLE && binding.get("condition").is_none_or(Value::is_null)
}

fn holds(binding: &Value) -> bool {
    binding["members"].as_array().into_iter().flatten().any(|member| *member == EVERYBODY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(policy: &Value, open: bool, expected: &Value) {
        let edited = with_all_users(policy.clone(), open);
        assert_eq!(edited, *expected);
        assert_eq!(holds_all_users(&edited), open);
    }

    #[test]
    fn an_untouched_policy_gets_its_first_binding_and_loses_it_again() {
        let opened =
            json!({"etag": "ACAB", "version": 3, "bindings": [{"role": ROLE, "members": [EVERYBODY]}]});
        check(&json!({"etag": "ACAB"}), true, &opened);
        check(&opened, false, &json!({"etag": "ACAB", "version": 3, "bindings": []}));
        check(&json!({"etag": "ACAB"}), false, &json!({"etag": "ACAB", "version": 3, "bindings": []}));
    }

    #[test]
    fn whatever_is_not_ours_survives() {
        let conditional = json!({"role": ROLE, "members": [EVERYBODY, "user:a@b.c"],
            "condition": {"title": "t", "expression": "true", "unknown": 1}});
        let other = json!({"role": "roles/run.admin", "members": [EVERYBODY, "user:z@b.c"], "unknown": [2]});
        let policy = |ours: Value| {
            json!({"etag": "BwY=", "version": 3, "auditConfigs": [{"service": "x"}],
                "bindings": [conditional, other, ours]})
        };
        let closed = policy(json!({"role": ROLE, "members": ["serviceAccount:x@y"]}));
        let opened = policy(json!({"role": ROLE, "members": ["serviceAccount:x@y", EVERYBODY]}));
        assert!(!holds_all_users(&closed));
        check(&closed, true, &opened);
        check(&opened, false, &closed);
    }

    #[test]
    fn several_unconditional_bindings_are_all_closed() {
        let policy = json!({"bindings": [{"role": ROLE, "members": [EVERYBODY]},
            {"role": ROLE, "condition": null, "members": ["user:a@b.c", EVERYBODY]}]});
        check(
            &policy,
            false,
            &json!({"version": 3,
            "bindings": [{"role": ROLE, "condition": null, "members": ["user:a@b.c"]}]}),
        );
    }

    #[test]
    fn odd_policies_are_no_reason_to_panic() {
        for odd in [
            json!(null),
            json!([]),
            json!({"bindings": {"role": ROLE}}),
            json!({"bindings": [7, {"role": ROLE}]}),
        ] {
            assert!(holds_all_users(&with_all_users(odd.clone(), true)), "{odd}");
            assert!(!holds_all_users(&with_all_users(odd.clone(), false)), "{odd}");
        }
    }
}
