//! A Cloud Monitoring uptime check, paused while the standby serves.
//!
//! `disabled` is changed by a PATCH whose mask names it alone: without a mask the whole check would be replaced
//! (discovery document of `monitoring` v3, read 2026-11-20). A change needs no read before it.

pub mod check;

use std::sync::Arc;

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SiteName, SwitchId};
use serde_json::Value;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Change, Checked, Clients, Keys, Observation, Operation, Provider, Read, Situation, Spec, Switch,
        SwitchError,
        google::{Alert, Google, names::CheckName},
        missing,
    },
};

/// The kind `uptime_check`.
pub const PROVIDER: Provider =
    Provider { kind: "uptime_check", cloud: super::CLOUD, called: "the uptime check of {site}", read };

/// What pausing, resuming and looking for open incidents take.
const PERMISSIONS: [&str; 3] =
    ["monitoring.uptimeCheckConfigs.get", "monitoring.uptimeCheckConfigs.update", "monitoring.alerts.list"];

#[derive(Debug, Clone)]
struct UptimeCheckSpec {
    check: CheckName,
}

#[derive(Debug)]
struct UptimeCheck {
    id: SwitchId,
    check: CheckName,
    google: Arc<Google>,
}

fn read(mut keys: Keys<'_>) -> Read {
    let spec = keys
        .required("check", "projects/acme-prod/uptimeCheckConfigs/resume-abc123")
        .map(|check| UptimeCheckSpec { check });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl Spec for UptimeCheckSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(PROVIDER.kind, self.check.as_str())
    }

    fn role(&self) -> Role {
        Role::Monitor
    }

    fn named_by(&self) -> Option<String> {
        self.check.as_str().rsplit('/').next().map(str::to_owned)
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        Arc::new(UptimeCheck { id: self.id(), check: self.check.clone(), google: clients.google() })
    }
}

impl UptimeCheck {
    async fn look(&self) -> Result<Position, ApiError> {
        self.google.monitoring().uptime_check(&self.check).await.map(|check| position(&check))
    }

    /// Writes and believes the check that comes back; where that doesn't show it, the check is read again.
    async fn write(&self, wanted: Position) -> Result<(), ApiError> {
        let check =
            self.google.monitoring().disable_uptime_check(&self.check, wanted == Position::Standby).await?;
        if shows_itself(&check) && position(&check) == wanted || self.look().await? == wanted {
            return Ok(());
        }
        let message =
            format!("Cloud Monitoring accepted the change of {}, but the check does not show it", self.check);
        Err(ApiError { kind: ApiErrorKind::Transient, message })
    }
}

impl UptimeCheck {
    /// An incident of this check that is still open.
    async fn open_incident(&self, site: &SiteName) -> Result<Option<Alert>, ApiError> {
        let open = self.google.monitoring().open_alerts(self.check.project()).await?;
        self.google.monitoring().first_alert_of(open, &self.check, site).await
    }
}

/// A missing `disabled` means enabled.
fn position(check: &Value) -> Position {
    if check["disabled"] == true { Position::Standby } else { Position::Primary }
}

/// Whether an answer is a check at all: an empty object would pass for an enabled one.
fn shows_itself(check: &Value) -> bool {
    check["name"].is_string()
}

#[async_trait]
impl Switch for UptimeCheck {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Monitor
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        let position = self.look().await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed: Observed::At(position), basis: None })
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        if Observation::shows(seen.as_ref(), position) {
            return Ok(Change::Already);
        }
        self.write(position).await.map_err(Operation::Set(position).failed(&self.id))?;
        Ok(Change::Made)
    }

    async fn caveat(&self, site: &SiteName) -> Option<String> {
        match self.open_incident(site).await {
            Ok(alert) => alert.map(|alert| {
                format!(
                    "incident {} of \"{}\" is still open and swallows the next alert until it closes by itself; \
                     until then reconcile's own probes watch alone",
                    alert.id(),
                    alert.policy_title
                )
            }),
            Err(error) => Some(format!("whether an incident is still open could not be read: {error}")),
        }
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let (name, project) = (&self.check, self.check.project());
        let (held, check, alert, policies) = tokio::join!(
            self.google.access().project_permissions(project, &PERMISSIONS),
            self.google.monitoring().uptime_check(name),
            self.open_incident(&situation.site),
            self.google.monitoring().alert_policies(project)
        );
        let lacking = checked.look(held).map(|held| missing(&PERMISSIONS, &held)).unwrap_or_default();
        checked.extend(check::of_permissions(&lacking, name, &situation.member));
        let told = |error: &ApiError| !lacking.is_empty() && error.kind == ApiErrorKind::Denied;
        match check {
            Ok(check) => {
                checked.seen += 1;
                checked.extend(check::of_check(&check, name));
                checked.extend(check::of_position(&Observed::At(position(&check)), name, situation));
            }
            Err(error) if told(&error) => {}
            Err(error) => {
                let mend = format!("gcloud monitoring uptime list-configs --project {project}");
                checked.unseen(&error, mend);
            }
        }
        match alert {
            Err(error) if told(&error) => {}
            alert => {
                let alert = checked.look(alert).flatten();
                checked.extend(alert.and_then(|alert| check::of_incident(&alert, name, situation)));
            }
        }
        if let Some(policies) = checked.look(policies) {
            checked.extend(check::of_policies(&policies, name));
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        let written = async { self.write(self.look().await?).await };
        written.await.map_err(Operation::Touch.failed(&self.id))
    }
}
