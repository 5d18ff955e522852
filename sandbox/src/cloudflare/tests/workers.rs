//! Routes of Workers: written whole, and refused.

use super::*;
use crate::cloudflare::edge::STANDBY_SCRIPT;

#[test]
fn a_route_is_replaced_whole_and_runs_no_script_where_none_is_sent() {
    let api = api();
    let path = format!("{}/workers/routes", api.zone());
    let own = format!("{path}/{}", worker_route_id("resume"));
    let pattern = format!("{}/*", api.site.edge);
    let (status, answer) = api.send("PUT", &own, &json!({ "pattern": pattern, "script": STANDBY_SCRIPT }));
    assert_eq!((status, &answer["result"]["request_limit_fail_open"]), (200, &json!(false)), "{answer}");
    assert!(api.world.cloudflare.is_routed(&api.site));
    let body = json!({ "pattern": pattern, "request_limit_fail_open": true });
    let (_, answer) = api.send("PUT", &own, &body);
    assert_eq!(answer["result"].get("script"), None);
    assert!(!api.world.cloudflare.is_routed(&api.site));
    assert_eq!(api.send("GET", &path, &Value::Null).1["result"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_route_that_can_not_be_is_refused() {
    let api = api();
    let path = format!("{}/workers/routes", api.zone());
    let edge = api.site.edge;
    let route = |pattern: String, script: &str| json!({ "pattern": pattern, "script": script });
    for (body, status, text) in [
        (route(format!("{edge}/*"), ""), 409, "10020"),
        (route(format!("{edge}/a"), "nobody-deployed-it"), 404, "10007"),
        (route("other.example/*".to_owned(), ""), 400, "10022"),
        (route(format!("{edge}/a*b"), ""), 400, "10022"),
        (json!({ "pattern": format!("{edge}/a"), "enabled": true }), 400, "10001"),
    ] {
        api.refuses("POST", &path, &body, status, text);
    }
    let (_, made) = api.send("POST", &path, &route(format!("{edge}/static/*"), STANDBY_SCRIPT));
    let made = format!("{path}/{}", made["result"]["id"].as_str().expect("an id"));
    assert_eq!(api.send("DELETE", &made, &Value::Null).0, 200);
    api.refuses("GET", &made, &Value::Null, 404, "10009");
}
