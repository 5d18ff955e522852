//! Compute Engine's error envelope, older than that of Google's other interfaces:
//! `{"error":{"code","message","errors":[{"message","domain","reason"}]}}`.

use serde_json::json;

use crate::frame::call::{Call, Reply};
use crate::google::access::Access;
use crate::google::refusal::Refusal;
use crate::google::strict;

/// A request that Compute Engine turns down at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComputeDenied {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl ComputeDenied {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into() }
    }

    /// The value of a field, or of a parameter, is wrong.
    pub(super) fn invalid(field: &str, value: &str, why: &str) -> Self {
        Self::new(400, "invalid", format!("Invalid value for field '{field}': '{value}'. {why}"))
    }

    /// Something has to be given.
    pub(super) fn required(field: &str) -> Self {
        Self::new(400, "required", format!("Required field '{field}' not specified"))
    }

    /// No such resource.
    pub(super) fn not_found(path: &str) -> Self {
        Self::new(404, "notFound", format!("The resource '{path}' was not found"))
    }

    /// Somebody else changed the interface meanwhile.
    pub(super) fn stale() -> Self {
        Self::new(412, "conditionNotMet", "Supplied fingerprint does not match current fingerprint")
    }

    /// The machine starts or stops.
    pub(super) fn not_ready(path: &str) -> Self {
        Self::new(400, "resourceNotReady", format!("The resource '{path}' is not ready"))
    }

    /// No such path.
    pub(super) fn unknown_route(call: &Call) -> Self {
        let message =
            format!("The requested URL {} {} was not found on this server.", call.method, call.path);
        Self::new(404, "notFound", message)
    }
}

impl From<Refusal> for ComputeDenied {
    fn from(refusal: Refusal) -> Self {
        let reason = match refusal.code {
            401 => "authError",
            403 => "forbidden",
            404 => "notFound",
            _ => "invalid",
        };
        Self::new(refusal.code, reason, refusal.message)
    }
}

impl From<ComputeDenied> for Reply {
    fn from(denied: ComputeDenied) -> Self {
        let ComputeDenied { code, reason, message } = denied;
        let errors = json!([{"message": message, "domain": "global", "reason": reason}]);
        Self::json(code, &json!({"error": {"code": code, "message": message, "errors": errors}}))
    }
}

/// An error of this status, for faults.
pub(super) fn of_status(code: u16) -> Reply {
    let (reason, message) = match code {
        403 => ("forbidden", "Required permission is missing"),
        404 => ("notFound", "The resource was not found"),
        409 => ("alreadyExists", "The resource already exists"),
        412 => ("conditionNotMet", "Supplied fingerprint does not match current fingerprint"),
        429 => ("rateLimitExceeded", "Rate Limit Exceeded"),
        503 => ("backendError", "Backend Error"),
        400..=499 => ("invalid", "Invalid value"),
        _ => ("internalError", "Internal error. Please try again or contact Google Support."),
    };
    ComputeDenied::new(code, reason, message).into()
}

/// Lets the request pass if its account holds every one of `permissions`.
pub(super) fn require(
    access: &Access,
    call: &Call,
    permissions: &[&str],
    path: &str,
) -> Result<String, ComputeDenied> {
    let account = access.account_of(call)?;
    match permissions.iter().find(|permission| !access.may(&account, permission)) {
        None => Ok(account),
        Some(permission) => Err(ComputeDenied::new(
            403,
            "forbidden",
            format!("Required '{permission}' permission for '{path}'"),
        )),
    }
}

/// A parameter that has to be given.
pub(super) fn parameter<'call>(call: &'call Call, name: &str) -> Result<&'call str, ComputeDenied> {
    strict::query(call, name).ok_or_else(|| ComputeDenied::required(name))
}
