//! Reads a cluster's answers, and the `Status` that its refusals are.

use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header::RETRY_AFTER};
use jiff::Timestamp;
use serde_json::Value;

use crate::api::{
    ApiErrorKind,
    retry::{Failure, Wait, retry_after},
    task::{Task, excerpt},
};

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    wait: Option<Duration>,
    body: Bytes,
}

impl Answer {
    pub(super) async fn receive(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wait = header.and_then(|value| retry_after(value, Timestamp::now()));
        Ok(Self { status: response.status(), wait, body: response.bytes().await? })
    }

    /// The answer's JSON, or what went wrong. Whatever isn't JSON came from something in between, so it may pass.
    pub(super) fn read(self, task: &Task<'_>) -> Result<Value, Failure> {
        let wait = |asked: Option<Duration>| asked.map_or(Wait::Backoff, Wait::Asked);
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else {
            let what =
                format!("answered {} with what isn't JSON: {}", self.status.as_u16(), excerpt(&self.body));
            return Err(Failure { error: task.error(ApiErrorKind::Transient, &what), wait: wait(self.wait) });
        };
        if self.status.is_success() {
            return Ok(body);
        }
        // Seconds, in the details of 429 and of 504.
        let seconds = body["details"]["retryAfterSeconds"].as_u64().filter(|seconds| *seconds > 0);
        let asked = self.wait.or(seconds.map(Duration::from_secs));
        Err(Failure { error: task.failed(self.status, &said(&body, &self.body)), wait: wait(asked) })
    }
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

    #[track_caller]
    fn told(status: u16, body: &str) -> Failure {
        let task = Task {
            provider: "Kubernetes",
            verb: "scale",
            subject: "primary",
            grant: "grant it",
            missing: "look for it",
            refused: "",
        };
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, wait: None, body: Bytes::copy_from_slice(body.as_bytes()) };
        answer.read(&task).unwrap_err()
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
            (401, ApiErrorKind::Denied),
            (404, ApiErrorKind::Missing),
            (409, ApiErrorKind::Conflict),
            (415, ApiErrorKind::Refused),
            (422, ApiErrorKind::Refused),
            (429, ApiErrorKind::Transient),
            (500, ApiErrorKind::Transient),
        ] {
            assert_eq!(told(status, r#"{"kind":"Status"}"#).error.kind, kind, "{status}");
            assert_eq!(told(status, "<html>a tunnel</html>").error.kind, ApiErrorKind::Transient, "{status}");
        }
    }

    #[test]
    fn a_wish_to_wait_is_heard() {
        let busy = r#"{"kind":"Status","message":"too many","details":{"retryAfterSeconds":3}}"#;
        assert_eq!(told(429, busy).wait, Wait::Asked(Duration::from_secs(3)));
        assert_eq!(told(429, r#"{"message":"too many"}"#).wait, Wait::Backoff);
    }
}
