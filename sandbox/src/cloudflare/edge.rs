//! Cloudflare's edge in front of every site: applies the zone's rules, runs its scripts, else asks whoever the record names.
//! Visitors and probes come here. It keeps no rules of its own: it asks Cloudflare's state. Where a record isn't proxied,
//! or the zone is paused or gone, visitors come to the origin itself.

mod settings;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub use self::settings::{Block, Settings};
use self::worker::Workers;
pub use self::worker::{GATE_SCRIPT, STANDBY_SCRIPT, Worker};
use crate::cloudflare::visit::Visit;
use crate::cloudflare::{Arrival, Led, Location};
use crate::frame::call::{Call, Delivery, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::sites::site::Site;
use crate::sites::{Power, primary_page, standby_origin};
use crate::world::World;

/// The edges of all sites, by the site's name, and what runs there.
#[derive(Debug, Default)]
pub struct Edge {
    settings: Mutex<HashMap<String, Settings>>,
    workers: Workers,
}

impl Edge {
    /// How this site's edge is set.
    pub fn settings(&self, site: &str) -> Settings {
        lock(&self.settings).get(site).cloned().unwrap_or_default()
    }

    /// Changes how this site's edge is set.
    pub fn set(&self, site: &str, change: impl FnOnce(&mut Settings)) {
        change(lock(&self.settings).entry(site.to_owned()).or_default());
    }

    /// Deploys a script, or another version of it.
    pub fn deploy(&self, script: &str, worker: Arc<dyn Worker>) {
        self.workers.deploy(script, worker);
    }

    /// Whether a script of this name is deployed.
    pub(crate) fn has_script(&self, script: &str) -> bool {
        self.workers.knows(script)
    }
}

impl Provider for Edge {
    fn operation(&self, _call: &Call) -> &'static str {
        "edge.visit"
    }

    fn answer(&self, world: &World, call: &Call) -> Reply {
        let Some(site) = world.site(|site| site.edge == call.local) else {
            return labelled(Reply::html(409, "error code: 1001\n"));
        };
        // A name without a record leads nobody anywhere.
        let Some(arrival) = world.cloudflare.arrival(&site) else { return Reply::reset() };
        let visit = Visited { world, site: &site, call, settings: self.settings(site.name()), arrival };
        if visit.arrival.at_edge { labelled(visit.through(&self.workers)) } else { visit.past() }
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
    world: &'a World,
    site: &'a Site,
    call: &'a Call,
    settings: Settings,
    arrival: Arrival,
}

impl Visited<'_> {
    /// The way through the edge.
    fn through(&self, workers: &Workers) -> Reply {
        if let Some(reply) = self.settings.barrier() {
            return reply;
        }
        let zone = &self.site.seed.zone;
        match self.world.cloudflare.led(zone, &Visit::of(self.call), Instant::now()) {
            Led::Away(location) => redirect(&location, &self.settings),
            Led::Script(script) => match workers.find(&script) {
                Some(worker) => worker.fetch(self.world, self.site, self.call, &|| self.home()),
                None => Reply::html(500, "<title>Error 1101</title>error code: 1101\n"),
            },
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
        self.world.cache.answer(how, self.call, || self.origin())
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
            self.world.sites.standby(self.site.name())
        } else {
            self.world.primary_power(self.site)
        }
    }

    fn page(&self) -> Reply {
        if self.arrival.at_standby {
            standby_origin(self.world, self.site, self.call)
        } else {
            primary_page(self.world, self.site, self.call)
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
