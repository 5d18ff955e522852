//! Alerts, which nobody opens through the interface. The rest is in `transcripts/monitoring.txt`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Alert, Monitoring};
use crate::frame::provider::Provider;
use crate::google::access::{Access, OPERATOR_ACCOUNT};
use crate::google::testing;

#[test]
fn open_alerts_are_listed_by_their_filter() {
    let access = Arc::new(Access::default());
    let token = access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
    let monitoring = Monitoring::new(access);
    let get = |path: &str| -> Value {
        let reply = monitoring.answer(&testing::bearing(testing::call("GET", path), &token));
        serde_json::from_slice(&reply.body).expect("JSON")
    };
    let alert = Alert {
        project: "gleich-tech".to_owned(),
        id: "0.nrwotmyokd9n".to_owned(),
        policy: Monitoring::policy_of("projects/gleich-tech/uptimeCheckConfigs/resume-abc123"),
        site: "resume".to_owned(),
        host: "resume.example".to_owned(),
        opened: Timestamp::now(),
        closed: None,
    };
    monitoring.put_alert(alert.clone());
    let open = "/v3/projects/gleich-tech/alerts?filter=state%3D%22OPEN%22";
    assert_eq!(get(open)["alerts"][0]["name"], "projects/gleich-tech/alerts/0.nrwotmyokd9n");
    monitoring.put_alert(Alert { closed: Some(Timestamp::now()), ..alert });
    assert_eq!(get(open), json!({}));
    assert_eq!(get("/v3/projects/gleich-tech/alerts/0.nrwotmyokd9n")["state"], "CLOSED");
}
