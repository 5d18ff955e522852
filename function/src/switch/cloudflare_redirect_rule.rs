//! A Cloudflare Single Redirect that leads visitors to the standby while it is enabled.
//!
//! The rule is found by its `ref` among the zone's redirects, since its id changes when the ruleset is rewritten.
//! An edit has to carry the complete rule (page "Update a rule in a ruleset", read 2026-11-20), and Cloudflare has no
//! fingerprint to compare it by. So it is read right before it is written: whatever somebody changed until then stays.

mod ruleset;

use std::{str::FromStr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};

use super::cloudflare;
use super::{Change, Keys, Observation, Operation, Provider, Read, Spec, Switch, SwitchError};
use crate::api::{ApiError, ApiErrorKind, Clients, Cloudflare, cloudflare::Purpose, names::HexId};
use crate::check::{ByHand, Checked, Situation, redirect_rule};
use ruleset::Rule;

/// The kind `cloudflare_redirect_rule`.
pub const PROVIDER: Provider = Provider { kind: "cloudflare_redirect_rule", read };

#[derive(Debug, Clone)]
struct RedirectRuleSpec {
    zone: HexId,
    reference: Reference,
}

/// A rule's `ref`: its owner's own name for it.
#[derive(Debug, Clone)]
struct Reference(String);

#[derive(Debug)]
struct RedirectRule {
    id: SwitchId,
    spec: RedirectRuleSpec,
    cloudflare: Cloudflare,
}

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

impl Spec for RedirectRuleSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(PROVIDER.kind, format!("zones/{}/redirects/{}", self.zone, self.reference.0))
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["CLOUDFLARE_API_TOKEN"]
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        Arc::new(RedirectRule { id: self.id(), spec: self.clone(), cloudflare: clients.cloudflare() })
    }
}

impl RedirectRule {
    async fn look(&self, purpose: Purpose) -> Result<Rule, ApiError> {
        let ruleset = self.cloudflare.redirects(purpose, &self.spec.zone).await?;
        ruleset::find(&ruleset, &self.spec.reference.0).map_err(|(kind, message)| ApiError {
            kind,
            message: format!("could not find {}: {message}", self.id.resource),
        })
    }

    async fn seen(&self, purpose: Purpose) -> Result<Observation, SwitchError> {
        let rule = self.look(purpose).await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed: Observed::At(rule.position()), basis: None })
    }

    /// Writes on top of what is there now; a rule that was rewritten meanwhile is looked up once more.
    async fn move_to(&self, position: Position) -> Result<Change, ApiError> {
        let rule = self.look(Purpose::Write).await?;
        if rule.position() == position {
            return Ok(Change::Already);
        }
        match self.write(&rule, position).await {
            Err(error) if matches!(error.kind, ApiErrorKind::Missing | ApiErrorKind::Conflict) => {
                self.write(&self.look(Purpose::Write).await?, position).await?;
            }
            written => written?,
        }
        Ok(Change::Made)
    }

    /// Writes the complete rule and believes the ruleset that comes back; where that doesn't show the change, it is
    /// read again.
    async fn write(&self, rule: &Rule, position: Position) -> Result<(), ApiError> {
        let definition = rule.definition(position);
        let ruleset =
            self.cloudflare.set_redirect(&self.spec.zone, &rule.ruleset, &rule.id, &definition).await?;
        let arrived = |now: &Rule| now.position() == position && now.leads_like(rule);
        if ruleset::find(&ruleset, &self.spec.reference.0).is_ok_and(|now| arrived(&now)) {
            return Ok(());
        }
        let now = self.look(Purpose::Read).await?;
        if arrived(&now) {
            return Ok(());
        }
        let message =
            format!("Cloudflare accepted the change of {}, but it is {}", self.id.resource, now.told());
        Err(ApiError { kind: ApiErrorKind::Transient, message })
    }
}

#[async_trait]
impl Switch for RedirectRule {
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

    /// It is read, and written.
    async fn await_room(&self) {
        self.cloudflare.await_room(2).await;
    }

    async fn set(&self, position: Position, _seen: Option<Observation>) -> Result<Change, SwitchError> {
        self.move_to(position).await.map_err(Operation::Set(position).failed(&self.id))
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let reference = &self.spec.reference.0;
        let zone = ByHand::at(self.cloudflare.url(&format!("zones/{}", self.spec.zone)));
        let (ruleset, front) = tokio::join!(
            self.cloudflare.redirects(Purpose::Read, &self.spec.zone),
            cloudflare::check_front(&self.cloudflare, &self.spec.zone, situation)
        );
        let mut checked = Checked::default();
        match ruleset {
            Ok(ruleset) => {
                checked.seen += 1;
                checked.merge(redirect_rule::of_ruleset(&ruleset, reference, &zone, situation));
                checked.merge(front);
            }
            // The ruleset is made with its first rule; a wrong zone is told otherwise.
            Err(error)
                if error.kind == ApiErrorKind::Missing && error.message.contains("entrypoint ruleset") =>
            {
                checked.seen += 1;
                checked.problem(redirect_rule::none_yet(&error.message, reference, &zone, situation));
            }
            Err(error) if error.kind == ApiErrorKind::Missing => {
                checked.unseen(
                    &error,
                    "zone = \"…\"   # in the configuration: the zone's id, as its overview shows it",
                );
            }
            Err(error) => checked.unseen(&error, cloudflare::TOKENS),
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        let written = async {
            let rule = self.look(Purpose::Read).await?;
            self.write(&rule, rule.position()).await
        };
        written.await.map_err(Operation::Touch.failed(&self.id))
    }
}
