//! Monitoring is never paused before a visitor's request has been answered by the standby.

use super::{Case, Change, Promise};
use crate::google::monitoring::CHECK_KIND;

/// Judges a check that was switched off.
pub(super) fn judge(case: &Case) {
    let Change { kind, name, before, after, .. } = case.change;
    if *kind != CHECK_KIND || before["disabled"] == true || after["disabled"] != true {
        return;
    }
    let Some(site) = case.world.site(|site| site.seed.check == *name) else { return };
    let name = site.name();
    if !case.world.cloudflare.is_routed(&site) {
        let sentence = format!("monitoring of {name} was paused while its visitors go to the primary");
        case.broken(Promise::PausesOnProof, sentence);
    } else if !case.visitor_served(&site, case.world.promises.routed(name)) {
        let sentence = format!("monitoring of {name} was paused before the standby had answered a visitor");
        case.broken(Promise::PausesOnProof, sentence);
    }
}
