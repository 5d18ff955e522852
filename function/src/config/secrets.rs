//! Secrets: from the environment, or from files that it names.

use std::{collections::BTreeMap, sync::Arc};

use crate::{api::Secret, clouds::Spec};

use super::{Environment, Purpose, Site, section::Section};

/// The secrets that the switches can't do without; only looking needs none.
pub(super) fn of_switches(
    root: &mut Section<'_, '_>,
    environment: &Environment,
    sites: &[Site],
) -> BTreeMap<&'static str, Secret> {
    let mut secrets = BTreeMap::new();
    let asked: BTreeMap<&'static str, &Arc<dyn Spec>> = sites
        .iter()
        .flat_map(|site| &site.switches)
        .flat_map(|switch| switch.secrets().iter().map(move |name| (*name, switch)))
        .collect();
    for (name, switch) in asked {
        match read(root, environment, name) {
            Some(secret) => drop(secrets.insert(name, secret)),
            None if environment.purpose == Purpose::Look || root.notes.has_problem(name) => {}
            None => {
                let reason = format!("is not set, but {} needs it", switch.id());
                root.notes.environment_problem(name, &reason, &format!("… or {name}_FILE=/secrets/token"));
            }
        }
    }
    secrets
}

pub(super) fn read(root: &mut Section<'_, '_>, environment: &Environment, name: &str) -> Option<Secret> {
    environment.secret(name).unwrap_or_else(|(variable, reason)| {
        root.notes.environment_problem(&variable, &reason, "…");
        None
    })
}
