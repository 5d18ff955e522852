//! Monitoring is never paused before a visitor's request has been answered by the standby.

use super::{Case, Change, Promise};

/// Judges a check that was switched off.
pub(super) fn judge(case: &Case) {
    let Change::Check { check, before, after } = case.change else { return };
    if before["disabled"] == true || after["disabled"] != true {
        return;
    }
    let Some(site) = case.world.site(|site| site.seed.check == *check) else { return };
    let name = site.name();
    if !case.world.cloudflare.is_routed(&site) {
        let sentence = format!("monitoring of {name} was paused while its visitors go to the primary");
        case.broken(Promise::PausesOnProof, sentence);
    } else if !case.visitor_served(&site, case.world.promises.routed(name)) {
        let sentence = format!("monitoring of {name} was paused before the standby had answered a visitor");
        case.broken(Promise::PausesOnProof, sentence);
    }
}
