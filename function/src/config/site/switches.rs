//! A site's switches: read by their providers, and no two alike.

use std::sync::Arc;

use failover_core::{Role, SwitchId};
use toml::Table;

use crate::{
    config::section::Section,
    switch::{self, Spec},
};

use super::Seen;

const SWITCH_EXAMPLE: &str = "[[sites.switches]] with kind = \"cloudflare_page_rule\"";

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
    switches
}

fn read_switch(
    site: &mut Section<'_, '_>,
    place: &str,
    table: &Table,
    seen: &mut Seen,
) -> Option<Arc<dyn Spec>> {
    let Some(kind) = table.get("kind").and_then(|kind| kind.as_str()) else {
        let known: Vec<&str> = switch::kinds().collect();
        let reason = format!("is missing; known are {}", known.join(", "));
        site.problem(&format!("{place}.kind"), &reason, "kind = \"cloud_run_invoker\"");
        return None;
    };
    match switch::read(kind, table) {
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
