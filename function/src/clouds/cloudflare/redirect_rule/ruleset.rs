//! Finds one rule in a zone's redirects, and makes the complete definition that an edit has to carry.

use failover_core::Position;
use serde_json::{Value, json};

use crate::api::ApiErrorKind;

/// What Cloudflare adds to a rule and doesn't take back.
const READ_ONLY: [&str; 3] = ["id", "version", "last_updated"];

/// One rule as it was read.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The ruleset's id.
    pub(super) ruleset: String,
    /// The rule's id within it, good until the ruleset is rewritten.
    pub(super) id: String,
    value: Value,
}

/// The rule that is called `reference`, or why there is none.
pub(super) fn find(ruleset: &Value, reference: &str) -> Result<Rule, (ApiErrorKind, String)> {
    let Some(id) = ruleset["id"].as_str() else {
        return Err((ApiErrorKind::Transient, "the answer holds no ruleset".to_owned()));
    };
    // Where there are none, the list is left out or empty.
    if ruleset.get("rules").is_some_and(|rules| !rules.is_array()) {
        return Err((ApiErrorKind::Transient, "the ruleset came without its rules".to_owned()));
    }
    let rules = || ruleset["rules"].as_array().into_iter().flatten();
    let Some(value) = rules().find(|rule| rule["ref"] == reference) else {
        let known: Vec<&str> = rules().filter_map(|rule| rule["ref"].as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err((
            ApiErrorKind::Missing,
            format!("no Single Redirect of the zone has this ref; those there are: {known}"),
        ));
    };
    let Some(rule) = value["id"].as_str() else {
        return Err((ApiErrorKind::Transient, "the rule came without its id".to_owned()));
    };
    Ok(Rule { ruleset: id.to_owned(), id: rule.to_owned(), value: value.clone() })
}

impl Rule {
    /// A rule is enabled unless it says otherwise.
    pub(super) fn position(&self) -> Position {
        if self.value["enabled"] == false { Position::Primary } else { Position::Standby }
    }

    /// The whole rule as it is, but for this position and for what Cloudflare adds.
    pub(super) fn definition(&self, position: Position) -> Value {
        let mut definition = self.value.clone();
        if let Some(fields) = definition.as_object_mut() {
            fields.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
        }
        definition["enabled"] = json!(position == Position::Standby);
        definition
    }

    /// Whether both lead the same visitors to the same place.
    pub(super) fn leads_like(&self, other: &Self) -> bool {
        ["expression", "action", "action_parameters"].iter().all(|key| self.value[key] == other.value[key])
    }

    /// What it is, in words.
    pub(super) fn told(&self) -> String {
        let enabled = if self.position() == Position::Standby { "enabled" } else { "disabled" };
        format!("{enabled}, for {}", self.value["expression"].as_str().unwrap_or("no visitor"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruleset() -> Value {
        json!({"id": "rs1", "version": "7", "rules": [
            {"id": "r0", "ref": "other", "enabled": true},
            {"id": "r1", "version": "3", "last_updated": "2026-01-01T00:00:00Z", "ref": "failover", "enabled": false,
             "description": "d", "expression": "true", "action": "redirect", "logging": {"enabled": true},
             "action_parameters": {"from_value": {"target_url": {"value": "https://x/"}, "status_code": 302}}},
        ]})
    }

    #[test]
    fn a_definition_holds_everything_but_what_cloudflare_adds() {
        let rule = find(&ruleset(), "failover").unwrap();
        assert_eq!(
            (rule.ruleset.as_str(), rule.id.as_str(), rule.position()),
            ("rs1", "r1", Position::Primary)
        );
        let expected = json!({"ref": "failover", "enabled": true, "description": "d", "expression": "true",
            "action": "redirect", "logging": {"enabled": true},
            "action_parameters": {"from_value": {"target_url": {"value": "https://x/"}, "status_code": 302}}});
        assert_eq!(rule.definition(Position::Standby), expected);
    }

    #[test]
    fn a_missing_ref_names_those_that_are_there() {
        let (kind, why) = find(&ruleset(), "failovr").unwrap_err();
        assert_eq!(kind, ApiErrorKind::Missing);
        assert_eq!(why, "no Single Redirect of the zone has this ref; those there are: other, failover");
        assert_eq!(find(&json!({"id": "rs1"}), "x").unwrap_err().0, ApiErrorKind::Missing);
        for odd in
            [json!(null), json!({}), json!({"id": "rs1", "rules": null}), json!({"id": "rs1", "rules": {}})]
        {
            assert_eq!(find(&odd, "x").unwrap_err().0, ApiErrorKind::Transient, "{odd}");
        }
    }

    #[test]
    fn a_rule_is_enabled_unless_it_says_otherwise() {
        let rule = find(&json!({"id": "rs", "rules": [{"id": "r", "ref": "x"}]}), "x").unwrap();
        assert_eq!(rule.position(), Position::Standby);
    }
}
