//! What is wrong with a configuration: told all at once, as sentences.

use std::{fmt, io, path::Path, process::ExitCode};

use crate::switch::KeyProblem;

/// What a process ends with whose configuration is wrong: `EX_USAGE` of sysexits(3).
pub const EXIT_CODE: u8 = 64;

/// Every problem of a configuration, in the order in which they were found; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(Vec<KeyProblem>);

impl Problems {
    /// One sentence for each problem: its key, the reason and an example.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(sentence)
    }

    /// Each of them.
    pub fn list(&self) -> &[KeyProblem] {
        &self.0
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(EXIT_CODE)
    }

    pub(super) fn unread(path: &Path, error: &io::Error) -> Self {
        Self::one("--config", format!("{} can't be read: {error}", path.display()), "--config failover.toml")
    }

    /// Says where, but shows nothing of the line: somebody may have put a secret into it.
    pub(super) fn not_toml(text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let what = error.message().lines().next().unwrap_or_default();
        Self::one(
            "the configuration",
            format!("is not TOML at line {line}: {what}"),
            "journal = \"gs://bucket/journal\"",
        )
    }

    fn one(key: &str, reason: String, example: &str) -> Self {
        Self(vec![KeyProblem { key: key.to_owned(), reason, example: example.to_owned() }])
    }
}

fn sentence(problem: &KeyProblem) -> String {
    format!("{} {}; for example: {}", problem.key, problem.reason, problem.example)
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the configuration has {count} {}", if count == 1 { "problem" } else { "problems" })?;
        self.sentences().try_for_each(|sentence| write!(f, "\n  {sentence}"))
    }
}

/// Where problems are collected while reading.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<KeyProblem>);

impl Found {
    pub(super) fn add(&mut self, key: String, reason: &str, example: String) {
        self.0.push(KeyProblem { key, reason: reason.to_owned(), example });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn mentions(&self, key: &str) -> bool {
        self.0.iter().any(|problem| problem.key.starts_with(key))
    }
}

impl From<Found> for Problems {
    fn from(found: Found) -> Self {
        Self(found.0)
    }
}
