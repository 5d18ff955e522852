//! Refusals, as the `Status` objects that they are, and what a request may carry.

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::frame::call::{Call, Reply};

/// A request that is turned down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KubernetesDenied {
    code: u16,
    reason: &'static str,
    message: String,
}

impl KubernetesDenied {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into() }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(403, "Forbidden", message)
    }

    pub(super) fn not_found(name: &str) -> Self {
        Self::new(404, "NotFound", format!("deployments.apps \"{name}\" not found"))
    }

    pub(super) fn unknown_route() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(super) fn not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message)
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(super) fn conflict(name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on deployments.apps \"{name}\": the object has been modified; please apply \
             your changes to the latest version and try again"
        );
        Self::new(409, "Conflict", message)
    }

    pub(super) fn invalid(name: &str, why: &str) -> Self {
        Self::new(422, "Invalid", format!("Scale.autoscaling \"{name}\" is invalid: {why}"))
    }

    fn unknown_format() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: \
                       application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// An error of this status, for faults.
    pub(super) fn of_status(code: u16) -> Self {
        match code {
            401 => Self::unauthorized(),
            403 => Self::forbidden("deployments.apps is forbidden"),
            404 => Self::not_found("somebody"),
            409 => Self::conflict("somebody"),
            429 => Self::new(429, "TooManyRequests", "Too many requests, please try again later."),
            503 => {
                Self::new(503, "ServiceUnavailable", "the server is currently unable to handle the request")
            }
            _ => Self::new(code, "InternalError", format!("an error of status {code}")),
        }
    }
}

impl From<KubernetesDenied> for Reply {
    fn from(denied: KubernetesDenied) -> Self {
        let KubernetesDenied { code, reason, message } = denied;
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        Self::json(code, &status)
    }
}

/// What a patch makes of the scale as it is: merge patches and strategic ones say the same of it, and a JSON patch names
/// the places.
pub(super) fn patch(call: &Call, scale: &Value) -> Result<Value, KubernetesDenied> {
    let kind = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let body: Value = call
        .json()
        .map_err(|error| KubernetesDenied::bad_request(&format!("error decoding patch: {error}")))?;
    match kind {
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => Ok(body),
        "application/json-patch+json" => json_patch(&body, scale),
        _ => Err(KubernetesDenied::unknown_format()),
    }
}

/// Of the operations of RFC 6902 those that a scale can be changed by, and `test`.
fn json_patch(operations: &Value, scale: &Value) -> Result<Value, KubernetesDenied> {
    let wrong = |why: &str| KubernetesDenied::bad_request(&format!("error decoding patch: {why}"));
    let mut changed = json!({ "spec": {} });
    for operation in operations.as_array().ok_or_else(|| wrong("it is no list"))? {
        let path = operation["path"].as_str().unwrap_or_default();
        let value = &operation["value"];
        match operation["op"].as_str() {
            Some("test") if scale.pointer(path).unwrap_or(&Value::Null) == value => {}
            Some("test") => return Err(KubernetesDenied::invalid("", "testing value failed")),
            Some("add" | "replace") if path == "/spec/replicas" => {
                changed["spec"]["replicas"] = value.clone();
            }
            _ => return Err(wrong(&format!("{operation} can't be carried out"))),
        }
    }
    Ok(changed)
}

/// Whether a field that nobody knows is refused.
pub(super) fn is_strict(call: &Call) -> Result<bool, KubernetesDenied> {
    match call.query("fieldValidation") {
        None | Some("" | "Warn" | "Ignore") => Ok(false),
        Some("Strict") => Ok(true),
        Some(other) => {
            Err(KubernetesDenied::invalid("", &format!("fieldValidation: Unsupported value: \"{other}\"")))
        }
    }
}

pub(super) fn check_query(call: &Call, known: &[&str]) -> Result<(), KubernetesDenied> {
    match call.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => {
            Err(KubernetesDenied::bad_request(&format!("the parameter {name:?} is not known here")))
        }
        None => Ok(()),
    }
}

/// Whether all is checked and nothing stored.
pub(super) fn only_tries(call: &Call) -> Result<bool, KubernetesDenied> {
    match call.query("dryRun") {
        None => Ok(false),
        Some("All") => Ok(true),
        Some(other) => {
            let why = format!("dryRun: Unsupported value: \"{other}\": supported values: \"All\"");
            Err(KubernetesDenied::invalid("", &why))
        }
    }
}
