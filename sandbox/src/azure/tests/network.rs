//! Addresses really lead to whichever machine has them, through the front doors.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};

use super::cloud::{VERSION, configurations, without_vip};
use crate::azure::pair::Pair;
use crate::azure::{PairSeed, pair};
use crate::fault::{Aim, Fault};
use crate::options::Options;
use crate::provider::{Kind, Service};
use crate::sandbox::Sandbox;

struct Stage {
    sandbox: Sandbox,
    pair: Pair,
    token: String,
}

impl Stage {
    async fn new() -> Self {
        let options = Options { sites: Vec::new(), ..Options::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback");
        let seed = PairSeed::on_loopback("vip");
        let pair = sandbox.add_azure_pair(seed).expect("loopback").expect("a pair");
        let token = sandbox.world.azure.directory.issue("somebody");
        Self { sandbox, pair, token }
    }

    fn url(&self, index: usize) -> String {
        let path = self.pair.seed.interface(index);
        format!("http://{}{path}?api-version={VERSION}", self.sandbox.address(Service::Azure))
    }

    async fn get(&self, index: usize) -> Value {
        let request = reqwest::Client::new().get(self.url(index)).bearer_auth(&self.token);
        let body = request.send().await.expect("an answer").bytes().await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    async fn put(&self, index: usize, edit: impl FnOnce(&mut Value)) -> reqwest::Response {
        let mut body = self.get(index).await;
        let etag = body["etag"].as_str().expect("an etag").to_owned();
        edit(&mut body);
        let request = reqwest::Client::new().put(self.url(index)).bearer_auth(&self.token);
        request.header("if-match", etag).body(body.to_string()).send().await.expect("an answer")
    }

    /// Who answers at the private address.
    async fn served(&self) -> Option<String> {
        let answer = reqwest::get(format!("http://{}/", self.pair.private)).await.ok()?;
        Some(answer.headers()["served-machine"].to_str().ok()?.to_owned())
    }

    /// Waits until that is so.
    async fn until_served(&self, by: Option<&str>) {
        while self.served().await.as_deref() != by {}
    }
}

#[tokio::test]
async fn an_address_leads_to_whichever_machine_has_it() {
    let stage = Stage::new().await;
    let vip = stage.pair.seed.vip();
    assert_eq!(stage.served().await.as_deref(), Some("vip-a"));
    stage.sandbox.world.hand_configuration(vip, None);
    stage.until_served(None).await;
    stage.sandbox.world.hand_configuration(vip, Some("vip-b"));
    stage.until_served(Some("vip-b")).await;
    stage.sandbox.world.run_machine("vip-b", false);
    stage.until_served(None).await;
    let own = reqwest::get(format!("http://{}/", stage.pair.own[0])).await.expect("an answer");
    assert_eq!(own.headers()["served-machine"], "vip-a");
}

#[tokio::test]
async fn it_moves_with_the_end_of_the_operations_whether_anybody_looks_or_not() {
    let stage = Stage::new().await;
    stage.sandbox.world.azure.operations_take(Duration::from_millis(150));
    let vip = stage.get(0).await["properties"]["ipConfigurations"][2].clone();
    let accepted = stage.put(0, without_vip).await;
    assert_eq!(
        (accepted.status(), &accepted.headers()[RETRY_AFTER]),
        (http::StatusCode::OK, &"1".parse().expect("text"))
    );
    stage.until_served(None).await;
    assert_eq!(stage.put(1, |one| configurations(one).push(vip)).await.status(), http::StatusCode::OK);
    stage.until_served(Some("vip-b")).await;
    let public = reqwest::get(format!("http://{}/", stage.pair.public)).await.expect("an answer");
    assert_eq!(public.headers()["served-machine"], "vip-b");
    assert!(stage.sandbox.violations().is_empty(), "{:?}", stage.sandbox.violations());
}

#[tokio::test]
async fn an_operation_is_followed_where_its_header_leads() {
    let stage = Stage::new().await;
    let accepted = stage.put(0, without_vip).await;
    let url = accepted.headers()["azure-asyncoperation"].to_str().expect("text").to_owned();
    let request = reqwest::Client::new().get(url).bearer_auth(&stage.token);
    let body = request.send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), json!({"status": "Succeeded"}));
    let names: Vec<_> =
        stage.sandbox.world.ledger.calls().iter().map(|call| (call.operation, call.kind)).collect();
    assert_eq!(
        names,
        [
            ("azure.get_interface", Kind::Read),
            ("azure.put_interface", Kind::Write),
            ("azure.get_operation", Kind::Read)
        ]
    );
    assert_eq!(pair::CONFIGURATION, "vip");
}

#[tokio::test]
async fn each_machine_has_a_metadata_service_of_its_own() {
    let stage = Stage::new().await;
    let at = |address: std::net::SocketAddr| async move {
        let url =
            format!("http://{address}/metadata/instance/compute/name?api-version=2021-02-01&format=text");
        let request = reqwest::Client::new().get(url).header("metadata", "true");
        request.send().await.expect("an answer").text().await.expect("text")
    };
    assert_eq!(at(stage.pair.metadata[0]).await, "vip-a");
    assert_eq!(at(stage.pair.metadata[1]).await, "vip-b");
    assert_eq!(
        at(stage.sandbox.address(Service::AzureMetadata)).await,
        "db-a",
        "the first one that there is"
    );
}

#[tokio::test]
async fn faults_wear_azures_own_clothes() {
    let stage = Stage::new().await;
    let codes = [
        (400, "InvalidRequestContent"),
        (401, "InvalidAuthenticationToken"),
        (403, "AuthorizationFailed"),
        (404, "ResourceNotFound"),
        (409, "AnotherOperationInProgress"),
        (412, "PreconditionFailed"),
        (429, "TooManyRequests"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ];
    for (status, code) in codes {
        stage.sandbox.world.fault(Aim::at("azure.get_interface"), Fault::retry_after(status, 7));
        assert_eq!(stage.get(0).await["error"]["code"], code);
        stage.sandbox.world.faults.clear();
    }
}
