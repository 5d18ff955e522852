//! Cloudflare's edge in front of every site: applies the zone's rules, runs its scripts, else asks whoever the record names.
//! Visitors and probes come here. It keeps no rules of its own: it asks Cloudflare's state. Where a record isn't proxied,
//! or the zone is paused or gone, visitors come to the origin itself.

mod settings;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub use self::settings::{Block, Settings};
use super::visit::Visit;
use super::{Arrival, Cloudflare, Led, Location};
pub use super::{GATE_SCRIPT, STANDBY_SCRIPT};
use crate::frame::call::{Call, Delivery, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::sites::site::Site;
use crate::sites::{Power, Sites};

/// The edges of all sites.
#[derive(Debug)]
pub struct Edge {
    cloudflare: Arc<Cloudflare>,
    sites: Arc<Sites>,
    /// How each is set, by the site's name.
    settings: Mutex<HashMap<String, Settings>>,
}

impl Edge {
    /// Goes by what `cloudflare` was told, and asks `sites`.
    pub(crate) fn new(cloudflare: Arc<Cloudflare>, sites: Arc<Sites>) -> Self {
        Self { cloudflare, sites, settings: Mutex::default() }
    }

    /// How this site's edge is set.
    pub fn settings(&self, site: &str) -> Settings {
        lock(&self.settings).get(site).cloned().unwrap_or_default()
    }

    /// Changes how this site's edge is set.
    pub fn set(&self, site: &str, change: impl FnOnce(&mut Settings)) {
        change(lock(&self.settings).entry(site.to_owned()).or_default());
    }
}

impl Provider for Edge {
    fn operation(&self, _call: &Call) -> &'static str {
        "edge.visit"
    }

    fn answer(&self, call: &Call) -> Reply {
        let Some(site) = self.sites.find(|site| site.edge == call.local) else {
            return labelled(Reply::html(409, "error code: 1001\n"));
        };
        // A name without a record leads nobody anywhere.
        let Some(arrival) = self.cloudflare.arrival(&site) else { return Reply::reset() };
        let visit = Visited { edge: self, site: &site, call, settings: self.settings(site.name()), arrival };
        if visit.arrival.at_edge { labelled(visit.through()) } else { visit.past() }
    }

    fn refusal(&self, status: u16) -> Reply {
        labelled(error(status))
    }

    fn kind(&self, _operation: &str, _call: &Call) -> Kind {
        Kind::Visit
    }
}

/// One visit and all it depends on.
struct Visited<'a> {
    edge: &'a Edge,
    site: &'a Site,
    call: &'a Call,
    settings: Settings,
    arrival: Arrival,
}

impl Visited<'_> {
    /// The way through the edge.
    fn through(&self) -> Reply {
        if let Some(reply) = self.settings.barrier() {
            return reply;
        }
        let zone = &self.site.seed.zone;
        match self.edge.cloudflare.led(zone, &Visit::of(self.call), Instant::now()) {
            Led::Away(location) => redirect(&location, &self.settings),
            Led::Script(script) => self.run(&script),
            Led::Home => self.home(),
        }
    }

    /// What the edge has of the origin, kept or asked for.
    fn home(&self) -> Reply {
        if let Some(reply) = self.settings.elsewhere(self.call) {
            return reply;
        }
        if let Some(status) = &self.settings.cached {
            let page = Reply::html(200, format!("<h1>{}</h1><p>From the cache.</p>\n", self.site.name()));
            return page.header("cf-cache-status", status).header("age", "60");
        }
        let how = (self.settings.caching, self.settings.cache_lives);
        self.edge.sites.cache.answer(how, self.call, || self.origin())
    }

    /// What the edge gets from the address in the record.
    fn origin(&self) -> Reply {
        if let Some(page) = self.settings.origin(&self.arrival.content) {
            return page.reply();
        }
        let reply = match self.power() {
            Power::Off => error(521),
            Power::Dark => error(522).after(self.settings.origin_timeout),
            _ => self.page(),
        };
        let late = matches!(reply.delivery, Delivery::After(delay) if delay > self.settings.origin_timeout);
        if late { error(522).after(self.settings.origin_timeout) } else { reply }
    }

    /// The way past the edge: whatever is at the address, without a trace of Cloudflare.
    fn past(&self) -> Reply {
        match self.settings.origin(&self.arrival.content) {
            Some(page) => page.reply(),
            None => self.page(),
        }
    }

    fn power(&self) -> Power {
        if self.arrival.at_standby {
            self.edge.sites.pages.standby(self.site.name())
        } else {
            self.edge.sites.primary_power(self.site)
        }
    }

    fn page(&self) -> Reply {
        if self.arrival.at_standby {
            self.edge.sites.standby_origin(self.site, self.call)
        } else {
            self.edge.sites.primary_page(self.site, self.call)
        }
    }
}

fn redirect(location: &Location, settings: &Settings) -> Reply {
    let reply = Reply::empty(location.status).header("location", location.url.as_str());
    settings.redirect_cache_control.iter().fold(reply, |reply, value| reply.header("cache-control", value))
}

fn error(status: u16) -> Reply {
    Reply::html(status, format!("<title>Error {status}</title>error code: {status}\n"))
}

fn labelled(reply: Reply) -> Reply {
    let ray = format!("{:016x}-FRA", rand::random::<u64>());
    reply.header("server", "cloudflare").header("cf-ray", ray)
}

#[cfg(test)]
mod tests;
