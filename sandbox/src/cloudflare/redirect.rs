//! What Cloudflare's edge does with the rules: where it sends a visit.
//! Source: developers.cloudflare.com/rules/page-rules and /rules/url-forwarding/single-redirects.

use serde_json::Value;

use super::language::{Condition, Expression};
use super::visit::Visit;
use super::zone::{Applied, Object};
use super::{wildcard, workers};

/// What becomes of a visit at the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Led {
    /// It is redirected.
    Away(Location),
    /// This script answers it.
    Script(String),
    /// The origin is asked.
    Home,
}

/// Where a visit is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// The address.
    pub url: String,
}

/// Redirect rules come first, and the first that matches ends it. Where a Worker runs, page rules forward nobody.
/// Source: developers.cloudflare.com/rules/page-rules and /workers/platform/workers-with-page-rules.
pub(super) fn led(rules: &Applied, visit: &Visit) -> Led {
    if let Some(location) = rules.redirects.iter().find_map(|rule| by_redirect_rule(rule, visit)) {
        return Led::Away(location);
    }
    match workers::script(&rules.worker_routes, visit) {
        Some(script) => Led::Script(script),
        None => by_page_rules(rules, visit).map_or(Led::Home, Led::Away),
    }
}

fn by_page_rules(rules: &Applied, visit: &Visit) -> Option<Location> {
    let matching = rules.page_rules.iter().filter(|rule| rule["status"] == "active");
    let matching = matching.filter_map(|rule| Some((rule, page_rule_captures(rule, visit)?)));
    // Only the one with the highest priority runs, even if it forwards nobody.
    let (rule, captures) = matching.max_by_key(|(rule, _)| rule["priority"].as_u64())?;
    by_page_rule(rule, &captures)
}

fn by_redirect_rule(rule: &Object, visit: &Visit) -> Option<Location> {
    let condition = Condition::parse(rule["expression"].as_str()?).ok()?;
    if rule["enabled"] != true || !condition.holds(visit) {
        return None;
    }
    let from = &rule["action_parameters"]["from_value"];
    let target = &from["target_url"];
    let mut url = match target["expression"].as_str() {
        Some(expression) => Expression::parse(expression).ok()?.of(visit),
        None => target["value"].as_str()?.to_owned(),
    };
    if from["preserve_query_string"] == true && !visit.query.is_empty() {
        url = format!("{url}{}{}", if url.contains('?') { '&' } else { '?' }, visit.query);
    }
    Some(Location { status: status(&from["status_code"]), url })
}

/// A pattern without a scheme matches both; one without a query matches only what has none, except by `*`.
fn page_rule_captures(rule: &Object, visit: &Visit) -> Option<Vec<String>> {
    let pattern = rule["targets"][0]["constraint"]["value"].as_str()?;
    let full = visit.full_uri();
    let without_scheme = full.split_once("://").map_or(full.as_str(), |(_, rest)| rest);
    wildcard::captures_any_case(pattern, if pattern.contains("://") { &full } else { without_scheme })
}

fn by_page_rule(rule: &Object, captures: &[String]) -> Option<Location> {
    let action = rule["actions"].as_array()?.iter().find(|action| action["id"] == "forwarding_url")?;
    let url = wildcard::fill(action["value"]["url"].as_str()?, captures);
    Some(Location { status: status(&action["value"]["status_code"]), url })
}

/// 301 is what a redirect rule does unless told otherwise.
fn status(code: &Value) -> u16 {
    code.as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(301)
}
