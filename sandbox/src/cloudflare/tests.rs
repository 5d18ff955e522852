//! What visitors have of the interface's writes. What it refuses is in `transcripts/cloudflare.txt`.

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
fn only_the_page_rule_with_the_highest_priority_runs() {
    let api = api();
    let seed = &api.site.seed;
    api.send("PATCH", &api.rule(), &json!({ "status": "active" }));
    assert!(api.visit("/static/x").is_some());
    api.send("PATCH", &api.rule(), &json!({ "priority": 1 }));
    api.world.cloudflare.edits.edit_page_rule(
        &seed.zone,
        &zone::id("127.0.0.1:4001 static"),
        "priority",
        json!(5),
    );
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
    api.world.cloudflare.edits.edit_page_rule(&api.site.seed.zone, &api.site.seed.rule, "actions", json!([]));
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
fn a_dry_run_checks_the_rule_and_keeps_nothing() {
    let api = api();
    let (path, rule) = api.redirect();
    let (status, answer) = api.send("PATCH", &format!("{path}?dry_run=true"), &complete(&rule, true));
    assert_eq!((status, &answer["result"]), (200, &Value::Null));
    assert!(!api.world.cloudflare.is_routed(&api.site));
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
