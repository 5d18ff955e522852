//! What the metadata server says and to whom it says nothing.

use super::*;
use crate::google::testing;
use crate::options::Options;
use crate::world::World;

const DEFAULT: &str = "/computeMetadata/v1/instance/service-accounts/default";

fn world() -> World {
    World::new(&Options::default())
}

fn ask(world: &World, path: &str) -> Reply {
    let mut call = testing::call("GET", path);
    call.headers.insert("metadata-flavor", http::HeaderValue::from_static("Google"));
    world.metadata.answer(&call)
}

#[track_caller]
fn says(path: &str, expected: &str) {
    let reply = ask(&world(), path);
    assert_eq!(reply.header_value("Metadata-Flavor"), Some("Google"));
    assert_eq!((reply.status, String::from_utf8_lossy(&reply.body).as_ref()), (200, expected));
}

#[test]
fn who_does_not_know_whom_they_ask_is_forbidden() {
    let world = world();
    let reply = world.metadata.answer(&testing::call("GET", &format!("{DEFAULT}/token")));
    assert_eq!((reply.status, reply.header_value("metadata-flavor")), (403, Some("Google")));
}

#[test]
fn a_forwarded_request_is_forbidden() {
    let world = world();
    let mut call = testing::call("GET", &format!("{DEFAULT}/token"));
    call.headers.insert("metadata-flavor", http::HeaderValue::from_static("Google"));
    call.headers.insert("x-forwarded-for", http::HeaderValue::from_static("203.0.113.7"));
    assert_eq!(world.metadata.answer(&call).status, 403);
}

#[test]
fn it_knows_project_region_and_account() {
    says("/computeMetadata/v1/project/project-id", "gleich-tech");
    says("/computeMetadata/v1/project/numeric-project-id", "365415247865");
    says("/computeMetadata/v1/instance/region", "projects/365415247865/regions/us-central1");
    says("/computeMetadata/v1/universe/universe-domain", "googleapis.com");
    says(&format!("{DEFAULT}/email"), FUNCTION_ACCOUNT);
    says("/", "computeMetadata/\n");
}

#[test]
fn a_directory_is_listed_or_told_whole() {
    says("/computeMetadata/v1/instance/service-accounts/", &format!("default/\n{FUNCTION_ACCOUNT}/\n"));
    let reply = ask(&world(), "/computeMetadata/v1/instance/service-accounts");
    let place = "/computeMetadata/v1/instance/service-accounts/";
    assert_eq!((reply.status, reply.header_value("location")), (301, Some(place)));
    let reply = ask(&world(), "/computeMetadata/v1/project/?recursive=true");
    assert_eq!(reply.body, r#"{"numericProjectId":365415247865,"projectId":"gleich-tech"}"#);
}

#[test]
fn a_token_is_good_until_it_expires() {
    let world = world();
    let token = |path: &str| -> Value { serde_json::from_slice(&ask(&world, path).body).expect("JSON") };
    let good = token(&format!("{DEFAULT}/token?scopes=https://www.googleapis.com/auth/cloud-platform"));
    assert_eq!((&good["expires_in"], &good["token_type"]), (&json!(3599), &json!("Bearer")));
    let call = |token: &Value| {
        testing::bearing(testing::call("GET", "/"), token["access_token"].as_str().expect("text"))
    };
    assert_eq!(world.access.account_of(&call(&good)).expect("an account"), FUNCTION_ACCOUNT);
    world.metadata.tokens_live(Duration::ZERO);
    let expired = token(&format!("{DEFAULT}/token"));
    assert!(world.access.account_of(&call(&expired)).is_err());
}

#[test]
fn an_identity_needs_an_audience_and_names_its_account_only_in_full() {
    let world = world();
    assert_eq!(ask(&world, &format!("{DEFAULT}/identity")).status, 400);
    let claims = |format: &str| {
        let reply = ask(&world, &format!("{DEFAULT}/identity?audience=x&format={format}"));
        crate::google::tokens::tests::claims_of(&String::from_utf8_lossy(&reply.body))
    };
    assert_eq!(claims("full")["email"], FUNCTION_ACCOUNT);
    assert_eq!(claims("standard")["email"], Value::Null);
    assert_eq!(claims("standard")["aud"], "x");
}

#[test]
fn another_account_is_not_found() {
    assert_eq!(ask(&world(), "/computeMetadata/v1/instance/service-accounts/bob@x/token").status, 404);
    assert_eq!(ask(&world(), "/computeMetadata/v1/instance/attributes/x").status, 404);
}

#[tokio::test]
async fn the_real_client_library_gets_its_token_here() {
    use google_cloud_auth::credentials::mds;

    let sandbox = crate::Sandbox::start(Options::default()).await.expect("loopback");
    let url = sandbox.url(crate::Service::Metadata);
    let credentials = mds::Builder::default().with_endpoint(url.as_str()).build_access_token_credentials();
    let token = credentials.expect("credentials").access_token().await.expect("a token").token;
    let call = testing::bearing(testing::call("GET", "/"), &token);
    assert_eq!(sandbox.world.access.account_of(&call).expect("an account"), FUNCTION_ACCOUNT);
}
