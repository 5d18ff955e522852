//! What Cloudflare's answers mean.

use std::time::Duration;

use serde_json::json;

use super::*;

const TASK: Task<'static> = Task {
    provider: crate::clouds::cloudflare::PARTY,
    verb: "switch on",
    subject: "rule r",
    grant: "grant it",
    missing: "look for it",
    refused: "",
};

fn told(status: u16, body: &str) -> Failure {
    read(&TASK, &Answer::of(status, body)).unwrap_err()
}

#[track_caller]
fn check(status: u16, envelope: &Value, kind: ApiErrorKind, message: &str) {
    let failure = told(status, &envelope.to_string());
    let message = format!("could not switch on rule r: Cloudflare answered {message}");
    assert_eq!((failure.error.kind, failure.error.message), (kind, message));
}

fn error(code: i64, message: &str) -> Value {
    json!({ "success": false, "errors": [{ "code": code, "message": message }], "messages": [], "result": null })
}

#[test]
fn errors_and_messages_are_both_told() {
    let envelope = json!({
        "success": false, "result": null,
        "errors": [{"code": 1004, "message": "Page Rule validation failed: See messages for details."}],
        "messages": [{"code": 1, "message": ".status: Invalid page rule status", "type": null}],
    });
    let message = "400: Page Rule validation failed: See messages for details. (1004); .status: Invalid page rule status (1)";
    check(400, &envelope, ApiErrorKind::Refused, message);
}

#[test]
fn a_code_of_any_size_is_told_with_its_sentence() {
    let another = "another record of the name is in the way: delete it, or have a switch move it too";
    for code in [81053, 81054, 81056, 81057, 81058] {
        let message = format!("400: An identical record already exists. ({code}); {another}");
        check(400, &error(code, "An identical record already exists."), ApiErrorKind::Refused, &message);
    }
    let gone = error(81044, "Record does not exist.");
    for status in [400, 404] {
        let message = format!("{status}: Record does not exist. (81044); look for it");
        check(status, &gone, ApiErrorKind::Missing, &message);
    }
    check(400, &error(4_294_967_296, "odd"), ApiErrorKind::Refused, "400: odd (4294967296)");
}

#[test]
fn what_is_no_token_is_called_so() {
    let envelope = json!({"errors": [{"code": 6003, "message": "Invalid request headers",
        "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}]}]});
    let said = "Invalid request headers: Invalid format for Authorization header (6111) (6003)";
    check(400, &envelope, ApiErrorKind::Unaccepted, &format!("400: {said}; {NO_TOKEN}"));
    assert!(NO_TOKEN.contains("not a Cloudflare token"));
    let none = error(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
    assert_eq!(told(400, &none.to_string()).error.kind, ApiErrorKind::Unaccepted);
}

#[test]
fn a_bad_token_one_for_elsewhere_and_one_that_may_not_are_told_apart() {
    let remedy = |status: u16, code: i64, message: &str| {
        let failed = told(status, &error(code, message).to_string()).error;
        let remedy = failed.message.split_once("; ").map_or("", |(_, remedy)| remedy).to_owned();
        (failed.kind, remedy)
    };
    let (kind, renew) = remedy(403, 9109, "Invalid access token");
    assert_eq!(kind, ApiErrorKind::Unaccepted);
    assert!(renew.starts_with("the token isn't accepted: make a new one"), "{renew}");
    assert_eq!(remedy(401, 1000, "Invalid API Token"), (ApiErrorKind::Unaccepted, renew.clone()));
    assert_eq!(remedy(401, 10000, "Authentication error"), (ApiErrorKind::Unaccepted, renew));
    let elsewhere = remedy(403, 9109, "Cannot use the access token from location: 203.0.113.5");
    assert_eq!(elsewhere, (ApiErrorKind::Denied, NOT_FROM_HERE.to_owned()));
    let grant = (ApiErrorKind::Denied, "grant it".to_owned());
    assert_eq!(remedy(403, 9109, "Unauthorized to access requested resource"), grant);
    assert_eq!(remedy(403, 10000, "Authentication error"), grant);
    assert_eq!(remedy(400, 10000, "Authentication error"), grant);
    for status in [400, 403] {
        let owned = remedy(status, 1011, "Page Rules endpoint does not support account owned tokens.");
        assert_eq!(owned, (ApiErrorKind::Denied, OF_AN_ACCOUNT.to_owned()));
    }
}

#[test]
fn a_status_decides_before_a_code() {
    let limited = error(10000, "Rate limited");
    check(429, &limited, ApiErrorKind::Transient, "429: Rate limited (10000)");
    assert_eq!(told(429, &limited.to_string()).wait, Wait::Throttled);
    check(503, &error(6003, "odd"), ApiErrorKind::Transient, "503: odd (6003)");
    check(
        400,
        &error(7003, "Could not route"),
        ApiErrorKind::Missing,
        "400: Could not route (7003); look for it",
    );
}

#[test]
fn what_is_not_json_may_pass_whatever_its_status() {
    for status in [200, 400, 403, 404, 429, 502] {
        let failure = told(status, "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>");
        assert_eq!(failure.error.kind, ApiErrorKind::Transient, "{status}");
        let message = &failure.error.message;
        assert!(message.contains("what isn't JSON") && !message.contains("grant"), "{message}");
        let throttled = failure.wait == Wait::Throttled;
        assert_eq!(throttled, status == 429, "{status}");
    }
}

#[test]
fn success_false_is_a_failure_whatever_the_status() {
    check(200, &error(81057, "no"), ApiErrorKind::Transient, "success: false: no (81057)");
    check(200, &error(10000, "no"), ApiErrorKind::Denied, "success: false: no (10000); grant it");
    check(200, &error(1004, "no"), ApiErrorKind::Refused, "success: false: no (1004)");
}

#[test]
fn odd_envelopes_are_read_as_far_as_they_go() {
    let plain = json!({"errors": ["plain", 7]});
    check(403, &plain, ApiErrorKind::Denied, "403: plain; grant it");
    assert_eq!(read(&TASK, &Answer::of(200, r#"{"success":true,"result":7}"#)).unwrap(), 7);
    assert_eq!(read(&TASK, &Answer::of(200, r#"{"success":true}"#)).unwrap(), Value::Null);
    check(
        200,
        &json!({"result": 7, "errors": []}),
        ApiErrorKind::Transient,
        r#"success: false: {"errors":[],"result":7}"#,
    );
}

#[test]
fn what_cloudflare_did_not_write_is_not_believed_whatever_it_says() {
    for status in [200, 400, 403, 404, 418, 500] {
        for body in ["null", "[]", "{}", "\"ok\"", "true", r#"{"result":7}"#, r#"{"error":"not found"}"#] {
            let failure = told(status, body);
            assert_eq!(failure.error.kind, ApiErrorKind::Transient, "{status} {body}");
            let message = format!(
                "could not switch on rule r: Cloudflare answered {status}, but not in words of its own: {body}"
            );
            assert_eq!(failure.error.message, message);
        }
    }
}

#[test]
fn a_script_is_no_web_page() {
    let script = |status: u16, body: &str| {
        text(&TASK, &Answer::of(status, body)).map_err(|failure| failure.error.kind)
    };
    assert_eq!(script(200, "export default {}"), Ok("export default {}".to_owned()));
    for page in ["", " \n", "<html>sign in</html>", "\n<!DOCTYPE html>"] {
        assert_eq!(script(200, page), Err(ApiErrorKind::Transient), "{page}");
    }
    assert_eq!(script(404, &error(10007, "no such script").to_string()), Err(ApiErrorKind::Missing));
}

fn paged(envelope: &Value) -> Result<Page, Failure> {
    page(&TASK, &Answer::of(200, &envelope.to_string()))
}

#[test]
fn what_is_no_list_is_not_an_empty_one() {
    for result in [json!(null), json!({}), json!("none"), json!(false)] {
        let failure = paged(&json!({ "success": true, "result": result })).unwrap_err();
        assert_eq!(failure.error.kind, ApiErrorKind::Transient, "{result}");
        assert!(failure.error.message.ends_with("Cloudflare answered without a list"), "{}", failure.error);
    }
    assert!(paged(&json!({ "errors": [], "messages": [] })).is_err());
    let page = paged(&json!({ "success": true, "result": [], "result_info": null })).unwrap();
    assert_eq!((page.items.len(), page.has_more(1)), (0, Some(false)));
}

#[test]
fn a_list_has_as_many_pages_as_it_says() {
    let more = |info: Value, number: u64| {
        paged(&json!({ "success": true, "result": [1], "result_info": info })).unwrap().has_more(number)
    };
    assert_eq!(more(json!({"page": 1, "total_pages": 3}), 1), Some(true));
    assert_eq!(more(json!({"page": 3, "total_pages": 3}), 3), Some(false));
    assert_eq!(more(json!({"page": 1, "per_page": 20, "total_count": 21}), 1), Some(true));
    assert_eq!(more(json!({"page": 1, "per_page": 20, "total_count": 20}), 1), Some(false));
    assert_eq!(more(json!({"per_page": 0, "total_count": 20}), 1), Some(false));
    assert_eq!(more(json!({"page": 1, "total_pages": 3}), 2), None, "it minds no page");
    assert_eq!(more(json!({"cursors": {}}), 1), Some(false));
    assert_eq!(more(json!({"page": "1", "total_pages": "3"}), 1), Some(true));
    assert_eq!(more(json!({"page": 1, "per_page": 1, "count": 1}), 1), Some(true), "it is full");
    assert_eq!(more(json!({"page": 1, "per_page": 2, "count": 1}), 1), Some(false));
}

#[test]
fn who_throttles_may_say_for_how_long() {
    let body = error(971, "Please wait and consider throttling your request speed").to_string();
    let mut answer = Answer::of(429, &body);
    assert_eq!(read(&TASK, &answer).unwrap_err().wait, Wait::Throttled);
    assert_eq!(read(&TASK, &Answer::of(429, "<html>1015</html>")).unwrap_err().wait, Wait::Throttled);
    for (header, wait) in [("30", 30), ("86400", 86400)] {
        answer.headers.insert("retry-after", header.parse().expect("a header"));
        assert_eq!(read(&TASK, &answer).unwrap_err().wait, Wait::Asked(Duration::from_secs(wait)));
        assert_eq!(page(&TASK, &answer).unwrap_err().wait, Wait::Asked(Duration::from_secs(wait)));
    }
    answer.headers.insert("retry-after", "soon".parse().expect("a header"));
    assert_eq!(read(&TASK, &answer).unwrap_err().wait, Wait::Throttled);
}

#[test]
fn a_code_that_is_a_text_is_a_code() {
    let envelope =
        json!({"success": false, "errors": [{"code": "6003", "message": "Invalid request headers"}]});
    let failure = told(400, &envelope.to_string());
    assert_eq!(failure.error.kind, ApiErrorKind::Unaccepted);
    assert!(failure.error.message.contains("Invalid request headers (6003)"), "{}", failure.error);
}
