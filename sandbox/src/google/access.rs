//! Who is calling and what they may do.
//!
//! Access tokens come from the metadata server's fake or are handed out by [`Access::issue`]; everything else
//! is refused. Every account may do everything that hasn't been denied: tests deny what they need denied.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;
use crate::frame::call::Call;
use crate::frame::lock::lock;

/// The account that the function runs as.
pub const FUNCTION_ACCOUNT: &str = "failover@gleich-tech.iam.gserviceaccount.com";

/// A person with every permission, for `gcloud` and for looking at the world through its interfaces.
pub const OPERATOR_ACCOUNT: &str = "alice@gleich.tech";

/// An account without any permission.
const STRANGER: &str = "someone-else@another-project.iam.gserviceaccount.com";

/// What the journal's account lacks: it may create objects but neither overwrite nor delete them (Cloud
/// Storage documentation, "IAM roles": `roles/storage.objectCreator`).
const APPEND_ONLY: [&str; 2] = ["storage.objects.delete", "storage.objects.update"];

/// Whose token it is and how long it is good.
#[derive(Debug, Clone)]
struct Issued {
    account: String,
    expires: Timestamp,
}

/// One permission that an account, or everybody, lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Denial {
    /// Nobody in particular: everybody.
    account: Option<String>,
    permission: String,
}

#[derive(Debug, Default)]
struct AccessState {
    issued: HashMap<String, Issued>,
    denied: BTreeSet<Denial>,
}

/// The tokens that are out and the permissions that are missing.
#[derive(Debug)]
pub struct Access {
    state: Mutex<AccessState>,
}

impl Default for Access {
    fn default() -> Self {
        let denied = APPEND_ONLY.iter().map(|permission| Denial {
            account: Some(FUNCTION_ACCOUNT.to_owned()),
            permission: (*permission).to_owned(),
        });
        Self { state: Mutex::new(AccessState { issued: HashMap::new(), denied: denied.collect() }) }
    }
}

impl Access {
    /// A fresh access token of `account`, good for `lifetime`.
    pub fn issue(&self, account: &str, lifetime: Duration) -> String {
        let token = format!("ya29.c.{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        let expires = Timestamp::now().saturating_add(lifetime).unwrap_or(Timestamp::MAX);
        lock(&self.state).issued.insert(token.clone(), Issued { account: account.to_owned(), expires });
        token
    }

    /// A token of an account that exists and may do nothing here.
    pub fn admit_stranger(&self, token: &str) {
        let account = STRANGER.to_owned();
        let issued = Issued { account, expires: Timestamp::MAX };
        lock(&self.state).issued.insert(token.to_owned(), issued);
    }

    /// Takes every token back, as if all had expired.
    pub fn expire_all(&self) {
        lock(&self.state).issued.clear();
    }

    /// Takes a permission from everybody.
    pub fn deny(&self, permission: &str) {
        self.insert(None, permission);
    }

    /// Takes a permission from one account.
    pub fn deny_to(&self, account: &str, permission: &str) {
        self.insert(Some(account.to_owned()), permission);
    }

    /// Gives a permission back to everybody it was taken from.
    pub fn allow(&self, permission: &str) {
        lock(&self.state).denied.retain(|denial| denial.permission != permission);
    }

    /// Whether `account` holds `permission`.
    pub fn may(&self, account: &str, permission: &str) -> bool {
        if account == STRANGER {
            return false;
        }
        let concerns = |denial: &Denial| denial.account.as_deref().is_none_or(|named| named == account);
        !lock(&self.state).denied.iter().any(|denial| denial.permission == permission && concerns(denial))
    }

    /// What was taken from this account, or from everybody.
    pub fn denied_to(&self, account: &str) -> Vec<String> {
        let concerns = |denial: &&Denial| denial.account.as_deref().is_none_or(|named| named == account);
        lock(&self.state).denied.iter().filter(concerns).map(|denial| denial.permission.clone()).collect()
    }

    /// Whose token the request carries.
    ///
    /// # Errors
    /// 401 `UNAUTHENTICATED` when it carries none, an unknown one or one that has expired.
    pub fn account_of(&self, call: &Call) -> Result<String, Refusal> {
        let token = call.bearer().ok_or_else(Refusal::unauthenticated)?;
        let state = lock(&self.state);
        let issued = state.issued.get(token).filter(|issued| issued.expires > Timestamp::now());
        issued.map(|issued| issued.account.clone()).ok_or_else(Refusal::unauthenticated)
    }

    /// Lets the request pass if its account holds `permission`; answers with the account.
    ///
    /// # Errors
    /// 401 as [`Access::account_of`], 403 `PERMISSION_DENIED` without the permission.
    pub fn require(&self, call: &Call, permission: &str, resource: &str) -> Result<String, Refusal> {
        let account = self.account_of(call)?;
        if self.may(&account, permission) {
            return Ok(account);
        }
        Err(Refusal::permission_denied(permission, resource))
    }

    fn insert(&self, account: Option<String>, permission: &str) {
        lock(&self.state).denied.insert(Denial { account, permission: permission.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::testing;

    fn with_token(token: &str) -> Call {
        testing::bearing(testing::call("GET", "/v2/x"), token)
    }

    #[test]
    fn a_request_without_a_token_is_unauthenticated() {
        let refusal = Access::default().account_of(&testing::call("GET", "/v2/x")).expect_err("a refusal");
        assert_eq!((refusal.code, refusal.status), (401, "UNAUTHENTICATED"));
    }

    #[test]
    fn a_made_up_token_is_unauthenticated() {
        assert!(Access::default().account_of(&with_token("ya29.made-up")).is_err());
    }

    #[test]
    fn a_token_names_its_account_until_it_expires() {
        let access = Access::default();
        let good = access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
        assert_eq!(access.account_of(&with_token(&good)).expect("an account"), OPERATOR_ACCOUNT);
        let expired = access.issue(OPERATOR_ACCOUNT, Duration::ZERO);
        assert!(access.account_of(&with_token(&expired)).is_err());
        access.expire_all();
        assert!(access.account_of(&with_token(&good)).is_err());
    }

    #[test]
    fn a_denied_permission_is_denied_to_everybody_and_can_be_given_back() {
        let access = Access::default();
        let token = access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
        access.deny("run.services.setIamPolicy");
        let refusal =
            access.require(&with_token(&token), "run.services.setIamPolicy", "x").expect_err("a refusal");
        assert_eq!((refusal.code, refusal.status), (403, "PERMISSION_DENIED"));
        access.allow("run.services.setIamPolicy");
        assert!(access.require(&with_token(&token), "run.services.setIamPolicy", "x").is_ok());
    }

    #[test]
    fn the_function_may_append_but_not_delete() {
        let access = Access::default();
        assert!(access.may(FUNCTION_ACCOUNT, "storage.objects.create"));
        assert!(!access.may(FUNCTION_ACCOUNT, "storage.objects.delete"));
        assert!(access.may(OPERATOR_ACCOUNT, "storage.objects.delete"));
    }
}
