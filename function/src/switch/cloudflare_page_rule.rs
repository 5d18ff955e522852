//! A Cloudflare page rule that redirects visitors to the standby while it is active.

use std::sync::Arc;

use failover_core::{Role, SwitchId};

use crate::api::names::HexId;

use super::{Keys, Provider, Read, Spec};

/// The kind `cloudflare_page_rule`.
pub const PROVIDER: Provider = Provider { kind: "cloudflare_page_rule", read };

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
}
