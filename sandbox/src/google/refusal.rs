//! Google's error envelope: `{"error":{"code","message","status","details"}}`.
//!
//! Wording follows what the services answer, so that a reader of a log recognises it (google.rpc.Status,
//! Google's API design guide, "Errors"). Storage's XML interface has its own envelope.

use serde_json::{Value, json};

use crate::frame::call::{Call, Reply};

/// A request that Google's services turn down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The canonical name, such as `PERMISSION_DENIED`.
    pub status: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Machine-readable particulars.
    pub details: Vec<Value>,
}

impl Refusal {
    fn new(code: u16, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }

    /// The request itself is wrong, whatever the state of the service.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// The request is well formed, but the service is in no state to carry it out.
    pub fn failed_precondition(message: impl Into<String>) -> Self {
        Self::new(400, "FAILED_PRECONDITION", message)
    }

    /// There is no token, or not one that the metadata server issued and that is still good.
    pub fn unauthenticated() -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
                       cookie or other valid authentication credential. See \
                       https://developers.google.com/identity/sign-in/web/devconsole-project.";
        let refusal = Self::new(401, "UNAUTHENTICATED", message);
        refusal.with_reason("ACCESS_TOKEN_TYPE_UNSUPPORTED", "googleapis.com")
    }

    /// The caller is known and lacks a permission.
    pub fn permission_denied(permission: &str, resource: &str) -> Self {
        let message =
            format!("Permission '{permission}' denied on resource '{resource}' (or it may not exist).");
        let refusal = Self::new(403, "PERMISSION_DENIED", message);
        refusal.with_reason("IAM_PERMISSION_DENIED", "iam.googleapis.com")
    }

    /// No such resource.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "NOT_FOUND", message)
    }

    /// No such path: a client that asks for it would get a web page from Google's front end.
    pub fn unknown_route(call: &Call) -> Self {
        let message =
            format!("The requested URL {} {} was not found on this server.", call.method, call.path);
        Self::new(404, "NOT_FOUND", message)
    }

    /// Somebody else was faster.
    pub fn aborted(message: impl Into<String>) -> Self {
        Self::new(409, "ABORTED", message)
    }

    /// A condition on the object's generation didn't hold (Cloud Storage, "Request preconditions").
    pub fn condition_not_met() -> Self {
        Self::new(
            412,
            "FAILED_PRECONDITION",
            "At least one of the pre-conditions you specified did not hold.",
        )
    }

    fn with_reason(mut self, reason: &str, domain: &str) -> Self {
        self.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": domain,
        }));
        self
    }

    /// Names the field that is wrong, as Google's JSON front end does.
    pub fn with_violation(mut self, field: &str, description: &str) -> Self {
        let mut violation = json!({"description": description});
        if !field.is_empty() {
            violation["field"] = json!(field);
        }
        self.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [violation],
        }));
        self
    }

    /// The envelope.
    pub fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message, "status": self.status});
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        json!({ "error": error })
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::json(refusal.code, &refusal.body())
    }
}

/// Either a reply or a refusal, which is a reply too.
pub fn settle(result: Result<Reply, Refusal>) -> Reply {
    result.unwrap_or_else(Reply::from)
}

/// An error of this status in Google's envelope, for faults.
pub fn of_status(code: u16) -> Reply {
    let (status, message) = match code {
        400 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        401 => return Refusal::unauthenticated().into(),
        403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => ("NOT_FOUND", "Requested entity was not found."),
        409 => ("ABORTED", "The operation was aborted."),
        429 => ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        499 => ("CANCELLED", "The operation was cancelled."),
        503 => ("UNAVAILABLE", "The service is currently unavailable."),
        504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        _ => ("INTERNAL", "Internal error encountered."),
    };
    Refusal::new(code, status, message).into()
}
