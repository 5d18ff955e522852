//! Who may what, and as whom: permissions that are tested, tokens of another account, organisation policies.
//!
//! Sources: the discovery documents of `cloudresourcemanager` v1, `storage` v1, `pubsub` v1, `iamcredentials` v1 and
//! `orgpolicy` v2, read 2026-11-20. Asking which permissions one has needs none.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Google, envelope::held};
use crate::api::{ApiError, ApiErrorKind, Secret, task::Task};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// A check is over in a minute.
const LIFETIME: &str = "600s";
/// The metadata server answers at once or isn't there.
const METADATA_WITHIN: Duration = Duration::from_secs(2);

fn testing<'a>(provider: &'static str, subject: &'a str) -> Task<'a> {
    Task {
        provider: super::party(provider),
        verb: "ask for the permissions on",
        subject,
        grant: "check the account, and that the interface is enabled",
        missing: "check its name",
        refused: "",
    }
}

/// Where to ask, if there is such a place.
fn there(task: &Task<'_>, base: Option<String>) -> Result<String, ApiError> {
    let nowhere = || {
        task.error(
            ApiErrorKind::Transient,
            "has no address here: name iam under [endpoints], beside the others",
        )
    };
    base.ok_or_else(nowhere)
}

/// What tells who may what, asked by Google's client.
#[derive(Debug, Clone, Copy)]
pub struct AccessApi<'a> {
    pub(super) google: &'a Google,
}

impl AccessApi<'_> {
    /// Which of `permissions` the account has on a project.
    pub async fn project_permissions(
        self,
        project: &str,
        permissions: &[&str],
    ) -> Result<Vec<String>, ApiError> {
        let task = testing("Resource Manager", project);
        let base = there(&task, self.google.endpoints.resource_manager())?;
        let url = format!("{base}/v1/projects/{project}:testIamPermissions");
        let answer = self.google.post(&task, url, &json!({ "permissions": permissions })).await?;
        held(&task, &answer)
    }

    /// Which of `permissions` the account has on a bucket.
    pub async fn bucket_permissions(
        self,
        bucket: &str,
        permissions: &[&str],
    ) -> Result<Vec<String>, ApiError> {
        let task = testing("Cloud Storage", bucket);
        let url = format!("{}/storage/v1/b/{bucket}/iam/testPermissions", self.google.endpoints.storage());
        let query: Vec<(&str, &str)> =
            permissions.iter().map(|permission| ("permissions", *permission)).collect();
        let answer = self.google.get(&task, url, &query).await?;
        held(&task, &answer)
    }

    /// Which of `permissions` the account has on a topic or a subscription.
    pub async fn pubsub_permissions(self, name: &str, permissions: &[&str]) -> Result<Vec<String>, ApiError> {
        let task = testing("Pub/Sub", name);
        let url = format!("{}/v1/{name}:testIamPermissions", self.google.endpoints.pubsub());
        let answer = self.google.post(&task, url, &json!({ "permissions": permissions })).await?;
        held(&task, &answer)
    }

    /// A short-lived token of another account, for whoever may act as it.
    pub async fn impersonate(self, account: &str) -> Result<Secret, ApiError> {
        let task = Task {
            provider: super::party("IAM"),
            verb: "act as",
            subject: account,
            grant: "roles/iam.serviceAccountTokenCreator on it lets you",
            missing: "check the account's address",
            refused: "",
        };
        let base = there(&task, self.google.endpoints.iam_credentials())?;
        let url = format!("{base}/v1/projects/-/serviceAccounts/{account}:generateAccessToken");
        let answer = self.google.post(&task, url, &json!({ "scope": [SCOPE], "lifetime": LIFETIME })).await?;
        let token = task.whole(answer, "accessToken")?;
        Ok(Secret::new(token["accessToken"].as_str().unwrap_or_default()))
    }

    /// An organisation policy as it is in effect for a project.
    pub async fn organisation_policy(
        self,
        project: &str,
        constraint: &str,
    ) -> Result<Option<Value>, ApiError> {
        let task = Task {
            provider: super::party("Organization Policy"),
            verb: "read what is in effect of",
            subject: constraint,
            grant: "roles/orgpolicy.policyViewer lets one read it",
            missing: "check the project's id",
            refused: "",
        };
        let Some(base) = self.google.endpoints.org_policy() else { return Ok(None) };
        let url = format!("{base}/v2/projects/{project}/policies/{constraint}:getEffectivePolicy");
        self.google.get(&task, url, &[]).await.map(Some)
    }

    /// The time here and at Google, at about the same moment.
    pub async fn time(self) -> Result<(Timestamp, Timestamp), ApiError> {
        let url = self.google.endpoints.jwks();
        let task = Task {
            provider: super::party("Google"),
            verb: "read the time of",
            subject: &url,
            grant: "",
            missing: "",
            refused: "",
        };
        let failed = |what: &str| task.error(ApiErrorKind::Transient, what);
        let before = Timestamp::now();
        let sent = self.google.http.get(&url).timeout(self.google.call_timeout).send().await;
        let answer =
            sent.map_err(|error| failed(&format!("gave no answer: {}", crate::api::retry::causes(&error))))?;
        let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
        let there = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|date| date.timestamp());
        let there = there.ok_or_else(|| failed("answered without a date"))?;
        let here = before.checked_add(Timestamp::now().duration_since(before) / 2).unwrap_or(before);
        Ok((here, there))
    }

    /// What the metadata server of this machine says at `path`; nothing where there is none.
    pub async fn metadata(self, host: &str, path: &str) -> Option<String> {
        let url = format!("http://{host}/computeMetadata/v1/{path}");
        let request = self.google.http.get(url).header("metadata-flavor", "Google").timeout(METADATA_WITHIN);
        let answer = request.send().await.ok()?.error_for_status().ok()?;
        let text = answer.text().await.ok()?.trim().to_owned();
        // Where there is none, a page may answer in its place.
        (!text.contains(['<', '\n'])).then_some(text)
    }
}
