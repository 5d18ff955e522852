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
