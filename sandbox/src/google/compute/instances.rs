//! Reading a machine.

use super::ComputeState;
use super::envelope::{ComputeDenied, require};
use super::machine::Machine;
use super::routes::Place;
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::strict;

pub(super) fn find<'state>(
    state: &'state ComputeState,
    place: &Place,
) -> Result<&'state Machine, ComputeDenied> {
    let found = state.machines.iter().find(|machine| machine.is_at(place));
    found.ok_or_else(|| ComputeDenied::not_found(&place.path()))
}

pub(super) fn find_mut<'state>(
    state: &'state mut ComputeState,
    place: &Place,
) -> Result<&'state mut Machine, ComputeDenied> {
    let found = state.machines.iter_mut().find(|machine| machine.is_at(place));
    found.ok_or_else(|| ComputeDenied::not_found(&place.path()))
}

pub(super) fn get(
    Asked { state, access, call, names, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    let place = &Place::of(names);
    require(access, call, &["compute.instances.get"], &place.path())?;
    strict::check_query(call, &["view"])?;
    Ok(strict::ok(&find(state, place)?.view()))
}
