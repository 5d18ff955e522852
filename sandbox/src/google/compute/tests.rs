//! Fingerprints, time that passes, and where addresses lead. The rest is in `transcripts/compute.txt`.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::google::access::OPERATOR_ACCOUNT;
use crate::google::testing;
use crate::{Options, PairSeed, Sandbox, World};

const A: &str = "/compute/v1/projects/gleich-tech/zones/us-central1-a/instances/db-a";

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
}

fn read(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).expect("JSON")
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
