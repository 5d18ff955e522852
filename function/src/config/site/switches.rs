//! A site's switches: read by their providers, and no two alike.

use std::sync::Arc;

use failover_core::{Role, SwitchId};
use toml::Table;

use crate::{
    clouds::{self, LeadsBy, Spec},
    config::section::Section,
};

use super::{Seen, Site};

const SWITCH_EXAMPLE: &str = "[[sites.switches]] with kind = \"cloudflare_redirect_rule\"";

pub(super) fn read_all(site: &mut Section<'_, '_>, seen: &mut Seen) -> Vec<Arc<dyn Spec>> {
    let tables = site.tables("switches");
    let complete = tables.len();
    let switches: Vec<Arc<dyn Spec>> = tables
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| read_switch(site, &format!("switches[{index}]"), table, seen))
        .collect();
    let routes = switches.iter().any(|switch| switch.role() == Role::Route);
    // One that could not be read may well be the route.
    if !routes && switches.len() == complete {
        site.notes.problem(
            "switches",
            "has none that routes visitors, so nothing could be moved",
            SWITCH_EXAMPLE,
        );
    }
    refuse_beside_a_worker(site, &switches);
    switches
}

/// Where a Worker runs, Cloudflare ignores page rules that forward, and redirect rules run before it; and it gets in where
/// nobody else does.
fn refuse_beside_a_worker(site: &mut Section<'_, '_>, switches: &[Arc<dyn Spec>]) {
    let leads = |wanted: fn(LeadsBy) -> bool| {
        switches.iter().find(|switch| switch.role() == Role::Route && wanted(switch.leads_by()))
    };
    let worker = leads(|by| matches!(by, LeadsBy::Proxy { .. }));
    let redirect = leads(|by| by == LeadsBy::Redirect);
    let gate = switches.iter().find(|switch| switch.role() == Role::Gate);
    if let (Some(worker), Some(gate)) = (worker, gate) {
        let (worker, gate) = (worker.id(), gate.id());
        let reason = format!(
            "has both {worker} and {gate}: behind a Worker, which gets in by a token of its own, the standby stays closed, \
             and this would open it to everybody in an outage"
        );
        site.notes.problem("switches", &reason, &format!("without {}", gate.kind));
    }
    if let (Some(worker), Some(redirect)) = (worker, redirect) {
        let reason = format!(
            "has both {worker} and {redirect}, and one host can't have a Worker and a redirect: a page rule beside a \
             Worker forwards nobody, a redirect rule runs before it",
            worker = worker.id(),
            redirect = redirect.id()
        );
        site.notes.problem("switches", &reason, "one of the two");
    }
}

/// The same across sites: a Worker of one site in front of what visitors of another one type.
pub(super) fn refuse_beside_anothers_worker(root: &mut Section<'_, '_>, sites: &[Site]) {
    for redirected in sites {
        let Some(url) = &redirected.public_url else { continue };
        let is_redirect =
            |switch: &&Arc<dyn Spec>| switch.role() == Role::Route && switch.leads_by() == LeadsBy::Redirect;
        let Some(redirect) = redirected.switches.iter().find(is_redirect) else { continue };
        let others = sites.iter().filter(|site| site.name != redirected.name);
        let mut workers = others.flat_map(|site| site.switches.iter().map(move |switch| (site, switch)));
        if let Some((site, worker)) = workers.find(|(_, switch)| switch.is_in_front_of(url)) {
            let reason = format!(
                "has {redirect}, and {worker} of {site} is in front of {url} too: a page rule beside a Worker forwards \
                 nobody, a redirect rule runs before it",
                redirect = redirect.id(),
                worker = worker.id(),
                site = site.name,
            );
            root.notes.problem(&format!("sites.{}.switches", redirected.name), &reason, "one of the two");
        }
    }
}

fn read_switch(
    site: &mut Section<'_, '_>,
    place: &str,
    table: &Table,
    seen: &mut Seen,
) -> Option<Arc<dyn Spec>> {
    let Some(kind) = table.get("kind").and_then(|kind| kind.as_str()) else {
        let known: Vec<&str> = clouds::kinds().collect();
        let reason = format!("is missing; known are {}", known.join(", "));
        site.notes.problem(&format!("{place}.kind"), &reason, "kind = \"cloud_run_invoker\"");
        return None;
    };
    match clouds::read(kind, table) {
        Ok(switch) => {
            note_twin(site, place, &switch.id(), seen);
            Some(switch)
        }
        Err(problems) => {
            for problem in problems {
                site.notes.problem(&format!("{place}.{}", problem.key), &problem.reason, &problem.example);
            }
            None
        }
    }
}

/// Two switches that name the same thing would pull it both ways.
fn note_twin(site: &mut Section<'_, '_>, place: &str, id: &SwitchId, seen: &mut Seen) {
    let here = site.notes.name_of(place);
    match seen.switches.iter().find(|(other, _)| other == id) {
        Some((_, first)) => {
            site.notes.problem(
                place,
                &format!("names the same thing as {first}, {id}"),
                "one switch a thing",
            );
        }
        None => seen.switches.push((id.clone(), here)),
    }
}
