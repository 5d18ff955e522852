//! A site's switches: read by their providers, and no two alike.

use std::sync::Arc;

use failover_core::{Role, SwitchId};
use toml::Table;

use crate::{
    clouds::{self, LeadsBy, Spec},
    config::section::Section,
};

use super::Seen;

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
        site.problem("switches", "has none that routes visitors, so nothing could be moved", SWITCH_EXAMPLE);
    }
    refuse_beside_a_worker(site, &switches);
    switches
}

/// Where a Worker runs, Cloudflare ignores page rules that forward, and redirect rules run before it.
fn refuse_beside_a_worker(site: &mut Section<'_, '_>, switches: &[Arc<dyn Spec>]) {
    let leads = |wanted: fn(LeadsBy) -> bool| {
        switches.iter().find(|switch| switch.role() == Role::Route && wanted(switch.leads_by()))
    };
    let worker = leads(|by| matches!(by, LeadsBy::Proxy { .. }));
    let redirect = leads(|by| by == LeadsBy::Redirect);
    if let (Some(worker), Some(redirect)) = (worker, redirect) {
        let reason = format!(
            "has both {worker} and {redirect}, and one host can't have a Worker and a redirect: a page rule beside a \
             Worker forwards nobody, a redirect rule runs before it",
            worker = worker.id(),
            redirect = redirect.id()
        );
        site.problem("switches", &reason, "one of the two");
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
        site.problem(&format!("{place}.kind"), &reason, "kind = \"cloud_run_invoker\"");
        return None;
    };
    match clouds::read(kind, table) {
        Ok(switch) => {
            note_twin(site, place, &switch.id(), seen);
            Some(switch)
        }
        Err(problems) => {
            for problem in problems {
                site.problem(&format!("{place}.{}", problem.key), &problem.reason, &problem.example);
            }
            None
        }
    }
}

/// Two switches that name the same thing would pull it both ways.
fn note_twin(site: &mut Section<'_, '_>, place: &str, id: &SwitchId, seen: &mut Seen) {
    let here = site.name_of(place);
    match seen.switches.iter().find(|(other, _)| other == id) {
        Some((_, first)) => {
            site.problem(place, &format!("names the same thing as {first}, {id}"), "one switch a thing");
        }
        None => seen.switches.push((id.clone(), here)),
    }
}
