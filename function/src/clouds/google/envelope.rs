//! Reads Google's error envelope.

use std::time::Duration;

use serde_json::Value;

use crate::api::{
    ApiError, ApiErrorKind,
    answer::Answer,
    retry::Failure,
    task::{Task, excerpt},
};

/// What the envelope holds that all of Google's interfaces use for errors, whatever of it is missing or null.
#[derive(Debug)]
struct Status {
    message: String,
    /// Such as `PERMISSION_DENIED`.
    name: String,
    details: Vec<Value>,
    /// The older interfaces' particulars: each has a `reason`.
    errors: Vec<Value>,
}

/// The answer's JSON, or what went wrong.
pub(super) fn read(answer: &Answer, task: &Task<'_>) -> Result<Value, Failure> {
    let body = answer.read_json(task)?;
    if answer.status.is_success() && is_answer(&body) {
        return Ok(body);
    }
    if answer.status.is_success() || first(&body).get("error").is_none() {
        return Err(answer.failure(task.strange(answer), None));
    }
    let status = Status::of(&body);
    let mut error = task.failed(answer.status, &status.said(&answer.body));
    // What is there already will be there at the next try: that is no race.
    if status.name == "ALREADY_EXISTS" {
        let what = format!("answered {}: {}", answer.status.as_u16(), status.said(&answer.body));
        error = task.error(ApiErrorKind::Refused, &what);
    }
    if let Some(kind) = status.passes() {
        let what = format!("answered {}: {}", answer.status.as_u16(), status.message);
        error = task.error(kind, &what);
    }
    Err(answer.failure(error, status.retry_delay()))
}

/// Whether a good status has what belongs to it: every answer is an object, and of those only operations have an error.
fn is_answer(body: &Value) -> bool {
    body.is_object() && (body["error"].is_null() || body["name"].is_string())
}

/// Streaming methods answer with a list, of which the error is the only item.
fn first(body: &Value) -> &Value {
    body.as_array().and_then(|items| items.first()).unwrap_or(body)
}

/// The list of this name. An empty one is left out; what is no list isn't an empty one.
pub(super) fn list<'a>(task: &Task<'_>, answer: &'a Value, name: &str) -> Result<&'a [Value], ApiError> {
    match &answer[name] {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(task.error(ApiErrorKind::Transient, &format!("answered without a list of {name}"))),
    }
}

/// The permissions that an answer says are held.
pub(super) fn held(task: &Task<'_>, answer: &Value) -> Result<Vec<String>, ApiError> {
    let held = list(task, answer, "permissions")?;
    Ok(held.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

impl Status {
    fn of(body: &Value) -> Self {
        let error = &first(body)["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        Self {
            message: text(&error["message"]),
            name: text(&error["status"]),
            details: list(&error["details"]),
            errors: list(&error["errors"]),
        }
    }

    fn said(&self, body: &[u8]) -> String {
        let mut said = match (self.name.as_str(), self.message.as_str()) {
            ("", "") => excerpt(body),
            ("", message) => message.to_owned(),
            (name, message) => format!("{name}: {message}"),
        };
        if self.reason() == Some("SERVICE_DISABLED") {
            said += "; enable the interface with gcloud services enable";
        }
        said
    }

    /// What passes by itself although its status says that it doesn't. Compute Engine says "too many requests" by a 403
    /// too (its page "Rate quotas", read 2026-11-20), and of a machine that starts or stops, or of an address that is
    /// still in use, that the request is wrong (google-cloud-java#9312).
    fn passes(&self) -> Option<ApiErrorKind> {
        let meaning = |error: &Value| match error["reason"].as_str()? {
            "rateLimitExceeded"
            | "userRateLimitExceeded"
            | "resourceNotReady"
            | "resourceOperationRateExceeded"
            | "backendError" => Some(ApiErrorKind::Transient),
            "resourceInUseByAnotherResource" | "ipInUseByAnotherResource" | "conditionNotMet" => {
                Some(ApiErrorKind::Conflict)
            }
            _ => None,
        };
        let said = self.errors.iter().find_map(meaning);
        said.or_else(|| self.is_throttled().then_some(ApiErrorKind::Transient))
            .or_else(|| self.is_stale().then_some(ApiErrorKind::Conflict))
    }

    /// Newer interfaces say "too many requests" by a name or a reason of their own, whatever the status is.
    fn is_throttled(&self) -> bool {
        self.name == "RESOURCE_EXHAUSTED" || self.reason() == Some("RATE_LIMIT_EXCEEDED")
    }

    /// What was read is old by now: some interfaces call that a wrong request.
    fn is_stale(&self) -> bool {
        let told = self.message.to_ascii_lowercase();
        let is_wrong = matches!(self.name.as_str(), "FAILED_PRECONDITION" | "INVALID_ARGUMENT");
        self.name == "ABORTED" || is_wrong && (told.contains("etag") || told.contains("concurrent"))
    }

    fn detail(&self, kind: &str) -> Option<&Value> {
        self.details.iter().find(|detail| detail["@type"].as_str().is_some_and(|name| name.ends_with(kind)))
    }

    fn reason(&self) -> Option<&str> {
        self.detail("google.rpc.ErrorInfo")?["reason"].as_str()
    }

    /// `RetryInfo`'s duration: seconds with an `s`, such as `1.5s`.
    fn retry_delay(&self) -> Option<Duration> {
        let delay = self.detail("google.rpc.RetryInfo")?["retryDelay"].as_str()?;
        let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::retry::Wait;

    const TASK: Task<'static> = Task {
        provider: crate::clouds::google::party("Cloud Run"),
        verb: "read",
        subject: "services/s",
        grant: "grant it",
        missing: "look for it",
        refused: "",
    };

    fn read(status: u16, body: &str) -> Failure {
        super::read(&Answer::of(status, body), &TASK).unwrap_err()
    }

    #[test]
    fn the_envelope_becomes_one_sentence_with_its_remedy() {
        let body = r#"{"error":{"code":403,"message":"Permission 'run.services.get' denied","status":"PERMISSION_DENIED"}}"#;
        let failure = read(403, body);
        assert_eq!(failure.error.kind, ApiErrorKind::Denied);
        assert_eq!(
            failure.error.message,
            "could not read services/s: Cloud Run answered 403: PERMISSION_DENIED: Permission 'run.services.get' \
             denied; grant it"
        );
    }

    #[test]
    fn what_google_did_not_write_is_not_believed_whatever_it_says() {
        let strangers = ["null", "[]", "\"ok\"", "7", "[{}]"];
        let refused = r#"{"error":{"code":404,"message":"no","status":"NOT_FOUND"}}"#;
        let rows =
            [200, 400, 403, 404, 500].into_iter().flat_map(|status| strangers.map(|body| (status, body)));
        let others =
            [(404, "{}"), (403, r#"{"message":"sign in"}"#), (200, refused), (200, r#"{"error":"x"}"#)];
        for (status, body) in rows.chain(others) {
            let failure = read(status, body);
            assert_eq!(failure.error.kind, ApiErrorKind::Transient, "{status} {body}");
            let told = format!(
                "could not read services/s: Cloud Run answered {status}, but not in words of its own: {body}"
            );
            assert_eq!(failure.error.message, told);
        }
        assert_eq!(read(404, &format!("[{refused}]")).error.kind, ApiErrorKind::Missing, "streamed");
        for good in ["{}", r#"{"name":"operations/7","done":true,"error":{"code":7}}"#, r#"{"error":null}"#] {
            assert!(super::read(&Answer::of(200, good), &TASK).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_is_no_list_is_not_an_empty_one() {
        use serde_json::json;
        let listed =
            |answer: Value| list(&TASK, &answer, "items").map(<[Value]>::len).map_err(|error| error.kind);
        assert_eq!((listed(json!({})), listed(json!({"items": [1, 2]}))), (Ok(0), Ok(2)));
        for odd in [json!({"items": {}}), json!({"items": "none"}), json!({"items": false})] {
            assert_eq!(listed(odd), Err(ApiErrorKind::Transient));
        }
    }

    #[test]
    fn an_interface_that_is_switched_off_is_named() {
        let body = r#"{"error":{"message":"off","details":[
            {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}]}}"#;
        assert!(read(403, body).error.message.contains("gcloud services enable"));
    }

    #[test]
    fn a_rate_limit_is_no_missing_permission() {
        let body = |reason: &str| {
            format!(r#"{{"error":{{"code":403,"message":"no","errors":[{{"reason":"{reason}"}}]}}}}"#)
        };
        assert_eq!(read(403, &body("rateLimitExceeded")).error.kind, ApiErrorKind::Transient);
        assert_eq!(read(403, &body("forbidden")).error.kind, ApiErrorKind::Denied);
        let reason = r#"{"error":{"code":403,"message":"no","details":[
            {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED"}]}}"#;
        assert_eq!(read(403, reason).error.kind, ApiErrorKind::Transient);
        let named = r#"{"error":{"code":400,"message":"no","status":"RESOURCE_EXHAUSTED"}}"#;
        assert_eq!(read(400, named).error.kind, ApiErrorKind::Transient);
    }

    #[test]
    fn what_exists_already_is_no_race_and_a_race_is_one() {
        let body = |status: &str| format!(r#"{{"error":{{"code":409,"message":"no","status":"{status}"}}}}"#);
        assert_eq!(read(409, &body("ABORTED")).error.kind, ApiErrorKind::Conflict);
        let exists = read(409, &body("ALREADY_EXISTS")).error;
        assert_eq!(exists.kind, ApiErrorKind::Refused);
        assert!(exists.message.contains("answered 409: ALREADY_EXISTS: no"), "{exists}");
    }

    #[test]
    fn an_envelope_is_read_with_whatever_is_null_or_missing_in_it() {
        let told = read(
            403,
            r#"{"error":{"code":null,"message":"no","status":"PERMISSION_DENIED","details":null,"errors":null}}"#,
        );
        assert!(
            told.error.message.contains("answered 403: PERMISSION_DENIED: no; grant it"),
            "{}",
            told.error
        );
        let listed =
            read(409, r#"[{"error":{"code":409,"message":"no","status":"ALREADY_EXISTS","details":{}}}]"#);
        assert_eq!(listed.error.kind, ApiErrorKind::Refused);
        let bare = read(409, r#"{"error":{"status":"ALREADY_EXISTS"}}"#);
        assert_eq!(bare.error.kind, ApiErrorKind::Refused);
        for odd in [r#"{"error":"invalid_grant","error_description":"Bad Request"}"#, r#"{"error":null}"#] {
            assert_eq!(read(400, odd).error.kind, ApiErrorKind::Refused, "{odd}");
        }
    }

    #[test]
    fn what_is_old_by_now_is_a_race_whatever_its_status_is() {
        let stale = |status: u16, name: &str, message: &str| {
            let body = format!(r#"{{"error":{{"code":{status},"message":"{message}","status":"{name}"}}}}"#);
            read(status, &body).error.kind
        };
        assert_eq!(stale(400, "FAILED_PRECONDITION", "The etag does not match"), ApiErrorKind::Conflict);
        assert_eq!(stale(400, "INVALID_ARGUMENT", "ETag mismatch: expected x"), ApiErrorKind::Conflict);
        assert_eq!(stale(400, "ABORTED", "There were concurrent policy changes."), ApiErrorKind::Conflict);
        assert_eq!(stale(412, "FAILED_PRECONDITION", "no"), ApiErrorKind::Conflict);
        let customer = "One or more users named in the policy do not belong to a permitted customer";
        assert_eq!(stale(400, "FAILED_PRECONDITION", customer), ApiErrorKind::Refused);
        let body = r#"{"error":{"code":400,"message":"no","errors":[{"reason":"conditionNotMet"}]}}"#;
        assert_eq!(read(400, body).error.kind, ApiErrorKind::Conflict);
    }

    #[test]
    fn what_is_not_ready_or_still_in_use_is_no_wrong_request() {
        for (reason, kind) in [
            ("resourceNotReady", ApiErrorKind::Transient),
            ("resourceInUseByAnotherResource", ApiErrorKind::Conflict),
            ("invalid", ApiErrorKind::Refused),
        ] {
            let body =
                format!(r#"{{"error":{{"code":400,"message":"no","errors":[{{"reason":"{reason}"}}]}}}}"#);
            assert_eq!(read(400, &body).error.kind, kind, "{reason}");
        }
    }

    #[test]
    fn retry_info_is_heard() {
        let body = r#"{"error":{"message":"busy","status":"UNAVAILABLE","details":[7,
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}}"#;
        let failure = read(503, body);
        assert_eq!(
            (failure.error.kind, failure.wait),
            (ApiErrorKind::Transient, Wait::Asked(Duration::from_millis(1500)))
        );
        let odd = body.replace("1.5s", "-3s");
        assert_eq!(read(503, &odd).wait, Wait::Backoff);
    }

    #[test]
    fn without_an_envelope_the_answer_itself_is_told() {
        assert_eq!(read(502, "<html>oops</html>").error.kind, ApiErrorKind::Transient);
        assert_eq!(
            read(404, r#"{"error":"no"}"#).error.message,
            "could not read services/s: Cloud Run answered 404: {\"error\":\"no\"}; look for it"
        );
    }
}
