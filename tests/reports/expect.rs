//! What a case expects to be said, and to be never said.

use regex_lite::Regex;
use serde::Deserialize;

/// Patterns that are found in what was said, and patterns that are not.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    never_says: Vec<String>,
}

impl Words {
    /// What isn't as expected.
    pub(crate) fn complaints(&self, said: &str) -> Vec<String> {
        complaints(&self.says, &self.never_says, said)
    }
}

/// What isn't as expected: one complaint for each pattern.
pub(crate) fn complaints(says: &[String], never: &[String], said: &str) -> Vec<String> {
    let missing =
        says.iter().filter(|words| !finds(words, said)).map(|words| format!("never said {words:?}"));
    let wrong = never.iter().filter(|words| finds(words, said)).map(|words| format!("said {words:?}"));
    missing.chain(wrong).collect()
}

fn finds(pattern: &str, said: &str) -> bool {
    Regex::new(pattern).expect("a pattern").is_match(said)
}
