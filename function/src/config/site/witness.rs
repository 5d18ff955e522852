//! `served_by`: how an answer says which place gave it, where the origin can't tell.

use std::{str::FromStr, sync::Arc};

use failover_core::Role;
use http::HeaderName;
use url::Url;

use crate::{
    clouds::{LeadsBy, Spec},
    config::section::Section,
    probe::{ServedBy, Witness},
};

const EXAMPLE: &str = r#"served_by = { header = "x-served-by", primary = "home", standby = "cloud" }"#;

pub(super) fn read(site: &mut Section<'_, '_>, public: Option<&Url>, switches: &[Arc<dyn Spec>]) -> Witness {
    let routes = || switches.iter().filter(|switch| switch.role() == Role::Route);
    let by_name = routes().find(|route| route.leads_by() == LeadsBy::Name);
    let by_address = routes().any(|route| route.leads_by() == LeadsBy::Address);
    let gate = routes().find_map(|route| match route.leads_by() {
        LeadsBy::Proxy { always } => Some(always),
        _ => None,
    });
    let speaks_http = public.is_some_and(|url| url.scheme() != "tcp");
    let given = site.has("served_by");
    let served_by = site.section("served_by", read_served_by).flatten();
    if given && by_name.is_none() && !by_address && !switches.is_empty() {
        let reason = match gate {
            Some(_) => "is for the gate to say where a Worker is in front of the site",
            None => "means nothing where visitors are redirected to the standby's own URL",
        };
        site.notes.problem("served_by", reason, "without served_by");
    } else if given && !speaks_http && (public.is_some() || !site.has("public_url")) {
        let reason = "is a header, and this site has no public_url that speaks HTTP";
        site.notes.problem("served_by", reason, "without served_by");
    }
    if let (Some(route), true, false) = (by_name, speaks_http, given) {
        let reason = format!(
            "is missing, but {} leads one host name to both places, so an answer has to say who gave it",
            route.id()
        );
        site.notes.problem("served_by", &reason, EXAMPLE);
    }
    match served_by {
        Some(served_by) => Witness::Header(served_by),
        None if gate.is_some() => Witness::Header(ServedBy::gate(gate == Some(true))),
        None if by_address => Witness::Switches,
        None => Witness::Origin,
    }
}

fn read_served_by(table: &mut Section<'_, '_>) -> Option<ServedBy> {
    let header = table.required::<Header>("header", "x-served-by").map(|header| header.0);
    let primary = table.required::<Word>("primary", "home").map(|word| word.0);
    let standby = table.required::<Word>("standby", "cloud").map(|word| word.0);
    if primary.is_some() && primary == standby {
        table.notes.problem_with(
            "standby",
            "is what the primary says too, so nobody could tell who answered",
            "cloud",
        );
    }
    Some(ServedBy { header: header?, primary: primary?, standby: standby?, by_gate: false, bridged: false })
}

struct Header(HeaderName);

impl FromStr for Header {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "is no name of a header")
    }
}

/// A header's value, as it is compared: without the spaces around it.
struct Word(String);

impl FromStr for Word {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim();
        if word.is_empty() { Err("is empty") } else { Ok(Self(word.to_owned())) }
    }
}
