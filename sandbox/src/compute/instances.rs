//! Reading a machine, and asking what one may do with it.

use serde_json::json;

use super::State;
use super::envelope::{Denied, require};
use super::machine::Machine;
use super::route::Place;
use crate::call::{Call, Reply};
use crate::google::access::Access;
use crate::google::strict::{self, Fields, Shape};

const PERMISSIONS: Fields = &[("permissions", Shape::List(&Shape::Text))];

pub(super) fn find<'state>(state: &'state State, place: &Place) -> Result<&'state Machine, Denied> {
    let found = state.machines.iter().find(|machine| machine.is_at(place));
    found.ok_or_else(|| Denied::not_found(&place.path()))
}

pub(super) fn find_mut<'state>(
    state: &'state mut State,
    place: &Place,
) -> Result<&'state mut Machine, Denied> {
    let found = state.machines.iter_mut().find(|machine| machine.is_at(place));
    found.ok_or_else(|| Denied::not_found(&place.path()))
}

pub(super) fn get(state: &State, access: &Access, call: &Call, place: &Place) -> Result<Reply, Denied> {
    require(access, call, &["compute.instances.get"], &place.path())?;
    strict::check_query(call, &["view"])?;
    Ok(strict::ok(&find(state, place)?.view()))
}

/// Which of the named permissions the caller has; asking needs none.
pub(super) fn test_permissions(
    state: &State,
    access: &Access,
    call: &Call,
    place: &Place,
) -> Result<Reply, Denied> {
    let account = access.account_of(call)?;
    strict::check_query(call, &[])?;
    let body = strict::body(call, PERMISSIONS)?;
    find(state, place)?;
    let asked = body.get("permissions").and_then(|asked| asked.as_array()).cloned().unwrap_or_default();
    let held: Vec<_> = asked
        .into_iter()
        .filter(|name| name.as_str().is_some_and(|name| access.may(&account, name)))
        .collect();
    Ok(strict::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}
