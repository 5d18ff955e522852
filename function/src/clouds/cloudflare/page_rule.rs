//! A Cloudflare page rule that redirects visitors to the standby while it is active.
//!
//! Its status is changed by PATCH, which leaves the rule's other fields alone; PUT would replace the rule, and
//! switch it off where the status is left out (page "Page Rules" of the API reference, read 2026-11-20). A
//! change needs no read before it.

pub mod check;

use std::sync::Arc;

use async_trait::async_trait;
use failover_core::{Observed, Position};
use serde_json::Value;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Checked, Keys, Provider, Read, Situation, Spec,
        cloudflare::{
            ByHand, Cloudflare, HexId, Purpose,
            object::{self, Object},
            worker_route::check as worker_route,
        },
    },
};

/// The kind `cloudflare_page_rule`.
pub const PROVIDER: Provider =
    Provider { kind: "cloudflare_page_rule", cloud: super::CLOUD, called: "the page rule of {site}", read };

#[derive(Debug, Clone)]
struct PageRuleSpec {
    zone: HexId,
    rule: HexId,
}

fn read(mut keys: Keys<'_>) -> Read {
    let zone = keys.required("zone", "023e105f4ecef8ad9ca31a8372d0c353");
    let rule = keys.required("rule", "9a7806061c88ada191ed06f989cc3dac");
    let spec = zone.zip(rule).map(|(zone, rule)| PageRuleSpec { zone, rule });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

fn status(position: Position) -> &'static str {
    match position {
        Position::Standby => "active",
        Position::Primary => "disabled",
    }
}

fn observed(rule: &Value) -> Observed {
    match rule["status"].as_str() {
        Some("active") => Observed::At(Position::Standby),
        Some("disabled") => Observed::At(Position::Primary),
        other => Observed::Mixed(format!("its status is {other:?}, neither active nor disabled")),
    }
}

#[async_trait]
impl Object for PageRuleSpec {
    const KIND: &'static str = PROVIDER.kind;

    fn resource(&self) -> String {
        format!("zones/{}/pagerules/{}", self.zone, self.rule)
    }

    type Found = Value;
    const WHOLE: bool = false;

    async fn find(&self, cloudflare: &Cloudflare, purpose: Purpose) -> Result<Value, ApiError> {
        cloudflare.rules().page_rule(purpose, &self.zone, &self.rule).await
    }

    fn observed(&self, rule: &Value) -> Observed {
        observed(rule)
    }

    async fn write(
        &self,
        cloudflare: &Cloudflare,
        _rule: Option<&Value>,
        position: Position,
    ) -> Result<Option<Value>, ApiError> {
        cloudflare.rules().set_page_rule_status(&self.zone, &self.rule, status(position)).await.map(Some)
    }

    async fn check(&self, cloudflare: &Cloudflare, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let (zone, id) = (&self.zone, &self.rule);
        let all = ByHand::at(cloudflare.url(&format!("zones/{zone}")));
        let by_hand = ByHand::at(cloudflare.url(&format!("zones/{zone}/pagerules/{id}")));
        let (rule, others, redirects, front, workers) = tokio::join!(
            cloudflare.rules().page_rule(Purpose::Read, zone, id),
            cloudflare.tokens().page_rules(zone.as_str()),
            cloudflare.rules().redirects(Purpose::Read, zone),
            object::check_front(cloudflare, zone, situation),
            workers(cloudflare, zone, situation)
        );
        // A zone without redirect rules has no ruleset.
        let redirects = match redirects {
            Err(error) if error.kind == ApiErrorKind::Missing => None,
            redirects => Some(redirects),
        };
        match rule {
            Ok(rule) => {
                checked.seen += 1;
                checked.extend(check::of_rule(&rule, &by_hand, situation));
                let others = checked.look(others).unwrap_or_default();
                checked.extend(check::outranked(&rule, &others, &by_hand, situation));
                let redirects = redirects.and_then(|redirects| checked.look(redirects));
                checked.extend(redirects.and_then(|rules| check::preceded(&rules, &all, situation)));
                checked.merge(front);
                let routes = workers.and_then(|routes| checked.look(routes));
                checked.extend(routes.and_then(|routes| worker_route::in_the_way(&routes, situation)));
                checked.note("Page Rules are deprecated at Cloudflare; kind = \"cloudflare_redirect_rule\" does the same and stays");
            }
            Err(error) if error.kind == ApiErrorKind::Missing => {
                let redirects = redirects.and_then(Result::ok);
                checked.seen += 1;
                checked.problem(check::gone(zone.as_str(), id.as_str(), redirects.as_ref(), situation));
            }
            Err(error) => checked.unseen(&error, object::TOKENS),
        }
        checked
    }
}

/// The routes of Workers in the zone, where the site has a name that one can be at.
async fn workers(
    cloudflare: &Cloudflare,
    zone: &HexId,
    situation: &Situation,
) -> Option<Result<Vec<Value>, ApiError>> {
    situation.domain()?;
    Some(cloudflare.workers().worker_routes(Purpose::Read, zone).await)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_that_is_neither_is_no_position() {
        assert_eq!(observed(&json!({"status": "active"})), Observed::At(Position::Standby));
        assert_eq!(observed(&json!({"status": "disabled"})), Observed::At(Position::Primary));
        for odd in [json!({"status": "paused"}), json!({"status": 1}), json!({}), json!(null)] {
            assert!(matches!(observed(&odd), Observed::Mixed(_)), "{odd}");
        }
    }
}
