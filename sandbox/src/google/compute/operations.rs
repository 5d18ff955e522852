//! Zone operations: what every write is answered with, and how to wait for its end.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ComputeState;
use super::envelope::{ComputeDenied, require};
use super::machine::BASE;
use super::routes::Place;
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
use crate::google::access::Access;
use crate::google::strict;

/// `wait` answers after two minutes at the latest, done or not.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// Why an operation failed: the code and the sentence that it carries.
pub(super) type Failed = (&'static str, String);

/// Every operation that was begun.
#[derive(Debug, Default)]
pub(super) struct Operations {
    takes: Duration,
    begun: HashMap<String, Operation>,
    /// The operation that a request id began.
    requests: HashMap<String, String>,
}

#[derive(Debug, Clone)]
struct Operation {
    fields: Value,
    failed: Option<Failed>,
    done: Instant,
    /// Seen by whoever began it: from then on it may be done.
    told: bool,
}

impl Operations {
    pub(super) fn take(&mut self, time: Duration) {
        self.takes = time;
    }

    /// The operation that was begun by a request with the same id, if there was one: a retry does nothing anew.
    pub(super) fn known(&self, call: &Call) -> Result<Option<Value>, ComputeDenied> {
        let Some(id) = strict::query(call, "requestId") else { return Ok(None) };
        let valid = uuid::Uuid::parse_str(id).is_ok_and(|id| !id.is_nil());
        if !valid {
            return Err(ComputeDenied::invalid("requestId", id, "It must be a valid UUID that is not zero."));
        }
        let name = self.requests.get(id);
        Ok(name.and_then(|name| self.begun.get(name)).map(Operation::view))
    }

    /// Begins an operation, which came out like this and will say so once it is done.
    pub(super) fn begin(
        &mut self,
        call: &Call,
        (kind, place, user): (&str, &Place, &str),
        outcome: Result<(), Failed>,
    ) -> Value {
        let serial = self.begun.len() + 1;
        let name = format!("operation-{}-{serial}", Timestamp::now().as_millisecond());
        let path = format!("projects/{}/zones/{}/operations/{name}", place.project, place.zone);
        let fields = json!({
            "kind": "compute#operation",
            "id": serial.to_string(),
            "name": name,
            "zone": format!("{BASE}/projects/{}/zones/{}", place.project, place.zone),
            "operationType": kind,
            "targetLink": format!("{BASE}/{}", place.path()),
            "user": user,
            "insertTime": Timestamp::now().to_string(),
            "selfLink": format!("{BASE}/{path}"),
        });
        let done = Instant::now() + self.takes;
        let mut operation = Operation { fields, failed: outcome.err(), done, told: false };
        let told = operation.view();
        operation.told = true;
        self.begun.insert(path.clone(), operation);
        if let Some(id) = strict::query(call, "requestId") {
            self.requests.insert(id.to_owned(), path);
        }
        told
    }
}

impl Operation {
    fn is_done(&self) -> bool {
        self.told && Instant::now() >= self.done
    }

    fn view(&self) -> Value {
        let mut view = self.fields.clone();
        if !self.is_done() {
            view["status"] = json!("RUNNING");
            view["progress"] = json!(0);
            return view;
        }
        view["status"] = json!("DONE");
        view["progress"] = json!(100);
        view["endTime"] = json!(Timestamp::now().to_string());
        if let Some((code, message)) = &self.failed {
            view["error"] = json!({"errors": [{"code": code, "message": message}]});
            view["httpErrorStatusCode"] = json!(400);
            view["httpErrorMessage"] = json!("BAD REQUEST");
        }
        view
    }
}

fn find<'state>(
    state: &'state ComputeState,
    access: &Access,
    call: &Call,
    path: &str,
) -> Result<&'state Operation, ComputeDenied> {
    require(access, call, &["compute.zoneOperations.get"], path)?;
    strict::check_query(call, &[])?;
    state.operations.begun.get(path).ok_or_else(|| ComputeDenied::not_found(path))
}

pub(super) fn get(
    Asked { state, access, call, name: path, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    Ok(strict::ok(&find(state, access, call, path)?.view()))
}

/// Answers when the operation is done, and at the latest after its longest wait.
pub(super) fn wait(
    Asked { state, access, call, name: path, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    let operation = find(state, access, call, path)?;
    let left = operation.done.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(strict::ok(&operation.view()));
    }
    if left > LONGEST_WAIT {
        return Ok(strict::ok(&operation.view()).after(LONGEST_WAIT));
    }
    let end = Operation { done: Instant::now(), ..operation.clone() };
    Ok(strict::ok(&end.view()).after(left))
}
