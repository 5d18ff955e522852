//! A Cloudflare Single Redirect that leads visitors to the standby while it is enabled.

use std::{str::FromStr, sync::Arc};

use failover_core::{Role, SwitchId};

use crate::api::names::HexId;

use super::{Keys, Provider, Read, Spec};

/// The kind `cloudflare_redirect_rule`.
pub const PROVIDER: Provider = Provider { kind: "cloudflare_redirect_rule", read };

#[derive(Debug, Clone)]
struct RedirectRuleSpec {
    zone: HexId,
    reference: Reference,
}

/// A rule's `ref`: its owner's own name for it, which stays when the rule's id changes.
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
}
