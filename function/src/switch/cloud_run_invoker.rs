//! Who may invoke a Cloud Run service: everybody while it stands in, nobody else otherwise.
//!
//! A service has two doors: the members of `roles/run.invoker`, and Cloud Run's invoker check, which lets everybody
//! in where it is off. A switch moves the one that `gate` names; the other one belongs to somebody else. Where that
//! one is open, the service is open although the switch is not: that is seen as mixed, and closing tells it.

mod policy;
mod readiness;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::BackoffBuilder;
use failover_core::{Observed, Position, Role, SwitchId};
use serde_json::Value;

use super::{Change, Keys, Observation, Operation, Provider, Read, Readiness, Spec, Switch, SwitchError};
use crate::api::{ApiError, ApiErrorKind, Clients, Google, Pace, names::ServiceName};

/// The kind `cloud_run_invoker`.
pub const PROVIDER: Provider = Provider { kind: "cloud_run_invoker", read };

/// How often a change is tried against others who change the same policy or service.
const TRIES: usize = 6;

/// How the service is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// `allUsers` gets the role `roles/run.invoker`.
    AllUsers,
    /// Cloud Run's invoker check is switched off, for organisations that refuse `allUsers`.
    IamCheck,
}

#[derive(Debug, Clone)]
struct InvokerSpec {
    service: ServiceName,
    gate: Gate,
}

#[derive(Debug)]
struct Invoker {
    id: SwitchId,
    service: ServiceName,
    gate: Gate,
    google: Arc<Google>,
    pace: Pace,
}

/// Both doors as they were read.
#[derive(Debug, Clone)]
struct Doors {
    policy: Value,
    service: Value,
}

fn read(mut keys: Keys<'_>) -> Read {
    let service = keys.required("service", "projects/acme-prod/locations/us-central1/services/resume");
    let gate = keys.choice("gate", &[("all_users", Gate::AllUsers), ("iam_check", Gate::IamCheck)]);
    let spec = service.zip(gate).map(|(service, gate)| InvokerSpec { service, gate });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl Spec for InvokerSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(PROVIDER.kind, self.service.as_str())
    }

    fn role(&self) -> Role {
        Role::Gate
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        let (google, pace) = (clients.google(), clients.pace());
        Arc::new(Invoker { id: self.id(), service: self.service.clone(), gate: self.gate, google, pace })
    }
}

impl Doors {
    fn observed(&self, gate: Gate) -> Observed {
        let members = policy::holds_all_users(&self.policy);
        let unchecked = self.service["invokerIamDisabled"] == true;
        match (gate, members, unchecked) {
            (Gate::AllUsers, true, _) | (Gate::IamCheck, _, true) => Observed::At(Position::Standby),
            (_, false, false) => Observed::At(Position::Primary),
            (Gate::AllUsers, false, true) => Observed::Mixed(
                "allUsers holds no role, but the invoker check is off, so anybody gets in".to_owned(),
            ),
            (Gate::IamCheck, true, false) => Observed::Mixed(
                "the invoker check is on, but allUsers holds roles/run.invoker, so anybody gets in"
                    .to_owned(),
            ),
        }
    }
}

impl Invoker {
    async fn doors(&self) -> Result<Doors, ApiError> {
        let (policy, service) =
            tokio::try_join!(self.google.run_policy(&self.service), self.google.run_service(&self.service))?;
        Ok(Doors { policy, service })
    }

    async fn move_to(&self, position: Position, seen: Option<Arc<Doors>>) -> Result<Change, ApiError> {
        let open = position == Position::Standby;
        let change = match self.gate {
            Gate::AllUsers => self.set_members(open, seen.as_ref().map(|doors| doors.policy.clone())).await?,
            Gate::IamCheck => self.set_check(open, seen.as_ref().map(|doors| doors.service.clone())).await?,
        };
        if !open {
            self.prove_closed(seen).await?;
        }
        Ok(change)
    }

    /// Reads the policy, changes our one member and writes it back on top of what was read, until nobody else came
    /// between. The written policy that comes back is the proof.
    async fn set_members(&self, open: bool, mut seen: Option<Value>) -> Result<Change, ApiError> {
        let mut change = Change::Already;
        let mut conflicts = self.conflicts();
        loop {
            let policy = match seen.take() {
                Some(policy) => policy,
                None => self.google.run_policy(&self.service).await?,
            };
            if policy::holds_all_users(&policy) == open {
                return Ok(change);
            }
            change = Change::Made;
            match self.google.set_run_policy(&self.service, &policy::with_all_users(policy, open)).await {
                Ok(written) if policy::holds_all_users(&written) == open => return Ok(change),
                Ok(_) => return Err(self.unchanged("the policy that came back")),
                Err(error) => pause_after_conflict(error, conflicts.next()).await?,
            }
        }
    }

    async fn set_check(&self, open: bool, mut seen: Option<Value>) -> Result<Change, ApiError> {
        let mut change = Change::Already;
        let mut conflicts = self.conflicts();
        loop {
            let service = match seen.take() {
                Some(service) => service,
                None => self.google.run_service(&self.service).await?,
            };
            if (service["invokerIamDisabled"] == true) == open {
                return Ok(change);
            }
            if change == Change::Made {
                return Err(self.unchanged("the service"));
            }
            match self.google.disable_invoker_check(&self.service, open).await {
                Ok(()) => change = Change::Made,
                Err(error) => pause_after_conflict(error, conflicts.next()).await?,
            }
        }
    }

    /// The pauses between tries that others came in between of.
    fn conflicts(&self) -> impl Iterator<Item = Duration> + use<> {
        self.pace.backoff().with_max_times(TRIES - 1).build()
    }

    fn unchanged(&self, what: &str) -> ApiError {
        let message =
            format!("Cloud Run accepted the change of {}, but {what} does not show it", self.service);
        ApiError { kind: ApiErrorKind::Transient, message }
    }

    /// Our door is closed; makes sure that the other one doesn't let everybody in.
    async fn prove_closed(&self, seen: Option<Arc<Doors>>) -> Result<(), ApiError> {
        let name = self.service.service();
        let region = self.service.location();
        let (open, mend) = match self.gate {
            Gate::AllUsers => {
                let service = match seen {
                    Some(doors) => doors.service.clone(),
                    None => self.google.run_service(&self.service).await?,
                };
                let mend = format!("gcloud run services update {name} --region={region} --invoker-iam-check");
                (service["invokerIamDisabled"] == true, format!("its invoker check is off; run {mend}"))
            }
            Gate::IamCheck => {
                let policy = match seen {
                    Some(doors) => doors.policy.clone(),
                    None => self.google.run_policy(&self.service).await?,
                };
                let mend = format!(
                    "gcloud run services remove-iam-policy-binding {name} --region={region} --member=allUsers \
                     --role=roles/run.invoker"
                );
                (policy::holds_all_users(&policy), format!("allUsers holds roles/run.invoker; run {mend}"))
            }
        };
        if open {
            let message = format!("{} stays open to everybody, because {mend}", self.service);
            return Err(ApiError { kind: ApiErrorKind::Refused, message });
        }
        Ok(())
    }

    async fn write_as_is(&self) -> Result<(), ApiError> {
        let mut conflicts = self.conflicts();
        loop {
            let written = match self.gate {
                Gate::AllUsers => {
                    let policy = policy::at_version_3(self.google.run_policy(&self.service).await?);
                    self.google.set_run_policy(&self.service, &policy).await.map(drop)
                }
                Gate::IamCheck => {
                    let service = self.google.run_service(&self.service).await?;
                    let unchecked = service["invokerIamDisabled"] == true;
                    self.google.disable_invoker_check(&self.service, unchecked).await
                }
            };
            match written {
                Ok(()) => return Ok(()),
                Err(error) => pause_after_conflict(error, conflicts.next()).await?,
            }
        }
    }
}

/// Waits before the next try if somebody else came between and there is a next try.
async fn pause_after_conflict(error: ApiError, pause: Option<Duration>) -> Result<(), ApiError> {
    match pause {
        Some(pause) if error.kind == ApiErrorKind::Conflict => {
            tokio::time::sleep(pause).await;
            Ok(())
        }
        _ => Err(error),
    }
}

#[async_trait]
impl Switch for Invoker {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Gate
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        let doors = self.doors().await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed: doors.observed(self.gate), basis: Some(Arc::new(doors)) })
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        let seen = seen.and_then(|seen| seen.basis?.downcast::<Doors>().ok());
        self.move_to(position, seen).await.map_err(Operation::Set(position).failed(&self.id))
    }

    async fn readiness(&self) -> Result<Readiness, SwitchError> {
        let service = self.google.run_service(&self.service).await;
        service.map(|service| readiness::of(&service)).map_err(Operation::Readiness.failed(&self.id))
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
    }
}
