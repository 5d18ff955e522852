//! `PUT` of a network interface: the whole of it, on top of what it was, and the operation that carries it out.

use std::time::Instant;

use serde_json::Value;

use super::directory::Directory;
use super::envelope::AzureDenied;
use super::interface::{Interface, Running, fresh_etag};
use super::network::join_action;
use super::operations::Outcome;
use super::routes::Place;
use super::rules::{self, Wanted};
use super::{AzureState, INTERFACE_KIND, body, version};
use crate::frame::call::{Call, Reply};
use crate::frame::change::Change;

const WRITE: &str = "Microsoft.Network/networkInterfaces/write";

/// Answers with the interface.
pub(super) fn put(
    state: &mut AzureState,
    directory: &Directory,
    call: &Call,
    place: &Place,
) -> Result<Reply, AzureDenied> {
    let principal = directory.require(call, WRITE, &place.id())?;
    let version = version::check(call)?.to_owned();
    let sent = body::read(call)?;
    let mut wanted = body::settable(&sent);
    check_joins(directory, &principal, place, &wanted)?;
    let left = state.quota.spend_write(&place.subscription)?;
    state.check_group(place)?;
    let index = state.interfaces.iter().position(|interface| interface.is(&place.id()));
    let before = index.map(|index| &state.interfaces[index]);
    check_condition(call, before)?;
    check_busy(state, call, before, &version)?;
    check_location(place, before, &wanted)?;
    let id = before.map_or_else(|| place.id(), |before| before.id.clone());
    Wanted { state, id: &id, before }.check(&mut wanted)?;
    let status = if before.is_some() { 200 } else { 201 };
    let Accepted { index, begun } = accept(state, index, id, wanted);
    let interface = &state.interfaces[index];
    let reply = Reply::json(status, &interface.view())
        .header("etag", interface.etag.clone())
        .header("x-ms-ratelimit-remaining-subscription-writes", left.to_string());
    let Some((change, operation)) = begun else { return Ok(reply) };
    Ok(reply
        .changed(change)
        .header("azure-asyncoperation", operation_url(call, interface, &operation, &version))
        .header("retry-after", state.operations.pause()))
}

/// `PATCH`: an interface's tags, and nothing else (azure-mgmt-network 33.1.0, `update_tags`).
pub(super) fn patch(
    state: &mut AzureState,
    directory: &Directory,
    call: &Call,
    place: &Place,
) -> Result<Reply, AzureDenied> {
    directory.require(call, WRITE, &place.id())?;
    version::check(call)?;
    let sent: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let foreign = sent.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| *name != "tags");
    if let Some(name) = foreign {
        return Err(AzureDenied::unreadable(&format!("Could not find member '{name}'. Path '{name}'.")));
    }
    state.quota.spend_write(&place.subscription)?;
    state.check_group(place)?;
    let found = state.interfaces.iter_mut().find(|interface| interface.is(&place.id()));
    let interface =
        found.ok_or_else(|| AzureDenied::not_found("networkInterfaces", &place.name, &place.group))?;
    let before = interface.view();
    if let Some(tags) = sent.get("tags") {
        interface.body["tags"] = tags.clone();
        interface.etag = fresh_etag();
    }
    let change = Change::new(INTERFACE_KIND, &interface.id, [before, interface.view()]);
    Ok(Reply::json(200, &interface.view()).header("etag", interface.etag.clone()).changed(change))
}

/// Whatever is named has to be allowed to be joined, new or not: Resource Manager looks at the whole body.
fn check_joins(
    directory: &Directory,
    principal: &str,
    place: &Place,
    wanted: &Value,
) -> Result<(), AzureDenied> {
    for (field, linked) in rules::references(wanted) {
        let Some(action) = join_action(field).filter(|action| !directory.may(principal, action, linked))
        else {
            continue;
        };
        let message = format!(
            "The client '{principal}' with object id '{principal}' has permission to perform action '{WRITE}' on scope \
             '{}'; however, it does not have permission to perform action '{action}' on the linked scope(s) \
             '{linked}' or the linked scope(s) are invalid.",
            place.id()
        );
        return Err(AzureDenied::new(403, "LinkedAuthorizationFailed", message));
    }
    Ok(())
}

fn check_condition(call: &Call, before: Option<&Interface>) -> Result<(), AzureDenied> {
    let matches = |sent: &str| before.is_some_and(|before| sent == "*" || sent == before.etag);
    if let Some(sent) = call.header("if-match").filter(|sent| !matches(sent)) {
        return Err(AzureDenied::stale(sent));
    }
    match call.header("if-none-match").filter(|sent| matches(sent)) {
        None => Ok(()),
        Some(sent) => Err(AzureDenied::stale(sent)),
    }
}

fn check_busy(
    state: &AzureState,
    call: &Call,
    before: Option<&Interface>,
    version: &str,
) -> Result<(), AzureDenied> {
    let running = before.and_then(|before| Some((before, before.running.as_ref()?)));
    let Some((interface, running)) = running.filter(|_| !state.operations.newer_wins) else { return Ok(()) };
    let message = format!(
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: \
         {}.",
        operation_url(call, interface, &running.operation, version)
    );
    Err(AzureDenied::new(409, "AnotherOperationInProgress", message))
}

fn check_location(place: &Place, before: Option<&Interface>, wanted: &Value) -> Result<(), AzureDenied> {
    let plain = |location: &Value| location.as_str().unwrap_or_default().to_lowercase().replace(' ', "");
    match before.filter(|before| plain(&before.body["location"]) != plain(&wanted["location"])) {
        None => Ok(()),
        Some(before) => {
            let message = format!(
                "The resource '{}' already exists in location '{}' in resource group '{}'. A resource with the same \
                 name cannot be created in location '{}'. Please select a new resource name.",
                place.name,
                plain(&before.body["location"]),
                place.group,
                plain(&wanted["location"])
            );
            Err(AzureDenied::new(409, "InvalidResourceLocation", message))
        }
    }
}

/// What became of a write that was accepted.
struct Accepted {
    /// Which interface it is.
    index: usize,
    /// What changed, and the operation that carries it out; nothing where it was so already.
    begun: Option<(Change, String)>,
}

/// Begins the operation, unless nothing changes. An interface that failed is carried out anew in any case.
fn accept(state: &mut AzureState, index: Option<usize>, id: String, wanted: Value) -> Accepted {
    let before = index.map(|index| state.interfaces[index].clone());
    let same = |before: &Interface| before.body == wanted && before.state() == "Succeeded";
    if let Some(index) = index.filter(|_| before.as_ref().is_some_and(same)) {
        return Accepted { index, begun: None };
    }
    let mut interface = before.clone().unwrap_or_else(|| Interface::new(id, None, Value::Null));
    let operation = begin(state, &mut interface, wanted);
    let known = before.as_ref().map_or(Value::Null, Interface::view);
    let change = Change::new(INTERFACE_KIND, &interface.id, [known, interface.view()]);
    let index = index.unwrap_or_else(|| {
        state.interfaces.push(interface.clone());
        state.interfaces.len() - 1
    });
    state.interfaces[index] = interface;
    Accepted { index, begun: Some((change, operation)) }
}

/// The interface is at once as it was asked to be; what it was is in force until the operation's end.
fn begin(state: &mut AzureState, interface: &mut Interface, wanted: Value) -> String {
    let asked = std::mem::replace(&mut interface.body, wanted);
    let previous = match interface.running.take() {
        None => asked,
        // A write that a newer one has overtaken never had its effect.
        Some(overtaken) => {
            state.operations.end(&overtaken.operation, Outcome::Superseded);
            overtaken.previous
        }
    };
    let operation = state.operations.begin();
    let outcome = state.operations.next.take().unwrap_or(Outcome::Succeeded);
    let done = Instant::now() + state.operations.takes;
    interface.etag = fresh_etag();
    interface.failed = false;
    interface.running = Some(Running { operation: operation.clone(), previous, done, outcome });
    operation
}

/// Where an operation is: on the host that was asked, as Resource Manager's own are.
fn operation_url(call: &Call, interface: &Interface, operation: &str, version: &str) -> String {
    let subscription = interface.id.split('/').nth(2).unwrap_or_default();
    let location = interface.body["location"].as_str().unwrap_or_default().to_lowercase().replace(' ', "");
    format!(
        "http://{}/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/operations/\
         {operation}?api-version={version}",
        call.host
    )
}
