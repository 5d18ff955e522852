//! A Cloud Monitoring uptime check, paused while the standby serves.

use std::sync::Arc;

use failover_core::{Role, SwitchId};

use crate::api::names::CheckName;

use super::{Keys, Provider, Read, Spec};

/// The kind `uptime_check`.
pub const PROVIDER: Provider = Provider { kind: "uptime_check", read };

#[derive(Debug, Clone)]
struct UptimeCheckSpec {
    check: CheckName,
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
}
