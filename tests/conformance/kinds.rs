//! Every kind of switch, as the suite needs to know it: what it is called, how it is read and written, what is
//! really there, and what hangs on it that isn't its own.

use sandbox::{Site, SiteSeed, World};
use serde_json::{Value, json};

/// A kind of switch. A new provider adds one of these and passes the suite.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    /// Its table in the configuration.
    pub(crate) table: fn(&SiteSeed) -> String,
    /// A table that names something that isn't there.
    pub(crate) astray: fn(&SiteSeed) -> String,
    /// The operations that observe it.
    pub(crate) reads: &'static [&'static str],
    /// The operation that sets it.
    pub(crate) write: &'static str,
    /// Whether it has to read before it writes.
    pub(crate) reads_first: bool,
    /// Whether Cloudflare is its provider, or else Google.
    pub(crate) cloudflare: bool,
    /// Whether it really is at its standby position.
    pub(crate) is_standby: fn(&World, &Site) -> bool,
    /// Somebody else moves it to its standby position.
    pub(crate) by_hand: fn(&World, &Site),
    /// Everything but what it owns.
    pub(crate) rest: fn(&World, &Site) -> Value,
    /// Takes the permission to write.
    pub(crate) forbid: fn(&World),
    /// What the sentence about a missing permission says.
    pub(crate) remedy: &'static str,
}

pub(crate) const KINDS: [Kind; 5] = [ALL_USERS, IAM_CHECK, PAGE_RULE, REDIRECT_RULE, UPTIME_CHECK];

pub(crate) const ALL_USERS: Kind = Kind {
    name: "cloud_run_invoker, all_users",
    key: "cloud_run_invoker",
    table: |seed| format!("service = '{}'", seed.service),
    astray: |seed| format!("service = '{}x'", seed.service),
    reads: &["run.get_iam_policy", "run.get_service"],
    write: "run.set_iam_policy",
    reads_first: true,
    cloudflare: false,
    is_standby: |world, site| world.run.is_granted(&site.seed.service),
    by_hand: |world, site| world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers"),
    rest: |world, site| {
        let mut policy = without(world.run.policy(&site.seed.service), &["etag", "version"]);
        for binding in policy["bindings"].as_array_mut().into_iter().flatten() {
            let ours = binding["role"] == "roles/run.invoker" && binding.get("condition").is_none();
            binding["members"].as_array_mut().into_iter().flatten().filter(|_| ours).for_each(|member| {
                if *member == "allUsers" {
                    *member = Value::Null;
                }
            });
            binding["members"]
                .as_array_mut()
                .into_iter()
                .for_each(|members| members.retain(|m| !m.is_null()));
        }
        if let Some(bindings) = policy["bindings"].as_array_mut() {
            bindings.retain(|binding| binding["members"] != json!([]));
        }
        json!([policy, world.run.service(&site.seed.service)])
    },
    forbid: |world| world.deny("run.services.setIamPolicy"),
    remedy: "grant the account run.services.setIamPolicy on it, as roles/run.admin has",
};

pub(crate) const IAM_CHECK: Kind = Kind {
    name: "cloud_run_invoker, iam_check",
    table: |seed| format!("gate = 'iam_check'\nservice = '{}'", seed.service),
    astray: |seed| format!("gate = 'iam_check'\nservice = '{}x'", seed.service),
    write: "run.patch_service",
    by_hand: |world, site| {
        world.run.edit(&site.seed.service, |fields| {
            fields.insert("invokerIamDisabled".to_owned(), json!(true));
        });
    },
    rest: |world, site| {
        let computed =
            ["invokerIamDisabled", "etag", "updateTime", "generation", "observedGeneration", "lastModifier"];
        json!([
            without(world.run.service(&site.seed.service), &computed),
            world.run.policy(&site.seed.service)
        ])
    },
    remedy: "grant the account run.services.update and run.services.setIamPolicy on it",
    ..ALL_USERS
};

pub(crate) const PAGE_RULE: Kind = Kind {
    name: "cloudflare_page_rule",
    key: "cloudflare_page_rule",
    table: |seed| format!("zone = '{}'\nrule = '{}'", seed.zone, seed.rule),
    astray: |seed| format!("zone = '{}'\nrule = '{}'", seed.zone, "f".repeat(32)),
    reads: &["cloudflare.get_page_rule"],
    write: "cloudflare.patch_page_rule",
    reads_first: false,
    cloudflare: true,
    is_standby: |world, site| {
        world
            .cloudflare
            .page_rule(&site.seed.zone, &site.seed.rule)
            .is_some_and(|rule| rule["status"] == "active")
    },
    by_hand: |world, site| {
        world.cloudflare.edit_page_rule(&site.seed.zone, &site.seed.rule, "status", json!("active"));
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
    reads_first: true,
    cloudflare: true,
    is_standby: |world, site| {
        let rule = world.cloudflare.redirect_rule(&site.seed.zone, &site.seed.redirect);
        rule.is_some_and(|rule| rule["enabled"] == true)
    },
    by_hand: |world, site| {
        world.cloudflare.edit_redirect_rule(&site.seed.zone, &site.seed.redirect, "enabled", json!(true));
    },
    rest: |world, site| {
        let rule = world.cloudflare.redirect_rule(&site.seed.zone, &site.seed.redirect);
        without(rule, &["enabled", "version", "last_updated"])
    },
    forbid: only_reading,
    remedy: "grant the token \"Single Redirect: Edit\" on this zone",
};

pub(crate) const UPTIME_CHECK: Kind = Kind {
    name: "uptime_check",
    key: "uptime_check",
    table: |seed| format!("check = '{}'", seed.check),
    astray: |seed| format!("check = '{}x'", seed.check),
    reads: &["monitoring.get_check"],
    write: "monitoring.patch_check",
    reads_first: false,
    cloudflare: false,
    is_standby: |world, site| !world.monitoring.is_enabled(&site.seed.check),
    by_hand: |world, site| {
        world.monitoring.edit(&site.seed.check, |check| {
            check.insert("disabled".to_owned(), json!(true));
        });
    },
    rest: |world, site| without(world.monitoring.check(&site.seed.check), &["disabled"]),
    forbid: |world| world.deny("monitoring.uptimeCheckConfigs.update"),
    remedy: "grant the account roles/monitoring.uptimeCheckConfigEditor in the check's project",
};

fn without(value: Option<Value>, keys: &[&str]) -> Value {
    let mut value = value.expect("it is there");
    value.as_object_mut().expect("an object").retain(|key, _| !keys.contains(&key.as_str()));
    value
}

fn only_reading(world: &World) {
    use sandbox::cloudflare::access::{Permission, Token};
    let secret = sandbox::Options::default().cloudflare_token;
    let permissions = vec![Permission::PageRulesRead, Permission::RedirectRead];
    world.cloudflare.set_tokens(vec![Token { permissions, ..Token::new(&secret) }]);
}
