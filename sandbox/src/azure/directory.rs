//! Whose access tokens are good at Azure, and what their owners may do.
//!
//! As at Google, everybody may do everything that hasn't been denied; who was assigned a role may do what it lists and
//! nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::envelope::Denied;
use crate::call::Call;
use crate::google::access::Access;
use crate::lock::lock;

/// The directory that everything of the sandbox belongs to.
pub const TENANT: &str = "7d9f2f6a-3f0e-4c51-9a57-3c1d9f0a2b11";

/// How long access tokens are good (Entra documentation: an hour and more; its examples say 3599 s).
const LIFETIME: Duration = Duration::from_secs(3599);

/// What Resource Manager's tokens are for; with or without the slash.
pub(super) const MANAGEMENT: [&str; 4] = [
    "https://management.azure.com",
    "https://management.azure.com/",
    "https://management.core.windows.net",
    "https://management.core.windows.net/",
];

#[derive(Debug, Clone)]
struct Issued {
    principal: String,
    resource: String,
    expires: Timestamp,
}

/// The tokens that are out, and the roles that were assigned.
#[derive(Debug)]
pub struct Directory {
    access: Arc<Access>,
    issued: Mutex<HashMap<String, Issued>>,
    roles: Mutex<HashMap<String, Vec<String>>>,
    lifetime: Mutex<Duration>,
}

impl Directory {
    /// Denies what `access` denies.
    pub fn new(access: Arc<Access>) -> Self {
        Self { access, issued: Mutex::default(), roles: Mutex::default(), lifetime: Mutex::new(LIFETIME) }
    }

    /// How long the tokens that are issued from now on are good.
    pub fn tokens_live(&self, lifetime: Duration) {
        *lock(&self.lifetime) = lifetime;
    }

    /// Takes every token back, as if all had expired.
    pub fn expire_all(&self) {
        lock(&self.issued).values_mut().for_each(|issued| issued.expires = Timestamp::UNIX_EPOCH);
    }

    /// From now on this principal may do nothing but these actions.
    pub fn assign(&self, principal: &str, actions: &[&str]) {
        let actions = actions.iter().map(|action| action.to_lowercase()).collect();
        lock(&self.roles).insert(principal.to_owned(), actions);
    }

    /// A token of this principal that Resource Manager takes.
    pub fn issue(&self, principal: &str) -> String {
        self.issue_for(principal, MANAGEMENT[0]).0
    }

    /// A token for this resource, and how long it is good.
    pub(super) fn issue_for(&self, principal: &str, resource: &str) -> (String, Duration) {
        let random = || uuid::Uuid::new_v4().simple().to_string();
        let token = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{}{}.{}", random(), random(), random());
        let lifetime = *lock(&self.lifetime);
        let span = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        let expires = Timestamp::now().saturating_add(span).unwrap_or(Timestamp::MAX);
        let issued = Issued { principal: principal.to_owned(), resource: resource.to_owned(), expires };
        lock(&self.issued).insert(token.clone(), issued);
        (token, lifetime)
    }

    /// Whose token the request carries.
    pub(super) fn principal_of(&self, call: &Call) -> Result<String, Denied> {
        let denied = |code, message: String| Err(Denied::new(401, code, message));
        let Some(header) = call.header("authorization") else {
            let message = "Authentication failed. The 'Authorization' header is missing.";
            return denied("AuthenticationFailed", message.to_owned());
        };
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        let Some(issued) = lock(&self.issued).get(token).cloned() else {
            return denied("InvalidAuthenticationToken", "The access token is invalid.".to_owned());
        };
        let now = Timestamp::now();
        if issued.expires <= now {
            let message = format!(
                "The access token expiry UTC time '{}' is earlier than current UTC time '{now}'.",
                issued.expires
            );
            return denied("ExpiredAuthenticationToken", message);
        }
        if !MANAGEMENT.contains(&issued.resource.as_str()) {
            let message = format!(
                "The access token has been obtained for wrong audience or resource '{}'. It should exactly match \
                 with one of the allowed audiences '{}'.",
                issued.resource,
                MANAGEMENT.join("','")
            );
            return denied("InvalidAuthenticationToken", message);
        }
        Ok(issued.principal)
    }

    /// Whether `principal` may do this.
    pub(super) fn may(&self, principal: &str, action: &str) -> bool {
        let roles = lock(&self.roles);
        let listed = roles.get(principal).is_none_or(|actions| actions.contains(&action.to_lowercase()));
        listed && self.access.may(principal, action)
    }

    /// Lets the request pass if its principal may do this at `scope`; answers with the principal.
    pub(super) fn require(&self, call: &Call, action: &str, scope: &str) -> Result<String, Denied> {
        let principal = self.principal_of(call)?;
        if self.may(&principal, action) {
            return Ok(principal);
        }
        let message = format!(
            "The client '{principal}' with object id '{principal}' does not have authorization to perform action \
             '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh \
             your credentials."
        );
        Err(Denied::new(403, "AuthorizationFailed", message))
    }
}
