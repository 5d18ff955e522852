//! What the interface holds at first, and how the site is configured.

use std::{fmt::Write, time::Duration};

use ::stage::{Settings, switches};
use sandbox::{
    Caching, Options, Service,
    cloudflare::{ACCOUNT, access::Token, record_id},
};
use serde_json::{Map, Value, json};

use super::case::{Case, Switch, Zone};
use crate::stage::Stage;

/// The name that visitors type, where the case has records.
const NAME: &str = "www.example.com";

/// Puts into the zone what the case has there.
pub(super) fn furnish(stage: &Stage, case: &Case) {
    let (cloudflare, site) = (&stage.sandbox.world.cloudflare, stage.site());
    let (seed, zone) = (&site.seed, &site.seed.zone);
    let held = &case.cloudflare;
    cloudflare.edits.edit_zone(zone, "name", json!("example.com"));
    held.fields.iter().for_each(|(field, value)| cloudflare.edits.edit_zone(zone, field, value.clone()));
    let rules = held.page_rules.iter().flatten().map(|rule| {
        let usual = json!({
            "id": seed.rule, "priority": 1, "status": "disabled",
            "created_on": "2026-11-20T10:00:00Z", "modified_on": "2026-11-20T10:00:00Z"
        });
        with(usual, rule)
    });
    cloudflare.edits.set_page_rules(zone, rules.collect());
    let redirects = held.redirects.as_ref().map(|rules| {
        let usual = json!({
            "id": "f".repeat(32), "ref": seed.redirect, "action": "redirect", "enabled": false,
            "description": "", "version": "1", "last_updated": "2026-11-20T10:00:00Z"
        });
        rules.iter().map(|rule| with(usual.clone(), rule)).collect()
    });
    cloudflare.edits.set_redirect_rules(zone, redirects);
    if held.records.is_some() {
        name(stage, case, held);
    }
    if held.token == Some(Value::Null) {
        let token = Token::new(&Options::default().cloudflare_token);
        cloudflare.set_tokens(vec![Token { account: Some(ACCOUNT.to_owned()), ..token }]);
    }
    if case.cached.iter().any(|place| place == "home") {
        stage.sandbox.world.sites.pages.proxy(Service::Primary, "resume", Caching::ByUrl);
    }
}

fn name(stage: &Stage, case: &Case, held: &Zone) {
    let (cloudflare, site) = (&stage.sandbox.world.cloudflare, stage.site());
    let zone = &site.seed.zone;
    let records = held.records.iter().flatten().map(|record| {
        let ttl = if record.get("proxied") == Some(&json!(false)) { 60 } else { 1 };
        let usual =
            json!({ "id": record_id("resume"), "proxied": true, "ttl": ttl, "comment": null, "tags": [] });
        with(usual, record)
    });
    let records: Vec<Value> = records.collect();
    let ours = records.iter().find(|record| record["id"] == record_id("resume"));
    let told = ours.and_then(|record| record["name"].as_str()).filter(|name| !name.starts_with('*'));
    for switch in &case.switches {
        if let Switch::Record { standby, .. } = switch {
            cloudflare.edits.name_site(zone, "resume", told.unwrap_or(NAME), standby);
        }
    }
    cloudflare.edits.set_records(zone, records);
    if held.unicode_names {
        cloudflare.edits.tell_names_in_unicode(zone);
    }
}

fn with(mut usual: Value, fields: &Map<String, Value>) -> Value {
    fields.iter().for_each(|(field, value)| usual[field] = value.clone());
    usual
}

/// Lets the interface fail as the case has it, from now on.
pub(super) fn break_interface(stage: &Stage, case: &Case) {
    for broken in &case.faults {
        let (aim, fault) = broken.at(Service::Cloudflare);
        stage.sandbox.world.fault(aim, fault);
        if let Some(until) = broken.until {
            let (world, ends) = (stage.sandbox.world.clone(), stage.began + Duration::from_secs_f64(until));
            tokio::spawn(async move {
                tokio::time::sleep_until(ends.into()).await;
                world.faults.clear();
            });
        }
    }
}

/// How the function, or the watcher, is configured.
pub(super) fn settings(stage: &Stage, case: &Case) -> Settings {
    let mut rest = String::new();
    if let Some(watch) = &case.watch {
        rest = format!("\n[watch]\n{}", lines(watch));
    }
    let mut site = Map::new();
    let urls = stage.site();
    site.insert("public_url".to_owned(), json!(urls.public_url()));
    site.insert("standby_url".to_owned(), json!(urls.standby_url()));
    site.insert("primary_url".to_owned(), json!(urls.primary_url()));
    for (key, time) in [("confirm_within", "1s"), ("verify_within", "10s"), ("failback_patience", "10s")] {
        site.insert(key.to_owned(), json!(time));
    }
    site.extend(case.site.clone());
    Settings {
        top: "call_timeout = \"2s\"\nclaim_for = \"500ms\"\nprobe_timeout = \"1s\"\n".to_owned(),
        site: String::new(),
        urls: Some(lines(&site)),
        switches: Some(case.switches.iter().map(|switch| table(stage, switch)).collect()),
        rest,
        ..Settings::default()
    }
}

fn lines(keys: &Map<String, Value>) -> String {
    keys.iter().filter(|(_, value)| !value.is_null()).fold(String::new(), |mut lines, (key, value)| {
        let told = value.as_str().and_then(|text| text.strip_prefix("toml:"));
        let value = told.map_or_else(|| value.to_string(), ToOwned::to_owned);
        let _ = writeln!(lines, "{key} = {value}");
        lines
    })
}

fn table(stage: &Stage, switch: &Switch) -> String {
    let seed = stage.site().seed;
    let table = match switch {
        Switch::Record { primary, standby } => switches::record_to(&seed, [primary, standby]),
        Switch::Named(name) => match name.as_str() {
            "invoker" => switches::invoker(&seed),
            "page" => switches::page_rule(&seed),
            "redirect" => switches::redirect_rule(&seed),
            "uptime" => switches::uptime_check(&seed),
            other => panic!("no switch {other:?}"),
        },
    };
    format!("{table}\n")
}
