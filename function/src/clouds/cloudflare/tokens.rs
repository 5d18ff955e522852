//! The token itself, and the lists that a check compares rules with.
//!
//! Source: the pages "Verify Token" and "List Page Rules" of Cloudflare's API reference, read 2026-11-20.

use serde_json::Value;

use super::{Cloudflare, Purpose};
use crate::api::{ApiError, task::Task};

fn task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    Task { provider: super::PARTY, verb, subject, grant, missing: "check the zone's id", refused: "" }
}

/// Whose token it is and what it may, asked by the client.
#[derive(Debug, Clone, Copy)]
pub struct TokensApi<'a> {
    pub(super) cloudflare: &'a Cloudflare,
}

impl TokensApi<'_> {
    /// What a user's token is; an account's own is refused here.
    pub async fn verify_user_token(self) -> Result<Value, ApiError> {
        let path = "user/tokens/verify";
        let task = task("verify the token at", path, "it is an account's token, or none at all");
        let verified = self.cloudflare.get(&task, Purpose::Read, path.to_owned()).await?;
        task.whole(verified, "status")
    }

    /// What an account's token is; a user's is refused here.
    pub async fn verify_account_token(self, account: &str) -> Result<Value, ApiError> {
        let path = format!("accounts/{account}/tokens/verify");
        let task = task("verify the token at", &path, "it is no token of this account");
        let verified = self.cloudflare.get(&task, Purpose::Read, path.clone()).await?;
        task.whole(verified, "status")
    }

    /// All page rules of a zone.
    pub async fn page_rules(self, zone: &str) -> Result<Vec<Value>, ApiError> {
        let path = format!("zones/{zone}/pagerules");
        let task = task("list", &path, "grant the token \"Page Rules: Read\" on this zone");
        self.cloudflare.list(&task, Purpose::Read, &path, None).await
    }
}
