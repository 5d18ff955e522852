//! The directory's token endpoint, for those who have no secret: a workload elsewhere shows its own cloud's identity
//! token and gets an access token for it.
//!
//! Entra documentation, "Access token request with a federated credential" and "Microsoft Entra authentication and
//! authorization error codes".

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::directory::{Directory, MANAGEMENT, TENANT};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::google::access::FUNCTION_ACCOUNT;
use crate::google::tokens::{self, ISSUER, Signer};

/// The application that the function signs in as.
pub const CLIENT: &str = "c2a1f8de-6b0f-4f0c-8d0e-5a4f7f3f9c21";
/// Its service principal: whose permissions count.
pub const CLIENT_PRINCIPAL: &str = "e0b7f2d4-11aa-4a3d-9f57-0c8f1a6b7d32";
/// What an identity token from elsewhere has to be for.
pub const EXCHANGE: &str = "api://AzureADTokenExchange";

const GRANT: &str = "client_credentials";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FORM: &str = "application/x-www-form-urlencoded";

/// The token endpoint.
#[derive(Debug)]
pub struct Login {
    directory: Arc<Directory>,
    signer: Arc<Signer>,
    /// Whose identity tokens are taken: the account, as its token names it.
    subject: Mutex<String>,
}

/// `error`, its number, and what it says.
type Refused = (u16, &'static str, u32, String);

impl Login {
    /// Takes the tokens of the function's account at Google, which `signer` signs.
    pub fn new(directory: Arc<Directory>, signer: Arc<Signer>) -> Self {
        let subject = Mutex::new(tokens::subject_of(FUNCTION_ACCOUNT));
        Self { directory, signer, subject }
    }

    /// From now on another account of Google's is trusted.
    pub fn trust(&self, account: &str) {
        *lock(&self.subject) = tokens::subject_of(account);
    }

    fn token(&self, call: &Call) -> Result<Reply, Refused> {
        check_tenant(&call.segments[0])?;
        let form = read(call)?;
        let field = |name: &str| {
            form.get(name).filter(|value| !value.is_empty()).cloned().ok_or_else(|| {
                let message = format!("The request body must contain the following parameter: '{name}'.");
                (400, "invalid_request", 900_144, message)
            })
        };
        let grant = field("grant_type")?;
        if grant != GRANT {
            let message = format!("The app requested an unsupported grant type '{grant}'.");
            return Err((400, "unsupported_grant_type", 70003, message));
        }
        check_client(&field("client_id")?)?;
        check_scope(&field("scope")?)?;
        if !form.contains_key("client_assertion") {
            let message = "The request body must contain the following parameter: 'client_assertion' or \
                           'client_secret'.";
            return Err((401, "invalid_client", 7_000_218, message.to_owned()));
        }
        if field("client_assertion_type")? != ASSERTION {
            let message = "The 'client_assertion_type' is not valid.".to_owned();
            return Err((400, "invalid_request", 900_027, message));
        }
        self.check_assertion(&field("client_assertion")?)?;
        let (token, lifetime) = self.directory.issue_for(CLIENT_PRINCIPAL, MANAGEMENT[0]);
        let seconds = lifetime.as_secs();
        Ok(Reply::json(
            200,
            &json!({
                "token_type": "Bearer",
                "expires_in": seconds,
                "ext_expires_in": seconds,
                "access_token": token,
            }),
        ))
    }

    /// Signature, times, and then what the federated credential lists: issuer, audience, subject.
    fn check_assertion(&self, assertion: &str) -> Result<(), Refused> {
        let invalid = |number, message: String| Err((401, "invalid_client", number, message));
        let Some(claims) = self.signer.verify(assertion) else {
            return invalid(50013, "Assertion failed signature validation.".to_owned());
        };
        let (issuer, subject) = (claims["iss"].as_str().unwrap_or(""), claims["sub"].as_str().unwrap_or(""));
        if issuer != ISSUER {
            let message = format!(
                "No matching federated identity record found for presented assertion issuer '{issuer}'."
            );
            return invalid(700_211, message);
        }
        if claims["exp"].as_i64().is_none_or(|expires| expires <= Timestamp::now().as_second()) {
            return invalid(700_024, "Client assertion is not within its valid time range.".to_owned());
        }
        if claims["aud"] != EXCHANGE {
            let message = format!(
                "No matching federated identity record found for presented assertion audience '{}'.",
                claims["aud"].as_str().unwrap_or("")
            );
            return invalid(700_212, message);
        }
        if subject != *lock(&self.subject) {
            let message = format!(
                "No matching federated identity record found for presented assertion subject '{subject}'."
            );
            return invalid(700_213, message);
        }
        Ok(())
    }
}

fn read(call: &Call) -> Result<HashMap<String, String>, Refused> {
    let sent = call.header("content-type").unwrap_or_default();
    if sent.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM)) {
        return Ok(url::form_urlencoded::parse(&call.body).into_owned().collect());
    }
    Err((
        400,
        "invalid_request",
        900_144,
        "The request body must contain the following parameter: 'grant_type'.".to_owned(),
    ))
}

fn check_tenant(tenant: &str) -> Result<(), Refused> {
    if tenant.eq_ignore_ascii_case(TENANT) {
        return Ok(());
    }
    let message = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
         cloud."
    );
    Err((400, "invalid_request", 90002, message))
}

fn check_client(client: &str) -> Result<(), Refused> {
    if client.eq_ignore_ascii_case(CLIENT) {
        return Ok(());
    }
    let message =
        format!("Application with identifier '{client}' was not found in the directory '{TENANT}'.");
    Err((400, "unauthorized_client", 700_016, message))
}

/// An application gets what it was granted, all at once: `/.default` of a resource.
fn check_scope(scope: &str) -> Result<(), Refused> {
    let Some(resource) = scope.strip_suffix("/.default") else {
        let message = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
             /.default suffixed to the resource identifier (application ID URI)."
        );
        return Err((400, "invalid_scope", 1_002_012, message));
    };
    if MANAGEMENT.contains(&resource) {
        return Ok(());
    }
    let message = format!("The resource principal named {resource} was not found in the tenant.");
    Err((400, "invalid_resource", 500_011, message))
}

fn refused((status, error, number, message): Refused) -> Reply {
    let (trace, correlation) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
    let time = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let told = format!(
        "AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
    );
    let body: Value = json!({
        "error": error,
        "error_description": told,
        "error_codes": [number],
        "timestamp": time,
        "trace_id": trace,
        "correlation_id": correlation,
    });
    Reply::json(status, &body)
}

impl Provider for Login {
    fn operation(&self, call: &Call) -> &'static str {
        match (call.method.as_str(), call.route().as_slice()) {
            ("POST", [_, "oauth2", "v2.0", "token"]) => "azure_login.token",
            _ => "azure_login.unknown",
        }
    }

    fn answer(&self, call: &Call) -> Reply {
        match self.operation(call) {
            "azure_login.token" => self.token(call).unwrap_or_else(refused),
            _ => Reply::html(404, "<html><title>404 - Not Found</title></html>\n"),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        let error = if status < 500 { "invalid_request" } else { "temporarily_unavailable" };
        refused((status, error, 90033, "A transient error has occurred. Please try again.".to_owned()))
    }

    /// To sign in changes nothing.
    fn kind(&self, operation: &str, _call: &Call) -> Kind {
        if operation == "azure_login.token" { Kind::Read } else { Kind::Write }
    }
}
