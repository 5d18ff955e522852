//! `testIamPermissions` of machines, subnets and addresses: which of the named permissions the caller has. Asking needs
//! none.

use serde_json::json;

use super::ComputeState;
use super::envelope::ComputeDenied;
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::strict::{self, Fields, Shape};

const PERMISSIONS: Fields = &[("permissions", Shape::List(&Shape::Text))];

/// Which kind of resource has which permissions.
const KINDS: [&str; 3] = ["instances", "subnetworks", "addresses"];

pub(super) fn test(
    Asked { state, access, call, name: path, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    let account = access.account_of(call)?;
    strict::check_query(call, &[])?;
    let body = strict::body(call, PERMISSIONS)?;
    let there = state.machines.iter().any(|machine| machine.path() == path)
        || state.subnets.iter().any(|subnet| subnet.path == path)
        || state.addresses.iter().any(|address| address.seed.path == path);
    if !there {
        return Err(ComputeDenied::not_found(path));
    }
    let asked = body.get("permissions").and_then(|asked| asked.as_array()).cloned().unwrap_or_default();
    let asked: Vec<&str> = asked.iter().filter_map(|name| name.as_str()).collect();
    if let Some(foreign) = asked.iter().find(|name| !is_of(name, path)) {
        let why = format!("Permission '{foreign}' is not valid for resource '{path}'.");
        return Err(ComputeDenied::invalid("permissions", foreign, &why));
    }
    let held: Vec<&str> = asked.into_iter().filter(|name| access.may(&account, name)).collect();
    Ok(strict::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}

fn is_of(permission: &str, path: &str) -> bool {
    let kind = KINDS.into_iter().find(|kind| path.contains(&format!("/{kind}/")));
    kind.is_some_and(|kind| permission.starts_with(&format!("compute.{kind}.")))
}
