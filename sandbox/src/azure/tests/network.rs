//! Addresses really lead to whichever machine has them, through the front doors.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use serde_json::json;

use super::cloud::{configurations, without_vip};
use super::stage::Stage;
use crate::azure::pair;
use crate::frame::provider::Kind;
use crate::service::Service;

#[tokio::test]
async fn an_address_leads_to_whichever_machine_has_it() {
    let stage = Stage::new().await;
    let vip = stage.pair.seed.private();
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
    stage.sandbox.world.azure.hand.operations_take(Duration::from_millis(150));
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
    assert_eq!(stage.follow(&url).await, json!({"status": "Succeeded"}));
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
