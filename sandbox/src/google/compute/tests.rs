//! What Compute Engine takes and refuses, and where its addresses lead.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::google::access::OPERATOR_ACCOUNT;
use crate::google::testing;
use crate::{Options, PairSeed, Sandbox, World};

const A: &str = "/compute/v1/projects/gleich-tech/zones/us-central1-a/instances/db-a";
const B: &str = "/compute/v1/projects/gleich-tech/zones/us-central1-b/instances/db-b";

struct Cloud {
    world: World,
    token: String,
}

impl Cloud {
    fn new() -> Self {
        let world = World::new(&Options::default());
        world.compute.add_pair(&PairSeed::example());
        let token = world.access.issue(OPERATOR_ACCOUNT, Duration::from_hours(1));
        Self { world, token }
    }

    fn ask(&self, method: &str, uri: &str, body: &Value) -> Reply {
        let call = testing::bearing(testing::call(method, uri), &self.token).with_body(body.to_string());
        self.world.compute.answer(&call)
    }

    fn get(&self, uri: &str) -> Value {
        read(&self.ask("GET", uri, &Value::Null))
    }

    fn interface(&self, machine: &str) -> Value {
        self.get(machine)["networkInterfaces"][0].clone()
    }

    fn patch(&self, machine: &str, aliases: &Value) -> Reply {
        let body = json!({"fingerprint": self.interface(machine)["fingerprint"], "aliasIpRanges": aliases});
        self.ask("PATCH", &format!("{machine}/updateNetworkInterface?networkInterface=nic0"), &body)
    }

    /// An operation as it is when one has waited for it.
    fn outcome(&self, reply: &Reply) -> Value {
        let begun = read(reply);
        assert_eq!(begun["status"], "RUNNING", "{begun}");
        let path = begun["selfLink"].as_str().expect("a link").replace("https://www.googleapis.com", "");
        let done = read(&self.ask("POST", &format!("{path}/wait"), &Value::Null));
        assert_eq!(done["status"], "DONE");
        done
    }
}

fn read(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).expect("JSON")
}

#[track_caller]
fn refused(reply: &Reply, status: u16, reason: &str) {
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    let error = &body["error"];
    assert_eq!((reply.status, error["errors"][0]["reason"].as_str()), (status, Some(reason)), "{body}");
    assert_eq!(error["code"], status);
}

#[test]
fn a_machine_is_found_by_its_name_in_whatever_zone() {
    let cloud = Cloud::new();
    let found = cloud.get("/compute/v1/projects/gleich-tech/aggregated/instances?filter=name%3D%22db-b%22");
    assert_eq!(found["items"]["zones/us-central1-b"]["instances"][0]["name"], "db-b");
    assert_eq!(found["items"]["zones/us-central1-a"]["warning"]["code"], "NO_RESULTS_ON_PAGE");
    let other =
        cloud.ask("GET", "/compute/v1/projects/gleich-tech/aggregated/instances?filter=db-b", &Value::Null);
    refused(&other, 400, "invalid");
}

#[test]
fn zones_come_in_pages() {
    let cloud = Cloud::new();
    let first = cloud.get("/compute/v1/projects/gleich-tech/aggregated/instances?maxResults=1");
    let token = first["nextPageToken"].as_str().expect("a second page");
    assert_eq!(first["items"].as_object().expect("items").len(), 1);
    let next =
        format!("/compute/v1/projects/gleich-tech/aggregated/instances?maxResults=1&pageToken={token}");
    let second = cloud.get(&next);
    assert_eq!(second["items"]["zones/us-central1-b"]["instances"][0]["name"], "db-b");
    assert!(second.get("nextPageToken").is_none());
}

#[test]
fn the_whole_list_of_ranges_is_replaced() {
    let cloud = Cloud::new();
    let done = cloud.outcome(&cloud.patch(A, &json!([])));
    assert!(done.get("error").is_none());
    assert!(cloud.interface(A).get("aliasIpRanges").is_none(), "the foreign range is gone too");
}

#[test]
fn an_interface_is_written_only_on_top_of_its_fingerprint() {
    let cloud = Cloud::new();
    let uri = format!("{A}/updateNetworkInterface?networkInterface=nic0");
    refused(&cloud.ask("PATCH", &uri, &json!({"aliasIpRanges": []})), 400, "required");
    let before = cloud.interface(A)["fingerprint"].clone();
    cloud.patch(A, &json!([]));
    refused(&cloud.ask("PATCH", &uri, &json!({"fingerprint": before})), 412, "conditionNotMet");
    refused(&cloud.ask("PATCH", &format!("{A}/updateNetworkInterface"), &json!({})), 400, "required");
}

#[test]
fn the_same_contents_have_the_same_fingerprint() {
    let cloud = Cloud::new();
    let before = cloud.interface(A);
    cloud.patch(A, &json!([]));
    assert_ne!(cloud.interface(A)["fingerprint"], before["fingerprint"]);
    cloud.patch(A, &before["aliasIpRanges"]);
    assert_eq!(cloud.interface(A), before);
}

#[test]
fn an_address_that_another_machine_has_is_an_operation_that_is_done_and_failed() {
    let cloud = Cloud::new();
    let done = cloud.outcome(&cloud.patch(B, &json!([{"ipCidrRange": "10.0.0.250/32"}])));
    assert_eq!(done["error"]["errors"][0]["code"], "IP_IN_USE_BY_ANOTHER_RESOURCE");
    assert_eq!(done["httpErrorStatusCode"], 400);
    assert_eq!(cloud.world.compute.holders([10, 0, 0, 250].into()), ["db-a"]);
}

#[test]
fn a_range_outside_the_subnet_is_refused() {
    let cloud = Cloud::new();
    refused(&cloud.patch(A, &json!([{"ipCidrRange": "10.9.0.1/32"}])), 400, "invalid");
    refused(&cloud.patch(A, &json!([{"ipCidrRange": "10.0.0.1/24"}])), 400, "invalid");
    let named = json!([{"ipCidrRange": "10.0.0.250/32", "subnetworkRangeName": "pods"}]);
    refused(&cloud.patch(A, &named), 400, "invalid");
    refused(&cloud.patch(A, &json!([{"ipCidr": "10.0.0.250/32"}])), 400, "invalid");
}

#[test]
fn a_request_that_is_repeated_does_nothing_anew() {
    let cloud = Cloud::new();
    let id = uuid::Uuid::new_v4();
    let uri = format!("{A}/updateNetworkInterface?networkInterface=nic0&requestId={id}");
    let body = json!({"fingerprint": cloud.interface(A)["fingerprint"], "aliasIpRanges": []});
    let begun = read(&cloud.ask("PATCH", &uri, &body));
    assert_eq!(read(&cloud.ask("PATCH", &uri, &body))["name"], begun["name"]);
    let zero = format!("{A}/updateNetworkInterface?networkInterface=nic0&requestId={}", uuid::Uuid::nil());
    refused(&cloud.ask("PATCH", &zero, &body), 400, "invalid");
}

#[test]
fn an_operation_takes_its_time_and_waiting_for_it_ends_with_it() {
    let cloud = Cloud::new();
    cloud.world.compute.operations_take(Duration::from_secs(20));
    let begun = read(&cloud.patch(A, &json!([])));
    let path = begun["selfLink"].as_str().expect("a link").replace("https://www.googleapis.com", "");
    assert_eq!(cloud.get(&path)["status"], "RUNNING");
    let waited = cloud.ask("POST", &format!("{path}/wait"), &Value::Null);
    assert!(matches!(waited.delivery, crate::frame::call::Delivery::After(left) if left.as_secs() >= 19));
    assert_eq!(read(&waited)["status"], "DONE");
}

#[test]
fn an_external_address_moves_by_being_detached_and_attached() {
    let cloud = Cloud::new();
    let config = json!({"type": "ONE_TO_ONE_NAT", "name": "External NAT", "natIP": "203.0.113.9", "networkTier": "PREMIUM"});
    let attach = |machine: &str| {
        cloud.ask("POST", &format!("{machine}/addAccessConfig?networkInterface=nic0"), &config)
    };
    let taken = cloud.outcome(&attach(B));
    assert_eq!(taken["error"]["errors"][0]["code"], "IP_IN_USE_BY_ANOTHER_RESOURCE");
    refused(&attach(A), 400, "invalid");
    let detach = format!("{A}/deleteAccessConfig?networkInterface=nic0&accessConfig=External%20NAT");
    assert!(cloud.outcome(&cloud.ask("POST", &detach, &Value::Null)).get("error").is_none());
    refused(&cloud.ask("POST", &detach, &Value::Null), 400, "invalid");
    assert!(cloud.outcome(&attach(B)).get("error").is_none());
    let address = cloud.get("/compute/v1/projects/gleich-tech/regions/us-central1/addresses/db-public");
    assert_eq!((&address["status"], &address["address"]), (&json!("IN_USE"), &json!("203.0.113.9")));
    assert!(address["users"][0].as_str().is_some_and(|user| user.ends_with("/instances/db-b")));
}

#[test]
fn every_write_needs_its_permissions() {
    let cloud = Cloud::new();
    for permission in ["compute.instances.updateNetworkInterface", "compute.subnetworks.use"] {
        cloud.world.deny(permission);
        refused(&cloud.patch(A, &json!([])), 403, "forbidden");
        cloud.world.access.allow(permission);
    }
    cloud.world.deny("compute.instances.addAccessConfig");
    let asked = json!({"permissions": ["compute.instances.addAccessConfig", "compute.instances.get"]});
    let held = read(&cloud.ask("POST", &format!("{A}/testIamPermissions"), &asked));
    assert_eq!(held, json!({"permissions": ["compute.instances.get"]}));
}

#[test]
fn what_is_not_there_is_not_found() {
    let cloud = Cloud::new();
    let none = Value::Null;
    refused(&cloud.ask("GET", &A.replace("db-a", "db-c"), &none), 404, "notFound");
    refused(&cloud.ask("GET", &A.replace("us-central1-a", "us-central1-b"), &none), 404, "notFound");
    refused(
        &cloud.ask("GET", "/compute/v1/projects/gleich-tech/zones/z/operations/o", &none),
        404,
        "notFound",
    );
    refused(&cloud.ask("DELETE", A, &none), 404, "notFound");
}

#[tokio::test]
async fn an_address_leads_to_whichever_machine_has_it() {
    let sandbox =
        Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.expect("loopback");
    let pair = sandbox.add_pair(PairSeed::on_loopback("vip")).expect("loopback").expect("a pair");
    let asked = async || {
        let answer = reqwest::get(format!("http://{}/", pair.private)).await.ok()?;
        Some(answer.headers()["served-machine"].to_str().ok()?.to_owned())
    };
    assert_eq!(asked().await.as_deref(), Some("vip-a"));
    sandbox.world.hand_alias(pair.seed.private(), None);
    while asked().await.is_some() {}
    sandbox.world.hand_alias(pair.seed.private(), Some("vip-b"));
    while asked().await.is_none() {}
    assert_eq!(asked().await.as_deref(), Some("vip-b"));
    sandbox.world.run_machine("vip-b", false);
    while asked().await.is_some() {}
    let own = reqwest::get(format!("http://{}/", pair.own[0])).await.expect("an answer");
    assert_eq!(own.headers()["served-machine"], "vip-a");
}
