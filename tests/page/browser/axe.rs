//! axe-core, the rules that accessibility audits run, in the page as it is shown.
//!
//! `.ci/page` installs it from npm. Without it a test says that it was skipped, and fails if `FAILOVER_REQUIRE_AXE=1`
//! says that it must not be.

use serde_json::{Value, json};

use super::chromium::{Chromium, say};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/page/node_modules/axe-core/axe.min.js");

/// The targets' size is a rule of WCAG 2.2 that is off by default.
const RUN: &str = "
    axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })
        .then(found => JSON.stringify(found.violations.map(rule =>
            ({ rule: rule.id, impact: rule.impact, at: rule.nodes.slice(0, 3).map(node => node.html.slice(0, 160)) }))))";

/// The rules, where they are installed.
pub(crate) fn rules() -> Option<String> {
    let Ok(source) = std::fs::read_to_string(SOURCE) else {
        let required = std::env::var("FAILOVER_REQUIRE_AXE").is_ok_and(|value| value == "1");
        assert!(!required, "axe-core is not installed; .ci/page installs it");
        say("SKIPPED: axe-core on the page, since it isn't installed; .ci/page installs it");
        return None;
    };
    Some(source)
}

/// Whatever `rules` find in the page that is shown is wrong.
pub(crate) async fn check(browser: &Chromium, name: &str, rules: &str) {
    let asked =
        json!({ "expression": format!("{rules};{RUN}"), "awaitPromise": true, "returnByValue": true });
    let answer = browser.devtools("Runtime.evaluate", asked).await;
    let told = answer["result"]["value"].as_str().unwrap_or_else(|| panic!("{name}: axe-core says {answer}"));
    let violations: Value = serde_json::from_str(told).unwrap();
    assert_eq!(violations, json!([]), "{name}: {violations:#}");
}
