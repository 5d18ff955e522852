//! The whole way of an address from one interface to the other and back.

use crate::network::Machines;
use std::time::Duration;

use serde_json::{Value, json};

use super::cloud::{Cloud, configurations, names, refused, without_vip};
use super::stage::{Stage, json_of};
use crate::azure::directory::TENANT;
use crate::azure::login::{CLIENT, EXCHANGE};
use crate::service::Service;

/// Takes it from one, waits, and gives it to the other.
fn carry(cloud: &Cloud, from: usize, to: usize) {
    let interface = cloud.get(from);
    let all = interface["properties"]["ipConfigurations"].as_array().cloned().unwrap_or_default();
    let vip = all.into_iter().find(|one| one["name"] == "vip").expect("it is here");
    for (index, edit) in [(from, None), (to, Some(vip))] {
        let accepted = cloud.put(index, |one| match edit {
            None => without_vip(one),
            Some(vip) => configurations(one).push(vip),
        });
        assert_eq!(cloud.operation(&accepted), json!({"status": "Succeeded"}));
    }
}

#[test]
fn there_and_back_again_leaves_everything_as_it_was() {
    let cloud = Cloud::new();
    let without_etags = |mut one: Value| {
        one.as_object_mut().unwrap().remove("etag");
        for one in configurations(&mut one) {
            one.as_object_mut().unwrap().remove("etag");
        }
        one
    };
    let before = [0, 1].map(|index| without_etags(cloud.get(index)));
    carry(&cloud, 0, 1);
    assert_eq!((cloud.holders(), names(&cloud.get(0)).len()), (vec!["db-b".to_owned()], 2));
    carry(&cloud, 1, 0);
    assert_eq!(cloud.holders(), ["db-a"]);
    assert_eq!([0, 1].map(|index| without_etags(cloud.get(index))), before);
    assert!(cloud.world.promises.violations().is_empty());
}

#[test]
fn given_before_it_is_taken_it_is_refused() {
    let cloud = Cloud::new();
    let vip = cloud.vip();
    refused(&cloud.put(1, |one| configurations(one).push(vip.clone())), 400, "PrivateIPAddressInUse");
    cloud.put(0, without_vip);
    assert_eq!(cloud.put(1, |one| configurations(one).push(vip)).status, 200);
}

#[test]
fn the_dead_keep_their_addresses_until_somebody_takes_them() {
    let cloud = Cloud::new();
    cloud.world.run_machine("db-a", false);
    assert_eq!(cloud.holders(), ["db-a"]);
    assert_eq!(cloud.azure().running_holder(cloud.pair.private()), None);
    carry(&cloud, 0, 1);
    assert_eq!(cloud.azure().running_holder(cloud.pair.private()).as_deref(), Some("db-b"));
}

#[test]
fn an_interface_outlives_its_machine() {
    let cloud = Cloud::new();
    cloud.azure().hand.delete_machine("db-a");
    assert!(cloud.get(0)["properties"].get("virtualMachine").is_none());
    assert!(cloud.holders().is_empty(), "it leads nowhere");
    let vip = cloud.vip();
    refused(&cloud.put(1, |one| configurations(one).push(vip)), 400, "PrivateIPAddressInUse");
    carry(&cloud, 0, 1);
    assert_eq!(cloud.holders(), ["db-b"]);
    cloud.azure().hand.delete_interface("db-a-nic");
    refused(&cloud.answer(&cloud.call("GET", &cloud.path(0))), 404, "ResourceNotFound");
}

/// Clients of the private and of the public address, while it moves with operations that take their time.
#[tokio::test]
async fn clients_of_both_addresses_follow() {
    let stage = Stage::new().await;
    stage.sandbox.world.azure.hand.operations_take(Duration::from_millis(50));
    let vip = stage.get(0).await["properties"]["ipConfigurations"][2].clone();
    stage.put(0, without_vip).await;
    stage.until_served(None).await;
    assert!(reqwest::get(format!("http://{}/", stage.pair.public)).await.is_err());
    stage.put(1, |one| configurations(one).push(vip)).await;
    stage.until_served(Some("vip-b")).await;
    let public = reqwest::get(format!("http://{}/", stage.pair.public)).await.expect("an answer");
    assert_eq!(public.headers()["served-by"], "standby");
}

/// From Cloud Run: Google's metadata server, Azure's sign-in, Resource Manager.
#[tokio::test]
async fn a_workload_elsewhere_signs_in_with_what_its_own_cloud_gave_it() {
    let mut stage = Stage::new().await;
    let client = reqwest::Client::new();
    let identity = format!(
        "http://{}/computeMetadata/v1/instance/service-accounts/default/identity?audience={EXCHANGE}&format=full",
        stage.sandbox.address(Service::Metadata)
    );
    let request = client.get(identity).header("metadata-flavor", "Google");
    let assertion = request.send().await.expect("an answer").text().await.expect("text");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", CLIENT)
        .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .append_pair("client_assertion", &assertion)
        .append_pair("scope", "https://management.azure.com/.default")
        .finish();
    let url = format!("http://{}/{TENANT}/oauth2/v2.0/token", stage.sandbox.address(Service::AzureLogin));
    let request = client.post(url).header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let signed_in = json_of(request.body(form)).await;
    signed_in["access_token"].as_str().expect("a token").clone_into(&mut stage.token);
    assert_eq!(stage.get(0).await["name"], "vip-a-nic");
    assert!(stage.sandbox.world.ledger.writes().is_empty());
    assert!(stage.sandbox.world.ledger.unknown().is_empty());
}
