//! Reads one switch's table of the configuration, collecting every problem before giving up.

use std::{cell::RefCell, fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use crate::nearest::nearest;

use serde::Serialize;

/// What is wrong with one key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyProblem {
    /// The key, such as `service`.
    pub key: String,
    /// Why it can't be taken: a fragment that reads after the key.
    pub reason: String,
    /// A line that would be right, such as `gate = "all_users"`.
    pub example: String,
}

/// What belongs at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text {
        /// One that would be right.
        example: String,
    },
    /// How long something takes.
    Time {
        /// What it is unless somebody says.
        usual: String,
    },
    /// A whole number.
    Number {
        /// What it is unless somebody says.
        usual: u32,
        /// The least that is taken.
        least: u32,
        /// The most that is taken.
        most: u32,
    },
    /// True or false.
    Flag,
    /// One of some words.
    Choice {
        /// The words.
        names: Vec<String>,
        /// Which it is unless somebody says.
        usual: Option<String>,
    },
    /// A list of texts.
    Texts {
        /// One that would be right.
        example: String,
    },
    /// A table.
    Table,
    /// A list of tables.
    Tables,
}

/// A key that a reader asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The key.
    pub key: String,
    /// What belongs there.
    pub kind: Kind,
    /// Whether it has to be there.
    pub required: bool,
}

thread_local! {
    /// What a reader asks for, while somebody wants to know.
    static ASKED: RefCell<Option<Vec<Keyed>>> = const { RefCell::new(None) };
}

/// What `read` asks a switch's table for, found by letting it read one that has nothing in it but examples.
pub(crate) fn asked_by(read: impl FnOnce(Keys<'_>)) -> Vec<Keyed> {
    ASKED.set(Some(Vec::new()));
    read(Keys::new(&toml::Table::new()));
    ASKED.take().unwrap_or_default()
}

/// Notes a key for whoever wants to know; true while somebody does.
fn asked(key: &str, required: bool, kind: impl FnOnce() -> Kind) -> bool {
    ASKED.with_borrow_mut(|asked| {
        let Some(asked) = asked else { return false };
        if asked.iter().all(|other| other.key != key) {
            asked.push(Keyed { key: key.to_owned(), kind: kind(), required });
        }
        true
    })
}

/// One switch's table, and what was found wrong with it so far.
#[derive(Debug)]
pub struct Keys<'a> {
    table: &'a toml::Table,
    known: Vec<&'static str>,
    problems: Vec<KeyProblem>,
}

impl<'a> Keys<'a> {
    /// Starts reading `table`, in which `kind` is known already.
    pub fn new(table: &'a toml::Table) -> Self {
        Self { table, known: vec!["kind"], problems: Vec::new() }
    }

    /// The text at `key`, which has to be there, as a `T`.
    pub fn required<T: FromStr>(&mut self, key: &'static str, example: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        self.known.push(key);
        if asked(key, true, || Kind::Text { example: example.to_owned() }) {
            return example.parse().ok();
        }
        let read = match self.table.get(key) {
            None => Err("is missing".to_owned()),
            Some(value) => {
                text(value).and_then(|text| text.parse().map_err(|error: T::Err| error.to_string()))
            }
        };
        read.map_err(|reason| self.problem(key, reason, example)).ok()
    }

    /// The text at `key` as a `T`, where there is one.
    pub fn optional<T: FromStr>(&mut self, key: &'static str, example: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        asked(key, false, || Kind::Text { example: example.to_owned() });
        if self.table.contains_key(key) {
            return self.required(key, example);
        }
        self.known.push(key);
        None
    }

    /// One of `choices` at `key`; the first where the key is absent.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.known.push(key);
        let (usual, default) = choices[0];
        asked(key, false, || Kind::Choice {
            names: choices.iter().map(|(name, _)| (*name).to_owned()).collect(),
            usual: Some(usual.to_owned()),
        });
        let Some(value) = self.table.get(key) else { return Some(default) };
        let chosen = value.as_str().and_then(|text| choices.iter().find(|(name, _)| *name == text));
        if chosen.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            self.problem(key, format!("is not one of {}", names.join(", ")), usual);
        }
        chosen.map(|(_, choice)| *choice)
    }

    /// Yes or no at `key`; no where it is absent.
    pub fn flag(&mut self, key: &'static str) -> bool {
        self.known.push(key);
        asked(key, false, || Kind::Flag);
        let Some(value) = self.table.get(key) else { return false };
        value.as_bool().unwrap_or_else(|| {
            self.problems.push(KeyProblem {
                key: key.to_owned(),
                reason: "is neither true nor false".to_owned(),
                example: format!("{key} = true"),
            });
            false
        })
    }

    /// The whole number at `key`, `usual` where there is none.
    pub fn number(&mut self, key: &'static str, range: RangeInclusive<u32>, usual: u32) -> Option<u32> {
        self.known.push(key);
        asked(key, false, || Kind::Number { usual, least: *range.start(), most: *range.end() });
        let Some(value) = self.table.get(key) else { return Some(usual) };
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        let fits = number.filter(|number| range.contains(number));
        if fits.is_none() {
            let reason = format!("is no whole number from {} to {}", range.start(), range.end());
            self.problems.push(KeyProblem {
                key: key.to_owned(),
                reason,
                example: format!("{key} = {usual}"),
            });
        }
        fits
    }

    /// The duration at `key`, `usual` where there is none.
    pub fn time(&mut self, key: &'static str, usual: Duration) -> Option<Duration> {
        let example = humantime::format_duration(usual).to_string();
        asked(key, false, || Kind::Time { usual: example.clone() });
        if !self.table.contains_key(key) {
            self.known.push(key);
            return Some(usual);
        }
        self.required::<humantime::Duration>(key, &example).map(Into::into)
    }

    /// Whether anything stands at `key`.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Complains of what stands at `key`.
    pub fn refuse(&mut self, key: &str, reason: &str, example: &str) {
        self.problem(key, reason.to_owned(), example);
    }

    /// Gives what was `read`, or every problem: those met so far and the keys that nobody asked for.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, Vec<KeyProblem>> {
        let asked = self.known.join(", ");
        for key in self.table.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let known = self.known.iter().copied();
            let reason = match nearest(key, known) {
                Some(meant) => format!("is not a key of this kind of switch; did you mean {meant}?"),
                None => format!("is not a key of this kind of switch, which knows {asked}"),
            };
            self.problems.push(KeyProblem { key: key.clone(), reason, example: format!("without {key}") });
        }
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(self.problems),
        }
    }

    fn problem(&mut self, key: &str, reason: String, example: &str) {
        let example = format!("{key} = {example:?}");
        self.problems.push(KeyProblem { key: key.to_owned(), reason, example });
    }
}

fn text(value: &toml::Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "is not a text in quotes".to_owned())
}
