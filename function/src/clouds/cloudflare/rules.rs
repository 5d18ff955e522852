//! Page rules, and Single Redirects in their ruleset.
//!
//! Source: the pages "Page Rules" and "Update a rule in a ruleset" of Cloudflare's API reference, read 2026-11-20.

use serde_json::{Value, json};

use super::{Cloudflare, Purpose};
use crate::{
    api::{ApiError, task::Task},
    clouds::cloudflare::HexId,
};

fn page_rule_task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    let missing = "check the zone and the rule; if Cloudflare has turned the zone's Page Rules into redirect rules, use \
                   kind = \"cloudflare_redirect_rule\"";
    Task { provider: super::PARTY, verb, subject, grant, missing, refused: "" }
}

fn redirect_task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    let missing = "check the zone, and that it has a Single Redirect with this ref";
    Task { provider: super::PARTY, verb, subject, grant, missing, refused: "" }
}

/// Page rules and redirect rules, asked for by the client.
#[derive(Debug, Clone, Copy)]
pub struct RulesApi<'a> {
    pub(super) cloudflare: &'a Cloudflare,
}

impl RulesApi<'_> {
    /// A page rule.
    pub async fn page_rule(self, purpose: Purpose, zone: &HexId, rule: &HexId) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/pagerules/{rule}");
        let task = page_rule_task("read", &path, "grant the token \"Page Rules: Read\" on this zone");
        let rule = self.cloudflare.get(&task, purpose, path.clone()).await?;
        task.whole(rule, "status")
    }

    /// Changes a page rule's status and nothing else, and gives the rule as it is then.
    pub async fn set_page_rule_status(
        self,
        zone: &HexId,
        rule: &HexId,
        status: &str,
    ) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/pagerules/{rule}");
        let grant = "grant the token \"Page Rules: Edit\" on this zone";
        self.cloudflare
            .patch(&page_rule_task("set", &path, grant), path.clone(), &json!({ "status": status }))
            .await
    }

    /// The ruleset with all of a zone's Single Redirects.
    pub async fn redirects(self, purpose: Purpose, zone: &HexId) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/rulesets/phases/http_request_dynamic_redirect/entrypoint");
        let task = redirect_task("read", &path, "grant the token \"Single Redirect: Read\" on this zone");
        self.cloudflare.get(&task, purpose, path.clone()).await
    }

    /// Replaces one rule of a ruleset by `definition`, which has to be complete, and gives the whole ruleset.
    pub async fn set_redirect(
        self,
        zone: &HexId,
        ruleset: &str,
        rule: &str,
        definition: &Value,
    ) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/rulesets/{ruleset}/rules/{rule}");
        let grant = "grant the token \"Single Redirect: Edit\" on this zone";
        self.cloudflare.patch(&redirect_task("set", &path, grant), path.clone(), definition).await
    }
}
