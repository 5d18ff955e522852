//! One zone: its rules, its records, and what of them the edge already knows.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::sites::site::Site;

/// Page rules that the free plan allows, disabled ones included.
/// Source: developers.cloudflare.com/rules/page-rules, read 2026-08-14.
const FREE_PAGE_RULES: usize = 3;

/// Redirect rules that the free plan allows. Source: the same plans table.
const FREE_REDIRECT_RULES: usize = 10;

/// A JSON object as it is stored.
pub(crate) type Object = Map<String, Value>;

/// A zone.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The hosts whose visitors pass the edge, ports included.
    pub(crate) hosts: Vec<String>,
    pub(crate) page_rule_quota: usize,
    pub(crate) redirect_quota: usize,
    pub(crate) page_rules: Vec<Object>,
    /// The redirect phase's ruleset; none until the first rule was written.
    pub(crate) redirects: Option<Ruleset>,
    pub(crate) records: Vec<Object>,
    pub(crate) worker_routes: Vec<Object>,
    /// Whether names come back in Unicode rather than in their ASCII form.
    pub(crate) unicode_names: bool,
    /// What somebody set in the zone's own object: `paused`, `status`, a plan.
    pub(crate) fields: Object,
    /// The name of each site, by what the site is called here.
    pub(crate) names: HashMap<String, String>,
    /// The contents that lead to a standby.
    pub(crate) standbys: Vec<String>,
    /// How often a name was asked for.
    pub(crate) asked: usize,
    published: Vec<(Instant, Applied)>,
}

/// The ruleset of a phase.
#[derive(Clone, Debug)]
pub(crate) struct Ruleset {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) updated: String,
    pub(crate) rules: Vec<Object>,
}

/// What the edge applies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    pub(crate) redirects: Vec<Object>,
    pub(crate) page_rules: Vec<Object>,
    pub(crate) worker_routes: Vec<Object>,
}

impl Zone {
    pub(crate) fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            hosts: Vec::new(),
            page_rule_quota: FREE_PAGE_RULES,
            redirect_quota: FREE_REDIRECT_RULES,
            page_rules: Vec::new(),
            redirects: None,
            records: Vec::new(),
            worker_routes: Vec::new(),
            unicode_names: false,
            fields: Object::new(),
            names: HashMap::new(),
            standbys: vec![super::STANDBY_CONTENT.to_owned()],
            asked: 0,
            published: Vec::new(),
        }
    }

    /// Adds what a site's owner would have set up, and beside it what belongs to somebody else.
    pub(crate) fn seed(&mut self, site: &Site) {
        let host = site.edge.to_string();
        self.page_rules.push(page_rule(site));
        if self.page_rules.len() < self.page_rule_quota {
            self.page_rules.push(foreign_page_rule(&host));
        }
        let ruleset = self.redirects.get_or_insert_with(|| Ruleset::new(&self.id));
        ruleset.rules.push(redirect_rule(site));
        ruleset.rules.push(foreign_redirect_rule(&host));
        self.redirect_quota = self.redirect_quota.max(ruleset.rules.len() + 1);
        self.page_rule_quota = self.page_rule_quota.max(self.page_rules.len() + 1);
        self.records.push(record(site));
        self.worker_routes.push(worker_route(site));
        self.names.insert(site.name().to_owned(), host_name(site.name()));
        self.hosts.push(host);
        // What was there from the start has reached the edge, however long later changes take.
        self.published.clear();
        self.publish(Instant::now());
    }

    /// From this moment on, these rules are on their way to the edge.
    pub(crate) fn publish(&mut self, now: Instant) {
        let redirects = self.redirects.as_ref().map(|ruleset| ruleset.rules.clone()).unwrap_or_default();
        let (page_rules, worker_routes) = (self.page_rules.clone(), self.worker_routes.clone());
        self.published.push((now, Applied { redirects, page_rules, worker_routes }));
    }

    /// The rules that have reached the edge, given how long that takes.
    pub(crate) fn applied(&mut self, now: Instant, takes: Duration) -> Applied {
        let arrived = self.published.iter().filter(|(at, _)| *at + takes <= now).count();
        self.published.drain(..arrived.saturating_sub(1));
        self.published.first().map(|(_, rules)| rules.clone()).unwrap_or_default()
    }

    pub(crate) fn page_rule(&self, id: &str) -> Option<&Object> {
        self.page_rules.iter().find(|rule| rule.get("id").is_some_and(|known| known == id))
    }
}

impl Ruleset {
    pub(crate) fn new(zone: &str) -> Self {
        Self { id: id(&format!("{zone} redirects")), version: 1, updated: now(), rules: Vec::new() }
    }

    pub(crate) fn json(&self) -> Value {
        let mut summary = self.summary();
        summary["rules"] = json!(self.rules);
        summary
    }

    /// As lists show it: without its rules.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "id": self.id, "name": "default", "description": "", "kind": "zone",
            "phase": "http_request_dynamic_redirect", "version": self.version.to_string(), "last_updated": self.updated
        })
    }
}

/// An id of 32 hexadecimal digits, always the same for the same thing.
pub(crate) fn id(of: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, of.as_bytes()).simple().to_string()
}

/// A new id.
pub(crate) fn fresh_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The time as Cloudflare writes it.
pub(crate) fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// A JSON object out of the literal that describes it.
pub(crate) fn object(value: Value) -> Object {
    if let Value::Object(object) = value { object } else { Object::new() }
}

fn page_rule(site: &Site) -> Object {
    let target = format!("{}$1", site.standby_url());
    forwarding(&site.seed.rule, &format!("{}/*", site.edge), &target, 2)
}

fn forwarding(id: &str, pattern: &str, url: &str, priority: u32) -> Object {
    object(json!({
        "id": id, "priority": priority, "status": "disabled", "created_on": now(), "modified_on": now(),
        "targets": [{ "target": "url", "constraint": { "operator": "matches", "value": pattern } }],
        "actions": [{ "id": "forwarding_url", "value": { "url": url, "status_code": 302 } }]
    }))
}

fn foreign_page_rule(host: &str) -> Object {
    let mut rule = forwarding(&id(&format!("{host} static")), &format!("{host}/static/*"), "", 1);
    rule.insert("status".to_owned(), json!("active"));
    rule.insert("actions".to_owned(), json!([{ "id": "cache_level", "value": "cache_everything" }]));
    rule
}

fn redirect_rule(site: &Site) -> Object {
    let standby = site.standby_url();
    let target = format!("concat(\"{}\", http.request.uri.path)", standby.as_str().trim_end_matches('/'));
    redirect(&site.seed.redirect, &format!("http.host eq \"{}\"", site.edge), &target, false)
}

fn foreign_redirect_rule(host: &str) -> Object {
    let expression = format!("http.host eq \"{host}\" and http.request.uri.path eq \"/old\"");
    let target = format!("concat(\"http://{host}\", \"/new\")");
    redirect(&format!("moved_page_{}", id(host)), &expression, &target, true)
}

fn redirect(reference: &str, expression: &str, target: &str, enabled: bool) -> Object {
    object(json!({
        "id": id(reference), "version": "1", "ref": reference, "description": "", "enabled": enabled,
        "expression": expression, "action": "redirect", "last_updated": now(),
        "action_parameters": { "from_value": {
            "target_url": { "expression": target }, "status_code": 302, "preserve_query_string": true
        } }
    }))
}

/// The id of a site's address record.
pub fn record_id(site: &str) -> String {
    id(&format!("{site} A"))
}

/// The id of a site's route of Workers.
pub fn worker_route_id(site: &str) -> String {
    id(&format!("{site} worker"))
}

/// A route on which no script runs yet.
fn worker_route(site: &Site) -> Object {
    object(json!({
        "id": worker_route_id(site.name()), "pattern": format!("{}/*", site.edge), "request_limit_fail_open": true
    }))
}

fn host_name(site: &str) -> String {
    format!("{site}.gleich.tech")
}

fn record(site: &Site) -> Object {
    object(json!({
        "id": record_id(site.name()), "type": "A", "name": host_name(site.name()),
        "content": super::PRIMARY_CONTENT, "proxiable": true, "proxied": true, "ttl": 1, "settings": {}, "meta": {},
        "comment": null, "tags": [], "created_on": now(), "modified_on": now()
    }))
}
