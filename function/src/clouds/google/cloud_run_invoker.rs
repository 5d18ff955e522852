//! Who may invoke a Cloud Run service: everybody while it stands in, nobody else otherwise.
//!
//! A service has two doors: the members of `roles/run.invoker`, and Cloud Run's invoker check, which lets everybody
//! in where it is off. A switch moves the one that `gate` names; the other one belongs to somebody else. Where that
//! one is open, the service is open although the switch is not: that is seen as mixed, and closing tells it.

pub mod check;
mod doors;
mod moves;
mod policy;
mod readiness;

use std::sync::Arc;

use async_trait::async_trait;
use failover_core::{Position, Role, SwitchId};
use jiff::Timestamp;

use crate::{
    api::{ApiError, ApiErrorKind, Pace},
    clouds::{
        Change, Checked, Clients, Keys, Observation, Operation, Provider, Read, Readiness, Situation, Spec,
        Switch, SwitchError,
        google::{Google, names::ServiceName},
        missing,
    },
};
use doors::Doors;

/// The kind `cloud_run_invoker`.
pub const PROVIDER: Provider = Provider {
    kind: "cloud_run_invoker",
    cloud: super::CLOUD,
    called: "the door of the service {name}",
    read,
};

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

/// The constraint that restricts whom policies may name.
const DOMAINS: &str = "iam.allowedPolicyMemberDomains";

impl Gate {
    /// What moving it takes on the service.
    fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::AllUsers => &["run.services.get", "run.services.getIamPolicy", "run.services.setIamPolicy"],
            Self::IamCheck => &[
                "run.services.get",
                "run.services.getIamPolicy",
                "run.services.setIamPolicy",
                "run.services.update",
            ],
        }
    }
}

impl Invoker {
    /// An update of the service is answered with an operation, which belongs to the project.
    async fn check_operations(&self, situation: &Situation, checked: &mut Checked) {
        const NEEDED: [&str; 1] = ["run.operations.get"];
        if self.gate != Gate::IamCheck {
            return;
        }
        let held = self.google.access().project_permissions(self.service.project(), &NEEDED).await;
        if checked.look(held).is_some_and(|held| !missing(&NEEDED, &held).is_empty()) {
            checked.problem(check::blind_to_operations(&self.service, &situation.member));
        }
    }

    /// Few may read what an organisation refuses, which is no fault of the deployment. Who got no answer knows nothing.
    async fn check_organisation(&self, checked: &mut Checked) {
        let name = &self.service;
        match self.google.access().organisation_policy(name.project(), DOMAINS).await {
            Ok(Some(policy)) => {
                checked.seen += 1;
                checked.extend(check::of_organisation(&policy, name));
            }
            Err(error) if !matches!(error.kind, ApiErrorKind::Denied | ApiErrorKind::Missing) => {
                checked.blind(error.message);
            }
            Ok(None) | Err(_) => checked.note(format!(
                "whether an organisation policy refuses allUsers ({DOMAINS}) may not be read; a rehearsal proves it"
            )),
        }
    }
}

fn unseen(mut checked: Checked, error: &ApiError, mend: String) -> Checked {
    checked.unseen(error, mend);
    checked
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

#[async_trait]
impl Switch for Invoker {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Gate
    }

    fn reads_first(&self) -> bool {
        true
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
        let service = self.google.run().run_service(&self.service).await;
        service.map(|service| readiness::of(&service)).map_err(Operation::Readiness.failed(&self.id))
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let (name, needed) = (&self.service, self.gate.permissions());
        let (held, service, doors) = tokio::join!(
            self.google.run().run_permissions(name, needed),
            self.google.run().run_service(name),
            self.doors()
        );
        let lacking = checked.look(held).map(|held| missing(needed, &held)).unwrap_or_default();
        checked.extend(check::of_permissions(&lacking, name, &situation.member));
        let told = |error: &ApiError| !lacking.is_empty() && error.kind == ApiErrorKind::Denied;
        self.check_operations(situation, &mut checked).await;
        let services = format!("gcloud run services list --project {}", name.project());
        match service {
            Ok(service) => {
                checked.seen += 1;
                checked.extend(check::of_service(&service, name));
            }
            Err(error) if told(&error) => {}
            Err(error) => return unseen(checked, &error, services),
        }
        match doors {
            Ok(doors) => {
                checked.seen += 1;
                checked.extend(check::of_door(&doors.observed(self.gate), name, situation));
            }
            Err(error) if told(&error) => {}
            Err(error) => checked.unseen(&error, services),
        }
        if self.gate == Gate::AllUsers {
            self.check_organisation(&mut checked).await;
        }
        checked
    }

    async fn requests_since(&self, since: Timestamp) -> Result<Option<u64>, SwitchError> {
        let requests = self.google.run().run_requests(&self.service, since, Timestamp::now()).await;
        requests.map(Some).map_err(Operation::Observe.failed(&self.id))
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
    }
}
