//! Who may what, and as whom: Resource Manager's permissions of a project, IAM's short-lived tokens, organisation
//! policies. In reality these are three hosts; here they share one.
//!
//! Discovery documents of `cloudresourcemanager` v1, `iamcredentials` v1 and `orgpolicy` v2.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::frame::call::{Call, Reply};
use crate::frame::provider::{Kind, Provider};
use crate::frame::routes::{Route, Routes};
use crate::google::access::{Access, OPERATOR_ACCOUNT};
use crate::google::refusal::{self, Refusal};
use crate::google::run::Run;
use crate::google::strict::{self, Fields, Shape};

const TEST_REQUEST: Fields = &[("permissions", Shape::List(&Shape::Text))];
const POLICY_REQUEST: Fields = &[("options", Shape::Object(&[("requestedPolicyVersion", Shape::Int)]))];
const TOKEN_REQUEST: Fields = &[
    ("delegates", Shape::List(&Shape::Text)),
    ("scope", Shape::List(&Shape::Text)),
    ("lifetime", Shape::Text),
];

/// The longest that a token may be asked for (IAM documentation, "Create short-lived credentials").
const LONGEST: u64 = 3600;

/// The constraint that restricts whom policies may name.
const DOMAINS: &str = "iam.allowedPolicyMemberDomains";

/// Resource Manager, IAM Credentials and Organization Policy, as far as they can be asked.
#[derive(Debug)]
pub struct Iam {
    access: Arc<Access>,
    run: Arc<Run>,
}

/// With the names that the path tells.
type Does = fn(&Iam, &Call, &[String]) -> Result<Reply, Refusal>;

/// Nothing here changes anything, though most of it are POSTs.
const ROUTES: Routes<Does> = Routes::new(
    "iam.unknown",
    &[
        Route::ask(
            "/v1/projects/*:testIamPermissions",
            "resourcemanager.test_iam_permissions",
            |iam, call, _| test(&iam.access, call),
        ),
        Route::ask("/v1/projects/*:getIamPolicy", "resourcemanager.get_iam_policy", |iam, call, _| {
            iam.policy(call)
        }),
        Route::ask(
            "/v1/projects/-/serviceAccounts/{*}:generateAccessToken",
            "iam.generate_access_token",
            |iam, call, names| iam.token(call, &names[0]),
        ),
        Route::get(
            "/v2/{projects/*}/policies/{*}:getEffectivePolicy",
            "orgpolicy.get_effective_policy",
            |iam, call, names| iam.constraint(call, (&names[0], &names[1])),
        ),
    ],
);

impl Iam {
    /// Answers by what `access` knows, and of the policies that bind `run`.
    pub fn new(access: Arc<Access>, run: Arc<Run>) -> Self {
        Self { access, run }
    }

    /// What a project's policy says of those that play here.
    fn policy(&self, call: &Call) -> Result<Reply, Refusal> {
        self.access.require(call, "resourcemanager.projects.getIamPolicy", "the project")?;
        strict::body(call, POLICY_REQUEST)?;
        let owner = json!({ "role": "roles/owner", "members": [format!("user:{OPERATOR_ACCOUNT}")] });
        Ok(strict::ok(&json!({ "version": 1, "etag": "BwYlZ2xlaWNo", "bindings": [owner] })))
    }

    fn token(&self, call: &Call, account: &str) -> Result<Reply, Refusal> {
        self.access.require(call, "iam.serviceAccounts.getAccessToken", account)?;
        let request = strict::body(call, TOKEN_REQUEST)?;
        if request.get("scope").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(Refusal::invalid_argument("Scope must be specified."));
        }
        let asked = request.get("lifetime").and_then(Value::as_str).unwrap_or("3600s");
        let seconds = asked.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
        let seconds: u64 = seconds.filter(|seconds| (1..=LONGEST).contains(seconds)).ok_or_else(|| {
            Refusal::invalid_argument(format!("The lifetime {asked} is not between 1s and {LONGEST}s."))
        })?;
        let token = self.access.issue(account, Duration::from_secs(seconds));
        let expires = Timestamp::now() + jiff::SignedDuration::from_secs(seconds.cast_signed());
        Ok(strict::ok(&json!({ "accessToken": token, "expireTime": expires.to_string() })))
    }

    fn constraint(&self, call: &Call, (project, constraint): (&str, &str)) -> Result<Reply, Refusal> {
        self.access.require(call, "orgpolicy.policy.get", constraint)?;
        strict::check_query(call, &[])?;
        let restricted = constraint == DOMAINS && self.run.forbids_all_users();
        let rule = if restricted {
            json!({ "values": { "allowedValues": ["C03xgje4y"] } })
        } else {
            json!({ "allowAll": true })
        };
        let name = format!("{project}/policies/{constraint}");
        Ok(strict::ok(&json!({ "name": name, "spec": { "rules": [rule] } })))
    }
}

/// Which of the permissions the caller holds; asking needs none. The same for every resource that has the method.
pub(crate) fn test(access: &Access, call: &Call) -> Result<Reply, Refusal> {
    let account = access.account_of(call)?;
    let request = strict::body(call, TEST_REQUEST)?;
    let asked = request.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default();
    let asked: Vec<&str> = asked.iter().filter_map(Value::as_str).collect();
    if let Some(wrong) =
        asked.iter().find(|permission| permission.split('.').count() != 3 || permission.contains('*'))
    {
        return Err(Refusal::invalid_argument(format!("Permission {wrong} is not valid.")));
    }
    let held: Vec<&str> = asked.into_iter().filter(|permission| access.may(&account, permission)).collect();
    Ok(strict::ok(&if held.is_empty() { json!({}) } else { json!({ "permissions": held }) }))
}

impl Provider for Iam {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        match ROUTES.find(call) {
            Some((route, names)) => (route.does)(self, call, &names).unwrap_or_else(Reply::from),
            None => Refusal::unknown_route(call).into(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        refusal::of_status(status)
    }

    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        ROUTES.kind(call)
    }
}
