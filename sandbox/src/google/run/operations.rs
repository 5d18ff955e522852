//! Long-running operations: what a patched service is answered with, and how to ask whether it is done.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::RunState;
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::page;
use crate::google::refusal::Refusal;
use crate::google::strict::{self, Fields, Shape};

const WAIT: Fields = &[("timeout", Shape::Text)];

/// Whoever says nothing waits this long: own choice, the documentation has none.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// An operation that was begun.
#[derive(Debug)]
pub(super) struct Pending {
    outcome: Value,
    /// gRPC's code, and why: it ends with that.
    error: Option<(i64, String)>,
    done: Instant,
}

/// Begins an operation whose outcome is this service, or this error; answers with the operation, which isn't done yet.
pub(super) fn begin(
    state: &mut RunState,
    service: &str,
    (outcome, error): (&Value, Option<(i64, String)>),
    done: Instant,
) -> Value {
    let parent = service.split("/services/").next().unwrap_or_default();
    let name = format!("{parent}/operations/{}", uuid::Uuid::new_v4());
    let operation = json!({"name": name, "metadata": typed(outcome)});
    state.operations.insert(name, Pending { outcome: outcome.clone(), error, done });
    operation
}

pub(super) fn get(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.operations.get", name)?;
    strict::check_query(call, &[])?;
    Ok(strict::ok(&shown(name, find(state, name)?, Instant::now())))
}

/// Answers once it is done, or once the caller has waited as long as it wants to.
pub(super) fn wait(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.operations.get", name)?;
    let request = strict::body(call, WAIT)?;
    let asked =
        request.get("timeout").and_then(Value::as_str).and_then(|text| text.strip_suffix('s')?.parse().ok());
    let patience = asked.map_or(LONGEST_WAIT, Duration::from_secs_f64);
    let pending = find(state, name)?;
    let late = pending.done.saturating_duration_since(Instant::now()).min(patience);
    Ok(strict::ok(&shown(name, pending, Instant::now() + late)).after(late))
}

pub(super) fn list(
    Asked { state, access, call, name: parent, .. }: Asked<RunState>,
) -> Result<Reply, Refusal> {
    access.require(call, "run.operations.list", parent)?;
    strict::check_query(call, &["filter", "pageSize", "pageToken", "returnPartialSuccess"])?;
    let here = state.operations.iter().filter(|(name, _)| name.starts_with(parent));
    let all = here.map(|(name, pending)| shown(name, pending, Instant::now())).collect();
    Ok(strict::ok(&page::of(call, all, "operations")?))
}

fn find<'state>(state: &'state RunState, name: &str) -> Result<&'state Pending, Refusal> {
    let pending = state.operations.get(name);
    pending.ok_or_else(|| Refusal::not_found(format!("Operation {name} does not exist.")))
}

fn shown(name: &str, pending: &Pending, now: Instant) -> Value {
    let mut operation = json!({"name": name, "metadata": typed(&pending.outcome)});
    if now >= pending.done {
        operation["done"] = json!(true);
        match &pending.error {
            None => operation["response"] = typed(&pending.outcome),
            Some((code, why)) => operation["error"] = json!({ "code": code, "message": why }),
        }
    }
    operation
}

/// The service as an `Any` carries it.
fn typed(service: &Value) -> Value {
    let mut typed = service.clone();
    typed["@type"] = json!("type.googleapis.com/google.cloud.run.v2.Service");
    typed
}
