//! The v1 form of a service, Knative's: what `gcloud run services describe` and `list` read.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::RunState;
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::strict;

/// The host names the region; the sandbox has one service of a name per project.
pub(super) fn get(Asked { state, access, call, names, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    let (project, name) = (names[0].as_str(), names[1].as_str());
    access.require(call, "run.services.get", name)?;
    let found = of_project(state, project).find(|service| service["metadata"]["name"] == name);
    let missing = || {
        Refusal::not_found(format!(
            "Resource '{name}' of kind 'SERVICE' in project '{project}' does not exist."
        ))
    };
    Ok(strict::ok(&found.ok_or_else(missing)?))
}

pub(super) fn list(
    Asked { state, access, call, name: project, .. }: Asked<RunState>,
) -> Result<Reply, Refusal> {
    access.require(call, "run.services.list", project)?;
    strict::check_query(
        call,
        &["limit", "continue", "labelSelector", "fieldSelector", "includeUninitialized"],
    )?;
    let items: Vec<Value> = of_project(state, project).collect();
    Ok(strict::ok(&json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "ServiceList",
        "metadata": {"selfLink": format!("/apis/serving.knative.dev/v1/namespaces/{project}/services")},
        "items": items,
    })))
}

fn of_project<'state>(state: &'state RunState, project: &str) -> impl Iterator<Item = Value> + use<'state> {
    let prefix = format!("projects/{project}/");
    let here = state.services.iter().filter(move |(name, _)| name.starts_with(&prefix));
    here.map(|(name, service)| translate(name, &service.read(Instant::now())))
}

/// v2 to v1.
fn translate(name: &str, service: &Map<String, Value>) -> Value {
    let parts: Vec<&str> = name.split('/').collect();
    let [_, project, _, region, _, short] = parts[..] else { return Value::Null };
    let field = |field: &str| service.get(field).cloned().unwrap_or_default();
    let revision = |name: &str| short_name(&field(name));
    json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": short,
            "namespace": project,
            "selfLink": format!("/apis/serving.knative.dev/v1/namespaces/{project}/services/{short}"),
            "uid": field("uid"),
            "resourceVersion": "AAY0",
            "generation": number(&field("generation")),
            "creationTimestamp": field("createTime"),
            "labels": {"cloud.googleapis.com/location": region},
            "annotations": annotations(service),
        },
        "spec": {
            "template": {"spec": {
                "serviceAccountName": service.get("template").map(|template| template["serviceAccount"].clone()),
                "containers": service.get("template").map_or_else(|| json!([]), containers),
            }},
            "traffic": [{"latestRevision": true, "percent": 100}],
        },
        "status": {
            "observedGeneration": number(&field("observedGeneration")),
            "conditions": [ready(&field("terminalCondition"))],
            "latestReadyRevisionName": revision("latestReadyRevision"),
            "latestCreatedRevisionName": revision("latestCreatedRevision"),
            "url": field("uri"),
            "address": {"url": field("uri")},
            "traffic": [{
                "latestRevision": true, "percent": 100, "revisionName": revision("latestReadyRevision"),
            }],
        },
    })
}

fn annotations(service: &Map<String, Value>) -> Value {
    let ingress = match service.get("ingress").and_then(Value::as_str) {
        Some("INGRESS_TRAFFIC_ALL") => "all",
        Some("INGRESS_TRAFFIC_INTERNAL_ONLY") => "internal",
        Some("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER") => "internal-and-cloud-load-balancing",
        _ => "none",
    };
    let disabled = service.get("invokerIamDisabled") == Some(&Value::Bool(true));
    let mut annotations = json!({
        "serving.knative.dev/creator": service.get("creator"),
        "serving.knative.dev/lastModifier": service.get("lastModifier"),
        "run.googleapis.com/ingress": ingress,
        "run.googleapis.com/ingress-status": ingress,
    });
    if disabled {
        annotations["run.googleapis.com/invoker-iam-disabled"] = json!("true");
    }
    annotations
}

fn containers(template: &Value) -> Value {
    json!([{"image": template["containers"][0]["image"], "ports": template["containers"][0]["ports"]}])
}

fn ready(condition: &Value) -> Value {
    let status = match condition["state"].as_str() {
        Some("CONDITION_SUCCEEDED") => "True",
        Some("CONDITION_FAILED") => "False",
        _ => "Unknown",
    };
    json!({
        "type": "Ready",
        "status": status,
        "message": condition["message"],
        "lastTransitionTime": condition["lastTransitionTime"],
    })
}

fn short_name(name: &Value) -> Value {
    json!(name.as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default())
}

fn number(text: &Value) -> Value {
    json!(text.as_str().and_then(|text| text.parse::<i64>().ok()).unwrap_or(1))
}
