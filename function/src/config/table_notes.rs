//! What is noted of one table of the configuration: which keys it is asked for, and what is wrong with them.

use toml::Table;

use super::problems::Found;
use crate::{clouds::Kind, nearest::nearest};

/// Where a table stands, and the keys that are known in it; problems go to one list for all.
pub(super) struct TableNotes<'f> {
    path: String,
    known: Vec<&'static str>,
    pub(super) found: &'f mut Found,
}

impl<'f> TableNotes<'f> {
    pub(super) fn new(path: String, found: &'f mut Found) -> Self {
        Self { path, known: Vec::new(), found }
    }

    /// It is a key of this table from now on.
    pub(super) fn knows(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// Notes what belongs at `key` for whoever wants to know; true while somebody does.
    pub(super) fn asked(&mut self, key: &'static str, required: bool, kind: impl FnOnce() -> Kind) -> bool {
        let path = self.name_of(key);
        self.known.push(key);
        self.found.record(&path, required, kind)
    }

    /// Notes a problem of `key`; the example is the whole line.
    pub(super) fn problem(&mut self, key: &str, reason: &str, example: &str) {
        let name = self.name_of(key);
        self.found.add(name, reason, example.to_owned());
    }

    /// Notes a problem of `key`; the example is its text.
    pub(super) fn problem_with(&mut self, key: &str, reason: &str, example: &str) {
        self.problem(key, reason, &format!("{key} = {example:?}"));
    }

    pub(super) fn list_problem(&mut self, key: &str, reason: &str, example: &str) {
        self.problem(key, reason, &format!("{key} = [{example:?}]"));
    }

    /// Notes a problem of a variable of the environment, of which nothing is shown.
    pub(super) fn environment_problem(&mut self, variable: &str, reason: &str, example: &str) {
        self.found.add(variable.to_owned(), reason, format!("{variable}={example}"));
    }

    /// Whether something was said of this key or variable, or of one whose name begins so.
    pub(super) fn has_problem(&self, name: &str) -> bool {
        self.found.mentions(name)
    }

    /// Where a key stands, as problems name it.
    pub(super) fn name_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Where a list of tables stands, as its heading spells it.
    pub(super) fn heading_of(&self, key: &str) -> String {
        let top = self.path.split(['.', '[']).next().filter(|top| !top.is_empty());
        top.map_or_else(|| key.to_owned(), |top| format!("{top}.{key}"))
    }

    /// Complains of every key of the table that nobody asked for.
    pub(super) fn complain_of_others(&mut self, table: &Table) {
        let mut known = self.known.clone();
        known.dedup();
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let reason = match nearest(key, known.iter().copied()) {
                Some(meant) => format!("is not a key here; did you mean {meant}?"),
                None => not_here(key, &known),
            };
            let name = self.name_of(key);
            self.found.add(name, &reason, format!("without {key}"));
        }
    }
}

/// A key that stands in the wrong table, or nowhere.
fn not_here(key: &str, known: &[&str]) -> String {
    match super::shape::place_of(key) {
        Some(place) => format!("is not a key here, but one {place}"),
        None => format!("is not a key here; known are {}", known.join(", ")),
    }
}
