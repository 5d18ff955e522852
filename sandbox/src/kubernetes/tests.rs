use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::json;

use super::*;
use crate::{Options, Sandbox, Service};

const MERGE: &str = "application/merge-patch+json";

async fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).await.expect("loopback")
}

fn ask(sandbox: &Sandbox, method: Method, path: &str) -> RequestBuilder {
    ask_as(TOKEN, sandbox, method, path)
}

fn ask_as(token: &str, sandbox: &Sandbox, method: Method, path: &str) -> RequestBuilder {
    let url =
        sandbox.url(Service::Kubernetes).join("apis/apps/v1/namespaces/web/deployments/").expect("a url");
    Client::new().request(method, url.join(path).expect("a url")).bearer_auth(token)
}

fn patch(sandbox: &Sandbox, path: &str, body: &Value) -> RequestBuilder {
    ask(sandbox, Method::PATCH, path).header("content-type", MERGE).body(body.to_string())
}

async fn told(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_deployment_is_scaled_and_nothing_else_of_it_changes() {
    let sandbox = sandbox().await;
    let (_, before) = told(ask(&sandbox, Method::GET, "resume")).await;
    assert_eq!((&before["spec"]["replicas"], &before["status"]["readyReplicas"]), (&json!(1), &json!(1)));
    let (status, scale) = told(patch(&sandbox, "resume/scale", &json!({ "spec": { "replicas": 0 } }))).await;
    assert_eq!((status, &scale["kind"], &scale["spec"]), (200, &json!("Scale"), &json!({})));
    let (_, after) = told(ask(&sandbox, Method::GET, "resume")).await;
    assert_eq!(after["status"], json!({ "observedGeneration": 2 }));
    assert_eq!(after["spec"]["strategy"], before["spec"]["strategy"]);
}

#[tokio::test]
async fn the_primary_serves_only_while_a_pod_is_ready() {
    let sandbox = sandbox().await;
    let site = sandbox.site("resume");
    let served = || async { Client::new().get(site.public_url()).send().await.expect("an answer").status() };
    assert_eq!(served().await, StatusCode::OK);
    sandbox.world.kubernetes.scale("resume", 0);
    assert_eq!(served().await, StatusCode::SERVICE_UNAVAILABLE);
    sandbox.world.kubernetes.starting_takes(Duration::from_hours(1));
    sandbox.world.kubernetes.scale("resume", 1);
    assert_eq!(served().await, StatusCode::SERVICE_UNAVAILABLE, "it is starting");
    let (_, starting) = told(ask(&sandbox, Method::GET, "resume")).await;
    assert_eq!(starting["status"]["observedGeneration"], 2, "what is told is of before");
}

#[tokio::test]
async fn what_is_only_tried_is_checked_and_not_done() {
    let sandbox = sandbox().await;
    let zero = json!({ "spec": { "replicas": 0 } });
    assert_eq!(told(patch(&sandbox, "resume/scale?dryRun=All", &zero)).await.0, 200);
    assert_eq!(sandbox.world.kubernetes.replicas("resume"), 1);
    assert_eq!(told(patch(&sandbox, "resume/scale?dryRun=yes", &zero)).await.0, 422);
    sandbox.world.kubernetes.deny("patch", "deployments/scale");
    assert_eq!(told(patch(&sandbox, "resume/scale?dryRun=All", &zero)).await.0, 403);
}

#[tokio::test]
async fn what_the_real_one_refuses_is_refused() {
    let sandbox = sandbox().await;
    sandbox.world.kubernetes.add("web", "gone");
    sandbox.world.kubernetes.delete("web", "gone");
    let zero = json!({ "spec": { "replicas": 0 } });
    let scale = "resume/scale";
    let stale = json!({ "metadata": { "resourceVersion": "1" }, "spec": { "replicas": 0 } });
    let plain = ask(&sandbox, Method::PATCH, scale).json(&zero);
    let stranger = ask_as("another", &sandbox, Method::PATCH, scale)
        .header("content-type", MERGE)
        .body(zero.to_string());
    let replaced = ask(&sandbox, Method::PUT, scale).json(&zero);
    for (request, code, reason) in [
        (plain, 415, "UnsupportedMediaType"),
        (stranger, 401, "Unauthorized"),
        (replaced, 405, "MethodNotAllowed"),
        (patch(&sandbox, scale, &stale), 409, "Conflict"),
        (patch(&sandbox, "gone/scale", &zero), 404, "NotFound"),
        // Of what the role doesn't name, nothing is said, not even that it isn't there.
        (patch(&sandbox, "nobody/scale", &zero), 403, "Forbidden"),
        (ask(&sandbox, Method::GET, "../../other/deployments/resume"), 403, "Forbidden"),
        (patch(&sandbox, scale, &json!({ "spec": { "replicas": -1 } })), 422, "Invalid"),
        (
            patch(&sandbox, "resume/scale?fieldValidation=Strict", &json!({ "spec": { "replica": 0 } })),
            400,
            "BadRequest",
        ),
        (patch(&sandbox, "resume/scale?replicas=0", &zero), 400, "BadRequest"),
        // The function's role has no need of it.
        (ask(&sandbox, Method::GET, scale), 403, "Forbidden"),
    ] {
        let (status, body) = told(request).await;
        assert_eq!(
            (status, &body["kind"], &body["reason"]),
            (code, &json!("Status"), &json!(reason)),
            "{body}"
        );
    }
    assert_eq!(sandbox.world.kubernetes.replicas("resume"), 1);
}

#[tokio::test]
async fn what_the_real_one_takes_is_taken() {
    let sandbox = sandbox().await;
    let scale = |query: &str, kind: &str, body: &Value| {
        ask(&sandbox, Method::PATCH, &format!("resume/scale{query}"))
            .header("content-type", kind)
            .body(body.to_string())
    };
    let to = |replicas: u64| json!({ "spec": { "replicas": replicas } });
    let place = json!([
        {"op": "test", "path": "/spec/replicas", "value": 3},
        {"op": "replace", "path": "/spec/replicas", "value": 4},
    ]);
    for (query, kind, body, replicas) in [
        ("", "application/merge-patch+json; charset=utf-8", to(2), 2),
        ("?timeout=10s", "application/strategic-merge-patch+json", to(3), 3),
        ("", "application/json-patch+json", place, 4),
        // Dropped, as nobody knows it.
        ("", MERGE, json!({ "spec": { "replica": 0 }, "other": 7 }), 4),
    ] {
        let (status, body) = told(scale(query, kind, &body)).await;
        assert_eq!((status, &body["spec"]["replicas"]), (200, &json!(replicas)), "{kind}: {body}");
    }
    let (_, deployment) = told(ask(&sandbox, Method::GET, "resume?timeout=32s")).await;
    assert!(deployment["spec"]["selector"].is_object() && deployment["spec"]["template"].is_object());
}
