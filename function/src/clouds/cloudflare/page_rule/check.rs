//! A page rule: whether it would lead visitors, all of them, with their paths, to the standby, and nobody else.

use serde_json::{Value, json};
use url::Url;

use crate::clouds::{
    Problem, Situation,
    cloudflare::{
        ByHand, expression,
        pattern::{page_rule_captures, substituted},
        redirect_rule::check as redirect,
    },
};

/// A page deep in the site, as a visitor might have bookmarked it.
pub(crate) const DEEP: &str = "some/page";

/// The rule is gone: by hand, or as Cloudflare turned Page Rules into redirect rules.
pub fn gone(zone: &str, rule: &str, redirects: Option<&Value>, situation: &Situation) -> Problem {
    let sentence = format!(
        "the page rule {rule} is not there, so nobody could be led to the standby: it was deleted, or Cloudflare turned \
         the zone's Page Rules into redirect rules"
    );
    let standby = situation.standby_url.as_ref();
    let leading =
        redirects.zip(standby).and_then(|(ruleset, standby)| redirect::leading_to(ruleset, standby));
    let reference = leading.and_then(|rule| rule["ref"].as_str()).map(str::to_owned);
    let reference = reference.unwrap_or_else(|| format!("failover_{}", situation.site));
    let mend = format!(
        "kind = \"cloudflare_redirect_rule\", zone = \"{zone}\", ref = \"{reference}\"   # in the configuration, for a \
         Single Redirect with this ref"
    );
    Problem::critical(sentence, mend)
}

/// What is wrong with the rule itself.
pub fn of_rule(rule: &Value, by_hand: &ByHand, situation: &Situation) -> Vec<Problem> {
    let anew = as_it_should_be(rule, by_hand, situation);
    let (Some(pattern), Some(forward)) = (pattern(rule), forwarding(rule)) else {
        let sentence = "the page rule forwards nobody: it has no forwarding_url";
        return vec![Problem::critical(sentence, anew)];
    };
    let mut problems = Vec::new();
    problems.extend(permanent(forward, by_hand));
    problems.extend(leads(pattern, forward, &anew, situation));
    let catches = |url: &Url| page_rule_captures(pattern, url).is_some();
    problems.extend(catches_too_much(&catches, pattern, &anew, situation));
    problems
}

/// The command that makes the rule lead every page of the site, and nothing else, to the same page of the standby.
fn as_it_should_be(rule: &Value, by_hand: &ByHand, situation: &Situation) -> String {
    let pattern = format!("{}/*", situation.host());
    let target = json!([{ "target": "url", "constraint": { "operator": "matches", "value": pattern } }]);
    let actions = situation.standby_url.as_ref().map_or_else(
        || rule["actions"].clone(),
        |standby| forwarding_to(&format!("{}/$1", standby.origin().ascii_serialization())),
    );
    by_hand.change(&json!({ "targets": target, "actions": actions }))
}

fn forwarding_to(url: &str) -> Value {
    json!([{ "id": "forwarding_url", "value": { "url": url, "status_code": 302 } }])
}

fn permanent(forward: &Value, by_hand: &ByHand) -> Option<Problem> {
    (forward["status_code"] == 301).then(|| {
        let sentence = "the page rule answers 301, which browsers remember for good: visitors would not see the failback";
        Problem::critical(sentence, by_hand.change(&json!({ "actions": forwarding_to(text(&forward["url"])) })))
    })
}

/// Whether a visitor arrives at the standby, with the page they asked for.
fn leads(pattern: &str, forward: &Value, anew: &str, situation: &Situation) -> Option<Problem> {
    let deep = situation.public_url.as_ref()?.join(DEEP).ok()?;
    let target = text(&forward["url"]);
    let Some(captures) = page_rule_captures(pattern, &deep) else {
        let sentence = format!(
            "the page rule's pattern {pattern} doesn't match {deep}, so visitors of that page stay where they are"
        );
        return Some(Problem::critical(sentence, anew));
    };
    let Ok(led) = substituted(target, &captures).parse::<Url>() else {
        let sentence = format!("the page rule leads to \"{target}\", which is no URL");
        return Some(Problem::critical(sentence, anew));
    };
    let standby = situation.standby_url.as_ref()?;
    if led.origin() != standby.origin() {
        let sentence =
            format!("the page rule leads to {}, not to the standby at {}", host(&led), host(standby));
        return Some(Problem::critical(sentence, anew));
    }
    (!led.path().ends_with(DEEP)).then(|| {
        let sentence = format!(
            "the page rule loses the visitor's path: whoever asks for /{DEEP} arrives at {}",
            led.path()
        );
        Problem::warning(sentence, anew)
    })
}

/// A rule that also catches the standby leads in a circle; one that catches the primary's own URL hides it.
pub(crate) fn catches_too_much(
    matches: &dyn Fn(&Url) -> bool,
    what: &str,
    mend: &str,
    situation: &Situation,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(standby) = situation.standby_url.as_ref().filter(|url| matches(url)) {
        let sentence = format!(
            "{what} also matches the standby's own host {}, so visitors would be led in a circle",
            host(standby)
        );
        problems.push(Problem::critical(sentence, mend));
    }
    if let Some(primary) = situation.primary_url.as_ref().filter(|url| matches(url)) {
        let sentence = format!(
            "{what} also matches primary_url's host {}, so nobody could ask the primary while the standby serves, and \
             every failback would be refused",
            host(primary)
        );
        problems.push(Problem::critical(sentence, mend));
    }
    problems
}

/// Another page rule that would run in place of ours: only the one with the highest priority does.
pub fn outranked(rule: &Value, others: &[Value], by_hand: &ByHand, situation: &Situation) -> Option<Problem> {
    let priority = |rule: &Value| rule["priority"].as_i64().unwrap_or(1);
    let pages = situation.pages();
    let in_the_way = |other: &&Value| {
        let matches = |pattern| pages.iter().any(|page| page_rule_captures(pattern, page).is_some());
        other["id"] != rule["id"]
            && other["status"] == "active"
            && priority(other) > priority(rule)
            && pattern(other).is_some_and(matches)
    };
    let higher = others.iter().filter(in_the_way).max_by_key(|rule| priority(rule))?;
    let sentence = format!(
        "the page rule would be outranked: only the one with the highest priority runs, and {} ({}) comes before it",
        higher["id"].as_str().unwrap_or("another"),
        pattern(higher).unwrap_or_default()
    );
    Some(Problem::critical(sentence, by_hand.change(&json!({ "priority": priority(higher) + 1 }))))
}

/// A redirect rule that takes visitors before any page rule sees them.
pub fn preceded(redirects: &Value, zone: &ByHand, situation: &Situation) -> Option<Problem> {
    let pages = situation.pages();
    let matches = |rule: &&Value| {
        let holds = |page| expression::matches(text(&rule["expression"]), page) == Some(true);
        rule["enabled"] != false && pages.iter().any(holds)
    };
    let first = redirects["rules"].as_array().into_iter().flatten().find(matches)?;
    let sentence = format!(
        "the page rule would be outranked: redirect rules run before page rules, and {} matches the public URL",
        text(&first["ref"])
    );
    Some(Problem::critical(sentence, redirect::narrowed(redirects, first, zone, situation)))
}

/// The front page, and one deep in the site.
pub(crate) fn samples(public: &Url) -> Vec<Url> {
    [Some(public.clone()), public.join(DEEP).ok()].into_iter().flatten().collect()
}

/// A host with its port where it isn't the usual one.
pub(crate) fn host(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}{port}", url.host_str().unwrap_or_default())
}

fn pattern(rule: &Value) -> Option<&str> {
    rule["targets"][0]["constraint"]["value"].as_str()
}

fn forwarding(rule: &Value) -> Option<&Value> {
    let actions = rule["actions"].as_array()?;
    actions.iter().find(|action| action["id"] == "forwarding_url").map(|action| &action["value"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
