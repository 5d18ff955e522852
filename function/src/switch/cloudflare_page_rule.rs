//! A Cloudflare page rule that redirects visitors to the standby while it is active.
//!
//! Its status is changed by PATCH, which leaves the rule's other fields alone; PUT would replace the rule, and
//! switch it off where the status is left out (page "Page Rules" of the API reference, read 2026-11-20). A
//! change needs no read before it.

use std::sync::Arc;

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};
use serde_json::Value;

use super::cloudflare;
use super::{Change, Keys, Observation, Operation, Provider, Read, Spec, Switch, SwitchError};
use crate::api::{ApiError, ApiErrorKind, Clients, Cloudflare, cloudflare::Purpose, names::HexId};
use crate::check::{ByHand, Checked, Situation, front, page_rule};

/// The kind `cloudflare_page_rule`.
pub const PROVIDER: Provider = Provider { kind: "cloudflare_page_rule", read };

#[derive(Debug, Clone)]
struct PageRuleSpec {
    zone: HexId,
    rule: HexId,
}

#[derive(Debug)]
struct PageRule {
    id: SwitchId,
    spec: PageRuleSpec,
    cloudflare: Cloudflare,
}

fn read(mut keys: Keys<'_>) -> Read {
    let zone = keys.required("zone", "023e105f4ecef8ad9ca31a8372d0c353");
    let rule = keys.required("rule", "9a7806061c88ada191ed06f989cc3dac");
    let spec = zone.zip(rule).map(|(zone, rule)| PageRuleSpec { zone, rule });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl Spec for PageRuleSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(PROVIDER.kind, format!("zones/{}/pagerules/{}", self.zone, self.rule))
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["CLOUDFLARE_API_TOKEN"]
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        Arc::new(PageRule { id: self.id(), spec: self.clone(), cloudflare: clients.cloudflare() })
    }
}

impl PageRule {
    async fn look(&self, purpose: Purpose) -> Result<Observed, ApiError> {
        self.cloudflare.page_rule(purpose, &self.spec.zone, &self.spec.rule).await.map(|rule| observed(&rule))
    }

    async fn seen(&self, purpose: Purpose) -> Result<Observation, SwitchError> {
        let observed = self.look(purpose).await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed, basis: None })
    }

    /// Writes the status and believes the rule that comes back; where that doesn't show it, the rule is read again.
    async fn write(&self, position: Position) -> Result<(), ApiError> {
        let status = status(position);
        let rule = self.cloudflare.set_page_rule_status(&self.spec.zone, &self.spec.rule, status).await?;
        cloudflare::confirm(&self.id, position, &observed(&rule), self.look(Purpose::Read)).await
    }

    /// The routes of Workers in the zone, where the site has a name that one can be at.
    async fn workers(&self, situation: &Situation) -> Option<Result<Value, ApiError>> {
        situation.domain()?;
        Some(self.cloudflare.worker_routes(self.spec.zone.as_str()).await)
    }

    async fn write_as_is(&self) -> Result<(), ApiError> {
        let now = self.look(Purpose::Read).await?;
        self.write(cloudflare::place(&self.id, now)?).await
    }
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
impl Switch for PageRule {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn is_rationed(&self) -> bool {
        true
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        self.seen(Purpose::Read).await
    }

    async fn glance(&self) -> Result<Observation, SwitchError> {
        self.seen(Purpose::Glance).await
    }

    async fn await_room(&self) {
        self.cloudflare.await_room(1).await;
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        if seen.is_some_and(|seen| seen.observed.is_at(position)) {
            return Ok(Change::Already);
        }
        self.write(position).await.map_err(Operation::Set(position).failed(&self.id))?;
        Ok(Change::Made)
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let (zone, id) = (&self.spec.zone, &self.spec.rule);
        let all = ByHand::at(self.cloudflare.url(&format!("zones/{zone}")));
        let by_hand = ByHand::at(self.cloudflare.url(&format!("zones/{zone}/pagerules/{id}")));
        let (rule, others, redirects, front, workers) = tokio::join!(
            self.cloudflare.page_rule(Purpose::Read, zone, id),
            self.cloudflare.page_rules(zone.as_str()),
            self.cloudflare.redirects(Purpose::Read, zone),
            cloudflare::check_front(&self.cloudflare, zone, situation),
            self.workers(situation)
        );
        // A zone without redirect rules has no ruleset.
        let redirects = match redirects {
            Err(error) if error.kind == ApiErrorKind::Missing => None,
            redirects => Some(redirects),
        };
        match rule {
            Ok(rule) => {
                checked.seen += 1;
                checked.extend(page_rule::of_rule(&rule, &by_hand, situation));
                let others = checked.look(others).unwrap_or_default();
                checked.extend(page_rule::outranked(&rule, &others, &by_hand, situation));
                let redirects = redirects.and_then(|redirects| checked.look(redirects));
                checked.extend(redirects.and_then(|rules| page_rule::preceded(&rules, &all, situation)));
                checked.merge(front);
                let routes = workers.and_then(|routes| checked.look(routes));
                checked.extend(routes.and_then(|routes| front::of_workers(&routes, situation)));
                checked.note("Page Rules are deprecated at Cloudflare; kind = \"cloudflare_redirect_rule\" does the same and stays");
            }
            Err(error) if error.kind == ApiErrorKind::Missing => {
                let redirects = redirects.and_then(Result::ok);
                checked.seen += 1;
                checked.problem(page_rule::gone(zone.as_str(), id.as_str(), redirects.as_ref(), situation));
            }
            Err(error) => checked.unseen(&error, cloudflare::TOKENS),
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
    }
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
