//! A site's places: what visitors type, where the standby answers, and the way to the primary past the redirect.

use std::sync::Arc;

use failover_core::Role;
use url::Url;

use crate::{
    clouds::{LeadsBy, Spec},
    config::{
        address::{SiteUrl, same_origin},
        section::Section,
    },
    host::HostPort,
};

/// The places of a site.
#[derive(Default)]
pub(super) struct Urls {
    pub(super) public: Option<Url>,
    pub(super) standby: Option<Url>,
    pub(super) primary: Option<Url>,
    pub(super) connect: Option<HostPort>,
}

const PUBLIC_EXAMPLE: &str = "https://www.example.com/";
const STANDBY_EXAMPLE: &str = "https://standby.example.com/";
const PRIMARY_EXAMPLE: &str = "https://origin.example.com/";

pub(super) fn read(site: &mut Section<'_, '_>, switches: &[Arc<dyn Spec>]) -> Urls {
    let public = read_public(site, switches);
    let standby = site.optional::<SiteUrl>("standby_url", STANDBY_EXAMPLE).map(|url| url.0);
    let primary = site.optional::<SiteUrl>("primary_url", PRIMARY_EXAMPLE).map(|url| url.0);
    let connect = site.optional::<HostPort>("primary_connect", "203.0.113.7:443");
    let mut urls = Urls { public, standby, primary, connect };
    check_standby(site, &urls, switches);
    check_primary(site, &mut urls);
    urls
}

/// May be left out where nothing but an address moves: who has it is seen without asking.
fn read_public(site: &mut Section<'_, '_>, switches: &[Arc<dyn Spec>]) -> Option<Url> {
    let needed = switches.iter().find(|switch| !switch.serves_without_visitors());
    let public = if switches.is_empty() || needed.is_some() {
        site.required::<SiteUrl>("public_url", PUBLIC_EXAMPLE)
    } else {
        site.optional::<SiteUrl>("public_url", "tcp://10.0.0.250:1972")
    };
    public.map(|url| url.0)
}

fn check_standby(site: &mut Section<'_, '_>, urls: &Urls, switches: &[Arc<dyn Spec>]) {
    let asking = switches.iter().find(|switch| switch.needs_standby_url());
    if let (Some(switch), false) = (asking, site.has("standby_url")) {
        let reason = format!("is missing, but {} leads visitors to it", switch.id());
        site.notes.problem_with("standby_url", &reason, STANDBY_EXAMPLE);
    }
    let (Some(public), Some(_)) = (&urls.public, asking) else { return };
    let route = switches.iter().find(|switch| switch.role() == Role::Route && switch.needs_standby_url());
    let speaks_http = route.and_then(|route| match route.leads_by() {
        LeadsBy::Redirect => Some((route, "redirects HTTP")),
        LeadsBy::Proxy { .. } => Some((route, "answers HTTP")),
        LeadsBy::Name | LeadsBy::Address => None,
    });
    if let (Some((route, how)), "tcp") = (speaks_http, public.scheme()) {
        let reason = format!("is a tcp:// address, but {} {how}", route.id());
        site.notes.problem_with("public_url", &reason, PUBLIC_EXAMPLE);
    }
    if route.is_some() && urls.standby.as_ref().is_some_and(|standby| same_origin(standby, public)) {
        let reason = "is where public_url is, so nobody could tell who answered";
        site.notes.problem_with("standby_url", reason, STANDBY_EXAMPLE);
    }
}

/// `primary_url` is a second host, or the public URL with `primary_connect`, or absent.
fn check_primary(site: &mut Section<'_, '_>, urls: &mut Urls) {
    let Some(public) = urls.public.clone() else { return };
    let primary = match (&urls.primary, &urls.connect) {
        (None, None) => return,
        (None, Some(_)) if site.has("primary_url") => return,
        (None, Some(_)) => urls.primary.insert(public.clone()),
        (Some(primary), _) => primary,
    };
    match (same_origin(primary, &public), site.has("primary_connect")) {
        (true, false) => {
            let reason = "is what visitors type, which leads to the standby after a failover; give a second host \
                          name, or add primary_connect";
            site.notes.problem_with("primary_url", reason, PRIMARY_EXAMPLE);
        }
        (false, true) => {
            let reason = "belongs to a primary_url that is the public_url; this one has a host of its own";
            site.notes.problem("primary_connect", reason, "without primary_connect");
        }
        _ => {}
    }
}
