//! Reading notifications: the two real shapes, every oddity seen in real data, and any bytes at all.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Monitoring's own, open, as captured from Pub/Sub.
fn opened() -> Value {
    json!({
      "version": "1.2",
      "incident": {
        "incident_id": "0.nrwotmyokd9n",
        "scoping_project_id": "acme-prod",
        "scoping_project_number": 365_415_247_865_u64,
        "url": "https://console.cloud.google.com/monitoring/alerting/alerts/0.nrwotmyokd9n?channelType=cloud-pubsub&project=acme-prod",
        "started_at": 1_746_178_794,
        "ended_at": null,
        "state": "open",
        "summary": "Check passed for acme-prod www.example.com ... is above the threshold of 1.000 with a value of 3.000.",
        "observed_value": "3.000",
        "threshold_value": "1",
        "severity": "Error",
        "resource": { "type": "uptime_url", "labels": { "project_id": "acme-prod", "host": "www.example.com" } },
        "resource_id": "",
        "resource_name": "acme-prod www.example.com",
        "resource_display_name": "www.example.com",
        "resource_type_display_name": "Uptime Check URL",
        "metric": { "type": "monitoring.googleapis.com/uptime_check/check_passed",
                    "displayName": "Check passed",
                    "labels": { "check_id": "www-example-com-AbC123" } },
        "metadata": { "system_labels": {}, "user_labels": {} },
        "policy_name": "www.example.com uptime failure",
        "policy_user_labels": { "failover": "storefront" },
        "condition_name": "Failure of uptime check www-example-com-AbC123",
        "condition": {
          "name": "projects/acme-prod/alertPolicies/12942885046098191375/conditions/7238353791745156150",
          "displayName": "Failure of uptime check www-example-com-AbC123",
          "conditionThreshold": {
            "filter": "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"",
            "aggregations": [ { "alignmentPeriod": "1200s", "perSeriesAligner": "ALIGN_NEXT_OLDER",
                                "crossSeriesReducer": "REDUCE_COUNT_FALSE", "groupByFields": ["resource.label.*"] } ],
            "comparison": "COMPARISON_GT", "thresholdValue": 1, "duration": "60s", "trigger": { "count": 1 } } },
        "documentation": { "content": "", "mime_type": "", "subject": "[ALERT - Error] ..." }
      }
    })
}

/// Monitoring's "Send test".
fn pressed() -> Value {
    json!({ "version": "test",
      "incident": { "incident_id":"12345","scoping_project_id":"12345","scoping_project_number":12345,
        "url":"http://www.example.com","started_at":0,"ended_at":0,"state":"OPEN","summary":"Test Incident",
        "apigee_url":"http://www.example.com","observed_value":"1.0",
        "resource":{"type":"example_resource","labels":{"example":"label"}},
        "metric":{"type":"test.googleapis.com/metric","displayName":"Test Metric","labels":{"example":"label"}},
        "policy_user_labels":{"example":"label"},
        "documentation":"Test documentation",
        "condition":{"name":"projects/12345/alertPolicies/12345/conditions/12345","displayName":"Example condition"},
        "condition_name":"Example condition","threshold_value":"0.5" } })
}

/// The open incident with the field at `path` replaced, or removed for `None`.
fn with(path: &str, value: Option<Value>) -> Value {
    let mut body = opened();
    let (parent, key) = path.rsplit_once('/').expect("a path has a slash");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent exists");
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
    body
}

fn read(body: &Value) -> Result<Notification, Unreadable> {
    Notification::read(body.to_string().as_bytes())
}

#[track_caller]
fn incident(body: &Value) -> Incident {
    match read(body) {
        Ok(Notification::Incident(incident)) => incident,
        other => panic!("expected an incident, got {other:?}"),
    }
}

#[track_caller]
fn refused(body: &Value, because: &str) {
    assert_eq!(read(body), Err(Unreadable(because.to_owned())));
}

#[test]
fn a_real_open_incident_is_read() {
    assert_eq!(
        incident(&opened()),
        Incident {
            id: "0.nrwotmyokd9n".into(),
            state: IncidentState::Open,
            started_at: Some(Timestamp::from_second(1_746_178_794).expect("a time")),
            summary: "Check passed for acme-prod www.example.com ... is above the threshold of 1.000 with a value of \
                      3.000."
                .into(),
            metric: Some("monitoring.googleapis.com/uptime_check/check_passed".into()),
            policy: Some("projects/acme-prod/alertPolicies/12942885046098191375".into()),
            labels: BTreeMap::from([("failover".into(), "storefront".into())]),
            check_id: Some("www-example-com-AbC123".into()),
            host: Some("www.example.com".into()),
            watched_checks: Vec::new(),
            watched_hosts: Vec::new(),
            reporter: None,
        }
    );
}

#[test]
fn the_test_message_is_recognised_before_its_state_is_looked_at() {
    assert_eq!(read(&pressed()), Ok(Notification::Test));
    assert_eq!(read(&json!({"version": "TEST"})), Ok(Notification::Test));
}

#[test]
fn a_closed_incident_keeps_its_id() {
    let mut body = with("/incident/state", Some(json!("closed")));
    body["incident"]["ended_at"] = json!(1_746_178_747);
    body["incident"]["observed_value"] = json!(
        "Incident cancelled because the alert policy condition was deleted or modified while incident was active."
    );
    let closed = incident(&body);
    assert_eq!((closed.state, closed.id.as_str()), (IncidentState::Closed, "0.nrwotmyokd9n"));
}

#[test]
fn what_varies_in_real_data_changes_nothing() {
    let same = [
        ("/incident/documentation", Some(json!("Test documentation"))),
        ("/incident/documentation", None),
        ("/incident/ended_at", None),
        ("/incident/ended_at", Some(json!(0))),
        ("/incident/ended_at", Some(json!(1_746_178_747))),
        ("/incident/scoping_project_number", Some(json!("365415247865"))),
        ("/incident/observed_value", Some(json!(3.0))),
        ("/incident/threshold_value", Some(json!("free text"))),
        ("/incident/severity", None),
        ("/incident/apigee_url", Some(json!("http://www.example.com"))),
        ("/incident/state", Some(json!("OPEN"))),
        ("/incident/state", Some(json!(" Open "))),
        ("/incident/started_at", Some(json!("1746178794"))),
        ("/incident/started_at", Some(json!(1_746_178_794.0))),
        ("/incident/started_at", Some(json!("1746178794.9"))),
        ("/incident/started_at", Some(json!(1_746_178_794_000_i64))),
        ("/incident/started_at", Some(json!("2025-05-02T09:39:54Z"))),
        ("/incident/started_at", Some(json!("2025-05-02T11:39:54+02:00"))),
        ("/incident/condition/conditionThreshold", None),
        ("/incident/condition/conditionAbsent", Some(json!({"duration": "300s"}))),
        ("/incident/something_new", Some(json!([1, {"two": 3}]))),
        ("/version", Some(json!("1.3"))),
        ("/version", Some(json!("1.17"))),
        ("/version", Some(json!(1.2))),
        ("/new_at_the_top", Some(json!(true))),
    ];
    for (path, value) in same {
        let body = with(path, value.clone());
        assert_eq!(incident(&body), incident(&opened()), "{path} = {value:?}");
    }
}

#[test]
fn what_is_missing_is_none() {
    for nothing in [
        None,
        Some(Value::Null),
        Some(json!(0)),
        Some(json!("soon")),
        Some(json!(i64::MAX)),
        Some(json!(-5)),
        Some(json!("0001-01-01T00:00:00Z")),
        Some(json!(true)),
        Some(json!({"seconds": 1})),
        Some(json!(0.5)),
    ] {
        assert_eq!(incident(&with("/incident/started_at", nothing)).started_at, None);
    }
    assert_eq!(incident(&with("/incident/metric/labels", None)).check_id, None);
    let unmeasured = with("/incident/metric", None);
    assert_eq!(incident(&unmeasured).metric, incident(&opened()).metric, "the condition names it");
    let mut bare = unmeasured;
    bare["incident"]["condition"] = Value::Null;
    assert_eq!(incident(&bare).metric, None);
    assert_eq!(incident(&with("/incident/resource", Some(json!("a string")))).host, None);
    assert_eq!(incident(&with("/incident/condition", None)).policy, None);
    assert_eq!(incident(&with("/incident/policy_user_labels", None)).labels, BTreeMap::new());
    assert_eq!(incident(&with("/incident/summary", None)).summary, "");
    let least = incident(&json!({"version": "1.2", "incident": {"incident_id": 7, "state": "open"}}));
    assert_eq!((least.id.as_str(), least.state), ("7", IncidentState::Open));
}

#[test]
fn a_condition_that_names_no_policy_names_none() {
    let odd = incident(&with("/incident/condition/name", Some(json!("something/else"))));
    assert_eq!(odd.policy, None);
}

#[test]
fn a_probe_report_names_its_watcher() {
    let labels = json!({"failover_site": "resume", "failover_watcher": "raspberry"});
    let report = incident(&with("/incident/policy_user_labels", Some(labels)));
    assert_eq!(report.reporter.as_deref(), Some("raspberry"));
}

#[test]
fn what_cannot_be_read_says_what_is_wrong() {
    refused(
        &with("/version", Some(json!("2.0"))),
        "the notification has schema version \"2.0\", of which nothing is known; expected 1.x",
    );
    refused(
        &with("/version", Some(json!("12"))),
        "the notification has schema version \"12\", of which nothing is known; expected 1.x",
    );
    refused(
        &with("/version", None),
        "the notification says no schema version; expected \"1.2\" or another 1.x",
    );
    for nothing in [None, Some(Value::Null), Some(json!("")), Some(json!({}))] {
        refused(
            &with("/incident/incident_id", nothing),
            "the notification names no incident: incident.incident_id is missing",
        );
    }
    refused(
        &json!({"version": "1.2"}),
        "the notification names no incident: incident.incident_id is missing",
    );
    refused(&with("/incident/state", None), "the incident has no state; expected \"open\" or \"closed\"");
    refused(
        &with("/incident/state", Some(json!("acknowledged"))),
        "the incident's state is \"acknowledged\"; expected \"open\" or \"closed\"",
    );
    refused(&json!([]), "the notification is JSON but no object; publish one such as {…}");
    let not_json = Notification::read(b"hello").expect_err("text is no JSON");
    assert!(not_json.0.starts_with("the notification is not JSON: "), "{not_json}");
}

#[test]
fn the_journal_reads_back_what_it_was_given() {
    let incident = incident(&opened());
    let line = serde_json::to_string(&incident).expect("it is plain data");
    assert_eq!(serde_json::from_str::<Incident>(&line).expect("it was just written"), incident);
}

fn site(name: &str) -> SiteMarks {
    SiteMarks {
        name: name.parse().expect("a name"),
        check_ids: vec![format!("check-of-{name}")],
        host: Some(format!("{name}.example.com")),
        policies: vec![format!("projects/p/alertPolicies/{name}")],
    }
}

/// What an incident says, and the site that it then means.
#[track_caller]
fn means(changes: &[(&str, Value)], expected: Option<&str>) {
    let (shop, blog) = (site("shop"), site("blog"));
    let mut body = opened();
    body["incident"]["policy_user_labels"] = json!({});
    for (path, value) in changes {
        *body.pointer_mut(path).expect("the field exists") = value.clone();
    }
    let found = match incident(&body).concerns(&[&shop, &blog]) {
        Concern::Site(site) => Some(site.as_str().to_owned()),
        Concern::Unheeded(_) | Concern::NoSite => None,
    };
    assert_eq!(found.as_deref(), expected, "{changes:?}");
}

const FILTER: &str = "/incident/condition/conditionThreshold/filter";

/// The filter of a condition that watches this.
fn watching(what: &str) -> (&'static str, Value) {
    (FILTER, json!(format!("metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND {what}")))
}

#[test]
fn what_the_condition_watches_names_the_site_where_its_labels_do_not() {
    let unsaid = [(CHECK, Value::Null), (HOST, Value::Null)];
    let check = watching("metric.label.check_id=\"check-of-shop\" AND resource.type=\"gce_instance\"");
    means(&[&unsaid[..], std::slice::from_ref(&check)].concat(), Some("shop"));
    means(&[&unsaid[..], &[watching("resource.label.host=\"blog.example.com\"")]].concat(), Some("blog"));
    let both = watching("metric.label.check_id=one_of(\"check-of-shop\", \"check-of-blog\")");
    means(&[&unsaid[..], &[both]].concat(), None);
    means(&[(CHECK, json!("check-of-blog")), check.clone()], Some("blog"));
    means(&[(METRIC, Value::Null), (CHECK, Value::Null), check], Some("shop"));
}

#[track_caller]
fn dropped(body: &Value, because: Option<&str>) {
    let (shop, incident) = (site("shop"), incident(body));
    assert_eq!(incident.dropped_because(&incident.concerns(&[&shop])).as_deref(), because);
}

#[test]
fn what_moves_nothing_says_truly_why() {
    dropped(
        &opened(),
        Some(
            "incident 0.nrwotmyokd9n is of no site that is configured here (check www-example-com-AbC123, host \
             www.example.com, policy projects/acme-prod/alertPolicies/12942885046098191375)",
        ),
    );
    let mut body = with(CHECK, Some(json!("check-of-shop")));
    dropped(&body, None);
    body["incident"]["metric"]["type"] = json!("__missing__");
    dropped(
        &body,
        Some(
            "incident 0.nrwotmyokd9n names the site shop and moves nothing: its metric is \"__missing__\", and only that \
             of an uptime check counts by itself; let it count by policies = \
             [\"projects/acme-prod/alertPolicies/12942885046098191375\"] in that site's configuration",
        ),
    );
    let bare = json!({ "version": "1.2", "incident": { "incident_id": "0.a", "state": "open",
        "resource": { "labels": { "host": "shop.example.com" } } } });
    dropped(
        &bare,
        Some(
            "incident 0.a names the site shop and moves nothing: it names no metric, and only that of an uptime check \
             counts by itself; let it count by policies = [\"projects/…/alertPolicies/…\"] in that site's configuration",
        ),
    );
}

const LABELS: &str = "/incident/policy_user_labels";
const CHECK: &str = "/incident/metric/labels/check_id";
const HOST: &str = "/incident/resource/labels/host";
const METRIC: &str = "/incident/metric/type";
const POLICY: &str = "/incident/condition/name";

#[test]
fn a_label_names_the_site_before_anything_else() {
    means(&[(LABELS, json!({"failover_site": "blog"})), (CHECK, json!("check-of-shop"))], Some("blog"));
    means(&[(LABELS, json!({"site": "blog"})), (HOST, json!("shop.example.com"))], Some("blog"));
    means(&[(LABELS, json!({"failover_site": "shop", "site": "blog"}))], Some("shop"));
}

#[test]
fn a_label_of_ours_that_names_a_stranger_means_none_of_our_sites() {
    means(&[(LABELS, json!({"failover_site": "other"})), (HOST, json!("shop.example.com"))], None);
}

#[test]
fn a_site_label_meant_for_something_else_is_passed_over() {
    means(&[(LABELS, json!({"site": "frankfurt"})), (HOST, json!("shop.example.com"))], Some("shop"));
}

#[test]
fn without_a_label_the_check_then_the_policy_then_the_host_names_it() {
    means(&[], None);
    means(&[(HOST, json!("Shop.Example.com"))], Some("shop"));
    means(&[(CHECK, json!("check-of-blog")), (HOST, json!("shop.example.com"))], Some("blog"));
    means(&[(POLICY, json!("projects/p/alertPolicies/blog/conditions/1"))], Some("blog"));
}

#[test]
fn another_metric_acts_only_through_a_listed_policy() {
    let custom = (METRIC, json!("custom.googleapis.com/latency"));
    let host = (HOST, json!("shop.example.com"));
    means(&[custom.clone(), host.clone()], None);
    means(&[custom.clone(), (POLICY, json!("projects/p/alertPolicies/shop/conditions/1"))], Some("shop"));
    let elsewhere = (LABELS, json!({"failover_site": "blog"}));
    means(&[custom, elsewhere, (POLICY, json!("projects/p/alertPolicies/shop/conditions/1"))], None);
}

#[test]
fn a_host_that_two_sites_share_names_neither() {
    let mut twin = site("blog");
    twin.host = Some("shop.example.com".into());
    let shared = incident(&with(HOST, Some(json!("shop.example.com"))));
    assert_eq!(shared.concerns(&[&site("shop"), &twin]), Concern::NoSite);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Notification::read(&bytes);
    }

    #[test]
    fn any_text_in_any_field_is_read_or_refused(
        text in ".{0,80}",
        field in prop::sample::select(vec!["/version", "/incident/incident_id", "/incident/state",
            "/incident/started_at", "/incident/condition", "/incident/metric", "/incident/resource"]),
    ) {
        let _ = read(&with(field, Some(json!(text))));
    }
}

#[path = "incident_variants.rs"]
mod variants;
