//! Faults, breakpoints and races befall Azure's calls as all others.

use std::time::Duration;

use serde_json::json;

use super::cloud::{names, without_vip};
use super::stage::{Stage, json_of};
use crate::frame::breakpoint::Moment;
use crate::frame::fault::{Aim, Fault};
use crate::service::Service;

const PUT: &str = "azure.put_interface";

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

/// Each fault of a write: the status that is seen, and whether it had its effect.
#[tokio::test]
async fn a_write_that_goes_wrong_has_its_effect_or_has_it_not() {
    let faults = [
        (Fault::status(500), Some(500), false),
        (Fault::retry_after(429, 1), Some(429), false),
        (Fault::Garbage, Some(200), false),
        (Fault::Reset, None, false),
        (Fault::LostAnswer, None, true),
        (Fault::Late(Duration::from_millis(20)), Some(200), true),
        (Fault::LateEffect(Duration::from_millis(20)), Some(200), true),
    ];
    for (fault, status, effect) in faults {
        let stage = Stage::new().await;
        stage.sandbox.world.fault(Aim::at(PUT).nth(1), fault.clone());
        let seen = stage.try_put(0, without_vip).await.map(|answer| answer.status().as_u16());
        assert_eq!(seen, status, "{fault:?}");
        let left = names(&stage.get(0).await).len();
        assert_eq!(left, if effect { 2 } else { 3 }, "{fault:?}");
    }
}

#[tokio::test]
async fn a_call_is_held_before_and_after_its_effect() {
    for (moment, held) in [(Moment::BeforeEffect, 3), (Moment::AfterEffect, 2)] {
        let stage = Stage::new().await;
        let reached = stage.sandbox.world.stop_at(PUT, 1, moment);
        let looking = async {
            reached.await.expect("the write arrives");
            let seen = stage.sandbox.world.azure.interface("vip-a-nic").expect("an interface");
            assert_eq!(names(&seen).len(), held, "{moment:?}");
            stage.sandbox.world.breakpoints.release();
        };
        let (answer, ()) = tokio::join!(stage.put(0, without_vip), looking);
        assert_eq!(answer.status(), 200, "{moment:?}");
    }
}

#[tokio::test]
async fn of_two_writes_on_top_of_the_same_etag_one_is_made() {
    let stage = Stage::new().await;
    let mut body = stage.get(0).await;
    let etag = body["etag"].as_str().expect("an etag").to_owned();
    without_vip(&mut body);
    let (one, other) = tokio::join!(stage.put_on(0, &body, &etag), stage.put_on(0, &body, &etag));
    let mut seen = [one, other].map(|answer| answer.expect("an answer").status().as_u16());
    seen.sort_unstable();
    assert_eq!(seen, [200, 412]);
}

#[tokio::test]
async fn signing_in_goes_wrong_in_its_own_words() {
    let stage = Stage::new().await;
    let client = reqwest::Client::new();
    stage.sandbox.world.fault(Aim::at("azure_login.token"), Fault::status(503));
    let url = format!("http://{}/x/oauth2/v2.0/token", stage.sandbox.address(Service::AzureLogin));
    assert_eq!(json_of(client.post(url)).await["error"], "temporarily_unavailable");
    for status in [410, 429, 500] {
        stage.sandbox.world.fault(Aim::at("azure_metadata.instance").nth(1), Fault::status(status));
        let url = format!("http://{}/metadata/instance?api-version=2021-02-01", stage.pair.metadata[0]);
        let answer = client.get(&url).header("metadata", "true").send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status);
        let whole = json_of(client.get(&url).header("metadata", "true")).await;
        assert_eq!(whole["compute"]["name"], "vip-a", "the next one is answered");
    }
}

#[tokio::test]
async fn a_stranger_is_remembered() {
    let stage = Stage::new().await;
    let url =
        format!("http://{}/subscriptions?api-version=2022-12-01", stage.sandbox.address(Service::Azure));
    assert_eq!(
        json_of(reqwest::Client::new().delete(url)).await["error"]["code"],
        json!("InvalidResourceType")
    );
    let unknown = stage.sandbox.world.ledger.unknown();
    assert!(matches!(unknown.as_slice(), [one] if one.operation == "azure.unknown"), "{unknown:?}");
}
