//! Resource Manager's error envelope: `{"error":{"code","message","details"}}`.
//!
//! Codes and wording are those that its users report (Azure documentation, "Resource Manager common deployment
//! errors"; issues of terraform-provider-azurerm, azure-powershell and bosh-azure-cpi-release).

use serde_json::{Value, json};

use super::directory::TENANT;
use crate::frame::call::{Call, Reply};

/// A request that Azure turns down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AzureDenied {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Vec<Value>,
    /// Seconds to wait, where it says so.
    pub(super) retry_after: Option<u64>,
}

impl AzureDenied {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// What was sent is well formed and can't be.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// The body isn't what it has to be: the network's own parser says why.
    pub(super) fn unreadable(why: &str) -> Self {
        let detail = json!({"code": "InvalidJson", "message": why});
        Self { details: vec![detail], ..Self::invalid("InvalidRequestFormat", "Cannot parse the request.") }
    }

    /// Nothing of that name.
    pub(super) fn not_found(kind: &str, name: &str, group: &str) -> Self {
        let message = format!(
            "The Resource 'Microsoft.Network/{kind}/{name}' under resource group '{group}' was not found. For more \
             details please go to https://aka.ms/ARMResourceNotFoundFix"
        );
        Self::new(404, "ResourceNotFound", message)
    }

    /// Somebody else wrote meanwhile.
    pub(super) fn stale(sent: &str) -> Self {
        let message = format!(
            "Precondition failed. The condition '{sent}' specified using HTTP conditional header(s) is not met."
        );
        Self::new(412, "PreconditionFailed", message)
    }

    /// No such path.
    pub(super) fn unknown_route(call: &Call) -> Self {
        let message = format!("The request '{} {}' did not match any resource type.", call.method, call.path);
        Self::new(404, "InvalidResourceType", message)
    }

    /// The same, to be tried again after this long.
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl From<AzureDenied> for Reply {
    fn from(denied: AzureDenied) -> Self {
        let mut error = json!({"code": denied.code, "message": denied.message});
        // The network's errors always carry details, those of the front door only where it has some.
        if denied.status == 400 || !denied.details.is_empty() {
            error["details"] = json!(denied.details);
        }
        let reply = Self::json(denied.status, &json!({ "error": error }));
        let reply = if denied.status == 401 { challenged(reply, &denied) } else { reply };
        denied
            .retry_after
            .iter()
            .fold(reply, |reply, seconds| reply.header("retry-after", seconds.to_string()))
    }
}

/// Where a token is to be had.
fn challenged(reply: Reply, denied: &AzureDenied) -> Reply {
    let login = format!("https://login.microsoftonline.com/{TENANT}");
    let told = denied.message.replace('"', "'");
    let challenge = format!(
        "Bearer authorization_uri=\"{login}\", error=\"invalid_token\", error_description=\"{told}\""
    );
    reply.header("www-authenticate", challenge)
}

/// An error of this status, for faults.
pub(super) fn of_status(status: u16) -> Reply {
    let (code, message) = match status {
        401 => ("InvalidAuthenticationToken", "The access token is invalid."),
        403 => ("AuthorizationFailed", "The client does not have authorization to perform the action."),
        404 => ("ResourceNotFound", "The Resource was not found."),
        409 => {
            ("AnotherOperationInProgress", "Another operation on this or dependent resource is in progress.")
        }
        412 => ("PreconditionFailed", "Precondition failed."),
        429 => ("TooManyRequests", "The request is being throttled."),
        503 => ("ServiceUnavailable", "The service is unavailable now, please try again later."),
        400..=499 => ("InvalidRequestContent", "The request content was invalid."),
        _ => ("InternalServerError", "An error occurred."),
    };
    AzureDenied::new(status, code, message).into()
}
