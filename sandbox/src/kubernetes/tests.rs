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
        (patch(&sandbox, "nobody/scale", &zero), 404, "NotFound"),
        (patch(&sandbox, scale, &json!({ "spec": { "replicas": -1 } })), 422, "Invalid"),
        (patch(&sandbox, scale, &json!({ "spec": { "replica": 0 } })), 400, "BadRequest"),
        (patch(&sandbox, "resume/scale?force=true", &zero), 400, "BadRequest"),
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
