//! Reads the `Status` that a cluster's refusals are.

use std::time::Duration;

use serde_json::Value;

use crate::api::{
    answer::Answer,
    retry::Failure,
    task::{Task, excerpt},
};

/// The answer's JSON, or what went wrong.
pub(super) fn read(answer: &Answer, task: &Task<'_>) -> Result<Value, Failure> {
    let body = answer.read_json(task)?;
    if answer.status.is_success() {
        return Ok(body);
    }
    if body["kind"] != "Status" {
        return Err(answer.failure(task.strange(answer), None));
    }
    // Seconds, in the details of 429 and of 504.
    let seconds = body["details"]["retryAfterSeconds"].as_u64().filter(|seconds| *seconds > 0);
    let error = task.failed(answer.status, &said(&body, &answer.body));
    Err(answer.failure(error, seconds.map(Duration::from_secs)))
}

/// `reason` is a word such as `Forbidden`, `message` a sentence.
fn said(status: &Value, body: &[u8]) -> String {
    match (status["reason"].as_str(), status["message"].as_str()) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (None, Some(message)) => message.to_owned(),
        (Some(reason), None) => reason.to_owned(),
        (None, None) => excerpt(body),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{ApiErrorKind, retry::Wait};

    #[track_caller]
    fn told(status: u16, body: &str) -> Failure {
        let task = Task {
            provider: crate::clouds::kubernetes::PARTY,
            verb: "scale",
            subject: "primary",
            grant: "grant it",
            missing: "look for it",
            refused: "",
        };
        read(&Answer::of(status, body), &task).unwrap_err()
    }

    #[test]
    fn a_status_becomes_one_sentence_with_its_remedy() {
        let forbidden = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
            "message": "deployments.apps \"primary\" is forbidden: User \"alice\" cannot patch resource",
        });
        let failure = told(403, &forbidden.to_string());
        assert_eq!(failure.error.kind, ApiErrorKind::Denied);
        assert_eq!(
            failure.error.message,
            "could not scale primary: Kubernetes answered 403: Forbidden: deployments.apps \"primary\" is forbidden: \
             User \"alice\" cannot patch resource; grant it"
        );
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, kind) in [
            (401, ApiErrorKind::Unaccepted),
            (404, ApiErrorKind::Missing),
            (409, ApiErrorKind::Conflict),
            (415, ApiErrorKind::Refused),
            (422, ApiErrorKind::Refused),
            (429, ApiErrorKind::Transient),
            (500, ApiErrorKind::Transient),
        ] {
            assert_eq!(told(status, r#"{"kind":"Status"}"#).error.kind, kind, "{status}");
            for tunnel in ["<html>a tunnel</html>", "{}", "null", r#"{"type":"error","message":"not found"}"#]
            {
                assert_eq!(told(status, tunnel).error.kind, ApiErrorKind::Transient, "{status} {tunnel}");
            }
        }
    }

    #[test]
    fn a_wish_to_wait_is_heard() {
        let busy = r#"{"kind":"Status","message":"too many","details":{"retryAfterSeconds":3}}"#;
        assert_eq!(told(429, busy).wait, Wait::Asked(Duration::from_secs(3)));
        assert_eq!(told(429, r#"{"kind":"Status","message":"too many"}"#).wait, Wait::Backoff);
    }
}
