//! Revisions of a service: those that it names (discovery document of run v2, `services.revisions`).

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::services::find;
use super::{RunState, Service};
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::{page, strict};

pub(super) fn get(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.revisions.get", name)?;
    strict::check_query(call, &[])?;
    let service = find(state, parent(name))?;
    let known = of(service).into_iter().find(|revision| revision["name"] == name);
    known
        .map(|found| strict::ok(&found))
        .ok_or_else(|| Refusal::not_found(format!("Revision {name} does not exist.")))
}

pub(super) fn list(
    Asked { state, access, call, name: service, .. }: Asked<RunState>,
) -> Result<Reply, Refusal> {
    access.require(call, "run.revisions.list", service)?;
    strict::check_query(call, &["pageSize", "pageToken", "showDeleted"])?;
    let body = page::of(call, of(find(state, service)?), "revisions")?;
    Ok(strict::ok(&body))
}

fn parent(name: &str) -> &str {
    name.split("/revisions/").next().unwrap_or_default()
}

/// The newest first.
fn of(service: &Service) -> Vec<Value> {
    let fields = service.read(Instant::now());
    let mut names: Vec<&Value> = ["latestCreatedRevision", "latestReadyRevision"]
        .iter()
        .filter_map(|field| fields.get(*field))
        .collect();
    names.dedup();
    names.into_iter().map(|name| shown(name, &fields)).collect()
}

fn shown(name: &Value, service: &Map<String, Value>) -> Value {
    let field = |field: &str| service.get(field).cloned().unwrap_or_default();
    let ready = *name == field("latestReadyRevision");
    let state = if ready { "CONDITION_SUCCEEDED" } else { "CONDITION_FAILED" };
    json!({
        "name": name, "generation": "1", "observedGeneration": "1", "service": field("name"),
        "createTime": field("createTime"), "updateTime": field("updateTime"), "launchStage": field("launchStage"),
        "containers": field("template")["containers"], "serviceAccount": field("template")["serviceAccount"],
        "timeout": field("template")["timeout"],
        "conditions": [{ "type": "Ready", "state": state, "lastTransitionTime": field("createTime") }],
    })
}
