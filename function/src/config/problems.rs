//! What is wrong with a configuration: told all at once, as sentences that say where.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;

use super::{
    place::{self, Place},
    shape::Known,
};
use crate::clouds::{KeyProblem, Kind};

/// What a process ends with whose configuration is wrong: `EX_USAGE` of sysexits(3).
pub const EXIT_CODE: u8 = 64;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key, such as `sites.resume.switches[0].zone`, or a variable of the environment.
    pub key: String,
    /// Why it can't be taken: a fragment that reads after the key.
    pub reason: String,
    /// What would be right.
    pub example: String,
    /// The line that it is in, where it is in a file.
    pub line: Option<usize>,
    /// The character in that line.
    pub column: Option<usize>,
    /// What stands there, where it can't be a secret.
    pub value: Option<String>,
}

/// Every problem of a configuration, in the order in which they were found; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    list: Vec<Problem>,
    file: Option<PathBuf>,
}

impl Problem {
    fn new(KeyProblem { key, reason, example }: KeyProblem) -> Self {
        Self { key, reason, example, line: None, column: None, value: None }
    }

    /// Its key, the reason and an example.
    pub fn sentence(&self) -> String {
        format!("{} {}; for example: {}", self.key, self.reason, self.example)
    }

    /// Says where it is in `text`, and shows the value: not that of a key that nobody knows, into which people put
    /// secrets, nor one that names a variable and may be the secret itself.
    fn place(&mut self, text: &str) {
        let Some((Place { line, column }, value)) = place::find(text, &self.key) else { return };
        (self.line, self.column) = (Some(line), Some(column));
        let is_known = !self.reason.starts_with("is not a key");
        self.value = value.filter(|_| is_known && !self.key.ends_with("_env") && !self.key.contains("url"));
    }
}

impl Problems {
    /// One sentence for each problem: its key, the reason and an example.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.list.iter().map(Problem::sentence)
    }

    /// Each problem by itself.
    pub fn each(&self) -> &[Problem] {
        &self.list
    }

    /// Whether all of them are of the environment, and none of the file.
    pub fn are_of_the_environment(&self) -> bool {
        let shouted = |key: &str| {
            !key.is_empty() && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        self.list.iter().all(|problem| shouted(&problem.key))
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(EXIT_CODE)
    }

    /// The same, of this file.
    pub(super) fn of(self, path: &Path) -> Self {
        Self { file: Some(path.to_owned()), ..self }
    }

    pub(super) fn unread(path: &Path, error: &io::Error) -> Self {
        Self::one(
            "--config",
            format!("{} can't be read: {error}", path.display()),
            "--config failover.toml",
            None,
        )
    }

    /// Says where, but shows nothing of the line: somebody may have put a secret into it.
    pub(super) fn not_toml(text: &str, error: &toml::de::Error) -> Self {
        let place = Place::of(text, error.span().map_or(0, |span| span.start));
        let what = error.message().lines().next().unwrap_or_default();
        Self::one(
            "the configuration",
            format!("is not TOML at line {}: {what}", place.line),
            "journal = \"gs://bucket/journal\"",
            Some(place),
        )
    }

    fn one(key: &str, reason: String, example: &str, place: Option<Place>) -> Self {
        let problem = KeyProblem { key: key.to_owned(), reason, example: example.to_owned() };
        let (line, column) = (place.map(|place| place.line), place.map(|place| place.column));
        Self { list: vec![Problem { line, column, ..Problem::new(problem) }], file: None }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.list.len();
        write!(f, "the configuration has {count} {}", if count == 1 { "problem" } else { "problems" })?;
        let file =
            self.file.as_ref().map_or_else(|| "line ".to_owned(), |file| format!("{}:", file.display()));
        self.list.iter().try_for_each(|problem| match problem.line {
            Some(line) => write!(f, "\n  {file}{line}: {}", problem.sentence()),
            None => write!(f, "\n  {}", problem.sentence()),
        })
    }
}

/// Where problems are collected while reading; or what is asked for, while somebody wants to know that.
#[derive(Debug, Default)]
pub(super) struct Found {
    problems: Vec<KeyProblem>,
    asked: Option<Vec<Known>>,
}

impl Found {
    /// Notes what readers ask for.
    pub(super) fn recording() -> Self {
        Self { problems: Vec::new(), asked: Some(Vec::new()) }
    }

    pub(super) fn is_recording(&self) -> bool {
        self.asked.is_some()
    }

    /// Notes a key where somebody wants to know; true if so.
    pub(super) fn record(&mut self, path: &str, required: bool, kind: impl FnOnce() -> Kind) -> bool {
        let Some(asked) = &mut self.asked else { return false };
        let path = path.replace("[0]", "[]");
        asked.push(Known { path, kind: kind(), required });
        true
    }

    /// What was asked for.
    pub(super) fn recorded(self) -> Vec<Known> {
        self.asked.unwrap_or_default()
    }

    pub(super) fn add(&mut self, key: String, reason: &str, example: String) {
        self.problems.push(KeyProblem { key, reason: reason.to_owned(), example });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn mentions(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key.starts_with(key))
    }

    /// All that was found, with its places in `text`.
    pub(super) fn placed(self, text: &str) -> Problems {
        let mut list: Vec<Problem> = self.problems.into_iter().map(Problem::new).collect();
        for problem in &mut list {
            problem.place(text);
        }
        Problems { list, file: None }
    }
}
