//! What visitors meet at a service, and how long it takes. The rest is in `transcripts/run.txt`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Run;
use super::door::{FrontDoor, Spreading};
use crate::frame::call::{Call, Reply};
use crate::frame::provider::{Provider, Providers};
use crate::google::access::{Access, OPERATOR_ACCOUNT};
use crate::google::testing;
use crate::options::Options;
use crate::service::Service;
use crate::world::World;

const SERVICE: &str = "projects/gleich-tech/locations/us-central1/services/resume";

struct Client {
    run: Run,
    token: String,
    world: World,
}

impl Client {
    fn new() -> Self {
        let access = Arc::new(Access::default());
        let run = Run::new(access.clone(), Duration::ZERO);
        run.add_service(SERVICE, "https://resume.example");
        let token = access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
        Self { run, token, world: World::new(&Options::default()) }
    }

    fn send(&self, call: Call) -> (u16, Value) {
        let reply: Reply = self.run.answer(&testing::bearing(call, &self.token));
        self.world.answered(Service::Run, 0, &reply);
        (reply.status, serde_json::from_slice(&reply.body).expect("JSON"))
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.send(testing::call("GET", path))
    }

    fn policy(&self) -> Value {
        self.get(&format!("/v2/{SERVICE}:getIamPolicy?options.requestedPolicyVersion=3")).1
    }

    fn set(&self, body: &Value) -> (u16, Value) {
        let call = testing::call("POST", &format!("/v2/{SERVICE}:setIamPolicy"));
        self.send(call.with_body(body.to_string()))
    }

    fn patch(&self, query: &str, body: &Value) -> (u16, Value) {
        let call = testing::call("PATCH", &format!("/v2/{SERVICE}{query}"));
        self.send(call.with_body(body.to_string()))
    }

    /// The stored policy with `allUsers` granted, ready to be written.
    fn opened(&self) -> Value {
        let mut policy = self.policy();
        policy["bindings"].as_array_mut().expect("a list").push(json!({
            "role": "roles/run.invoker", "members": ["allUsers"]
        }));
        policy
    }

    #[track_caller]
    fn refused(&self, policy: &Value, code: u16, status: &str, sentence: &str) {
        let before = self.run.policy(SERVICE);
        let (answered, body) = self.set(&json!({ "policy": policy }));
        assert_eq!((answered, body["error"]["status"].as_str()), (code, Some(status)), "{body}");
        let message = body["error"]["message"].as_str().expect("text");
        assert!(message.contains(sentence), "{message}");
        assert_eq!(self.run.policy(SERVICE), before);
    }
}

#[test]
fn granting_everybody_opens_the_door_and_keeps_what_is_not_ours() {
    let client = Client::new();
    assert_eq!(client.run.front_door(SERVICE, Instant::now()), FrontDoor::Forbidden);
    let (code, after) = client.set(&json!({"policy": client.opened()}));
    assert_eq!(code, 200);
    assert_eq!(after, client.policy());
    assert_eq!(client.run.front_door(SERVICE, Instant::now()), FrontDoor::Open);
    assert_eq!(
        after["bindings"][1]["members"],
        json!(["serviceAccount:monitor@gleich-tech.iam.gserviceaccount.com", "allUsers"]),
        "bindings of one role become one"
    );
    assert_eq!(after["bindings"][2]["condition"]["title"], "until the audit ends");
}

#[test]
fn a_missing_etag_overwrites_blindly_and_loses_conditions() {
    let client = Client::new();
    let policy = json!({"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]});
    assert_eq!(client.set(&json!({ "policy": policy })).0, 200);
    assert_eq!(client.policy()["bindings"].as_array().expect("a list").len(), 1);
    let violations = client.world.promises.violations();
    assert!(
        violations.iter().any(|violation| violation.sentence.contains("without an etag")),
        "{violations:?}"
    );
    assert!(violations.iter().any(|violation| violation.sentence.contains("isn't ours")), "{violations:?}");
}

#[test]
fn an_organisation_may_forbid_all_users() {
    let client = Client::new();
    client.run.forbid_all_users(true);
    client.refused(&client.opened(), 400, "FAILED_PRECONDITION", "permitted customer");
}

#[test]
fn switching_the_invoker_check_off_is_an_operation() {
    let client = Client::new();
    client.run.operations_take(Duration::from_hours(1));
    let body = json!({"invokerIamDisabled": true});
    let (code, operation) = client.patch("?updateMask=invokerIamDisabled", &body);
    assert_eq!((code, &operation["done"]), (200, &Value::Null));
    let (_, service) = client.get(&format!("/v2/{SERVICE}"));
    assert_eq!((&service["reconciling"], &service["generation"]), (&json!(true), &json!("2")));
    assert_eq!(service["observedGeneration"], "1");
    client.run.operations_take(Duration::ZERO);
    let (_, operation) = client.patch("?updateMask=invoker_iam_disabled", &body);
    let (_, done) = client.get(&format!("/v2/{}", operation["name"].as_str().expect("text")));
    assert_eq!((&done["done"], &done["response"]["invokerIamDisabled"]), (&json!(true), &json!(true)));
    assert_eq!(client.run.front_door(SERVICE, Instant::now()), FrontDoor::Open);
    client.patch("?updateMask=invokerIamDisabled", &json!({"invokerIamDisabled": false}));
    assert_eq!(client.get(&format!("/v2/{SERVICE}")).1["invokerIamDisabled"], Value::Null);
    assert_eq!(client.run.front_door(SERVICE, Instant::now()), FrontDoor::Forbidden);
}

#[test]
fn an_open_policy_helps_nobody_while_ingress_or_scaling_keep_them_out() {
    let client = Client::new();
    client.run.grant(SERVICE, "roles/run.invoker", "allUsers");
    client.run.edit(SERVICE, |fields| {
        fields.insert("scaling".to_owned(), json!({"scalingMode": "MANUAL", "manualInstanceCount": 0}));
    });
    assert_eq!(client.run.front_door(SERVICE, Instant::now()), FrontDoor::Unready);
    client.run.edit(SERVICE, |fields| {
        fields.insert("ingress".to_owned(), json!("INGRESS_TRAFFIC_INTERNAL_ONLY"));
    });
    assert_eq!(client.run.front_door(SERVICE, Instant::now()), FrontDoor::Hidden);
}

#[test]
fn a_grant_spreads_as_slowly_as_it_was_told_to() {
    let client = Client::new();
    client.run.spread(SERVICE, Spreading::After(Duration::from_secs(90)), Spreading::Never);
    client.set(&json!({"policy": client.opened()}));
    assert!(client.run.is_granted(SERVICE));
    let met = |then| client.run.front_door(SERVICE, Instant::now() + Duration::from_secs(then));
    assert_eq!([met(0), met(91)], [FrontDoor::Forbidden, FrontDoor::Open]);
}
