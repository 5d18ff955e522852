//! What the API refuses, and what its writes really do.

mod records;
mod workers;
mod zones;

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Method};

use super::access::Permission;
use serde_json::json;

use super::*;
use crate::options::Options;
use crate::service::Service;
use crate::sites::site::SiteSeed;
use crate::world::World;

const SECRET: &str = "0123456789abcdef0123456789abcdef01234567";

struct Api {
    world: World,
    site: Site,
}

fn api() -> Api {
    let world = World::new(&Options { cloudflare_token: SECRET.to_owned(), ..Options::default() });
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let site = Site { seed: SiteSeed::example(), edge: at(4001), primary: at(4002), standby: at(4003) };
    world.seed(&site);
    Api { world, site }
}

impl Api {
    fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let uri = format!("/client/v4{path}").parse().expect("a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {SECRET}")).expect("a token"));
        let call = Call::new(Service::Cloudflare, SocketAddr::from(([127, 0, 0, 1], 80)), method, &uri)
            .with_headers(headers)
            .with_body(if body.is_null() { String::new() } else { body.to_string() });
        let reply = self.world.cloudflare.answer(&call);
        (reply.status, serde_json::from_slice(&reply.body).expect("JSON"))
    }

    fn zone(&self) -> String {
        format!("/zones/{}", self.site.seed.zone)
    }

    fn rule(&self) -> String {
        format!("{}/pagerules/{}", self.zone(), self.site.seed.rule)
    }

    fn ruleset(&self) -> Value {
        let path = format!("{}/rulesets/phases/http_request_dynamic_redirect/entrypoint", self.zone());
        self.send("GET", &path, &Value::Null).1["result"].clone()
    }

    fn redirect(&self) -> (String, Value) {
        let ruleset = self.ruleset();
        let rule = ruleset["rules"].as_array().expect("rules")[0].clone();
        let (ruleset, id) = (ruleset["id"].as_str().expect("an id"), rule["id"].as_str().expect("an id"));
        (format!("{}/rulesets/{ruleset}/rules/{id}", self.zone()), rule)
    }

    fn visit(&self, path_and_query: &str) -> Option<Location> {
        let uri = format!("http://{}{path_and_query}", self.site.edge).parse().expect("a uri");
        let call = Call::new(Service::Edge, self.site.edge, Method::GET, &uri);
        match self.world.cloudflare.led(&self.site.seed.zone, &Visit::of(&call), Instant::now()) {
            Led::Away(location) => Some(location),
            Led::Script(_) | Led::Home => None,
        }
    }

    #[track_caller]
    fn refuses(&self, method: &str, path: &str, body: &Value, status: u16, text: &str) {
        let (answered, answer) = self.send(method, path, body);
        assert_eq!(answered, status, "{answer}");
        assert_eq!(answer["success"], false);
        assert!(answer.to_string().contains(text), "{answer}");
    }
}

fn complete(rule: &Value, enabled: bool) -> Value {
    json!({
        "action": rule["action"], "action_parameters": rule["action_parameters"], "ref": rule["ref"],
        "expression": rule["expression"], "description": rule["description"], "enabled": enabled
    })
}

#[test]
fn a_page_rule_is_switched_by_its_status_alone() {
    let api = api();
    assert_eq!(api.visit("/a?b=c"), None);
    let (status, answer) = api.send("PATCH", &api.rule(), &json!({ "status": "active" }));
    assert_eq!((status, &answer["result"]["status"]), (200, &json!("active")));
    assert_eq!(answer["result"]["actions"][0]["id"], "forwarding_url");
    let url = "http://127.0.0.1:4003/a?b=c".to_owned();
    assert_eq!(api.visit("/a?b=c"), Some(Location { status: 302, url }));
    assert!(api.world.cloudflare.is_routed(&api.site));
}

#[test]
fn a_replaced_page_rule_without_a_status_is_disabled() {
    let api = api();
    api.send("PATCH", &api.rule(), &json!({ "status": "active" }));
    let stored = api.world.cloudflare.page_rule(&api.site.seed.zone, &api.site.seed.rule).expect("the rule");
    let body = json!({ "targets": stored["targets"], "actions": stored["actions"] });
    let (status, answer) = api.send("PUT", &api.rule(), &body);
    assert_eq!((status, &answer["result"]["status"]), (200, &json!("disabled")));
    assert_eq!(answer["result"]["priority"], 1);
    api.refuses("PUT", &api.rule(), &json!({ "status": "active" }), 400, ".targets");
}

#[test]
fn page_rule_writes_without_what_they_need_are_refused_in_messages() {
    let api = api();
    let forwarding =
        json!({ "id": "forwarding_url", "value": { "url": "https://x/$1", "status_code": 302 } });
    let with = |value: Value| json!({ "actions": [{ "id": "forwarding_url", "value": value }] });
    for (body, text) in [
        (json!({}), "At least one property"),
        (json!({ "state": "active" }), "not an allowed property"),
        (json!({ "status": "on" }), ".status: Invalid page rule status"),
        (json!({ "status": true }), ".status: Invalid page rule status"),
        (json!({ "priority": 0 }), ".priority"),
        (json!({ "actions": [] }), ".actions"),
        (json!({ "actions": [{ "id": "mirage", "value": "on" }] }), "mirage"),
        (json!({ "actions": [forwarding, { "id": "ssl", "value": "full" }] }), "may not be used with"),
        (with(json!({ "url": "https://x/$1", "status_code": 307 })), "301 or 302"),
        (with(json!({ "url": "https://x/$2", "status_code": 302 })), "wildcard"),
        (with(json!({ "url": "x", "status_code": 302 })), "absolute"),
        (json!({ "targets": [] }), ".targets"),
        (
            json!({ "targets": [{ "target": "url", "constraint": { "operator": "matches", "value": "other.com/*" } }] }),
            "doesn't belong",
        ),
    ] {
        api.refuses("PATCH", &api.rule(), &body, 400, text);
        api.refuses("PATCH", &api.rule(), &body, 400, "\"code\":1004");
    }
}

#[test]
fn a_zone_has_only_so_many_page_rules_disabled_ones_included() {
    let api = api();
    let stored = api.world.cloudflare.page_rule(&api.site.seed.zone, &api.site.seed.rule).expect("the rule");
    let body = json!({ "targets": stored["targets"], "actions": stored["actions"] });
    let path = format!("{}/pagerules", api.zone());
    assert_eq!(api.send("POST", &path, &body).0, 200);
    api.refuses("POST", &path, &body, 400, "limit");
}

#[test]
fn unknown_routes_rules_zones_and_bodies_are_refused() {
    let api = api();
    api.refuses("GET", "/zones/short/pagerules", &Value::Null, 404, "\"code\":7003");
    api.refuses("GET", &format!("{}/page_rules", api.zone()), &Value::Null, 404, "\"code\":7000");
    api.refuses(
        "GET",
        &format!("{}/pagerules/{:032x}", api.zone(), 1),
        &Value::Null,
        404,
        "Invalid Page Rule",
    );
    api.refuses("GET", &format!("/zones/{:032x}/pagerules", 1), &Value::Null, 403, "\"code\":9109");
    api.refuses("PATCH", &api.rule(), &json!("text"), 400, "Malformed JSON");
}

#[test]
fn only_the_page_rule_with_the_highest_priority_runs() {
    let api = api();
    let seed = &api.site.seed;
    api.send("PATCH", &api.rule(), &json!({ "status": "active" }));
    assert!(api.visit("/static/x").is_some());
    api.send("PATCH", &api.rule(), &json!({ "priority": 1 }));
    api.world.cloudflare.edit_page_rule(&seed.zone, &zone::id("127.0.0.1:4001 static"), "priority", json!(5));
    assert_eq!(api.visit("/static/x"), None);
    assert!(api.visit("/x").is_some());
}

#[test]
fn a_redirect_rule_is_switched_by_a_whole_patch_and_runs_before_page_rules() {
    let api = api();
    let (path, rule) = api.redirect();
    let version = api.ruleset()["version"].clone();
    let (status, answer) = api.send("PATCH", &path, &complete(&rule, true));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["result"]["rules"].as_array().map(Vec::len), Some(2));
    assert_ne!(answer["result"]["version"], version);
    let url = "http://127.0.0.1:4003/a?b=c".to_owned();
    assert_eq!(api.visit("/a?b=c"), Some(Location { status: 302, url }));
    api.world.cloudflare.edit_page_rule(&api.site.seed.zone, &api.site.seed.rule, "actions", json!([]));
    api.send("PATCH", &api.rule(), &json!({ "status": "active" }));
    assert!(api.visit("/a").is_some());
}

#[test]
fn a_redirect_rule_patched_in_part_is_refused_or_loses_the_rest() {
    let api = api();
    let (path, rule) = api.redirect();
    let parameters = json!({ "action_parameters": rule["action_parameters"], "enabled": true });
    api.refuses("PATCH", &path, &parameters, 400, "action is required for action parameters");
    api.refuses("PATCH", &path, &json!({ "enabled": true }), 400, "'action' is required");
    let mut body = complete(&rule, true);
    body.as_object_mut().expect("an object").remove("ref");
    api.send("PATCH", &path, &body);
    assert_eq!(api.world.cloudflare.redirect_rule(&api.site.seed.zone, &api.site.seed.redirect), None);
}

#[test]
fn redirect_rules_that_the_edge_can_not_run_are_refused() {
    let api = api();
    let (path, rule) = api.redirect();
    let with = |field: &str, value: Value| {
        let mut body = complete(&rule, true);
        body[field] = value;
        body
    };
    let target = |target: Value| with("action_parameters", json!({ "from_value": { "target_url": target } }));
    for (body, text) in [
        (with("expression", json!("ip.src eq \"1.2.3.4\"")), "Filter parsing error"),
        (with("expression", json!("http.host matches \"x\"")), "not entitled"),
        (with("action", json!("block")), "not a valid value for action"),
        (with("version", json!("3")), "read-only"),
        (with("enabled", json!("yes")), "boolean"),
        (with("ref", json!(api.ruleset()["rules"][1]["ref"])), "unique"),
        (target(json!({ "expression": "concat(\"a\")" })), "Expression parsing error"),
        (target(json!({ "value": "/relative" })), "absolute"),
        (target(json!({})), "either"),
        (
            with(
                "action_parameters",
                json!({ "from_value": { "target_url": { "value": "https://x" }, "status_code": 200 } }),
            ),
            "status_code",
        ),
    ] {
        api.refuses("PATCH", &path, &body, 400, text);
    }
}

#[test]
fn a_dry_run_checks_the_rule_and_keeps_nothing() {
    let api = api();
    let (path, rule) = api.redirect();
    let (status, answer) = api.send("PATCH", &format!("{path}?dry_run=true"), &complete(&rule, true));
    assert_eq!((status, &answer["result"]), (200, &Value::Null));
    assert!(!api.world.cloudflare.is_routed(&api.site));
}

#[test]
fn redirect_rules_are_appended_and_removed_one_by_one() {
    let api = api();
    let (path, rule) = api.redirect();
    let rules = path.rsplit_once('/').expect("a path").0;
    let mut body = complete(&rule, false);
    body["ref"] = json!("another");
    let (status, answer) = api.send("POST", rules, &body);
    assert_eq!((status, answer["result"]["rules"].as_array().map(Vec::len)), (200, Some(3)));
    api.refuses("POST", rules, &body, 400, "unique");
    let (_, answer) = api.send("DELETE", &path, &Value::Null);
    assert_eq!(answer["result"]["rules"].as_array().map(Vec::len), Some(2));
    api.refuses("DELETE", &path, &Value::Null, 404, "could not find rule");
}

#[test]
fn a_record_is_patched_field_by_field_and_checked() {
    let api = api();
    let record = api.world.cloudflare.record(&api.site.seed.zone, "resume.gleich.tech").expect("the record");
    let path = format!("{}/dns_records/{}", api.zone(), record["id"].as_str().expect("an id"));
    let (status, answer) = api.send("PATCH", &path, &json!({ "content": "203.0.113.8" }));
    assert_eq!((status, &answer["result"]["content"]), (200, &json!("203.0.113.8")));
    assert_eq!(answer["result"]["proxied"], true);
    api.refuses("PATCH", &path, &json!({ "content": "nowhere" }), 400, "Content for the record");
    api.refuses("PATCH", &path, &json!({ "ttl": 30, "proxied": false }), 400, "TTL");
    api.refuses("PATCH", &path, &json!({ "ttl": 300 }), 400, "proxied");
    api.refuses("PATCH", &path, &json!({ "colour": "red" }), 400, "colour");
    let (_, list) = api.send("GET", &format!("{}/dns_records?name.exact=nobody", api.zone()), &Value::Null);
    assert_eq!(list["result"], json!([]));
}

#[test]
fn a_token_that_may_only_read_can_not_switch() {
    let api = api();
    let token = Token { permissions: vec![Permission::PageRulesRead], ..Token::new(SECRET) };
    api.world.cloudflare.set_tokens(vec![token]);
    assert_eq!(api.send("GET", &api.rule(), &Value::Null).0, 200);
    api.refuses("PATCH", &api.rule(), &json!({ "status": "active" }), 403, "\"code\":10000");
    api.refuses("GET", &format!("{}/rulesets", api.zone()), &Value::Null, 403, "\"code\":10000");
}

#[test]
fn rules_reach_the_edge_only_when_they_have_spread() {
    let api = api();
    api.world.cloudflare.set_spread(Duration::from_mins(1));
    api.send("PATCH", &api.rule(), &json!({ "status": "active" }));
    assert!(api.world.cloudflare.is_routed(&api.site));
    assert_eq!(api.visit("/"), None);
    api.world.cloudflare.set_spread(Duration::ZERO);
    assert!(api.visit("/").is_some());
}

#[test]
fn beyond_the_limit_every_call_is_refused_until_the_lockout_ends() {
    let api = api();
    api.world.cloudflare.set_limit(Limit { requests: 1, ..Limit::default() });
    assert_eq!(api.send("GET", &api.rule(), &Value::Null).0, 200);
    api.refuses("GET", &api.rule(), &Value::Null, 429, "\"code\":971");
}
