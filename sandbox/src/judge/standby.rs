//! The standby is never closed while traffic is routed to it.

use serde_json::Value;

use super::{Case, Change, Promise};
use crate::google::run::{POLICY_KIND, SERVICE_KIND};
use crate::sites::site::Site;

/// Judges a service that was closed.
pub(super) fn judge(case: &Case) {
    let Change { kind, name: service, before, .. } = case.change;
    let was_open = match *kind {
        POLICY_KIND => lets_everybody_in(before),
        SERVICE_KIND => before["invokerIamDisabled"] == true,
        _ => return,
    };
    if !was_open || case.world.run.is_granted(service) {
        return;
    }
    let cloudflare = &case.world.cloudflare;
    // A script comes in by a door of its own, which nobody closed.
    let routed = |site: &Site| {
        site.seed.service == *service && cloudflare.is_routed(site) && !cloudflare.is_scripted(site)
    };
    if let Some(site) = case.world.site(routed) {
        let name = site.name();
        let sentence = format!("the standby of {name} was closed while its visitors are routed to it");
        case.broken(Promise::StandbyStaysOpen, sentence);
    }
}

fn lets_everybody_in(policy: &Value) -> bool {
    let bindings = policy["bindings"].as_array().into_iter().flatten();
    bindings.into_iter().any(super::foreign::is_gate)
}
