//! Whose tokens a machine gets. The rest is in `transcripts/azure_metadata.txt`.

use http::HeaderValue;
use serde_json::{Value, json};

use super::cloud::Cloud;
use crate::azure::machine::Identity;
use crate::frame::call::{Call, Reply};
use crate::frame::provider::{Kind, Provider};
use crate::google::testing;

const TOKEN: &str = "/metadata/identity/oauth2/token?api-version=2018-02-01";
const MANAGEMENT: &str = "&resource=https%3A%2F%2Fmanagement.azure.com%2F";

fn knowing(uri: &str) -> Call {
    let mut call = testing::call("GET", uri);
    call.headers.insert("metadata", HeaderValue::from_static("true"));
    call
}

fn ask(cloud: &Cloud, uri: &str) -> Reply {
    cloud.world.azure_metadata.answer(&knowing(uri))
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).expect("JSON")
}

#[track_caller]
fn told(cloud: &Cloud, uri: &str, status: u16, error: &str) {
    let reply = ask(cloud, uri);
    let body = json_of(&reply);
    let said = format!(
        "{} {}",
        body["error"].as_str().unwrap_or(""),
        body["error_description"].as_str().unwrap_or("")
    );
    assert_eq!(reply.status, status, "{uri}: {said}");
    assert!(said.contains(error), "{uri}: {said}");
}

#[test]
fn a_tokens_numbers_are_strings_and_resource_manager_takes_it() {
    let mut cloud = Cloud::new();
    let body = json_of(&ask(&cloud, &format!("{TOKEN}{MANAGEMENT}")));
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!("3599"), &json!("Bearer")));
    let number = |field: &str| body[field].as_str().expect("a string").parse::<i64>().expect("a number");
    assert_eq!(number("expires_on") - number("not_before"), 3599);
    assert_eq!(body["resource"], "https://management.azure.com/");
    cloud.token = body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(cloud.get(0)["name"], "db-a-nic");
    let principal = cloud.azure().identities("db-a")[0].principal.clone();
    cloud.azure().directory.assign(&principal, "/", &[]);
    assert_eq!(cloud.answer(&cloud.call("GET", &cloud.path(0))).status, 403, "it is the machine's own");
}

#[test]
fn several_identities_have_to_be_told_apart() {
    let cloud = Cloud::new();
    let [first, second] = ["/identities/first", "/identities/second"].map(Identity::assigned);
    let set = |identities: &[&Identity]| {
        cloud.azure().hand.set_identities("db-a", identities.iter().map(|one| (*one).clone()).collect());
    };
    let client = |name: &str| {
        let reply = ask(&cloud, &format!("{TOKEN}{MANAGEMENT}{name}"));
        (reply.status, json_of(&reply)["client_id"].as_str().map(str::to_owned))
    };
    set(&[]);
    told(&cloud, &format!("{TOKEN}{MANAGEMENT}"), 400, "Identity not found");
    set(&[&first]);
    assert_eq!(client(""), (200, Some(first.client_id.clone())), "the only one");
    set(&[&first, &second]);
    told(&cloud, &format!("{TOKEN}{MANAGEMENT}"), 400, "Multiple user assigned identities exist");
    for name in [
        format!("&client_id={}", second.client_id),
        format!("&object_id={}", second.principal),
        "&mi_res_id=/Identities/Second".to_owned(),
        "&msi_res_id=/identities/second".to_owned(),
    ] {
        assert_eq!(client(&name), (200, Some(second.client_id.clone())), "{name}");
    }
    told(&cloud, &format!("{TOKEN}{MANAGEMENT}&client_id=nobody"), 400, "Identity not found");
    let own = Identity::own();
    set(&[&first, &second, &own]);
    assert_eq!(client(""), (200, Some(own.client_id.clone())), "its own comes first");
}

#[test]
fn who_asks_is_told_by_the_door() {
    let cloud = Cloud::new();
    let mut call = knowing("/metadata/instance/compute?api-version=2021-02-01");
    call.local.set_port(99);
    cloud.world.azure_metadata.add_machine(call.local, "db-b");
    let reply = cloud.world.azure_metadata.answer(&call);
    assert_eq!(json_of(&reply)["name"], "db-b");
    cloud.azure().hand.delete_machine("db-b");
    assert_eq!(cloud.world.azure_metadata.answer(&call).status, 404);
}

#[test]
fn every_question_has_its_name_and_none_is_a_write() {
    let cloud = Cloud::new();
    let service = &cloud.world.azure_metadata;
    for (method, path, name, kind) in [
        ("GET", "/metadata/identity/oauth2/token", "azure_metadata.token", Kind::Read),
        ("GET", "/metadata/instance/compute", "azure_metadata.instance", Kind::Read),
        ("GET", "/metadata/instance", "azure_metadata.instance", Kind::Read),
        ("POST", "/metadata/instance", "azure_metadata.unknown", Kind::Write),
        ("GET", "/computeMetadata/v1/instance/name", "azure_metadata.unknown", Kind::Write),
    ] {
        let call = testing::call(method, path);
        let operation = service.operation(&call);
        assert_eq!((operation, service.kind(operation, &call)), (name, kind), "{method} {path}");
    }
    assert_eq!(ask(&cloud, "/computeMetadata/v1/instance/name").status, 404);
    assert_eq!((service.refusal(429).status, service.refusal(410).status), (429, 410));
}
