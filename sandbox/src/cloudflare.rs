//! Cloudflare's API, `/client/v4`: page rules, redirect rules, DNS records, tokens.
//!
//! Asked by the function; the edge asks it which rules apply. It refuses what the real one refuses, and
//! where the documentation promises nothing, it takes the less comfortable reading.

pub mod access;
mod dns;
mod envelope;
mod language;
mod page_rule_check;
mod page_rules;
mod redirect;
mod redirect_check;
mod route;
mod rulesets;
pub mod throttle;
pub mod visit;
mod wildcard;
mod zone;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::access::{Asked, Token};
use self::envelope::Refusal;
pub use self::redirect::Location;
use self::route::{Route, Zonal};
pub use self::throttle::Limit;
use self::throttle::Throttle;
use self::visit::Visit;
pub use self::zone::record_id;
use self::zone::{Object, Zone};
use crate::call::{Call, Reply};
use crate::lock::lock;
use crate::promises::Change;
use crate::provider::Provider;
use crate::site::Site;
use crate::world::World;

/// The account that all zones belong to.
pub const ACCOUNT: &str = "01a7362d577a6c3019a474fd6f485823";

/// The address of every site's primary, as its DNS record begins, and that of its standby.
pub const PRIMARY_CONTENT: &str = "203.0.113.7";
/// See [`PRIMARY_CONTENT`].
pub const STANDBY_CONTENT: &str = "198.51.100.7";

/// Cloudflare, as far as it can be asked and told.
#[derive(Debug)]
pub struct Cloudflare(Mutex<State>);

#[derive(Debug)]
struct State {
    tokens: Vec<Token>,
    throttle: Throttle,
    zones: Vec<Zone>,
    /// How long a rule takes to reach the edge.
    spread: Duration,
}

impl Cloudflare {
    /// An account that knows this one token and no zone.
    pub fn new(token: Token) -> Self {
        let throttle = Throttle::default();
        Self(Mutex::new(State { tokens: vec![token], throttle, zones: Vec::new(), spread: Duration::ZERO }))
    }

    /// Adds a site's rules to its zone.
    pub(crate) fn seed(&self, site: &Site) {
        let mut state = lock(&self.0);
        let id = &site.seed.zone;
        if !state.zones.iter().any(|zone| zone.id == *id) {
            let name = format!("{}.test", state.zones.len());
            state.zones.push(Zone::new(id, &name));
        }
        state.zones.iter_mut().filter(|zone| zone.id == *id).for_each(|zone| zone.seed(site));
    }

    /// From now on exactly these tokens are known.
    pub fn set_tokens(&self, tokens: Vec<Token>) {
        lock(&self.0).tokens = tokens;
    }

    /// Sets the rate limit and begins to count anew.
    pub fn set_limit(&self, limit: Limit) {
        lock(&self.0).throttle.set(limit);
    }

    /// How long rules take to reach the edge from now on; "a few seconds" in the documentation.
    pub fn set_spread(&self, spread: Duration) {
        lock(&self.0).spread = spread;
    }

    /// A page rule as it is stored.
    pub fn page_rule(&self, zone: &str, rule: &str) -> Option<Value> {
        self.look(zone, |zone| zone.page_rule(rule).map(|rule| json!(rule)))
    }

    /// Changes a stored page rule behind everybody's back, as somebody at the dashboard would.
    pub fn edit_page_rule(&self, zone: &str, rule: &str, field: &str, value: Value) {
        self.look(zone, |zone| {
            let rule = zone.page_rules.iter_mut().find(|known| known["id"] == rule)?;
            rule.insert(field.to_owned(), value);
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// Removes a page rule, as Cloudflare's migration to redirect rules would.
    pub fn remove_page_rule(&self, zone: &str, rule: &str) {
        self.look(zone, |zone| {
            zone.page_rules.retain(|known| known["id"] != rule);
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// A redirect rule as it is stored, by its `ref`.
    pub fn redirect_rule(&self, zone: &str, reference: &str) -> Option<Value> {
        self.look(zone, |zone| find(zone, reference).map(|rule| json!(rule)))
    }

    /// Changes a stored redirect rule behind everybody's back.
    pub fn edit_redirect_rule(&self, zone: &str, reference: &str, field: &str, value: Value) {
        self.look(zone, |zone| {
            find(zone, reference)?.insert(field.to_owned(), value);
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// A DNS record as it is stored, by its name.
    pub fn record(&self, zone: &str, name: &str) -> Option<Value> {
        self.look(zone, |zone| {
            zone.records.iter().find(|record| record["name"] == name).map(|record| json!(record))
        })
    }

    /// Changes a stored DNS record behind everybody's back.
    pub fn edit_record(&self, zone: &str, name: &str, field: &str, value: Value) {
        self.look(zone, |zone| {
            let record = zone.records.iter_mut().find(|record| record["name"] == name)?;
            record.insert(field.to_owned(), value);
            Some(())
        });
    }

    /// Deletes a DNS record behind everybody's back.
    pub fn remove_record(&self, zone: &str, name: &str) {
        self.look(zone, |zone| {
            zone.records.retain(|known| known["name"] != name);
            Some(())
        });
    }

    /// Whether this site's DNS record is the standby's, so that the edge asks that one.
    pub fn is_named(&self, site: &Site) -> bool {
        let id = record_id(site.name());
        let leads = |zone: &mut Zone| {
            let record = zone.records.iter().find(|record| record["id"] == id)?;
            Some(record["content"] == STANDBY_CONTENT)
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
    }

    /// Where the edge of this zone sends a visit, if anywhere.
    pub(crate) fn redirects(&self, zone: &str, visit: &Visit, now: Instant) -> Option<Location> {
        let mut state = lock(&self.0);
        let spread = state.spread;
        let zone = state.zones.iter_mut().find(|known| known.id == zone)?;
        redirect::redirect(&zone.applied(now, spread), visit)
    }

    fn look<T>(&self, zone: &str, look: impl FnOnce(&mut Zone) -> Option<T>) -> Option<T> {
        lock(&self.0).zones.iter_mut().find(|known| known.id == zone).and_then(look)
    }
}

fn find<'a>(zone: &'a mut Zone, reference: &str) -> Option<&'a mut Object> {
    zone.redirects.as_mut()?.rules.iter_mut().find(|rule| rule["ref"] == reference)
}

impl State {
    fn settle(&mut self, call: &Call, route: &Route, now: Instant) -> Result<Answer, Refusal> {
        self.throttle.admit(now)?;
        match route {
            Route::VerifyUserToken => access::verify(&self.tokens, call, None).map(Answer::read),
            Route::VerifyAccountToken(account) => {
                access::verify(&self.tokens, call, Some(account)).map(Answer::read)
            }
            Route::Unknown => {
                access::token(&self.tokens, call)?;
                Err(Refusal::no_route(call.path.trim_start_matches("/client/v4")))
            }
            Route::ListZones => self.list_zones(call),
            Route::InZone(zone, zonal) => self.in_zone(call, zone, zonal, now),
        }
    }

    fn list_zones(&self, call: &Call) -> Result<Answer, Refusal> {
        let token = access::token(&self.tokens, call)?;
        let visible = |zone: &&Zone| token.permits(access::Permission::ZoneRead, &zone.id).is_ok();
        let named = |zone: &&Zone| call.query("name").is_none_or(|name| zone.name == name);
        let found: Vec<_> = self.zones.iter().filter(visible).filter(named).map(summary).collect();
        Ok(Answer::read(envelope::page(&found, 1, 50)))
    }

    fn in_zone(&mut self, call: &Call, id: &str, zonal: &Zonal, now: Instant) -> Result<Answer, Refusal> {
        let token = access::token(&self.tokens, call)?;
        token.permits(zonal.permission(), id)?;
        let zone = self.zones.iter_mut().find(|zone| zone.id == id);
        // Somebody else's zone looks the same as none.
        let zone =
            zone.ok_or_else(|| Refusal::new(403, 9109, "Unauthorized to access requested resource"))?;
        answer(zone, &Asked { call, now }, zonal)
    }
}

fn answer(zone: &mut Zone, asked: &Asked, zonal: &Zonal) -> Result<Answer, Refusal> {
    match zonal {
        Zonal::Get => Ok(Answer::read(envelope::ok(&summary(zone)))),
        Zonal::ListPageRules => page_rules::list(zone, asked),
        Zonal::CreatePageRule => page_rules::create(zone, asked),
        Zonal::GetPageRule(rule) => page_rules::get(zone, rule),
        Zonal::ReplacePageRule(rule) => page_rules::replace(zone, asked, rule),
        Zonal::PatchPageRule(rule) => page_rules::patch(zone, asked, rule),
        Zonal::DeletePageRule(rule) => page_rules::delete(zone, asked, rule),
        Zonal::ListRulesets => Ok(rulesets::list(zone)),
        Zonal::GetRuleset(ruleset) => rulesets::get(zone, ruleset),
        Zonal::GetEntrypoint(phase) => rulesets::entrypoint(zone, phase),
        Zonal::ReplaceEntrypoint(phase) => rulesets::replace(zone, asked, phase),
        Zonal::CreateRule(ruleset) => rulesets::create(zone, asked, ruleset),
        Zonal::PatchRule(ruleset, rule) => rulesets::patch(zone, asked, ruleset, rule),
        Zonal::DeleteRule(ruleset, rule) => rulesets::delete(zone, asked, ruleset, rule),
        Zonal::ListRecords => Ok(dns::list(zone, asked)),
        Zonal::GetRecord(record) => dns::get(zone, record),
        Zonal::PatchRecord(record) => dns::patch(zone, asked, record),
    }
}

fn summary(zone: &Zone) -> Value {
    let account = json!({ "id": ACCOUNT, "name": "gleich.tech" });
    json!({ "id": zone.id, "name": zone.name, "status": "active", "paused": false, "type": "full", "account": account })
}

/// What was answered, and the change that it made.
struct Answer {
    reply: Reply,
    change: Option<Change>,
}

impl Answer {
    /// Nothing changed.
    fn read(reply: Reply) -> Self {
        Self { reply, change: None }
    }
}

/// The body, which must be a JSON object.
fn body(call: &Call) -> Result<Object, Refusal> {
    match call.json() {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal::new(400, 6007, "Malformed JSON in request body")),
    }
}

impl Provider for Cloudflare {
    fn operation(&self, call: &Call) -> &'static str {
        Route::of(call).operation()
    }

    fn answer(&self, world: &World, call: &Call) -> Reply {
        let now = Instant::now();
        let (settled, label) = {
            let mut state = lock(&self.0);
            let settled = state.settle(call, &Route::of(call), now);
            (settled, state.throttle.label(Reply::default(), now).headers)
        };
        let (mut reply, change) = match settled {
            Ok(answer) => (answer.reply, answer.change),
            Err(refusal) => (refusal.into(), None),
        };
        if let Some(change) = &change {
            world.changed(change);
        }
        reply.headers.extend(label);
        reply
    }

    fn refusal(&self, status: u16) -> Reply {
        Refusal::of_status(status).into()
    }
}

#[cfg(test)]
mod tests;
