//! Cloudflare's API, `/client/v4`: page rules, redirect rules, DNS records, routes of Workers, tokens.
//!
//! Asked by the function; the edge asks it which rules apply. It refuses what the real one refuses, and
//! where the documentation promises nothing, it takes the less comfortable reading.

pub mod access;
mod arrival;
mod dns;
pub mod edge;
mod edits;
mod envelope;
mod language;
mod page_rule_check;
mod page_rules;
mod redirect;
mod redirect_check;
mod routes;
mod rulesets;
mod scripts;
mod summary;
pub mod throttle;
pub mod visit;
mod wildcard;
mod workers;
mod zone;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use self::access::{Asked, Token};
pub use self::arrival::Arrival;
use self::envelope::CloudflareRefusal;
pub use self::redirect::{Led, Location};
use self::routes::{Does, ROUTES};
use self::scripts::Scripts;
pub use self::scripts::{GATE_SCRIPT, STANDBY_SCRIPT};
use self::summary::summary;
pub use self::throttle::Limit;
use self::throttle::Throttle;
use self::visit::Visit;
use self::zone::{Object, Zone};
pub use self::zone::{record_id, worker_route_id};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::frame::routes::Route;
use crate::sites::site::Site;

/// The account that all zones belong to.
pub const ACCOUNT: &str = "01a7362d577a6c3019a474fd6f485823";

/// The address of every site's primary, as its DNS record begins, and that of its standby.
pub const PRIMARY_CONTENT: &str = "203.0.113.7";
/// See [`PRIMARY_CONTENT`].
pub const STANDBY_CONTENT: &str = "198.51.100.7";

/// Changes of a page rule.
pub(crate) const PAGE_RULE_KIND: &str = "cloudflare.page_rule";
/// Changes of a zone's redirect rules, named after the phase.
pub(crate) const REDIRECTS_KIND: &str = "cloudflare.redirects";
/// Changes of a DNS record.
pub(crate) const RECORD_KIND: &str = "cloudflare.dns_record";
/// Changes of a route of Workers.
pub(crate) const WORKER_ROUTE_KIND: &str = "cloudflare.worker_route";

/// Cloudflare, as far as it can be asked and told.
#[derive(Debug)]
pub struct Cloudflare {
    /// What somebody at the dashboard changes.
    pub edits: Edits,
    state: Arc<Mutex<CloudflareState>>,
}

/// What is changed behind everybody's back, as somebody at the dashboard would.
#[derive(Debug)]
pub struct Edits {
    state: Arc<Mutex<CloudflareState>>,
}

#[derive(Debug)]
struct CloudflareState {
    tokens: Vec<Token>,
    throttle: Throttle,
    zones: Vec<Zone>,
    /// How long a rule takes to reach the edge.
    spread: Duration,
    scripts: Scripts,
}

impl Cloudflare {
    /// An account that knows this one token and no zone.
    pub fn new(token: Token) -> Self {
        let state = Arc::new(Mutex::new(CloudflareState {
            tokens: vec![token],
            throttle: Throttle::default(),
            zones: Vec::new(),
            spread: Duration::ZERO,
            scripts: Scripts::default(),
        }));
        Self { edits: Edits { state: Arc::clone(&state) }, state }
    }

    /// Adds a site's rules to its zone.
    pub(crate) fn seed(&self, site: &Site) {
        let mut state = lock(&self.state);
        let id = &site.seed.zone;
        if !state.zones.iter().any(|zone| zone.id == *id) {
            let name = format!("{}.test", state.zones.len());
            state.zones.push(Zone::new(id, &name));
        }
        state.zones.iter_mut().filter(|zone| zone.id == *id).for_each(|zone| zone.seed(site));
        state.scripts.seed(site);
    }

    /// From now on exactly these tokens are known.
    pub fn set_tokens(&self, tokens: Vec<Token>) {
        lock(&self.state).tokens = tokens;
    }

    /// Sets the rate limit and begins to count anew.
    pub fn set_limit(&self, limit: Limit) {
        lock(&self.state).throttle.set(limit);
    }

    /// How long rules take to reach the edge from now on; "a few seconds" in the documentation.
    pub fn set_spread(&self, spread: Duration) {
        lock(&self.state).spread = spread;
    }

    /// Whether this site's DNS record is the standby's, so that the edge asks that one.
    pub fn is_named(&self, site: &Site) -> bool {
        let id = record_id(site.name());
        let leads = |zone: &mut Zone| {
            let record = zone.records.iter().find(|record| record["id"] == id)?;
            Some(zone.is_standby(record["content"].as_str().unwrap_or_default()))
        };
        self.look(&site.seed.zone, leads).unwrap_or_default()
    }

    /// Whether a rule that is switched on, spread or not, or the DNS record leads this site's visitors to its standby.
    pub fn is_routed(&self, site: &Site) -> bool {
        let seed = &site.seed;
        let page_rule = self.page_rule(&seed.zone, &seed.rule);
        let redirect = self.redirect_rule(&seed.zone, &seed.redirect);
        page_rule.is_some_and(|rule| rule["status"] == "active")
            || redirect.is_some_and(|rule| rule["enabled"] == true)
            || self.is_named(site)
            || self.is_scripted(site)
    }

    /// Whether the script on this site's route leads every visitor to the standby, which stays closed to everybody else.
    pub fn is_scripted(&self, site: &Site) -> bool {
        let route = self.worker_route(&site.seed.zone, &worker_route_id(site.name()));
        route.is_some_and(|route| route["script"] == STANDBY_SCRIPT)
    }

    /// Where somebody who types this site's name arrives; nowhere without a record.
    pub(crate) fn arrival(&self, site: &Site) -> Option<Arrival> {
        self.look(&site.seed.zone, |zone| zone.arrival(site.name()))
    }

    /// What becomes of a visit at the edge of this zone.
    pub(crate) fn led(&self, zone: &str, visit: &Visit, now: Instant) -> Led {
        let mut state = lock(&self.state);
        let spread = state.spread;
        let zone = state.zones.iter_mut().find(|known| known.id == zone);
        zone.map_or(Led::Home, |zone| redirect::led(&zone.applied(now, spread), visit))
    }

    fn look<T>(&self, zone: &str, look: impl FnOnce(&mut Zone) -> Option<T>) -> Option<T> {
        lock(&self.state).look(zone, look)
    }
}

impl CloudflareState {
    fn look<T>(&mut self, zone: &str, look: impl FnOnce(&mut Zone) -> Option<T>) -> Option<T> {
        self.zones.iter_mut().find(|known| known.id == zone).and_then(look)
    }

    fn settle(&mut self, asked: &Asked) -> Result<Reply, CloudflareRefusal> {
        self.throttle.admit(asked.now)?;
        match ROUTES.find(asked.call) {
            Some((Route { does: Does::All(does), .. }, names)) => does(self, asked, &names),
            Some((Route { does: Does::Zonal(permission, does), .. }, names)) => {
                access::token(&self.tokens, asked.call)?.permits(*permission, &names[0])?;
                let zone = self.zones.iter_mut().find(|zone| zone.id == names[0]);
                // Somebody else's zone looks the same as none.
                let missing =
                    || CloudflareRefusal::new(403, 9109, "Unauthorized to access requested resource");
                does(zone.ok_or_else(missing)?, asked, &self.scripts, &names)
            }
            None => {
                access::token(&self.tokens, asked.call)?;
                Err(CloudflareRefusal::no_route(asked.call.path.trim_start_matches("/client/v4")))
            }
        }
    }

    fn scripts_of(&self, call: &Call, account: &str) -> Result<&Scripts, CloudflareRefusal> {
        let token = access::token(&self.tokens, call)?;
        token.permits_in_account(access::Permission::WorkersScriptsRead)?;
        if account == ACCOUNT {
            Ok(&self.scripts)
        } else {
            Err(CloudflareRefusal::new(403, 10000, "Authentication error"))
        }
    }

    fn list_zones(&self, call: &Call) -> Result<Reply, CloudflareRefusal> {
        let token = access::token(&self.tokens, call)?;
        let visible = |zone: &&Zone| token.permits(access::Permission::ZoneRead, &zone.id).is_ok();
        let named = |zone: &&Zone| call.query("name").is_none_or(|name| zone.name == name);
        let found: Vec<_> = self.zones.iter().filter(visible).filter(named).map(summary).collect();
        envelope::paged(call, &found, 20, 5..=50)
    }
}

/// The body, which must be a JSON object.
fn body(call: &Call) -> Result<Object, CloudflareRefusal> {
    match call.json() {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(CloudflareRefusal::new(400, 6007, "Malformed JSON in request body")),
    }
}

impl Provider for Cloudflare {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        let now = Instant::now();
        let (settled, label) = {
            let mut state = lock(&self.state);
            let settled = state.settle(&Asked { call, now });
            (settled, state.throttle.label(Reply::default(), now).headers)
        };
        let mut reply = settled.unwrap_or_else(Reply::from);
        reply.headers.extend(label);
        reply
    }

    fn refusal(&self, status: u16) -> Reply {
        CloudflareRefusal::of_status(status).into()
    }

    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        ROUTES.kind(call)
    }
}

#[cfg(test)]
mod tests;
