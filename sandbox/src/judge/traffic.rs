//! Traffic is never moved away from a site that answers to one that doesn't.

use serde_json::Value;

use super::evidence::PATIENCE;
use super::{Case, Change, Promise};
use crate::cloudflare::{
    PAGE_RULE_KIND, RECORD_KIND, REDIRECTS_KIND, STANDBY_SCRIPT, WORKER_ROUTE_KIND, record_id,
    worker_route_id,
};
use crate::sites::site::Site;

/// Judges each site whose visitors are sent elsewhere by this change.
pub(super) fn judge(case: &Case) {
    for site in moved(case) {
        if case.world.cloudflare.is_routed(&site) {
            to_standby(case, &site);
            case.world.promises.note_routed(site.name(), case.position);
        } else {
            to_primary(case, &site);
        }
    }
}

/// Sites for which this rule was switched; one that another rule routes already isn't moved.
fn moved(case: &Case) -> Vec<Site> {
    let cloudflare = &case.world.cloudflare;
    let Change { kind, within: zone, name, before, after } = case.change;
    let sites =
        |fits: &dyn Fn(&Site) -> bool| case.world.sites_where(|site| site.seed.zone == *zone && fits(site));
    match *kind {
        PAGE_RULE_KIND if is_active(before) != is_active(after) => sites(&|site| {
            let redirect = cloudflare.redirect_rule(zone, &site.seed.redirect);
            site.seed.rule == *name && redirect.is_none_or(|rule| rule["enabled"] != true)
        }),
        REDIRECTS_KIND => sites(&|site| {
            let page_rule = cloudflare.page_rule(zone, &site.seed.rule);
            is_enabled(before, site) != is_enabled(after, site)
                && !page_rule.is_some_and(|rule| is_active(&rule))
        }),
        WORKER_ROUTE_KIND if is_standby(before) != is_standby(after) => {
            sites(&|site| worker_route_id(site.name()) == *name)
        }
        RECORD_KIND if before["content"] != after["content"] => {
            sites(&|site| record_id(site.name()) == *name)
        }
        _ => Vec::new(),
    }
}

fn is_standby(route: &Value) -> bool {
    route["script"] == STANDBY_SCRIPT
}

fn is_active(rule: &Value) -> bool {
    rule["status"] == "active"
}

fn is_enabled(ruleset: &Value, site: &Site) -> bool {
    let rules = ruleset["rules"].as_array().into_iter().flatten();
    rules.into_iter().any(|rule| rule["ref"] == site.seed.redirect && rule["enabled"] == true)
}

fn to_standby(case: &Case, site: &Site) {
    let answers = case.world.sites.primary_answers(site, PATIENCE) && !case.public_silent(site);
    if answers && !case.standby_proven(site) {
        let name = site.name();
        let sentence = format!("{name} was routed to a standby that doesn't answer, while its primary does");
        case.broken(Promise::MovesToWhatAnswers, sentence);
    }
}

fn to_primary(case: &Case, site: &Site) {
    if case.world.sites.standby_answers(site, PATIENCE) && !case.primary_proven(site) {
        let name = site.name();
        let sentence = format!("{name} was routed to a primary that doesn't answer, while its standby does");
        case.broken(Promise::MovesToWhatAnswers, sentence);
    }
}
