//! `instances.updateNetworkInterface`: the whole new list of alias ranges, on top of a fingerprint.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::{Map, Value};

use super::ComputeState;
use super::envelope::{ComputeDenied, parameter, require};
use super::instances::{find, find_mut};
use super::machine::{Machine, NIC, Subnet};
use super::operations::Failed;
use super::routes::Place;
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
use crate::google::strict::{self, Fields, Shape};
use crate::network::Cidr;

const ALIAS: Fields = &[("ipCidrRange", Shape::Text), ("subnetworkRangeName", Shape::Text)];

/// `NetworkInterface`, with what the service only ever says.
const INTERFACE: Fields = &[
    ("aliasIpRanges", Shape::List(&Shape::Object(ALIAS))),
    ("fingerprint", Shape::Text),
    ("network", Shape::Text),
    ("subnetwork", Shape::Text),
    ("name", Shape::Text),
    ("kind", Shape::Text),
    ("networkIP", Shape::Text),
    ("accessConfigs", Shape::List(&Shape::Any)),
    ("nicType", Shape::Text),
    ("stackType", Shape::Text),
];

/// What can't be changed by this method; sent, it has to be what it is.
const FIXED: [&str; 2] = ["networkIP", "name"];

type Alias = (Cidr, Option<String>);

pub(super) fn update(
    Asked { state, access, call, names, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    let place = &Place::of(names);
    let needed = ["compute.instances.updateNetworkInterface", "compute.subnetworks.use"];
    let user = require(access, call, &needed, &place.path())?;
    strict::check_query(call, &["networkInterface", "requestId"])?;
    check_nic(call)?;
    if let Some(known) = state.operations.known(call)? {
        return Ok(strict::ok(&known));
    }
    let body = strict::body(call, INTERFACE)?;
    state.check_ready(place)?;
    let machine = find(state, place)?;
    check_fingerprint(machine, &body)?;
    let aliases = wanted(state, machine, &body)?;
    let outcome = match aliases {
        Some(aliases) => give(state, place, aliases)?,
        None => Ok(()),
    };
    Ok(strict::ok(&state.operations.begin(call, ("updateNetworkInterface", place, &user), outcome)))
}

pub(super) fn check_nic(call: &Call) -> Result<(), ComputeDenied> {
    match parameter(call, "networkInterface")? {
        NIC => Ok(()),
        other => Err(ComputeDenied::invalid(
            "networkInterface",
            other,
            "The referenced network interface does not exist.",
        )),
    }
}

fn check_fingerprint(machine: &Machine, body: &Map<String, Value>) -> Result<(), ComputeDenied> {
    let sent = body.get("fingerprint").and_then(Value::as_str).filter(|sent| !sent.is_empty());
    let sent = sent.ok_or_else(|| ComputeDenied::required("resource.fingerprint"))?;
    let sent = bytes(sent)
        .ok_or_else(|| ComputeDenied::invalid("resource.fingerprint", sent, "It must be base64."))?;
    if Some(sent) != bytes(&machine.fingerprint()) {
        return Err(ComputeDenied::stale());
    }
    let view = machine.view();
    let interface = &view["networkInterfaces"][0];
    match FIXED.iter().find(|field| body.get(**field).is_some_and(|sent| *sent != interface[**field])) {
        None => Ok(()),
        Some(field) => {
            Err(ComputeDenied::invalid(&format!("resource.{field}"), "", "It can not be updated."))
        }
    }
}

/// Bytes of JSON are base64 of either alphabet, with padding or without.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let plain = text.replace('-', "+").replace('_', "/");
    BASE64_STANDARD_NO_PAD.decode(plain.trim_end_matches('=')).ok()
}

/// The new list, if one is sent: one that isn't sent is left alone.
fn wanted(
    state: &ComputeState,
    machine: &Machine,
    body: &Map<String, Value>,
) -> Result<Option<Vec<Alias>>, ComputeDenied> {
    let Some(list) = body.get("aliasIpRanges").and_then(Value::as_array) else { return Ok(None) };
    let subnet = state.subnets.iter().find(|subnet| subnet.path == machine.seed.subnet);
    let aliases: Result<Vec<Alias>, ComputeDenied> = list.iter().map(|alias| read(subnet, alias)).collect();
    aliases.map(Some)
}

fn read(subnet: Option<&Subnet>, alias: &Value) -> Result<Alias, ComputeDenied> {
    let text = alias["ipCidrRange"].as_str().unwrap_or_default();
    let field = "resource.aliasIpRanges[0].ipCidrRange";
    let range: Cidr =
        text.parse().map_err(|_| ComputeDenied::invalid(field, text, "Invalid IP CIDR range."))?;
    let name = alias["subnetworkRangeName"].as_str().filter(|name| !name.is_empty());
    let within = match (subnet, name) {
        (None, _) => None,
        (Some(subnet), None) => Some(subnet.range),
        (Some(subnet), Some(name)) => {
            subnet.secondary.iter().find(|(known, _)| known == name).map(|(_, range)| *range)
        }
    };
    if within.is_some_and(|within| within.covers(range)) {
        return Ok((range, name.map(str::to_owned)));
    }
    Err(ComputeDenied::invalid(field, text, "Alias IP range is not within the subnetwork's range."))
}

/// Sets the list, unless somebody else has one of its addresses: that is the operation's failure.
fn give(
    state: &mut ComputeState,
    place: &Place,
    aliases: Vec<Alias>,
) -> Result<Result<(), Failed>, ComputeDenied> {
    let taken = |range: &Cidr| {
        let others = state.machines.iter().filter(|machine| !machine.is_at(place));
        let mut others = others.filter(|machine| machine.seed.subnet == subnet_of(state, place));
        others.any(|other| {
            range.contains(other.seed.ip) || other.seed.aliases.iter().any(|(held, _)| held.meets(*range))
        })
    };
    if let Some((range, _)) = aliases.iter().find(|(range, _)| taken(range)) {
        let message = format!("IP '{range}' is already being used by another resource.");
        return Ok(Err(("IP_IN_USE_BY_ANOTHER_RESOURCE", message)));
    }
    find_mut(state, place)?.seed.aliases = aliases;
    Ok(Ok(()))
}

fn subnet_of(state: &ComputeState, place: &Place) -> String {
    find(state, place).map(|machine| machine.seed.subnet.clone()).unwrap_or_default()
}
