//! Whose access tokens are good at Azure, and what their owners may do.
//!
//! As at Google, everybody may do everything that hasn't been denied; who was assigned roles may do what they list, at
//! what they were assigned on and below it, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::envelope::AzureDenied;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::google::access::Access;

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

/// What asking for one's permissions takes, and the versions in which one can.
const PERMISSIONS: &str = "Microsoft.Authorization/permissions/read";
const AUTHORIZATION: [&str; 3] = ["2022-04-01", "2018-07-01", "2015-07-01"];

#[derive(Debug, Clone)]
struct Issued {
    principal: String,
    resource: String,
    expires: Timestamp,
}

/// A role's actions, and the resource on which they were granted.
#[derive(Debug, Clone)]
struct Assignment {
    scope: String,
    actions: Vec<String>,
}

impl Assignment {
    /// Whether it is of this resource, or of what that is below.
    fn covers(&self, resource: &str) -> bool {
        let below = resource.to_lowercase().strip_prefix(&self.scope).map(str::to_owned);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// Whether it allows this on this resource. Neither minds case.
    fn allows(&self, action: &str, resource: &str) -> bool {
        self.covers(resource) && self.actions.iter().any(|listed| listed.eq_ignore_ascii_case(action))
    }
}

/// The tokens that are out, and the roles that were assigned.
#[derive(Debug)]
pub struct Directory {
    access: Arc<Access>,
    issued: Mutex<HashMap<String, Issued>>,
    assignments: Mutex<HashMap<String, Vec<Assignment>>>,
    lifetime: Mutex<Duration>,
    /// What nobody may do anything at.
    revoked: Mutex<Vec<String>>,
}

impl Directory {
    /// Denies what `access` denies.
    pub fn new(access: Arc<Access>) -> Self {
        let lifetime = Mutex::new(LIFETIME);
        Self {
            access,
            issued: Mutex::default(),
            assignments: Mutex::default(),
            lifetime,
            revoked: Mutex::default(),
        }
    }

    /// How long the tokens that are issued from now on are good.
    pub fn tokens_live(&self, lifetime: Duration) {
        *lock(&self.lifetime) = lifetime;
    }

    /// Takes every token back, as if all had expired.
    pub fn expire_all(&self) {
        lock(&self.issued).values_mut().for_each(|issued| issued.expires = Timestamp::UNIX_EPOCH);
    }

    /// Gives this principal a role at this resource, and below it. From the first one on it may do nothing else.
    pub fn assign(&self, principal: &str, scope: &str, actions: &[&str]) {
        let scope = scope.trim_end_matches('/').to_lowercase();
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        lock(&self.assignments).entry(principal.to_owned()).or_default().push(Assignment { scope, actions });
    }

    /// Nobody may do anything at this resource any more, nor is told whether there is one.
    pub fn revoke_at(&self, resource: &str) {
        lock(&self.revoked).push(resource.to_lowercase());
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
    pub(super) fn principal_of(&self, call: &Call) -> Result<String, AzureDenied> {
        let denied = |code, message: String| Err(AzureDenied::new(401, code, message));
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

    /// Whether `principal` may do this to this resource.
    pub(super) fn may(&self, principal: &str, action: &str, resource: &str) -> bool {
        if lock(&self.revoked).contains(&resource.to_lowercase()) {
            return false;
        }
        let assignments = lock(&self.assignments);
        let allows = |assigned: &Vec<Assignment>| assigned.iter().any(|one| one.allows(action, resource));
        assignments.get(principal).is_none_or(allows) && self.access.may(principal, action)
    }

    /// What the caller may do with this resource, as roles say it: all but what was denied, or what its roles list.
    pub(super) fn permissions(&self, call: &Call, id: &str) -> Result<Reply, AzureDenied> {
        let principal = self.require(call, PERMISSIONS, id)?;
        if call.query("api-version").is_none_or(|version| !AUTHORIZATION.contains(&version)) {
            let message = "The api-version query parameter (?api-version=) is required for all requests.";
            return Err(AzureDenied::new(400, "MissingApiVersionParameter", message));
        }
        let denied = self.access.denied_to(&principal);
        let grant = |actions: Vec<String>| json!({"actions": actions, "notActions": denied, "dataActions": [], "notDataActions": []});
        let assignments = lock(&self.assignments);
        let value: Vec<Value> = match assignments.get(&principal) {
            None => vec![grant(vec!["*".to_owned()])],
            Some(assigned) => {
                let here = assigned.iter().filter(|one| one.covers(id));
                here.map(|one| grant(one.actions.clone())).collect()
            }
        };
        Ok(Reply::json(200, &json!({ "value": value })))
    }

    /// Lets the request pass if its principal may do this at `scope`; answers with the principal.
    pub(super) fn require(&self, call: &Call, action: &str, scope: &str) -> Result<String, AzureDenied> {
        let principal = self.principal_of(call)?;
        if self.may(&principal, action, scope) {
            return Ok(principal);
        }
        let message = format!(
            "The client '{principal}' with object id '{principal}' does not have authorization to perform action \
             '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh \
             your credentials."
        );
        Err(AzureDenied::new(403, "AuthorizationFailed", message))
    }
}
