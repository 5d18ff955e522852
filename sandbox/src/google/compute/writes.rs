//! `instances.addAccessConfig` and `instances.deleteAccessConfig`: an interface's external address.

use serde_json::{Map, Value};

use super::ComputeState;
use super::address::Address;
use super::envelope::{ComputeDenied, parameter, require};
use super::instances::{find, find_mut};
use super::interface::check_nic;
use super::machine::AccessConfig;
use super::operations::Failed;
use super::routes::Place;
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::strict::{self, Fields, Shape};

const CONFIG: Fields = &[
    ("type", Shape::Text),
    ("name", Shape::Text),
    ("natIP", Shape::Text),
    ("networkTier", Shape::Text),
    ("kind", Shape::Text),
    ("setPublicPtr", Shape::Bool),
    ("publicPtrDomainName", Shape::Text),
];

pub(super) fn add_access_config(
    Asked { state, access, call, names, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    let place = &Place::of(names);
    let needed =
        ["compute.instances.addAccessConfig", "compute.subnetworks.useExternalIp", "compute.addresses.use"];
    let user = require(access, call, &needed, &place.path())?;
    strict::check_query(call, &["networkInterface", "requestId"])?;
    check_nic(call)?;
    if let Some(known) = state.operations.known(call)? {
        return Ok(strict::ok(&known));
    }
    let body = strict::body(call, CONFIG)?;
    state.check_ready(place)?;
    if find(state, place)?.access.is_some() {
        let why = "At most one access config currently supported.";
        return Err(ComputeDenied::invalid("resource.accessConfigs", "", why));
    }
    let config = wanted(state, place, &body)?;
    let outcome = attach(state, place, config)?;
    Ok(strict::ok(&state.operations.begin(call, ("addAccessConfig", place, &user), outcome)))
}

fn wanted(
    state: &ComputeState,
    place: &Place,
    body: &Map<String, Value>,
) -> Result<AccessConfig, ComputeDenied> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("type") != "ONE_TO_ONE_NAT" && !text("type").is_empty() {
        return Err(ComputeDenied::invalid("resource.type", text("type"), "It must be ONE_TO_ONE_NAT."));
    }
    let region = place.zone.rsplit_once('-').map_or(place.zone.as_str(), |(region, _)| region);
    let reserved = state.addresses.iter().find(|address| address.is(text("natIP"), region));
    let Some(reserved) = reserved else {
        let why = format!(
            "The specified external IP address '{}' was not found in region '{region}'.",
            text("natIP")
        );
        return Err(ComputeDenied::invalid("resource.natIP", text("natIP"), &why));
    };
    if !text("networkTier").is_empty() && text("networkTier") != Address::TIER {
        let why = "The network tier of the access config must be that of the address.";
        return Err(ComputeDenied::invalid("resource.networkTier", text("networkTier"), why));
    }
    let name = if text("name").is_empty() { "External NAT" } else { text("name") };
    Ok(AccessConfig { name: name.to_owned(), ip: reserved.seed.ip, tier: Address::TIER.to_owned() })
}

fn attach(
    state: &mut ComputeState,
    place: &Place,
    config: AccessConfig,
) -> Result<Result<(), Failed>, ComputeDenied> {
    let taken =
        state.machines.iter().any(|machine| machine.access.as_ref().is_some_and(|a| a.ip == config.ip));
    if taken {
        let message = format!("External IP address: {} is already in-use.", config.ip);
        return Ok(Err(("IP_IN_USE_BY_ANOTHER_RESOURCE", message)));
    }
    find_mut(state, place)?.access = Some(config);
    Ok(Ok(()))
}

pub(super) fn delete_access_config(
    Asked { state, access, call, names, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    let place = &Place::of(names);
    let user = require(access, call, &["compute.instances.deleteAccessConfig"], &place.path())?;
    strict::check_query(call, &["accessConfig", "networkInterface", "requestId"])?;
    check_nic(call)?;
    let name = parameter(call, "accessConfig")?;
    if let Some(known) = state.operations.known(call)? {
        return Ok(strict::ok(&known));
    }
    let machine = find_mut(state, place)?;
    if machine.access.as_ref().is_none_or(|access| access.name != name) {
        return Err(ComputeDenied::invalid(
            "accessConfig",
            name,
            "No such access config exists on the network interface.",
        ));
    }
    machine.access = None;
    Ok(strict::ok(&state.operations.begin(call, ("deleteAccessConfig", place, &user), Ok(()))))
}
