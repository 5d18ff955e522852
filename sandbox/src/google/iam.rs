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

enum Route {
    Test,
    Policy,
    Token(String),
    Constraint(String, String),
    Unknown,
}

impl Route {
    fn of(call: &Call) -> Self {
        let route = call.route();
        match (call.method.as_str(), route.as_slice()) {
            ("POST", ["v1", "projects", last]) if last.ends_with(":testIamPermissions") => Self::Test,
            ("POST", ["v1", "projects", last]) if last.ends_with(":getIamPolicy") => Self::Policy,
            ("POST", ["v1", "projects", "-", "serviceAccounts", last]) => match last.split_once(':') {
                Some((account, "generateAccessToken")) => Self::Token(account.to_owned()),
                _ => Self::Unknown,
            },
            ("GET", ["v2", "projects", project, "policies", last]) => match last.split_once(':') {
                Some((constraint, "getEffectivePolicy")) => {
                    Self::Constraint((*project).to_owned(), constraint.to_owned())
                }
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

impl Iam {
    /// Answers by what `access` knows, and of the policies that bind `run`.
    pub fn new(access: Arc<Access>, run: Arc<Run>) -> Self {
        Self { access, run }
    }

    fn settle(&self, call: &Call) -> Result<Reply, Refusal> {
        match Route::of(call) {
            Route::Test => test(&self.access, call),
            Route::Policy => self.policy(call),
            Route::Token(account) => self.token(call, &account),
            Route::Constraint(project, constraint) => self.constraint(call, (&project, &constraint)),
            Route::Unknown => Err(Refusal::unknown_route(call)),
        }
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
        let name = format!("projects/{project}/policies/{constraint}");
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
        match Route::of(call) {
            Route::Test => "resourcemanager.test_iam_permissions",
            Route::Policy => "resourcemanager.get_iam_policy",
            Route::Token(_) => "iam.generate_access_token",
            Route::Constraint(..) => "orgpolicy.get_effective_policy",
            Route::Unknown => "iam.unknown",
        }
    }

    fn answer(&self, call: &Call) -> Reply {
        self.settle(call).unwrap_or_else(Reply::from)
    }

    fn refusal(&self, status: u16) -> Reply {
        refusal::of_status(status)
    }

    /// Nothing here changes anything, though most of it are POSTs.
    fn kind(&self, _operation: &str, _call: &Call) -> Kind {
        Kind::Read
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Client;

    use super::*;
    use crate::google::access::FUNCTION_ACCOUNT;
    use crate::{Options, Sandbox, Service};

    async fn ask(sandbox: &Sandbox, path: &str, body: Option<Value>) -> (u16, Value) {
        let token = sandbox.world.access.issue(OPERATOR_ACCOUNT, Duration::from_mins(1));
        let url = sandbox.url(Service::Iam).join(path).expect("a url");
        let client = Client::new();
        let request = match body {
            Some(body) => client.post(url).json(&body),
            None => client.get(url),
        };
        let answer = request.bearer_auth(token).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn sandbox() -> Sandbox {
        Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.expect("loopback")
    }

    #[tokio::test]
    async fn permissions_of_a_project_are_those_that_were_not_denied() {
        let sandbox = sandbox().await;
        sandbox.world.deny("monitoring.uptimeCheckConfigs.update");
        let asked = json!({"permissions": ["monitoring.uptimeCheckConfigs.get", "monitoring.uptimeCheckConfigs.update"]});
        let (status, body) = ask(&sandbox, "v1/projects/gleich-tech:testIamPermissions", Some(asked)).await;
        assert_eq!((status, body), (200, json!({"permissions": ["monitoring.uptimeCheckConfigs.get"]})));
        let (status, _) =
            ask(&sandbox, "v1/projects/p:testIamPermissions", Some(json!({"permissions": ["run.*"]}))).await;
        assert_eq!(status, 400);
    }

    #[tokio::test]
    async fn whoever_may_gets_a_token_of_another_account() {
        let sandbox = sandbox().await;
        let path = format!("v1/projects/-/serviceAccounts/{FUNCTION_ACCOUNT}:generateAccessToken");
        let asked = json!({"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "600s"});
        let (status, body) = ask(&sandbox, &path, Some(asked.clone())).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(ask(&sandbox, &path, Some(json!({"scope": []}))).await.0, 400);
        sandbox.world.deny("iam.serviceAccounts.getAccessToken");
        assert_eq!(ask(&sandbox, &path, Some(asked)).await.0, 403);
    }

    #[tokio::test]
    async fn a_policy_that_refuses_everybody_is_shown() {
        let sandbox = sandbox().await;
        let path = "v2/projects/gleich-tech/policies/iam.allowedPolicyMemberDomains:getEffectivePolicy";
        assert_eq!(ask(&sandbox, path, None).await.1["spec"]["rules"][0]["allowAll"], true);
        sandbox.world.run.forbid_all_users(true);
        assert!(ask(&sandbox, path, None).await.1["spec"]["rules"][0]["values"]["allowedValues"].is_array());
    }
}
