//! What Monitoring refuses, and what it changes when it doesn't.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Alert, Monitoring};
use crate::frame::call::Call;
use crate::frame::provider::Provider;
use crate::google::access::{Access, OPERATOR_ACCOUNT};
use crate::google::testing;

const CHECK: &str = "projects/gleich-tech/uptimeCheckConfigs/resume-abc123";

struct Client {
    monitoring: Monitoring,
    access: Arc<Access>,
    token: String,
}

impl Client {
    fn new() -> Self {
        let access = Arc::new(Access::default());
        let monitoring = Monitoring::new(access.clone());
        monitoring.add_check(CHECK, "resume.example");
        monitoring.add_policy(CHECK, "resume");
        let token = access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
        Self { monitoring, access, token }
    }

    fn send(&self, call: Call) -> (u16, Value) {
        let reply = self.monitoring.answer(&testing::bearing(call, &self.token));
        (reply.status, serde_json::from_slice(&reply.body).expect("JSON"))
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.send(testing::call("GET", path))
    }

    fn patch(&self, query: &str, body: &Value) -> (u16, Value) {
        self.send(testing::call("PATCH", &format!("/v3/{CHECK}{query}")).with_body(body.to_string()))
    }

    #[track_caller]
    fn refused(&self, query: &str, body: &Value, sentence: &str) {
        let before = self.monitoring.check(CHECK);
        let (code, body) = self.patch(query, body);
        assert_eq!((code, body["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")), "{body}");
        let message = body["error"]["message"].as_str().expect("text");
        assert!(message.contains(sentence), "{message}");
        assert_eq!(self.monitoring.check(CHECK), before);
    }
}

#[test]
fn pausing_changes_nothing_else_and_running_is_not_mentioned() {
    let client = Client::new();
    let (_, before) = client.get(&format!("/v3/{CHECK}"));
    assert_eq!(before["disabled"], Value::Null);
    let (code, mut paused) = client.patch("?updateMask=disabled", &json!({"name": CHECK, "disabled": true}));
    assert_eq!((code, paused["disabled"].take()), (200, json!(true)));
    assert!(!client.monitoring.is_enabled(CHECK));
    let (_, resumed) = client.patch("?updateMask=disabled", &json!({"disabled": false}));
    assert_eq!(resumed, before);
    assert!(client.monitoring.is_enabled(CHECK));
}

#[test]
fn a_forgotten_mask_replaces_the_whole_check() {
    let client = Client::new();
    let (code, check) = client.patch("", &json!({"name": CHECK, "disabled": true}));
    assert_eq!((code, &check["httpCheck"]), (200, &Value::Null));
    let client = Client::new();
    let (code, check) = client.patch("?updateMask=", &json!({"displayName": "x"}));
    assert_eq!((code, &check["httpCheck"]), (200, &Value::Null));
}

#[test]
fn unknown_fields_and_mask_paths_are_refused() {
    let client = Client::new();
    client.refused("?updateMask=paused", &json!({"disabled": true}), "\"paused\"");
    client.refused("?updateMask=disabled", &json!({"disable": true}), "Unknown name \"disable\"");
    client.refused("?update_mask=disabled", &json!({"disabled": true}), "Unknown name \"update_mask\"");
    client.refused("?updateMask=disabled", &json!({"disabled": "true"}), "TYPE_BOOL");
}

#[test]
fn another_checks_name_in_the_body_is_refused() {
    let body = json!({"name": "projects/gleich-tech/uptimeCheckConfigs/other", "disabled": true});
    Client::new().refused("?updateMask=disabled", &body, "name");
}

#[test]
fn periods_timeouts_and_regions_are_looked_at() {
    let client = Client::new();
    client.refused("?updateMask=period", &json!({"period": "5s"}), "period");
    client.refused("?updateMask=timeout", &json!({"timeout": "61s"}), "timeout");
    client.refused("?updateMask=selectedRegions", &json!({"selectedRegions": ["EUROPE"]}), "3 checker");
    client.refused("?updateMask=selectedRegions", &json!({"selectedRegions": ["MARS"]}), "MARS");
    assert_eq!(client.patch("?updateMask=selectedRegions", &json!({"selectedRegions": ["USA"]})).0, 200);
}

#[test]
fn a_missing_check_is_not_found_and_a_denied_one_is_denied() {
    let client = Client::new();
    assert_eq!(client.get("/v3/projects/gleich-tech/uptimeCheckConfigs/nobody").0, 404);
    client.access.deny("monitoring.uptimeCheckConfigs.update");
    assert_eq!(client.patch("?updateMask=disabled", &json!({"disabled": true})).0, 403);
    client.access.expire_all();
    assert_eq!(client.get(&format!("/v3/{CHECK}")).0, 401);
}

#[test]
fn a_check_is_created_only_complete() {
    let client = Client::new();
    let create = |body: &Value| {
        let call = testing::call("POST", "/v3/projects/gleich-tech/uptimeCheckConfigs");
        client.send(call.with_body(body.to_string()))
    };
    assert_eq!(create(&json!({"displayName": "x"})).0, 400);
    let resource = json!({"type": "uptime_url", "labels": {"host": "x.example"}});
    let (code, made) = create(
        &json!({"displayName": "My site", "monitoredResource": resource, "httpCheck": {"useSsl": true}}),
    );
    assert_eq!((code, &made["period"]), (200, &json!("60s")));
    let (_, list) = client.get("/v3/projects/gleich-tech/uptimeCheckConfigs?pageSize=1");
    assert_eq!((&list["totalSize"], &list["nextPageToken"]), (&json!(2), &json!("1")));
}

#[test]
fn open_alerts_are_listed_by_their_filter() {
    let client = Client::new();
    let alert = Alert {
        project: "gleich-tech".to_owned(),
        id: "0.nrwotmyokd9n".to_owned(),
        policy: Monitoring::policy_of(CHECK),
        site: "resume".to_owned(),
        host: "resume.example".to_owned(),
        opened: Timestamp::now(),
        closed: None,
    };
    client.monitoring.put_alert(alert.clone());
    let open = "/v3/projects/gleich-tech/alerts?filter=state%3D%22OPEN%22";
    assert_eq!(client.get(open).1["alerts"][0]["name"], "projects/gleich-tech/alerts/0.nrwotmyokd9n");
    client.monitoring.put_alert(Alert { closed: Some(Timestamp::now()), ..alert });
    assert_eq!(client.get(open), (200, json!({})));
    assert_eq!(client.get("/v3/projects/gleich-tech/alerts/0.nrwotmyokd9n").1["state"], "CLOSED");
    assert_eq!(client.get("/v3/projects/gleich-tech/alerts?filter=colour%3Dred").0, 400);
}

#[test]
fn policies_say_which_site_they_are_about() {
    let (_, list) = Client::new().get("/v3/projects/gleich-tech/alertPolicies");
    assert_eq!(list["alertPolicies"][0]["userLabels"]["failover_site"], "resume");
}
