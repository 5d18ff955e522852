//! Zones and the pages of lists; what a zone has that nobody ever made.

use super::*;

#[test]
fn lists_have_pages_and_end() {
    let api = api();
    let ids = |query: &str| {
        let (_, answer) = api.send("GET", &format!("/zones?{query}"), &Value::Null);
        answer["result"].as_array().map(Vec::len)
    };
    assert_eq!([ids("page=1"), ids("page=2"), ids("per_page=50")], [Some(1), Some(0), Some(1)]);
    api.refuses("GET", "/zones?page=0", &Value::Null, 400, "6003");
    api.refuses("GET", "/zones?per_page=51", &Value::Null, 400, "6003");
    let records = format!("{}/dns_records?page=2", api.zone());
    assert_eq!(api.send("GET", &records, &Value::Null).1["result"], json!([]));
}

#[test]
fn a_zone_without_a_redirect_rule_has_no_entry_point() {
    let api = api();
    api.world.cloudflare.set_redirect_rules(&api.site.seed.zone, None);
    let path = format!("{}/rulesets/phases/http_request_dynamic_redirect/entrypoint", api.zone());
    api.refuses("GET", &path, &Value::Null, 404, "could not find entrypoint");
}

#[test]
fn a_paused_zone_says_so_and_stays_active() {
    let api = api();
    api.world.cloudflare.edit_zone(&api.site.seed.zone, "paused", json!(true));
    let zone = api.send("GET", &api.zone(), &Value::Null).1["result"].clone();
    assert_eq!((&zone["paused"], &zone["status"]), (&json!(true), &json!("active")));
}
