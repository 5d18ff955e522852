//! One table of the configuration: reads keys into types, notes what is wrong, goes on.

use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use toml::{Table, Value};

use super::table_notes::TableNotes;
use crate::clouds::Kind;

/// No wait is longer: own choice, so that sums of waits and clock readings can't overflow.
const LONGEST_WAIT: Duration = Duration::from_hours(30 * 24);

/// A table, and what is noted of it.
pub(super) struct Section<'t, 'f> {
    pub(super) table: &'t Table,
    pub(super) notes: TableNotes<'f>,
}

impl<'t> Section<'t, '_> {
    /// The value at `key`, which is a key of this table from now on.
    fn value(&mut self, key: &'static str) -> Option<&'t Value> {
        self.notes.knows(key);
        self.table.get(key)
    }

    /// Whether somebody wrote `key`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key) || self.notes.found.is_recording()
    }

    /// The text at `key` as a `T`; its absence is a problem.
    pub(super) fn required<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<T> {
        if self.notes.asked(key, true, || Kind::Text { example: example.to_owned() }) {
            return example.parse().ok();
        }
        if !self.has(key) {
            self.notes.problem_with(key, "is missing", example);
            return None;
        }
        self.optional(key, example)
    }

    /// The text at `key` as a `T`, if there is one.
    pub(super) fn optional<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<T> {
        if self.notes.asked(key, false, || Kind::Text { example: example.to_owned() }) {
            return example.parse().ok();
        }
        let value = self.value(key)?;
        parse(value).map_err(|reason| self.notes.problem_with(key, &reason, example)).ok()
    }

    /// The list of texts at `key`, which has to be there and hold something.
    pub(super) fn list<T: FromStr<Err: fmt::Display>>(&mut self, key: &'static str, example: &str) -> Vec<T> {
        if self.notes.asked(key, true, || Kind::Texts { example: example.to_owned() }) {
            return example.parse().ok().into_iter().collect();
        }
        match self.value(key) {
            None => self.notes.list_problem(key, "is missing", example),
            Some(Value::Array(items)) if items.is_empty() => {
                self.notes.list_problem(key, "is empty", example);
            }
            Some(value) => match texts(value) {
                Ok(read) => return read,
                Err(reason) => self.notes.list_problem(key, &reason, example),
            },
        }
        Vec::new()
    }

    /// The list of texts at `key`; nothing is an empty list.
    pub(super) fn optional_list<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Vec<T> {
        self.notes.asked(key, false, || Kind::Texts { example: example.to_owned() });
        let read = self.value(key).map_or_else(|| Ok(Vec::new()), texts);
        read.map_err(|reason| self.notes.list_problem(key, &reason, example)).unwrap_or_default()
    }

    /// The time at `key`, zero included.
    pub(super) fn time(&mut self, key: &'static str, usual: &str) -> Duration {
        self.notes.asked(key, false, || Kind::Time { usual: usual.to_owned() });
        let given = self.optional::<Wait>(key, usual);
        given.or_else(|| usual.parse().ok()).map(|wait| wait.0).unwrap_or_default()
    }

    /// The time at `key`, which can't be zero.
    pub(super) fn some_time(&mut self, key: &'static str, usual: &str) -> Duration {
        let time = self.time(key, usual);
        if time.is_zero() {
            self.notes.problem_with(key, "is no time at all", usual);
        }
        time
    }

    /// The whole number at `key`.
    pub(super) fn number(&mut self, key: &'static str, usual: u32, range: RangeInclusive<u32>) -> u32 {
        self.notes.asked(key, false, || Kind::Number { usual, least: *range.start(), most: *range.end() });
        let Some(value) = self.value(key) else { return usual };
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| range.contains(number)).unwrap_or_else(|| {
            let reason = format!("is not a whole number from {} to {}", range.start(), range.end());
            self.notes.problem(key, &reason, &format!("{key} = {usual}"));
            usual
        })
    }

    /// The flag at `key`; not written, it isn't set.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.notes.asked(key, false, || Kind::Flag);
        let Some(value) = self.value(key) else { return false };
        value.as_bool().unwrap_or_else(|| {
            self.notes.problem(key, "is neither true nor false, without quotes", &format!("{key} = true"));
            false
        })
    }

    /// One of `choices` at `key`; the first where nothing is written.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> T {
        let (usual, default) = choices[0];
        if self.notes.asked(key, false, || words(choices, Some(usual))) || !self.has(key) {
            return default;
        }
        self.required_choice(key, choices).unwrap_or(default)
    }

    /// One of `choices` at `key`; its absence is a problem.
    pub(super) fn required_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let (usual, first) = choices[0];
        if self.notes.asked(key, true, || words(choices, None)) {
            return Some(first);
        }
        let Some(value) = self.value(key) else {
            self.notes.problem_with(key, "is missing", usual);
            return None;
        };
        let chosen = choices.iter().find(|(name, _)| value.as_str() == Some(name));
        if chosen.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            self.notes.problem_with(key, &format!("is not one of {}", names.join(", ")), usual);
        }
        chosen.map(|(_, choice)| *choice)
    }

    /// Reads the table at `key`, if there is one.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'_, '_>) -> T,
    ) -> Option<T> {
        if self.notes.asked(key, false, || Kind::Table) {
            return Some(self.within(self.notes.name_of(key), &Table::new(), read));
        }
        let Some(table) = self.value(key)?.as_table() else {
            self.notes.problem(key, "is not a table", &format!("[{key}]"));
            return None;
        };
        Some(self.within(self.notes.name_of(key), table, read))
    }

    /// Every table of the list at `key`.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<&'t Table> {
        if self.notes.asked(key, false, || Kind::Tables) {
            return vec![example_table()];
        }
        let Some(value) = self.value(key) else { return Vec::new() };
        let tables = value.as_array().and_then(|list| list.iter().map(Value::as_table).collect());
        tables.unwrap_or_else(|| {
            let heading = self.notes.heading_of(key);
            self.notes.problem(key, "is not a list of tables", &format!("[[{heading}]]"));
            Vec::new()
        })
    }

    /// Reads `table`, which stands at `path`, and complains of keys that nobody asked for.
    pub(super) fn within<'s, T>(
        &mut self,
        path: String,
        table: &'s Table,
        read: impl FnOnce(&mut Section<'s, '_>) -> T,
    ) -> T {
        let mut section = Section { table, notes: TableNotes::new(path, self.notes.found) };
        let value = read(&mut section);
        section.notes.complain_of_others(table);
        value
    }
}

fn words<T>(choices: &[(&str, T)], usual: Option<&str>) -> Kind {
    Kind::Choice {
        names: choices.iter().map(|(name, _)| (*name).to_owned()).collect(),
        usual: usual.map(str::to_owned),
    }
}

/// A table that outlives whoever reads it, for the one time that its keys are asked for.
fn example_table() -> &'static Table {
    static EMPTY: std::sync::OnceLock<Table> = std::sync::OnceLock::new();
    EMPTY.get_or_init(Table::new)
}

fn parse<T: FromStr<Err: fmt::Display>>(value: &Value) -> Result<T, String> {
    let text = value.as_str().ok_or_else(|| "is not a text in quotes".to_owned())?;
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn texts<T: FromStr<Err: fmt::Display>>(value: &Value) -> Result<Vec<T>, String> {
    let items = value.as_array().ok_or_else(|| "is not a list".to_owned())?;
    let read = items.iter().map(parse).collect::<Result<_, _>>();
    read.map_err(|reason| format!("has an entry that {reason}"))
}

/// A duration as the configuration writes it.
pub(super) struct Wait(pub(super) Duration);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wait =
            humantime::parse_duration(text).map_err(|_| format!("is {text:?}, which is no duration"))?;
        if wait > LONGEST_WAIT { Err("is longer than 30 days".to_owned()) } else { Ok(Self(wait)) }
    }
}
