//! A Cloudflare Single Redirect that leads visitors to the standby while it is enabled.
//!
//! The rule is found by its `ref` among the zone's redirects, since its id changes when the ruleset is rewritten.
//! An edit has to carry the complete rule (page "Update a rule in a ruleset", read 2026-11-20), and Cloudflare has no
//! fingerprint to compare it by. So it is read right before it is written: whatever somebody changed until then stays.

pub mod check;
mod ruleset;

use std::{str::FromStr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position};

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Checked, Keys, Provider, Read, Situation, Spec,
        cloudflare::{
            ByHand, Cloudflare, HexId, Purpose,
            object::{self, Object},
        },
    },
};
use ruleset::Rule;

/// The kind `cloudflare_redirect_rule`.
pub const PROVIDER: Provider = Provider {
    kind: "cloudflare_redirect_rule",
    cloud: super::CLOUD,
    called: "the redirect rule of {site}",
    read,
};

#[derive(Debug, Clone)]
struct RedirectRuleSpec {
    zone: HexId,
    reference: Reference,
}

/// A rule's `ref`: its owner's own name for it.
#[derive(Debug, Clone)]
struct Reference(String);

impl FromStr for Reference {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.trim().is_empty() { Err("is empty") } else { Ok(Self(text.to_owned())) }
    }
}

fn read(mut keys: Keys<'_>) -> Read {
    let zone = keys.required("zone", "023e105f4ecef8ad9ca31a8372d0c353");
    let reference = keys.required("ref", "failover_redirect");
    let spec = zone.zip(reference).map(|(zone, reference)| RedirectRuleSpec { zone, reference });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

#[async_trait]
impl Object for RedirectRuleSpec {
    const KIND: &'static str = PROVIDER.kind;

    fn resource(&self) -> String {
        format!("zones/{}/redirects/{}", self.zone, self.reference.0)
    }

    type Found = Rule;
    const WHOLE: bool = true;

    async fn find(&self, cloudflare: &Cloudflare, purpose: Purpose) -> Result<Rule, ApiError> {
        let ruleset = cloudflare.rules().redirects(purpose, &self.zone).await?;
        ruleset::find(&ruleset, &self.reference.0).map_err(|(kind, message)| ApiError {
            kind,
            message: format!("could not find {}: {message}", self.resource()),
        })
    }

    fn observed(&self, rule: &Rule) -> Observed {
        Observed::At(rule.position())
    }

    async fn write(
        &self,
        cloudflare: &Cloudflare,
        rule: Option<&Rule>,
        position: Position,
    ) -> Result<Option<Rule>, ApiError> {
        let Some(rule) = rule else { return Ok(None) };
        let definition = rule.definition(position);
        let ruleset =
            cloudflare.rules().set_redirect(&self.zone, &rule.ruleset, &rule.id, &definition).await?;
        Ok(ruleset::find(&ruleset, &self.reference.0).ok())
    }

    fn arrived(&self, now: &Rule, before: Option<&Rule>, position: Position) -> bool {
        now.position() == position && before.is_none_or(|before| now.leads_like(before))
    }

    fn told(&self, rule: &Rule) -> String {
        rule.told()
    }

    async fn check(&self, cloudflare: &Cloudflare, situation: &Situation) -> Checked {
        let reference = &self.reference.0;
        let zone = ByHand::at(cloudflare.url(&format!("zones/{}", self.zone)));
        let (ruleset, front) = tokio::join!(
            cloudflare.rules().redirects(Purpose::Read, &self.zone),
            object::check_front(cloudflare, &self.zone, situation)
        );
        let mut checked = Checked::default();
        match ruleset {
            Ok(ruleset) => {
                checked.seen += 1;
                checked.merge(check::of_ruleset(&ruleset, reference, &zone, situation));
                checked.merge(front);
            }
            // The ruleset is made with its first rule; a wrong zone is told otherwise.
            Err(error)
                if error.kind == ApiErrorKind::Missing && error.message.contains("entrypoint ruleset") =>
            {
                checked.seen += 1;
                checked.problem(check::none_yet(&error.message, reference, &zone, situation));
            }
            Err(error) if error.kind == ApiErrorKind::Missing => {
                checked.unseen(
                    &error,
                    "zone = \"…\"   # in the configuration: the zone's id, as its overview shows it",
                );
            }
            Err(error) => checked.unseen(&error, object::TOKENS),
        }
        checked
    }
}
