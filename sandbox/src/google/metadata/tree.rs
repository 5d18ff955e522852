//! What the metadata server can be asked for, tokens apart: a tree of directories and values.

use serde_json::{Map, Value, json};

use super::{Machine, PROJECT, PROJECT_NUMBER, REGION};

/// All that is said about the machine of `account`.
pub(super) fn of(account: &str, machine: Option<&Machine>) -> Value {
    let service = Machine { name: "failover-00001-abc".to_owned(), zone: format!("{REGION}-1") };
    let Machine { name, zone } = machine.unwrap_or(&service);
    let identity = json!({
        "aliases": ["default"],
        "email": account,
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    });
    json!({"computeMetadata": {"v1": {
        "instance": {
            "id": 1_234_567_890_123_456_789_u64,
            "name": name,
            "region": format!("projects/{PROJECT_NUMBER}/regions/{REGION}"),
            "zone": format!("projects/{PROJECT_NUMBER}/zones/{zone}"),
            "service-accounts": {"default": identity, account: identity},
        },
        "project": {"project-id": PROJECT, "numeric-project-id": PROJECT_NUMBER},
        "universe": {"universe-domain": "googleapis.com"},
    }}})
}

/// A value as text; a directory as its entries, one a line.
pub(super) fn shown(node: &Value) -> String {
    match node {
        Value::Object(entries) => entries.iter().map(|(name, child)| entry(name, child)).collect(),
        Value::Array(items) => items.iter().flat_map(|item| [shown(item), "\n".to_owned()]).collect(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn entry(name: &str, child: &Value) -> String {
    if child.is_object() { format!("{name}/\n") } else { format!("{name}\n") }
}

/// The whole subtree, with names as JSON likes them: `numeric-project-id` is `numericProjectId`.
pub(super) fn recursive(node: &Value) -> Value {
    match node {
        Value::Object(entries) => {
            let renamed = entries.iter().map(|(name, child)| (camel(name), recursive(child)));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Account names keep their dashes.
fn camel(name: &str) -> String {
    if name.contains('@') {
        return name.to_owned();
    }
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |camel, part| {
        let (head, tail) = part.split_at(part.len().min(1));
        camel + &head.to_uppercase() + tail
    })
}
