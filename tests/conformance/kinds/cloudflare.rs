//! Cloudflare's kinds: rules, records, routes.

use cloud_failover::api::ApiErrorKind;
use sandbox::{
    SiteSeed, World,
    cloudflare::{record_id, worker_route_id},
};
use serde_json::json;

use super::{Kind, Provider, without};

pub(crate) const PAGE_RULE: Kind = Kind {
    name: "cloudflare_page_rule",
    key: "cloudflare_page_rule",
    table: |seed| format!("zone = '{}'\nrule = '{}'", seed.zone, seed.rule),
    astray: |seed| format!("zone = '{}'\nrule = '{}'", seed.zone, "f".repeat(32)),
    reads: &["cloudflare.get_page_rule"],
    write: "cloudflare.patch_page_rule",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: false,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| {
        world
            .cloudflare
            .page_rule(&site.seed.zone, &site.seed.rule)
            .is_some_and(|rule| rule["status"] == "active")
    },
    by_hand: |world, site| {
        world.cloudflare.edits.edit_page_rule(&site.seed.zone, &site.seed.rule, "status", json!("active"));
    },
    rest: |world, site| {
        without(world.cloudflare.page_rule(&site.seed.zone, &site.seed.rule), &["status", "modified_on"])
    },
    forbid: only_reading,
    remedy: "grant the token \"Page Rules: Edit\" on this zone",
};

pub(crate) const REDIRECT_RULE: Kind = Kind {
    name: "cloudflare_redirect_rule",
    key: "cloudflare_redirect_rule",
    table: |seed| format!("zone = '{}'\nref = '{}'", seed.zone, seed.redirect),
    astray: |seed| format!("zone = '{}'\nref = 'x{}'", seed.zone, seed.redirect),
    reads: &["cloudflare.get_entrypoint"],
    write: "cloudflare.patch_rule",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: true,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| {
        let rule = world.cloudflare.redirect_rule(&site.seed.zone, &site.seed.redirect);
        rule.is_some_and(|rule| rule["enabled"] == true)
    },
    by_hand: |world, site| {
        world.cloudflare.edits.edit_redirect_rule(
            &site.seed.zone,
            &site.seed.redirect,
            "enabled",
            json!(true),
        );
    },
    rest: |world, site| {
        let rule = world.cloudflare.redirect_rule(&site.seed.zone, &site.seed.redirect);
        without(rule, &["enabled", "version", "last_updated"])
    },
    forbid: only_reading,
    remedy: "grant the token \"Single Redirect: Edit\" on this zone",
};

pub(crate) const DNS_RECORD: Kind = Kind {
    name: "cloudflare_dns_record",
    key: "cloudflare_dns_record",
    table: |seed| dns_record(seed, &record_id(&seed.name)),
    astray: |seed| dns_record(seed, &"f".repeat(32)),
    reads: &["cloudflare.get_dns_record"],
    write: "cloudflare.patch_dns_record",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: false,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| {
        world
            .cloudflare
            .record(&site.seed.zone, "resume.gleich.tech")
            .is_some_and(|record| record["content"] == "198.51.100.7")
    },
    by_hand: |world, site| {
        let content = json!("198.51.100.7");
        world.cloudflare.edits.edit_record(&site.seed.zone, "resume.gleich.tech", "content", content);
    },
    rest: |world, site| {
        let record = world.cloudflare.record(&site.seed.zone, "resume.gleich.tech");
        without(record, &["content", "modified_on"])
    },
    forbid: only_reading,
    remedy: "grant the token \"DNS: Edit\" on this zone",
};

pub(crate) const WORKER_ROUTE: Kind = Kind {
    name: "cloudflare_worker_route",
    key: "cloudflare_worker_route",
    table: |seed| worker_route(seed, ""),
    astray: |seed| worker_route(seed, "astray/"),
    reads: &["cloudflare.list_worker_routes"],
    write: "cloudflare.replace_worker_route",
    writes: 1,
    follows: 0,
    touches: 1,
    reads_first: true,
    provider: Provider::Cloudflare,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, site| world.cloudflare.is_scripted(site),
    by_hand: |world, site| {
        let script = json!(sandbox::edge::STANDBY_SCRIPT);
        world.cloudflare.edits.edit_worker_route(
            &site.seed.zone,
            &worker_route_id(&site.seed.name),
            "script",
            script,
        );
    },
    rest: |world, site| {
        without(
            world.cloudflare.worker_route(&site.seed.zone, &worker_route_id(&site.seed.name)),
            &["script"],
        )
    },
    forbid: only_reading,
    remedy: "grant the token \"Workers Routes: Edit\" on this zone",
};

fn worker_route(seed: &SiteSeed, slip: &str) -> String {
    let script = sandbox::edge::STANDBY_SCRIPT;
    format!("zone = '{}'\npattern = '{{edge}}/{slip}*'\nstandby_script = '{script}'", seed.zone)
}

fn dns_record(seed: &SiteSeed, record: &str) -> String {
    format!("zone = '{}'\nrecord = '{record}'\nprimary = '203.0.113.7'\nstandby = '198.51.100.7'", seed.zone)
}

fn only_reading(world: &World) {
    use sandbox::cloudflare::access::{Permission, Token};
    let secret = sandbox::Options::default().cloudflare_token;
    let permissions = vec![
        Permission::PageRulesRead,
        Permission::RedirectRead,
        Permission::DnsRead,
        Permission::WorkersRoutesRead,
    ];
    world.cloudflare.set_tokens(vec![Token { permissions, ..Token::new(&secret) }]);
}
