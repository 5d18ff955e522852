//! Long-running operations: what a patched service is answered with, and how to ask whether it is done.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Answer, State};
use crate::call::Call;
use crate::google::access::Access;
use crate::google::refusal::Refusal;
use crate::google::strict;

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
    state: &mut State,
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

pub(super) fn get(state: &State, access: &Access, call: &Call, name: &str) -> Result<Answer, Refusal> {
    access.require(call, "run.operations.get", name)?;
    strict::check_query(call, &[])?;
    let pending = state.operations.get(name);
    let pending = pending.ok_or_else(|| Refusal::not_found(format!("Operation {name} does not exist.")))?;
    let mut operation = json!({"name": name, "metadata": typed(&pending.outcome)});
    if Instant::now() >= pending.done {
        operation["done"] = json!(true);
        match &pending.error {
            None => operation["response"] = typed(&pending.outcome),
            Some((code, why)) => operation["error"] = json!({ "code": code, "message": why }),
        }
    }
    Ok(Answer::read(operation))
}

/// The service as an `Any` carries it.
fn typed(service: &Value) -> Value {
    let mut typed = service.clone();
    typed["@type"] = json!("type.googleapis.com/google.cloud.run.v2.Service");
    typed
}
