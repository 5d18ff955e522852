//! A Single Redirect: whether it would lead visitors, all of them, with their paths, to the standby, and nobody else.

use serde_json::{Value, json};
use url::Url;

use crate::clouds::{
    Checked, Problem, Situation,
    cloudflare::{
        ByHand, expression,
        page_rule::check::{DEEP, catches_too_much, host},
        target,
    },
};

/// What Cloudflare adds to a rule and doesn't take back.
const READ_ONLY: [&str; 3] = ["id", "version", "last_updated"];

/// One rule, and how it is changed by hand.
struct Rule<'a> {
    value: &'a Value,
    by_hand: ByHand,
}

impl Rule<'_> {
    /// The command that sets these fields; an edit has to carry the whole rule.
    fn with(&self, changes: impl FnOnce(&mut Value)) -> String {
        let mut rule = self.value.clone();
        if let Some(fields) = rule.as_object_mut() {
            fields.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
        }
        changes(&mut rule);
        self.by_hand.change(&rule)
    }

    fn expression(&self) -> &str {
        text(&self.value["expression"])
    }

    /// The command that makes it match the site alone.
    fn for_the_site(&self, situation: &Situation) -> String {
        let wanted = format!("http.host eq \"{}\"", situation.host());
        self.with(|rule| rule["expression"] = json!(wanted))
    }

    /// The command that leads every visitor to the same page of the standby.
    fn to_the_standby(&self, standby: &Url) -> String {
        let origin = standby.origin().ascii_serialization();
        let target = json!({ "expression": format!("concat(\"{origin}\", http.request.uri.path)") });
        let value = json!({ "target_url": target, "status_code": 302, "preserve_query_string": true });
        self.with(|rule| rule["action_parameters"] = json!({ "from_value": value }))
    }
}

fn rule<'a>(ruleset: &Value, value: &'a Value, zone: &ByHand) -> Rule<'a> {
    let path = format!("rulesets/{}/rules/{}", text(&ruleset["id"]), text(&value["id"]));
    Rule { value, by_hand: zone.below(&path) }
}

/// What is wrong with the rule called `reference` in its ruleset, and what could not be understood.
pub fn of_ruleset(ruleset: &Value, reference: &str, zone: &ByHand, situation: &Situation) -> Checked {
    let mut checked = Checked::default();
    let rules: Vec<&Value> = ruleset["rules"].as_array().into_iter().flatten().collect();
    let Some(place) = rules.iter().position(|rule| rule["ref"] == reference) else {
        checked.problem(gone(ruleset, reference, zone, situation));
        return checked;
    };
    let rule = rule(ruleset, rules[place], zone);
    destination(&rule, situation, &mut checked);
    checked.extend(reach(&rule, situation));
    checked.extend(outranked(&rules[..place], &rule, situation));
    let expression = rule.expression();
    if situation.public_url.as_ref().is_some_and(|url| expression::matches(expression, url).is_none()) {
        checked.note(format!("the expression of the redirect rule {reference} was not understood, so whom it matches was not checked: {expression}"));
    }
    checked
}

/// No rule has this ref: the one that leads to the standby may have lost it.
fn gone(ruleset: &Value, reference: &str, zone: &ByHand, situation: &Situation) -> Problem {
    let sentence = format!(
        "no Single Redirect of the zone has the ref {reference}, so nobody could be led to the standby"
    );
    let leading = situation.standby_url.as_ref().and_then(|standby| leading_to(ruleset, standby));
    let mend = leading.map_or_else(
        || "terraform apply".to_owned(),
        |value| rule(ruleset, value, zone).with(|rule| rule["ref"] = json!(reference)),
    );
    Problem::critical(sentence, mend)
}

/// A rule that leads to the standby already.
pub(crate) fn leading_to<'a>(ruleset: &'a Value, standby: &Url) -> Option<&'a Value> {
    let standby = host(standby);
    let leads =
        |rule: &&Value| rule["action_parameters"]["from_value"]["target_url"].to_string().contains(&standby);
    ruleset["rules"].as_array()?.iter().find(leads)
}

/// The command that keeps `other` away from the site's visitors.
pub(crate) fn narrowed(ruleset: &Value, other: &Value, zone: &ByHand, situation: &Situation) -> String {
    let other = rule(ruleset, other, zone);
    let besides = format!("({}) and http.host ne \"{}\"", other.expression(), situation.host());
    other.with(|rule| rule["expression"] = json!(besides))
}

/// Where it leads, and how.
fn destination(rule: &Rule<'_>, situation: &Situation, checked: &mut Checked) {
    let value = &rule.value["action_parameters"]["from_value"];
    // Cloudflare's default is 301.
    if let status @ (301 | 308) = value["status_code"].as_u64().unwrap_or(301) {
        let sentence = format!(
            "the redirect rule answers {status}, which browsers remember for good: visitors would not see the failback"
        );
        let mend = rule.with(|rule| rule["action_parameters"]["from_value"]["status_code"] = json!(302));
        checked.problem(Problem::critical(sentence, mend));
    }
    if let (Some(public), Some(standby)) = (&situation.public_url, &situation.standby_url) {
        leads(rule, public, standby, checked);
    }
}

/// Whether a visitor deep in the site arrives at the standby, with the page and the query that they asked for.
fn leads(rule: &Rule<'_>, public: &Url, standby: &Url, checked: &mut Checked) {
    let Some(deep) = deep(public) else { return };
    let value = &rule.value["action_parameters"]["from_value"];
    let (fixed, expression) = (text(&value["target_url"]["value"]), text(&value["target_url"]["expression"]));
    let led = if fixed.is_empty() { target::of(expression, &deep) } else { Some(fixed.to_owned()) };
    let Some(led) = led else {
        return checked
            .note(format!("where the redirect rule leads was not judged, since its target depends on more than is known here: {expression}"));
    };
    let Some(arrives) = led.parse::<Url>().ok().filter(|led| led.origin() == standby.origin()) else {
        let sentence = format!("the redirect rule leads to {led}, not to the standby at {}", host(standby));
        return checked.problem(Problem::critical(sentence, rule.to_the_standby(standby)));
    };
    if !arrives.path().ends_with(DEEP) {
        let sentence = "the redirect rule loses the visitor's path: everybody arrives at the same page";
        checked.problem(Problem::warning(sentence, rule.to_the_standby(standby)));
    } else if value["preserve_query_string"] != true && arrives.query() != deep.query() {
        let sentence = format!(
            "the redirect rule loses the visitor's query: whoever asks for {}?{QUERY} arrives at {}",
            deep.path(),
            arrives.path()
        );
        checked.problem(Problem::warning(sentence, rule.to_the_standby(standby)));
    }
}

/// What a visitor may ask a page for.
const QUERY: &str = "p=42";

/// A page deep in the site, with a query.
fn deep(public: &Url) -> Option<Url> {
    let mut deep = public.join(DEEP).ok()?;
    deep.set_query(Some(QUERY));
    Some(deep)
}

/// No rule was ever made in the zone, so there is no ruleset for it: the command that makes both.
pub fn none_yet(said: &str, reference: &str, zone: &ByHand, situation: &Situation) -> Problem {
    let Some(standby) = &situation.standby_url else { return Problem::critical(said, "terraform apply") };
    let origin = standby.origin().ascii_serialization();
    let target = json!({ "expression": format!("concat(\"{origin}\", http.request.uri.path)") });
    let value = json!({ "target_url": target, "status_code": 302, "preserve_query_string": true });
    let rule = json!({
        "ref": reference, "enabled": false, "expression": format!("http.host eq \"{}\"", situation.host()),
        "action": "redirect", "action_parameters": { "from_value": value },
    });
    let entrypoint = zone.below("rulesets/phases/http_request_dynamic_redirect/entrypoint");
    Problem::critical(said, entrypoint.make(&json!({ "rules": [rule] })))
}

/// Whom it matches.
fn reach(rule: &Rule<'_>, situation: &Situation) -> Vec<Problem> {
    let matches = |url: &Url| expression::matches(rule.expression(), url);
    let mend = rule.for_the_site(situation);
    let catches = |url: &Url| matches(url) == Some(true);
    let mut problems = catches_too_much(&catches, "the redirect rule", &mend, situation);
    if let Some(page) = situation.pages().iter().find(|page| matches(page) == Some(false)) {
        let sentence =
            format!("the redirect rule doesn't match {page}, so visitors of that page stay where they are");
        problems.push(Problem::critical(sentence, mend));
    }
    problems
}

/// The first rule that matches wins.
fn outranked(before: &[&Value], rule: &Rule<'_>, situation: &Situation) -> Option<Problem> {
    let pages = situation.pages();
    let matches = |other: &&&Value| {
        let holds = |page| expression::matches(text(&other["expression"]), page) == Some(true);
        other["enabled"] != false && pages.iter().any(holds)
    };
    let first = before.iter().find(matches)?;
    let sentence = format!(
        "the redirect rule would be outranked: {} comes before it and matches the public URL",
        text(&first["ref"])
    );
    Some(Problem::critical(sentence, rule.with(|rule| rule["position"] = json!({ "index": 1 }))))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
