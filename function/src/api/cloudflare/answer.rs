//! Reads Cloudflare's envelope: `success`, `errors[]`, `messages[]`, `result`.
//!
//! The useful text is often in `messages[]` alone, so both lists are told. Codes are not documented and the crate
//! loses those above 65535, so the HTTP status decides and a code only where the status says too little.

use std::time::Duration;

use ::cloudflare::framework::response::ApiFailure;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::{
    ApiError, ApiErrorKind,
    retry::{self, Failure, Wait},
    task::{Task, excerpt},
};

/// Bad token, token without the permission, malformed header.
const AUTHENTICATION: [i64; 4] = [10000, 9109, 6003, 6111];
/// The rule that was sent breaks Cloudflare's own rules.
const VALIDATION: [i64; 1] = [1004];
/// No such path or object.
const ROUTING: [i64; 2] = [7000, 7003];

/// The `result` of an answer that came with a good status.
pub(super) fn read(task: &Task<'_>, body: &[u8]) -> Result<Value, ApiError> {
    let Ok(mut envelope) = serde_json::from_slice::<Value>(body) else {
        let what = format!("answered with what isn't JSON: {}", excerpt(body));
        return Err(task.error(ApiErrorKind::Transient, &what));
    };
    if envelope["success"] == false {
        // A good status and a bad body contradict each other, so the next answer may be another.
        let kind = by_code(&envelope).unwrap_or(ApiErrorKind::Transient);
        return Err(task.error(kind, &format!("answered success: false: {}", said(&envelope))));
    }
    Ok(envelope.get_mut("result").map(Value::take).unwrap_or_default())
}

/// Whether there were too many calls.
pub(super) fn is_throttled(failure: &ApiFailure) -> bool {
    matches!(failure, ApiFailure::Error(StatusCode::TOO_MANY_REQUESTS, _))
}

/// What the client's failure means.
pub(super) fn failed(task: &Task<'_>, failure: ApiFailure, limit: Duration) -> Failure {
    match failure {
        ApiFailure::Error(status, errors) => {
            let mut envelope = json!(errors.other);
            envelope["errors"] = json!(errors.errors);
            answered(task, status, &envelope)
        }
        ApiFailure::Invalid(error) if error.is_timeout() => task.unanswered(limit).into(),
        ApiFailure::Invalid(error) if error.is_builder() => {
            let what = "was not asked, because the token holds characters that no header can carry";
            task.error(ApiErrorKind::Denied, what).into()
        }
        ApiFailure::Invalid(error) => {
            let what = format!("could not be reached: {}", retry::causes(&error));
            task.error(ApiErrorKind::Transient, &what).into()
        }
    }
}

fn answered(task: &Task<'_>, status: StatusCode, envelope: &Value) -> Failure {
    let mut error = task.failed(status, &said(envelope));
    if status == StatusCode::BAD_REQUEST
        && let Some(kind) = by_code(envelope)
    {
        error = task.error(kind, &format!("answered 400: {}", said(envelope)));
    }
    let throttled = status == StatusCode::TOO_MANY_REQUESTS;
    Failure { error, wait: if throttled { Wait::Throttled } else { Wait::Backoff } }
}

fn by_code(envelope: &Value) -> Option<ApiErrorKind> {
    let codes: Vec<i64> = entries(envelope, "errors").filter_map(|entry| entry["code"].as_i64()).collect();
    let any = |known: &[i64]| codes.iter().any(|code| known.contains(code));
    if any(&AUTHENTICATION) {
        Some(ApiErrorKind::Denied)
    } else if any(&ROUTING) {
        Some(ApiErrorKind::Missing)
    } else if any(&VALIDATION) {
        Some(ApiErrorKind::Refused)
    } else {
        None
    }
}

/// Every error and message, with its code.
fn said(envelope: &Value) -> String {
    let all = entries(envelope, "errors").chain(entries(envelope, "messages"));
    let lines: Vec<String> = all.filter_map(line).collect();
    if lines.is_empty() { "no reason that could be read".to_owned() } else { lines.join("; ") }
}

fn entries<'a>(envelope: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    envelope[list].as_array().into_iter().flatten()
}

fn line(entry: &Value) -> Option<String> {
    let message = entry["message"].as_str().or_else(|| entry.as_str())?;
    let chained = entry["error_chain"].as_array().into_iter().flatten().filter_map(line);
    let said: Vec<String> = std::iter::once(message.to_owned()).chain(chained).collect();
    let code = entry["code"].as_i64().map(|code| format!(" ({code})")).unwrap_or_default();
    Some(format!("{}{code}", said.join(": ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: Task<'static> = Task {
        provider: "Cloudflare",
        verb: "switch on",
        subject: "rule r",
        grant: "grant it",
        missing: "look for it",
        refused: "",
    };

    #[track_caller]
    fn check(status: u16, envelope: &Value, kind: ApiErrorKind, message: &str) {
        let failure = answered(&TASK, StatusCode::from_u16(status).unwrap(), envelope);
        assert_eq!((failure.error.kind, failure.error.message.as_str()), (kind, message));
    }

    #[test]
    fn errors_and_messages_are_both_told() {
        let envelope = json!({
            "success": false, "result": null,
            "errors": [{"code": 1004, "message": "Page Rule validation failed: See messages for details."}],
            "messages": [{"code": 1, "message": ".status: Invalid page rule status", "type": null}],
        });
        let message = "could not switch on rule r: Cloudflare answered 400: Page Rule validation failed: See messages \
                       for details. (1004); .status: Invalid page rule status (1)";
        check(400, &envelope, ApiErrorKind::Refused, message);
    }

    #[test]
    fn a_chain_of_errors_is_told_whole() {
        let envelope = json!({"errors": [{"code": 6003, "message": "Invalid request headers",
            "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}]}]});
        let message = "could not switch on rule r: Cloudflare answered 400: Invalid request headers: Invalid format for \
                       Authorization header (6111) (6003); grant it";
        check(400, &envelope, ApiErrorKind::Denied, message);
    }

    #[test]
    fn a_status_decides_before_a_code() {
        let limited = json!({"errors": [{"code": 10000, "message": "Rate limited"}]});
        let message = "could not switch on rule r: Cloudflare answered 429: Rate limited (10000)";
        check(429, &limited, ApiErrorKind::Transient, message);
        assert_eq!(answered(&TASK, StatusCode::TOO_MANY_REQUESTS, &limited).wait, Wait::Throttled);
        let lost = json!({"errors": [{"code": 7003, "message": "Could not route"}]});
        check(
            400,
            &lost,
            ApiErrorKind::Missing,
            "could not switch on rule r: Cloudflare answered 400: Could not route (7003); look for it",
        );
    }

    #[test]
    fn success_false_is_a_failure_whatever_the_status() {
        let error =
            read(&TASK, br#"{"success":false,"errors":[{"code":81057,"message":"no"}],"result":null}"#);
        let error = error.unwrap_err();
        assert_eq!(error.kind, ApiErrorKind::Transient);
        assert_eq!(
            error.message,
            "could not switch on rule r: Cloudflare answered success: false: no (81057)"
        );
        let denied =
            read(&TASK, br#"{"success":false,"errors":[{"code":10000,"message":"no"}]}"#).unwrap_err();
        assert_eq!(denied.kind, ApiErrorKind::Denied);
        let invalid =
            read(&TASK, br#"{"success":false,"errors":[{"code":1004,"message":"no"}]}"#).unwrap_err();
        assert_eq!(invalid.kind, ApiErrorKind::Refused);
    }

    #[test]
    fn odd_envelopes_are_read_as_far_as_they_go() {
        check(
            500,
            &json!(null),
            ApiErrorKind::Transient,
            "could not switch on rule r: Cloudflare answered 500: no reason that could be read",
        );
        check(
            403,
            &json!({"errors": ["plain", 7]}),
            ApiErrorKind::Denied,
            "could not switch on rule r: Cloudflare answered 403: plain; grant it",
        );
        assert_eq!(read(&TASK, b"<html>").unwrap_err().kind, ApiErrorKind::Transient);
        assert_eq!(read(&TASK, b"[]").unwrap(), Value::Null);
        assert_eq!(read(&TASK, br#"{"result":7}"#).unwrap(), 7);
    }
}
