//! What Monitoring, and those who speak like it, really publish: each kind with what it comes to.
//!
//! Shapes: Google's page "Create and manage notification channels" (schema versions 1.0 to 1.2, the test message), and
//! payloads in public repositories; names are made up.

use super::*;

/// What a notification comes to for the sites `shop` and `blog`.
#[derive(Debug, PartialEq)]
enum Comes {
    /// It acts on the shop.
    Acts,
    /// It names the shop, and doesn't count.
    Unheeded,
    /// It is of neither.
    Strange,
    /// Somebody pressed a button.
    Tested,
}

use Comes::{Acts, Strange, Tested, Unheeded};

fn comes(bytes: &[u8]) -> Result<Comes, String> {
    let incident = match Notification::read(bytes) {
        Ok(Notification::Test) => return Ok(Tested),
        Ok(Notification::Incident(incident)) => incident,
        Err(Unreadable(why)) => return Err(why),
    };
    let (shop, blog) = (site("shop"), site("blog"));
    Ok(match incident.concerns(&[&shop, &blog]) {
        Concern::Site(site) if site == shop.name => Acts,
        Concern::Unheeded(site) if site == shop.name => Unheeded,
        Concern::NoSite => Strange,
        other => panic!("{other:?}"),
    })
}

/// An incident with these fields beside the two that have to be there.
fn incident_with(fields: &str) -> String {
    format!(r#"{{"version":"1.2","incident":{{"incident_id":"0.a","state":"open"{fields}}}}}"#)
}

#[track_caller]
fn play(rows: &[(&str, String, Comes)]) {
    for (what, payload, expected) in rows {
        assert_eq!(comes(payload.as_bytes()).as_ref(), Ok(expected), "{what}");
    }
}

const PASSED: &str = r#""type":"monitoring.googleapis.com/uptime_check/check_passed""#;

/// The condition that the console makes for an uptime check, whatever is checked.
fn console_condition(check: &str, resource: &str) -> String {
    format!(
        r#","condition":{{"name":"projects/p/alertPolicies/1/conditions/2","displayName":"Failure","conditionThreshold":{{
            "filter":"metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.label.check_id=\"{check}\" AND resource.type=\"{resource}\"",
            "aggregations":[{{"alignmentPeriod":"1200s","groupByFields":["resource.label.*"]}}],"thresholdValue":1}}}}"#
    )
}

#[test]
fn an_uptime_check_of_anything_names_its_site_by_its_id() {
    let of = |resource: &str, labels: &str, check: &str| {
        incident_with(&format!(
            r#","resource":{{"type":"{resource}","labels":{labels}}},"metric":{{{PASSED},"displayName":"Check passed","labels":{{}}}},"metadata":{{"system_labels":{{}},"user_labels":{{}}}}{}"#,
            console_condition(check, resource)
        ))
    };
    let machine = r#"{"instance_id":"7","zone":"europe-west1-b","project_id":"p"}"#;
    let service = r#"{"cluster_name":"c","namespace_name":"web","service_name":"shop","location":"l"}"#;
    let revision = r#"{"service_name":"shop","revision_name":"shop-00001","configuration_name":"shop"}"#;
    let url = r#"{"host":"shop.example.com","project_id":"p"}"#;
    play(&[
        ("a machine", of("gce_instance", machine, "check-of-shop"), Acts),
        ("a service of a cluster", of("k8s_service", service, "check-of-shop"), Acts),
        ("a revision of Cloud Run", of("cloud_run_revision", revision, "check-of-shop"), Acts),
        ("a URL", of("uptime_url", url, "check-of-shop"), Acts),
        ("a URL of ours by a check that isn't configured", of("uptime_url", url, "a-stranger"), Acts),
        ("somebody else's machine", of("gce_instance", machine, "a-stranger"), Strange),
        ("an App Engine module", of("gae_app", r#"{"module_id":"default"}"#, "a-stranger"), Strange),
    ]);
}

#[test]
fn every_checker_location_is_the_same_outage() {
    for location in ["usa-oregon", "eur-belgium", "apac-singapore", "sa-brazil-sao_paulo", ""] {
        let labels = format!(r#"{{"check_id":"check-of-shop","checker_location":"{location}"}}"#);
        let payload = incident_with(&format!(r#","metric":{{{PASSED},"labels":{labels}}}"#));
        assert_eq!(comes(payload.as_bytes()), Ok(Acts), "{location}");
    }
}

#[test]
fn other_metrics_of_our_host_count_only_where_their_policy_is_listed() {
    let host = r#","resource":{"type":"uptime_url","labels":{"host":"shop.example.com"}}"#;
    let listed = r#","condition":{"name":"projects/p/alertPolicies/shop/conditions/2"}"#;
    let of = |rest: &str| incident_with(&format!("{host}{rest}"));
    let load =
        r#","metric":{"type":"loadbalancing.googleapis.com/https/request_count","labels":{"check_id":null}}"#;
    let log = r#","metric":null,"condition":{"name":"projects/p/alertPolicies/9/conditions/1","conditionMatchedLog":{"filter":"severity>=ERROR"}}"#;
    let query = r#","metric":{"type":"__missing__"},"condition":{"conditionPrometheusQueryLanguage":{"query":"monitoring_googleapis_com:uptime_check_check_passed{check_id=\"check-of-shop\"} < 1"}}"#;
    let sql = r#","condition":{"conditionSql":{"query":"SELECT 1","minutes":{"periodicity":5}}}"#;
    play(&[
        ("a load balancer's requests", of(load), Unheeded),
        ("a log", of(log), Unheeded),
        ("a query of Prometheus", of(query), Unheeded),
        ("a query of logs", of(sql), Unheeded),
        ("no metric and no condition", of(""), Unheeded),
        ("a load balancer's, listed", of(&format!("{load}{listed}")), Acts),
        ("nothing but a policy that is listed", incident_with(listed), Acts),
    ]);
}

#[test]
fn older_schemas_and_lean_senders_are_read() {
    let first = r#"{"incident":{"incident_id":"f2e08c333dc64cb09f75eaab355393bz","resource_id":"i-4a266a2d",
        "resource_name":"webserver-85","state":"open","started_at":1385085727,"ended_at":null,
        "policy_name":"Webserver Health","condition_name":"CPU usage","url":"https://app.stackdriver.com/incidents/f2",
        "summary":"CPU for webserver-85 is above the threshold of 1% with a value of 28.5%"},"version":"1.1"}"#;
    let tested =
        r#"{"version":"Test","incident":{"incident_id":"12345","state":"OPEN","started_at":0,"ended_at":0}}"#;
    let labelled = incident_with(&format!(
        r#","policy_user_labels":{{"failover_site":"shop","n":1,"x":null}},"metric":{{{PASSED}}}"#
    ));
    play(&[
        ("schema 1.1 of 2013", first.to_owned(), Strange),
        ("the same as 1.0", first.replace("1.1", "1.0"), Strange),
        ("the channel's test", tested.to_owned(), Tested),
        ("a test without an incident", r#"{"version":"test","incident":null}"#.to_owned(), Tested),
        ("a label and nothing else", labelled, Acts),
    ]);
}

#[test]
fn what_is_of_another_kind_than_usual_loses_nothing() {
    let check = format!(r#""metric":{{{PASSED},"labels":{{"check_id":"check-of-shop"}}}}"#);
    for odd in [
        r#""observed_value":3,"threshold_value":null"#,
        r#""observed_value":"free text: Incident cancelled","threshold_value":"1e999""#,
        r#""documentation":"text","severity":"No severity""#,
        r#""documentation":{"content":"x","mime_type":"text/markdown","subject":"s","links":[{"displayName":"d","url":"u"}]}"#,
        r#""documentation":["x"],"condition":"text","resource":[],"metadata":"none""#,
        r#""condition":{"conditionThreshold":[],"conditionAbsent":"x","name":{}}"#,
        r#""condition":{"conditionThreshold":{"filter":7,"aggregations":null}}"#,
        r#""started_at":null,"ended_at":null"#,
        r#""started_at":"soon","ended_at":{}"#,
        r#""policy_user_labels":null,"policy_name":null"#,
        r#""policy_user_labels":[{"key":"failover_site","value":"blog"}]"#,
        r#""scoping_project_number":"365415247865","scoping_project_id":365415247865"#,
        r#""apigee_url":"http://www.example.com","resource_type_display_name":7"#,
        r#""summary":null"#,
        r#""summary":{"text":"x"}"#,
        r#""summary":"\u65e5\u672c\u8a9e \ud83d\ude00 \u202e""#,
        // Cut in the middle of a character.
        r#""summary":"cut in two \ud83d""#,
        r#""summary":"\ude00 the other half","documentation":"\ud800""#,
    ] {
        let payload = incident_with(&format!(",{odd},{check}"));
        assert_eq!(comes(payload.as_bytes()), Ok(Acts), "{odd}");
    }
    let long = incident_with(&format!(r#","summary":"{}",{check}"#, "very long 😀 ".repeat(60_000)));
    let Ok(Notification::Incident(read)) = Notification::read(long.as_bytes()) else { panic!("it is read") };
    assert_eq!(read.summary.chars().count(), 1000);
    let whole = incident_with(&format!(",{check}"));
    let marked = [b"\xEF\xBB\xBF", whole.as_bytes()].concat();
    assert_eq!(comes(&marked), Ok(Acts), "a byte order mark");
    let latin = [&whole.as_bytes()[..whole.len() - 2], b",\"summary\":\"caf\xE9\"}}"].concat();
    assert_eq!(comes(&latin), Ok(Acts), "letters of Latin-1");
    assert_eq!(comes(format!("\r\n\t {whole} \r\n").as_bytes()), Ok(Acts), "blanks around it");
}

#[test]
fn a_state_is_open_or_closed_however_it_is_written_and_nothing_else_is_guessed() {
    let of =
        |state: &str| format!(r#"{{"version":"1.2","incident":{{"incident_id":"0.a","state":{state}}}}}"#);
    for state in [r#""open""#, r#""OPEN""#, r#""Closed""#, r#"" closed\n""#] {
        assert_eq!(comes(of(state).as_bytes()), Ok(Strange), "{state}");
    }
    for (state, told) in [
        (r#""acknowledged""#, "the incident's state is \"acknowledged\"; expected \"open\" or \"closed\""),
        (r#""opened""#, "the incident's state is \"opened\"; expected \"open\" or \"closed\""),
        ("1", "the incident's state is \"1\"; expected \"open\" or \"closed\""),
        ("true", "the incident has no state; expected \"open\" or \"closed\""),
        (r#"["open"]"#, "the incident has no state; expected \"open\" or \"closed\""),
        (r#""""#, "the incident has no state; expected \"open\" or \"closed\""),
    ] {
        assert_eq!(comes(of(state).as_bytes()), Err(told.to_owned()), "{state}");
    }
}

#[test]
fn what_can_not_be_read_says_in_one_sentence_why() {
    let nothing = "the notification names no incident: incident.incident_id is missing";
    for (payload, told) in [
        (
            "",
            "the notification is not JSON: EOF while parsing a value at line 1 column 0; publish one JSON object",
        ),
        ("[]", "the notification is JSON but no object; publish one such as {…}"),
        (r#"[{"version":"1.2"}]"#, "the notification is JSON but no object; publish one such as {…}"),
        (r#""{\"version\":\"1.2\"}""#, "the notification is JSON but no object; publish one such as {…}"),
        ("{}", "the notification says no schema version; expected \"1.2\" or another 1.x"),
        (r#"{"version":"1.2","incident":[]}"#, nothing),
        (r#"{"version":"1.2","incident":"{\"incident_id\":\"1\"}"}"#, nothing),
        (r#"{"version":"1.2","incident":{"incident_id":[1],"state":"open"}}"#, nothing),
        (
            r#"{"version":"1.2","incident":{"incident_id":"1","state":"open","state":"closed"}}"#,
            "the notification has a duplicate field `state` at line 1 column 69; publish it with each field once",
        ),
        (
            r#"{"version":{"major":1},"incident":{"incident_id":"1","state":"open"}}"#,
            "the notification says no schema version; expected \"1.2\" or another 1.x",
        ),
    ] {
        assert_eq!(comes(payload.as_bytes()), Err(told.to_owned()), "{payload}");
    }
}

proptest! {
    #[test]
    fn a_text_of_any_bytes_anywhere_loses_no_incident(bytes in prop::collection::vec(0x20_u8..=0xFF, 0..60)) {
        let plain: Vec<u8> = bytes.into_iter().filter(|byte| !matches!(byte, b'"' | b'\\')).collect();
        let before = br#"{"version":"1.2","incident":{"incident_id":"0.a","state":"open","summary":""#;
        let payload = [&before[..], &plain, br#""}}"#].concat();
        prop_assert_eq!(comes(&payload), Ok(Strange));
    }
}
