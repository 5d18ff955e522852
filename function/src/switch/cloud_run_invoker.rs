//! Who may invoke a Cloud Run service: everybody while it stands in, nobody else otherwise.

use std::sync::Arc;

use failover_core::{Role, SwitchId};

use crate::api::names::ServiceName;

use super::{Keys, Provider, Read, Spec};

/// The kind `cloud_run_invoker`.
pub const PROVIDER: Provider = Provider { kind: "cloud_run_invoker", read };

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
}
