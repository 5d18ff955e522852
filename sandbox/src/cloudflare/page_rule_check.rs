//! What a page rule must look like.
//! Source: developers.cloudflare.com/rules/page-rules (reference) and the API's schema.

use serde_json::Value;

use super::wildcard;
use super::zone::Object;

/// Stars that a pattern may have.
const STARS: usize = 4;

/// The settings that a page rule may carry; `mirage` was removed in January 2026.
const SETTINGS: [&str; 34] = [
    "always_use_https",
    "automatic_https_rewrites",
    "browser_cache_ttl",
    "browser_check",
    "bypass_cache_on_cookie",
    "cache_by_device_type",
    "cache_deception_armor",
    "cache_key_fields",
    "cache_level",
    "cache_on_cookie",
    "cache_ttl_by_status",
    "disable_apps",
    "disable_performance",
    "disable_security",
    "disable_zaraz",
    "edge_cache_ttl",
    "email_obfuscation",
    "explicit_cache_control",
    "forwarding_url",
    "host_header_override",
    "ip_geolocation",
    "opportunistic_encryption",
    "origin_error_page_pass_thru",
    "polish",
    "resolve_override",
    "respect_strong_etag",
    "response_buffering",
    "rocket_loader",
    "security_level",
    "server_side_exclude",
    "sort_query_string_for_cache",
    "ssl",
    "true_client_ip_header",
    "waf",
];

/// Everything that is wrong with a rule, in Cloudflare's manner: a path, then a complaint.
pub(super) fn complaints(rule: &Object, hosts: &[String]) -> Vec<String> {
    let pattern = pattern(rule);
    let stars = pattern.map_or(0, |pattern| pattern.matches('*').count());
    [target(pattern, hosts), actions(rule, stars), status(rule), priority(rule)].concat()
}

fn pattern(rule: &Object) -> Option<&str> {
    let [target] = rule.get("targets")?.as_array()?.as_slice() else { return None };
    let constraint = &target["constraint"];
    let fits = target["target"] == "url" && constraint["operator"] == "matches";
    constraint["value"].as_str().filter(|_| fits)
}

fn target(pattern: Option<&str>, hosts: &[String]) -> Vec<String> {
    let complaint = match pattern {
        None => ".targets: exactly one target \"url\" with a constraint \"matches\" is required",
        Some(pattern) if pattern.matches('*').count() > STARS => ".targets[0]: may have at most 4 asterisks",
        Some(pattern) if !names_one_of(pattern, hosts) => {
            ".targets[0]: the URL doesn't belong to a host of this zone"
        }
        Some(_) => return Vec::new(),
    };
    vec![complaint.to_owned()]
}

fn names_one_of(pattern: &str, hosts: &[String]) -> bool {
    let without_scheme = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let host = without_scheme.split('/').next().unwrap_or_default();
    hosts.iter().any(|known| wildcard::captures_any_case(host, known).is_some())
}

fn actions(rule: &Object, stars: usize) -> Vec<String> {
    let Some(actions) = rule.get("actions").and_then(Value::as_array).filter(|actions| !actions.is_empty())
    else {
        return vec![".actions: at least one action is required".to_owned()];
    };
    let names: Vec<_> = actions.iter().map(|action| action["id"].as_str().unwrap_or_default()).collect();
    let mut found: Vec<_> = names
        .iter()
        .filter(|name| !SETTINGS.contains(name))
        .map(|name| format!(".actions: \"{name}\" is not a setting"))
        .collect();
    if names.contains(&"forwarding_url") && names.len() > 1 {
        found.push(".settings: \"forwarding_url\" may not be used with \"any setting\"".to_owned());
    }
    let forwarding = actions.iter().filter(|action| action["id"] == "forwarding_url");
    found.extend(forwarding.flat_map(|action| forwarding_url(&action["value"], stars)));
    found
}

fn forwarding_url(value: &Value, stars: usize) -> Vec<String> {
    let mut found = Vec::new();
    let url = value["url"].as_str().unwrap_or_default();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        found.push(".forwarding_url.url: must be an absolute URL".to_owned());
    }
    if wildcard::highest(url) > stars {
        found.push(".forwarding_url.url: references a wildcard that the target doesn't have".to_owned());
    }
    if !matches!(value["status_code"].as_u64(), Some(301 | 302)) {
        found.push(".forwarding_url.status_code: must be 301 or 302".to_owned());
    }
    found
}

fn status(rule: &Object) -> Vec<String> {
    let valid = matches!(rule.get("status").and_then(Value::as_str), Some("active" | "disabled"));
    if valid { Vec::new() } else { vec![".status: Invalid page rule status".to_owned()] }
}

fn priority(rule: &Object) -> Vec<String> {
    let valid = rule.get("priority").and_then(Value::as_u64).is_some_and(|priority| priority >= 1);
    if valid { Vec::new() } else { vec![".priority: must be a positive integer".to_owned()] }
}
