//! Zones and the pages of lists; what a zone has that nobody ever made.

use super::*;

#[test]
fn a_zone_without_a_redirect_rule_has_no_entry_point() {
    let api = api();
    api.world.cloudflare.edits.set_redirect_rules(&api.site.seed.zone, None);
    let path = format!("{}/rulesets/phases/http_request_dynamic_redirect/entrypoint", api.zone());
    api.refuses("GET", &path, &Value::Null, 404, "could not find entrypoint");
}

#[test]
fn a_paused_zone_says_so_and_stays_active() {
    let api = api();
    api.world.cloudflare.edits.edit_zone(&api.site.seed.zone, "paused", json!(true));
    let zone = api.send("GET", &api.zone(), &Value::Null).1["result"].clone();
    assert_eq!((&zone["paused"], &zone["status"]), (&json!(true), &json!("active")));
}
