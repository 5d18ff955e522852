//! Reads Azure's error envelope.

use http::StatusCode;
use serde_json::Value;

use crate::api::{
    ApiError, ApiErrorKind,
    answer::Answer,
    retry::Failure,
    task::{Task, excerpt, kind_of},
};

/// What Azure says went wrong (Microsoft's REST API guidelines, "Error responses"), whatever of it is missing or null.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    code: String,
    message: String,
    details: Vec<Self>,
}

/// The answer if it is one, or what went wrong. A change may be answered with no body at all, but no refusal.
pub(super) fn accepted(answer: Answer, task: &Task<'_>) -> Result<Answer, Failure> {
    let body = if answer.body.is_empty() { Value::Null } else { answer.read_json(task)? };
    if answer.status.is_success() {
        return Ok(answer);
    }
    if answer.body.is_empty() {
        let what = format!("answered {}, but without a word of its own", answer.status.as_u16());
        return Err(answer.failure(task.error(ApiErrorKind::Transient, &what), None));
    }
    // Some of Azure's services leave the envelope out.
    let error = Trouble::of(if body["error"].is_object() { &body["error"] } else { &body });
    let is_azures = body.get("error").is_some() || !error.code.is_empty();
    if !is_azures {
        return Err(answer.failure(task.strange(&answer), None));
    }
    let said = if error.code.is_empty() { excerpt(&answer.body) } else { error.said() };
    let what = format!("answered {}: {said}", answer.status.as_u16());
    Err(answer.failure(task.error(error.kind(Some(answer.status)), &what), None))
}

impl Trouble {
    /// An error as it came.
    pub(super) fn of(error: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let details = error["details"].as_array().into_iter().flatten().map(Self::of).collect();
        Self { code: text(&error["code"]), message: text(&error["message"]), details }
    }

    /// An operation's failure, in one sentence.
    pub(super) fn of_operation(self, task: &Task<'_>) -> ApiError {
        if self.code.is_empty() {
            return task.error(ApiErrorKind::Transient, "ended the change with an error and no reason");
        }
        task.error(self.kind(None), &format!("ended the change with {}", self.said()))
    }

    /// The code, what it says, and the first particular, which is often all that helps.
    fn said(&self) -> String {
        let Self { code, message, details } = self;
        match details.iter().find(|detail| !detail.message.is_empty() && detail.message != *message) {
            Some(detail) => format!("{code}: {message} ({}: {})", detail.code, detail.message),
            None => format!("{code}: {message}"),
        }
    }

    /// What it means to a caller: by its code where that is known, else by its status; an operation has none.
    fn kind(&self, status: Option<StatusCode>) -> ApiErrorKind {
        match self.code.as_str() {
            // Somebody else works on it, or on what it depends on: that passes.
            "AnotherOperationInProgress" | "RetryableError" | "ReferencedResourceNotProvisioned" => {
                ApiErrorKind::Transient
            }
            // A machine that is being deleted lets nobody change its interface, until both are gone
            // (viya4-iac-azure#140).
            "OperationNotAllowed" if self.message.contains("marked for deletion") => ApiErrorKind::Transient,
            // Another's newer change went before, or the address is still with its former owner.
            "OperationPreempted" | "CanceledAndSupersededDueToAnotherOperation" | "Canceled" => {
                ApiErrorKind::Conflict
            }
            code if code.ends_with("InUse") || code.ends_with("IsAllocated") => ApiErrorKind::Conflict,
            // A lock and a policy are no missing permission, and no conflict that passes by itself.
            "ScopeLocked" | "RequestDisallowedByPolicy" | "ReadOnlyDisabledSubscription" => {
                ApiErrorKind::Refused
            }
            code => status.map_or_else(|| of_code(code), kind_of),
        }
    }
}

/// What an operation's code means that isn't one of the known ones.
fn of_code(code: &str) -> ApiErrorKind {
    let passing = ["Internal", "Timeout", "TimedOut", "Unavailable", "TooManyRequests", "Throttl"];
    let denied = ["AuthorizationFailed", "Forbidden"];
    if passing.iter().any(|word| code.contains(word)) {
        ApiErrorKind::Transient
    } else if denied.iter().any(|word| code.contains(word)) {
        ApiErrorKind::Denied
    } else {
        ApiErrorKind::Refused
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::api::retry::Wait;

    const TASK: Task<'static> = Task {
        provider: crate::clouds::azure::PARTY,
        verb: "give",
        subject: "10.0.0.250 to db-b-nic",
        grant: "grant it",
        missing: "look for it",
        refused: "mend it",
    };

    fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Failure {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        });
        let answer = Answer { headers: headers.collect(), ..Answer::of(status, body) };
        accepted(answer, &TASK).unwrap_err()
    }

    #[track_caller]
    fn means(status: u16, code: &str, expected: ApiErrorKind) {
        let body = json!({"error": {"code": code, "message": "no"}}).to_string();
        assert_eq!(refused(status, &[], &body).error.kind, expected, "{status} {code}");
    }

    #[track_caller]
    fn ends(code: &str, expected: ApiErrorKind) {
        let trouble = Trouble::of(&json!({"code": code, "message": "no"}));
        assert_eq!(trouble.of_operation(&TASK).kind, expected, "{code}");
    }

    #[test]
    fn the_envelope_becomes_one_sentence_with_its_remedy() {
        let body =
            json!({"error": {"code": "LinkedAuthorizationFailed", "message": "no join", "details": []}});
        assert_eq!(
            refused(403, &[], &body.to_string()).error.message,
            "could not give 10.0.0.250 to db-b-nic: Azure answered 403: LinkedAuthorizationFailed: no join; grant it"
        );
        let details = json!([{"code": "InUse", "message": "by db-c-nic"}]);
        let body = json!({"error": {"code": "BadRequest", "message": "no", "details": details}});
        let told = refused(400, &[], &body.to_string()).error.message;
        assert!(told.ends_with("Azure answered 400: BadRequest: no (InUse: by db-c-nic); mend it"), "{told}");
    }

    #[test]
    fn a_refusal_means_what_its_code_says_and_then_its_status() {
        means(409, "AnotherOperationInProgress", ApiErrorKind::Transient);
        means(409, "RetryableError", ApiErrorKind::Transient);
        means(429, "TooManyRequests", ApiErrorKind::Transient);
        means(400, "ReferencedResourceNotProvisioned", ApiErrorKind::Transient);
        means(412, "PreconditionFailed", ApiErrorKind::Conflict);
        means(409, "OperationPreempted", ApiErrorKind::Conflict);
        means(400, "PrivateIPAddressInUse", ApiErrorKind::Conflict);
        means(400, "PrivateIPAddressIsAllocated", ApiErrorKind::Conflict);
        means(400, "InvalidIPConfigCount", ApiErrorKind::Refused);
        means(409, "ScopeLocked", ApiErrorKind::Refused);
        means(403, "RequestDisallowedByPolicy", ApiErrorKind::Refused);
        means(403, "AuthorizationFailed", ApiErrorKind::Denied);
        means(404, "ResourceNotFound", ApiErrorKind::Missing);
        means(500, "InternalServerError", ApiErrorKind::Transient);
    }

    #[test]
    fn a_failed_operation_is_told_by_its_code_alone() {
        ends("PrivateIPAddressInUse", ApiErrorKind::Conflict);
        ends("CanceledAndSupersededDueToAnotherOperation", ApiErrorKind::Conflict);
        ends("InternalServerError", ApiErrorKind::Transient);
        ends("NetworkingInternalOperationError", ApiErrorKind::Transient);
        ends("OperationTimedOut", ApiErrorKind::Transient);
        ends("LinkedAuthorizationFailed", ApiErrorKind::Denied);
        ends("InvalidIPConfigCount", ApiErrorKind::Refused);
        ends("OperationNotAllowed", ApiErrorKind::Refused);
        ends("", ApiErrorKind::Transient);
    }

    #[test]
    fn a_machine_that_is_being_deleted_passes() {
        let message =
            "Operation 'startTenantUpdate' is not allowed on VM 'vm-a' since the VM is marked for deletion.";
        let body = json!({"error": {"code": "OperationNotAllowed", "message": message}}).to_string();
        assert_eq!(refused(409, &[], &body).error.kind, ApiErrorKind::Transient);
        let trouble = Trouble::of(&json!({"code": "OperationNotAllowed", "message": message}));
        assert_eq!(trouble.of_operation(&TASK).kind, ApiErrorKind::Transient);
    }

    #[test]
    fn retry_after_is_heard() {
        let body = r#"{"error":{"code":"RetryableError","message":"later"}}"#;
        let failure = refused(429, &[("retry-after", "7")], body);
        assert_eq!(failure.wait, Wait::Asked(Duration::from_secs(7)));
        assert_eq!(refused(429, &[], body).wait, Wait::Backoff);
    }

    #[test]
    fn without_an_envelope_the_answer_itself_is_told() {
        assert_eq!(refused(502, &[], "<html>oops</html>").error.kind, ApiErrorKind::Transient);
    }

    /// A front end may leave out the words as well: nothing is gone because of it, and nobody lacks a grant.
    #[test]
    fn a_refusal_without_a_body_is_not_azures() {
        for status in [400, 401, 403, 404, 409, 412] {
            let error = refused(status, &[], "").error;
            assert_eq!(error.kind, ApiErrorKind::Transient, "{error}");
            assert!(
                error.message.ends_with(&format!("answered {status}, but without a word of its own")),
                "{error}"
            );
        }
        assert!(accepted(Answer::of(202, ""), &TASK).is_ok());
    }

    #[test]
    fn an_error_is_read_with_whatever_is_null_or_missing_in_it() {
        let read = |status: u16, body: &Value| {
            let answer = Answer::of(status, &body.to_string());
            accepted(answer, &TASK).expect_err("a refusal").error
        };
        let locked = json!({"code": "ScopeLocked", "message": null, "target": null, "details": null});
        assert_eq!(read(409, &json!({ "error": locked })).kind, ApiErrorKind::Refused);
        let bare = read(409, &locked);
        assert_eq!(bare.kind, ApiErrorKind::Refused, "without its envelope: {bare}");
        let busy =
            json!({"error": {"code": "AnotherOperationInProgress", "message": "no", "details": [null, 7]}});
        assert_eq!(read(429, &busy).kind, ApiErrorKind::Transient);
        for odd in [json!({"error": "no"}), json!({"error": null})] {
            assert_eq!(read(409, &odd).kind, ApiErrorKind::Conflict, "{odd}");
        }
        for strange in [json!([]), json!(7), json!({}), json!({"login": "/sign-in"})] {
            let told = read(404, &strange);
            assert_eq!(told.kind, ApiErrorKind::Transient, "{strange}");
            assert!(
                told.message.ends_with(&format!("404, but not in words of its own: {strange}")),
                "{told}"
            );
        }
    }
}
