//! A route of Workers: whether its script would meet every visitor, and what happens when the account's quota is gone.
//!
//! Sources, read 2026-11-29: the pages "Routes and domains", "Limits" and "Workers with page rules" of Cloudflare's Workers
//! documentation.

use failover_core::Observed;
use serde_json::{Value, json};

use crate::clouds::{
    Checked, Problem, Situation,
    cloudflare::{ByHand, expression, pattern::captures},
};

/// What the free plan's number means here, where a token may not read how many requests there are.
pub const QUOTA: &str = "a Worker on the free plan answers 100,000 requests a day for the whole account, crawlers' among them; \
     past that the route's request_limit_fail_open sends visitors straight home, and in an outage that is nowhere: \
     compare the account's Workers page, and exclude assets by a route without a script";

/// Requests a day that the free plan answers, all Workers of an account together (page "Limits").
const FREE: u64 = 100_000;

/// From here on it is told: own choice, a fifth of it is a bad day with crawlers.
const NEAR: u64 = 80_000;

/// What the configuration says of the route.
pub struct Wanted<'a> {
    /// Its pattern.
    pub pattern: &'a str,
    /// Where a route is.
    pub observe: &'a dyn Fn(&Value) -> Observed,
}

/// What is wrong with the route, among all those of its zone.
pub fn of_routes(
    routes: &[Value],
    wanted: &Wanted<'_>,
    zone: &ByHand,
    situation: &Situation,
) -> Vec<Problem> {
    let Some(route) = routes.iter().find(|route| route["pattern"] == wanted.pattern) else {
        return vec![gone(wanted.pattern)];
    };
    let by_hand = zone.below(&format!("workers/routes/{}", text(&route["id"])));
    let closed = (route["request_limit_fail_open"] != true).then(|| fails_closed(route, &by_hand));
    let strange = match (wanted.observe)(route) {
        Observed::Mixed(how) => Some(foreign(&how)),
        _ => None,
    };
    let missed = missed(wanted.pattern, situation);
    let before = outranked(routes, wanted.pattern, situation);
    strange.into_iter().chain(closed).chain(missed).chain(before).collect()
}

fn gone(pattern: &str) -> Problem {
    let sentence = format!(
        "no Workers route of the zone has the pattern {pattern}, so nobody could be led to the standby"
    );
    Problem::critical(sentence, "terraform apply")
}

fn foreign(how: &str) -> Problem {
    let sentence = format!("the Workers route is not what the configuration knows: {how}");
    Problem::warning(
        sentence,
        "standby_script = \"…\", gate_script = \"…\"   # in the configuration, or terraform apply",
    )
}

fn fails_closed(route: &Value, by_hand: &ByHand) -> Problem {
    let sentence = "the Workers route fails closed: when the account's quota is gone, visitors of a healthy site get \
                    Cloudflare's error 1027";
    let mut whole = route.clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.remove("id");
        fields.insert("request_limit_fail_open".to_owned(), json!(true));
    }
    Problem::critical(sentence, by_hand.make(&whole))
}

/// Pages that the pattern doesn't reach.
fn missed(pattern: &str, situation: &Situation) -> Option<Problem> {
    let page = situation.pages().into_iter().find(|page| !matches(pattern, page.as_str()))?;
    let sentence = format!(
        "the Workers route {pattern} doesn't match {page}, so visitors of that page stay where they are"
    );
    Some(Problem::critical(
        sentence,
        format!("pattern = \"{}/*\"   # in the configuration and at Cloudflare", situation.host()),
    ))
}

/// Of several routes that match, the most specific one decides, also where it runs nothing.
fn outranked(routes: &[Value], ours: &str, situation: &Situation) -> Vec<Problem> {
    let pages = situation.pages();
    let others = routes.iter().filter(|other| text(&other["pattern"]) != ours);
    let before = others.filter(|other| {
        let pattern = text(&other["pattern"]);
        specific(pattern) > specific(ours) && pages.iter().any(|page| matches(pattern, page.as_str()))
    });
    before.map(|other| {
        let runs = other["script"].as_str().map_or_else(|| "no script".to_owned(), |script| format!("the script {script}"));
        let sentence = format!(
            "the Workers route {} is more specific and runs {runs}: its visitors would not be led to the standby",
            text(&other["pattern"])
        );
        Problem::warning(sentence, "https://dash.cloudflare.com   # Workers Routes: delete it, unless it is for assets alone")
    }).collect()
}

/// A redirect rule runs before any Worker.
pub fn redirected(ruleset: &Value, zone: &ByHand, situation: &Situation) -> Option<Problem> {
    let public = situation.public_url.as_ref()?;
    let rules = ruleset["rules"].as_array()?;
    let rule = rules.iter().find(|rule| {
        rule["enabled"] == true && expression::matches(text(&rule["expression"]), public) == Some(true)
    })?;
    let sentence =
        format!("the redirect rule {} leads visitors away before any Worker runs", text(&rule["ref"]));
    Some(Problem::critical(
        sentence,
        crate::clouds::cloudflare::redirect_rule::check::narrowed(ruleset, rule, zone, situation),
    ))
}

/// A Worker on the site's pages, where Cloudflare ignores page rules that forward. Of several routes the most specific
/// one counts, and one without a script keeps Workers away.
pub fn in_the_way(routes: &[Value], situation: &Situation) -> Option<Problem> {
    let pages = situation.pages();
    let matching = routes
        .iter()
        .filter(|route| pages.iter().any(|page| matches(text(&route["pattern"]), page.as_str())));
    let route = matching.max_by_key(|route| specific(text(&route["pattern"])))?;
    let script = route["script"].as_str().filter(|script| !script.is_empty())?;
    let sentence = format!(
        "the Worker {script} runs at {}, and where a Worker runs Cloudflare ignores page rules that forward: nobody \
         would be led to the standby",
        text(&route["pattern"])
    );
    let mend =
        "kind = \"cloudflare_redirect_rule\"   # in the configuration: redirect rules run before Workers";
    Some(Problem::critical(sentence, mend))
}

/// What the account's Workers have to do in a day, against what the free plan answers. More than that is a paid plan's.
pub fn of_requests(requests: u64) -> Checked {
    let mut checked = Checked::default();
    let told = format!("the account's Workers answered {requests} requests in the last 24 hours");
    match requests {
        NEAR..=FREE => checked.problem(Problem::warning(
            format!(
                "{told}, and the free plan ends at {FREE}: past that visitors are sent straight home, and in an outage \
                 that is nowhere"
            ),
            "https://dash.cloudflare.com   # Workers & Pages, Plans: the paid plan; or Workers Routes: exclude assets by \
             a route without a script",
        )),
        0..NEAR => checked.note(format!("{told}, of {FREE} that the free plan answers")),
        _ => checked.note(format!("{told}, which takes the paid plan")),
    }
    checked
}

fn specific(pattern: &str) -> usize {
    pattern.split_once("://").map_or(pattern, |(_, rest)| rest).len()
}

/// Patterns say nothing of queries; one without a scheme matches both.
pub(super) fn matches(pattern: &str, page: &str) -> bool {
    let page = page.split('?').next().unwrap_or_default();
    let page =
        if pattern.contains("://") { page } else { page.split_once("://").map_or(page, |(_, rest)| rest) };
    captures(pattern, page).is_some()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
