//! What a service looks like before anybody fails over: ready, reachable, closed, and not ours alone.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A service with one ready revision, as the v2 API stores it.
pub(super) fn service(name: &str, uri: &str) -> Map<String, Value> {
    let short = name.rsplit('/').next().unwrap_or(name);
    let created = Timestamp::now().to_string();
    let revision = format!("{name}/revisions/{short}-00001-abc");
    let value = json!({
        "name": name,
        "uid": uuid::Uuid::new_v4().to_string(),
        "generation": "1",
        "labels": {"owner": "web-team"},
        "createTime": created,
        "updateTime": created,
        "creator": "alice@gleich.tech",
        "lastModifier": "alice@gleich.tech",
        "ingress": "INGRESS_TRAFFIC_ALL",
        "launchStage": "GA",
        "template": template(),
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        "scaling": {"minInstanceCount": 0},
        "uri": uri,
        "urls": [uri],
        "terminalCondition": succeeded("Ready", &created),
        "conditions": [succeeded("RoutesReady", &created), succeeded("ConfigurationsReady", &created)],
        "latestReadyRevision": revision,
        "latestCreatedRevision": revision,
        "trafficStatuses": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        "etag": etag(1),
    });
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The service's own etag: another one than its policy's.
pub(super) fn etag(generation: u64) -> String {
    format!("\"CK{generation:010}/cHJvamVjdHM\"")
}

fn template() -> Value {
    json!({
        "scaling": {"maxInstanceCount": 10},
        "timeout": "300s",
        "serviceAccount": "site@gleich-tech.iam.gserviceaccount.com",
        "maxInstanceRequestConcurrency": 80,
        "containers": [{
            "image": "europe-docker.pkg.dev/gleich-tech/site/site@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "ports": [{"name": "http1", "containerPort": 8080}],
            "resources": {"limits": {"cpu": "1000m", "memory": "512Mi"}, "cpuIdle": true},
        }],
    })
}

fn succeeded(kind: &str, at: &str) -> Value {
    json!({"type": kind, "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at})
}
