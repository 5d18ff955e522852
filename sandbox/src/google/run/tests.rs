//! What Cloud Run refuses, and what it changes when it doesn't.

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
    access: Arc<Access>,
    token: String,
    world: World,
}

impl Client {
    fn new() -> Self {
        let access = Arc::new(Access::default());
        let run = Run::new(access.clone(), Duration::ZERO);
        run.add_service(SERVICE, "https://resume.example");
        let token = access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
        Self { run, access, token, world: World::new(&Options::default()) }
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
fn a_policy_with_conditions_is_not_shown_to_who_asks_for_less_than_version_3() {
    let client = Client::new();
    let (code, body) = client.get(&format!("/v2/{SERVICE}:getIamPolicy"));
    assert_eq!((code, body["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")));
    assert_eq!(client.get(&format!("/v2/{SERVICE}:getIamPolicy?options.requestedPolicyVersion=2")).0, 400);
    assert_eq!(client.get(&format!("/v2/{SERVICE}:getIamPolicy?requestedPolicyVersion=3")).0, 400);
}

#[test]
fn a_stale_etag_is_aborted() {
    let client = Client::new();
    let policy = client.opened();
    client.run.grant(SERVICE, "roles/run.viewer", "user:bob@gleich.tech");
    client.refused(&policy, 409, "ABORTED", "concurrent policy changes");
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
fn conditions_need_version_3() {
    let client = Client::new();
    let mut policy = client.opened();
    policy["version"] = json!(1);
    client.refused(&policy, 400, "INVALID_ARGUMENT", "policy version below 3");
    policy["version"] = json!(2);
    client.refused(&policy, 400, "INVALID_ARGUMENT", "Invalid policy version 2");
}

#[test]
fn a_binding_without_members_is_refused() {
    let client = Client::new();
    let mut policy = client.policy();
    policy["bindings"][1]["members"] = json!([]);
    client.refused(&policy, 400, "INVALID_ARGUMENT", "at least one principal");
}

#[test]
fn unknown_members_roles_and_fields_are_refused() {
    let client = Client::new();
    let mut policy = client.policy();
    policy["bindings"][1]["members"] = json!(["allusers"]);
    client.refused(&policy, 400, "INVALID_ARGUMENT", "\"allusers\"");
    policy = client.policy();
    policy["bindings"][1]["role"] = json!("run.invoker");
    client.refused(&policy, 400, "INVALID_ARGUMENT", "not supported");
    policy = client.policy();
    policy["bindings"][1]["member"] = json!(["allUsers"]);
    client.refused(&policy, 400, "INVALID_ARGUMENT", "Unknown name \"member\" at 'policy.bindings[1]'");
}

#[test]
fn an_organisation_may_forbid_all_users() {
    let client = Client::new();
    client.run.forbid_all_users(true);
    client.refused(&client.opened(), 400, "FAILED_PRECONDITION", "permitted customer");
}

#[test]
fn the_mask_says_what_of_the_policy_is_written() {
    let client = Client::new();
    let (code, body) = client.set(&json!({"policy": {"version": 3}, "updateMask": "members"}));
    assert_eq!(code, 400, "{body}");
    let before = client.policy()["bindings"].clone();
    assert_eq!(client.set(&json!({"policy": {"version": 3}, "updateMask": "auditConfigs"})).0, 200);
    assert_eq!(client.policy()["bindings"], before);
}

#[test]
fn a_denied_permission_is_refused_and_absent_from_the_test() {
    let client = Client::new();
    client.access.deny("run.services.setIamPolicy");
    client.refused(&client.opened(), 403, "PERMISSION_DENIED", "run.services.setIamPolicy");
    let test = |permissions: &[&str]| {
        let call = testing::call("POST", &format!("/v2/{SERVICE}:testIamPermissions"));
        client.send(call.with_body(json!({ "permissions": permissions }).to_string()))
    };
    let both = ["run.services.getIamPolicy", "run.services.setIamPolicy"];
    assert_eq!(test(&both).1, json!({"permissions": ["run.services.getIamPolicy"]}));
    assert_eq!(test(&both[1..]).1, json!({}));
    assert_eq!(test(&["run.*"]).0, 400);
}

#[test]
fn without_a_token_nobody_reads_anything() {
    let client = Client::new();
    let reply = client.run.answer(&testing::call("GET", &format!("/v2/{SERVICE}")));
    assert_eq!(reply.status, 401);
}

#[test]
fn a_missing_service_is_not_found() {
    let (code, body) = Client::new().get("/v2/projects/gleich-tech/locations/us-central1/services/nobody");
    assert_eq!((code, body["error"]["status"].as_str()), (404, Some("NOT_FOUND")));
}

#[test]
fn a_mask_names_known_fields_and_without_one_the_body_does() {
    let client = Client::new();
    let body = json!({"invokerIamDisabled": true});
    assert_eq!(client.patch("?updateMask=invoker", &body).0, 400);
    assert_eq!(client.patch("?updateMask=uri", &body).0, 400, "the service says it, callers don't");
    assert_eq!(client.patch("?updateMask=ingress", &json!({"ingres": "x"})).0, 400);
    assert!(!client.run.is_granted(SERVICE));
    assert_eq!(client.patch("", &json!({"invoker_iam_disabled": true, "ingress": 1})).0, 200);
    assert!(client.run.is_granted(SERVICE));
}

#[test]
fn what_a_patch_began_is_waited_for_and_listed() {
    let client = Client::new();
    let (_, begun) = client.patch("?updateMask=invokerIamDisabled", &json!({"invokerIamDisabled": true}));
    let name = begun["name"].as_str().expect("a name");
    let wait = testing::call("POST", &format!("/v2/{name}:wait")).with_body("{\"timeout\": \"5s\"}");
    let (_, waited) = client.send(wait);
    assert_eq!(waited["done"], true);
    let parent = name.rsplit_once('/').expect("a parent").0;
    assert_eq!(client.get(&format!("/v2/{parent}")).1["operations"][0]["name"], name);
    let (_, revisions) = client.get(&format!("/v2/{SERVICE}/revisions"));
    let revision = revisions["revisions"][0]["name"].as_str().expect("a revision");
    assert_eq!(client.get(&format!("/v2/{revision}")).1["service"], SERVICE);
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
    assert!(!client.run.standby_is_open(SERVICE, Instant::now()));
    assert!(client.run.standby_is_open(SERVICE, Instant::now() + Duration::from_secs(91)));
}

#[test]
fn the_v1_forms_show_the_same_service() {
    let client = Client::new();
    let (code, policy) =
        client.get(&format!("/v1/{SERVICE}:getIamPolicy?alt=json&options.requestedPolicyVersion=3"));
    assert_eq!((code, policy), (200, client.policy()));
    let (code, service) = client.get("/apis/serving.knative.dev/v1/namespaces/gleich-tech/services/resume");
    assert_eq!((code, &service["metadata"]["name"]), (200, &json!("resume")));
    assert_eq!(service["status"]["conditions"][0]["status"], "True");
    let (_, list) = client.get(&format!("/v2/{}", SERVICE.trim_end_matches("/resume")));
    assert_eq!(list["services"].as_array().map(Vec::len), Some(1));
}
