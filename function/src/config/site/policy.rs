//! What a site's owner decided about its moves.

use std::sync::Arc;

use failover_core::{Approval, Failback, Policy, Role, Roles, RouteOrder};

use super::Urls;
use crate::{clouds::Spec, config::section::Section};

pub(super) fn read(site: &mut Section<'_, '_>, switches: &[Arc<dyn Spec>], urls: &Urls) -> Policy {
    let has_primary_url = urls.primary.is_some();
    Policy {
        order: site.choice(
            "order",
            &[("standby_first", RouteOrder::StandbyFirst), ("together", RouteOrder::Together)],
        ),
        approve: site
            .choice("approve", &[("automatic", Approval::Automatic), ("operator", Approval::Operator)]),
        failback: read_failback(site, has_primary_url),
        cooldown: site.time("cooldown", "10m"),
        moves_per_day: site.number("moves_per_day", 4, 1..=1000),
        drain: site.time("drain", "0s"),
        has_primary_url,
        has_standby_url: urls.standby.is_some(),
        has_public_url: urls.public.is_some(),
        roles: roles(switches),
    }
}

fn read_failback(site: &mut Section<'_, '_>, has_primary_url: bool) -> Failback {
    let automatic = site.choice("failback", &[("manual", false), ("automatic", true)]);
    let well_for = site.some_time("well_for", "30m");
    if !automatic {
        if site.has("well_for") {
            site.notes.problem(
                "well_for",
                "means nothing while failback is \"manual\"",
                "failback = \"automatic\"",
            );
        }
        return Failback::Manual;
    }
    if !has_primary_url && !site.has("primary_url") {
        let reason = "is \"automatic\", but without a primary_url nobody can tell that the primary is well";
        site.notes.problem_with("failback", reason, "manual");
    }
    Failback::Automatic { well_for }
}

fn roles(switches: &[Arc<dyn Spec>]) -> Roles {
    let has = |role| switches.iter().any(|switch| switch.role() == role);
    Roles {
        gate: has(Role::Gate),
        route: has(Role::Route),
        monitor: has(Role::Monitor),
        power: has(Role::Power),
    }
}
