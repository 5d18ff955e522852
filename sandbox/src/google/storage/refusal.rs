//! Storage's two error envelopes: XML (Cloud Storage documentation, "HTTP status and error codes for XML") and
//! JSON, which carries `errors[]` besides what Google's other services say.

use serde_json::json;

use super::Interface;
use crate::frame::call::{Call, Reply};
use crate::google::refusal::Refusal;

/// A request that Storage turns down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    status: u16,
    /// The XML interface's code, such as `NoSuchKey`.
    code: &'static str,
    /// The JSON interface's reason, such as `notFound`.
    reason: &'static str,
    message: String,
    details: String,
}

impl Refused {
    fn new(status: u16, code: &'static str, reason: &'static str, message: &str) -> Self {
        Self { status, code, reason, message: message.to_owned(), details: String::new() }
    }

    pub(super) fn no_such_bucket() -> Self {
        Self::new(404, "NoSuchBucket", "notFound", "The specified bucket does not exist.")
    }

    pub(super) fn no_such_key() -> Self {
        Self::new(404, "NoSuchKey", "notFound", "The specified key does not exist.")
    }

    pub(super) fn unknown_route(call: &Call) -> Self {
        let message =
            format!("The requested URL {} {} was not found on this server.", call.method, call.path);
        Self::new(404, "NotFound", "notFound", &message)
    }

    pub(super) fn condition_not_met() -> Self {
        let message = "At least one of the pre-conditions you specified did not hold.";
        Self::new(412, "PreconditionFailed", "conditionNotMet", message)
            .with_details("x-goog-if-generation-match")
    }

    pub(super) fn not_satisfiable() -> Self {
        let message = "The requested range cannot be satisfied.";
        Self::new(416, "InvalidRange", "requestedRangeNotSatisfiable", message)
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(400, "InvalidArgument", "invalid", message)
    }

    pub(super) fn metadata_too_large() -> Self {
        let message = "Your metadata headers exceed the maximum allowed metadata size.";
        Self::new(400, "MetadataTooLarge", "invalid", message)
    }

    pub(super) fn denied(permission: &str, bucket: &str, name: &str) -> Self {
        let details = format!(
            "The caller does not have {permission} access to {bucket}/{name}. Permission '{permission}' denied on \
             resource (or it may not exist)."
        );
        Self::new(403, "AccessDenied", "forbidden", "Access denied.").with_details(&details)
    }

    fn with_details(mut self, details: &str) -> Self {
        details.clone_into(&mut self.details);
        self
    }

    /// An error of this status, for faults.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            400 => Self::invalid("Invalid argument."),
            401 => Self::from(Refusal::unauthenticated()),
            403 => Self::new(403, "AccessDenied", "forbidden", "Access denied."),
            404 => Self::no_such_key(),
            412 => Self::condition_not_met(),
            429 => Self::new(429, "SlowDown", "rateLimitExceeded", "Reduce your request rate."),
            503 => {
                Self::new(503, "ServiceUnavailable", "backendError", "Service unavailable, please try again.")
            }
            _ => Self::new(
                status,
                "InternalError",
                "internalError",
                "We encountered an internal error. Please try again.",
            ),
        }
    }

    pub(super) fn reply(&self, interface: Interface) -> Reply {
        match interface {
            Interface::Xml => self.xml(),
            Interface::Json => self.json(),
        }
    }

    fn xml(&self) -> Reply {
        let body = format!(
            "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{}</Code><Message>{}</Message>\
             <Details>{}</Details></Error>",
            self.code,
            escaped(&self.message),
            escaped(&self.details)
        );
        Reply::typed(self.status, "application/xml; charset=UTF-8", body)
    }

    fn json(&self) -> Reply {
        let message = if self.details.is_empty() { &self.message } else { &self.details };
        let message = if self.status == 412 { &self.message } else { message };
        let each = json!({"message": message, "domain": "global", "reason": self.reason});
        let error = json!({"code": self.status, "message": message, "errors": [each]});
        Reply::json(self.status, &json!({ "error": error }))
    }
}

/// Tokens and permissions are the same as everywhere at Google; only the envelope differs.
impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (code, reason) = match refusal.code {
            401 => ("AuthenticationRequired", "authError"),
            403 => ("AccessDenied", "forbidden"),
            _ => ("InvalidArgument", "invalid"),
        };
        let message = match refusal.code {
            401 => "Authentication required.",
            403 => "Access denied.",
            _ => "Invalid argument.",
        };
        Self::new(refusal.code, code, reason, message).with_details(&refusal.message)
    }
}

/// Text as XML carries it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
