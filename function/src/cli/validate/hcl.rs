//! As much of HCL as values and types are written in: literals, lists, objects, and calls such as `optional(string)`.

use crate::config::Place;

/// A value, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) what: What,
    pub(super) place: Place,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Text(String),
    Number,
    Flag,
    Null,
    List(Vec<Value>),
    Object(Vec<Entry>),
    /// A word, such as `string`, or a call of one.
    Call(String, Vec<Value>),
}

/// One `key = value`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Value,
}

/// Where the text isn't what it should be, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wrong {
    pub(super) place: Place,
    pub(super) reason: String,
}

/// The assignments of a whole file.
pub(super) fn assignments(text: &str) -> Result<Vec<Entry>, Wrong> {
    let mut reader = HclReader { text, at: 0 };
    let mut entries = Vec::new();
    loop {
        reader.skip(true);
        if reader.rest().is_empty() {
            return Ok(entries);
        }
        entries.push(reader.entry()?);
    }
}

/// One value, at the beginning of the text.
pub(super) fn value(text: &str) -> Result<Value, Wrong> {
    let mut reader = HclReader { text, at: 0 };
    reader.skip(true);
    reader.value()
}

struct HclReader<'t> {
    text: &'t str,
    at: usize,
}

impl HclReader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn place(&self) -> Place {
        Place::of(self.text, self.at)
    }

    fn wrong<T>(&self, reason: &str) -> Result<T, Wrong> {
        Err(Wrong { place: self.place(), reason: reason.to_owned() })
    }

    fn starts(&self, word: &str) -> bool {
        self.rest().starts_with(word)
    }

    /// Passes over white space and comments; line breaks too, where they mean nothing.
    fn skip(&mut self, lines: bool) {
        loop {
            let rest = self.rest();
            let blank = |c: char| c.is_whitespace() && (lines || c != '\n');
            let blanks = rest.len() - rest.trim_start_matches(blank).len();
            let comment = if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            if blanks + comment == 0 {
                return;
            }
            self.at += blanks.max(comment);
        }
    }

    fn word(&mut self) -> Option<String> {
        let rest = self.rest();
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        let is_word = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        self.at += if is_word { end } else { 0 };
        is_word.then_some(word)
    }

    fn entry(&mut self) -> Result<Entry, Wrong> {
        let place = self.place();
        let key = if self.starts("\"") { Some(self.quoted()?) } else { self.word() };
        let Some(key) = key else { return self.wrong("is no key = value") };
        self.skip(false);
        if !(self.starts("=") || self.starts(":")) || self.starts("==") {
            return self.wrong("wants an equals sign after its name");
        }
        self.at += 1;
        self.skip(false);
        let value = self.value()?;
        Ok(Entry { key, place, value })
    }

    fn value(&mut self) -> Result<Value, Wrong> {
        let place = self.place();
        let what = match self.rest().chars().next() {
            Some('"') => What::Text(self.quoted()?),
            Some('<') if self.starts("<<") => What::Text(self.heredoc()?),
            Some('[') => What::List(self.list(']')?),
            Some('{') => What::Object(self.object()?),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            _ => self.named()?,
        };
        Ok(Value { what, place })
    }

    fn named(&mut self) -> Result<What, Wrong> {
        let Some(word) = self.word() else { return self.wrong("is no value") };
        Ok(match word.as_str() {
            "true" | "false" => What::Flag,
            "null" => What::Null,
            _ if self.starts("(") => What::Call(word, self.list(')')?),
            _ => What::Call(word, Vec::new()),
        })
    }

    fn number(&mut self) -> What {
        let rest = self.rest();
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        self.at += rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        What::Number
    }

    fn quoted(&mut self) -> Result<String, Wrong> {
        let (mut text, mut escaped) = (String::new(), false);
        for (index, c) in self.rest().char_indices().skip(1) {
            match c {
                '"' if !escaped => {
                    self.at += index + 1;
                    return Ok(text);
                }
                '\n' => break,
                '\\' if !escaped => escaped = true,
                _ => {
                    text.push(c);
                    escaped = false;
                }
            }
        }
        self.wrong("is a text without its closing quote")
    }

    fn heredoc(&mut self) -> Result<String, Wrong> {
        let rest = self.rest().trim_start_matches("<<").trim_start_matches('-');
        let (word, body) = rest.split_once('\n').unwrap_or((rest, ""));
        let mut end = self.text.len() - body.len();
        let mut text = String::new();
        for line in body.split_inclusive('\n') {
            end += line.len();
            if line.trim() == word.trim() {
                // The line break ends the value.
                self.at = end - usize::from(line.ends_with('\n'));
                return Ok(text);
            }
            text.push_str(line);
        }
        self.wrong("is a text without the word that ends it")
    }

    fn list(&mut self, end: char) -> Result<Vec<Value>, Wrong> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip(true);
            if self.rest().starts_with(end) {
                self.at += end.len_utf8();
                return Ok(values);
            }
            values.push(self.value()?);
            self.skip(true);
            if self.starts(",") {
                self.at += 1;
            } else if !self.rest().starts_with(end) {
                return self.wrong("stands where a comma or the end of the list belongs");
            }
        }
    }

    fn object(&mut self) -> Result<Vec<Entry>, Wrong> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip(true);
            if self.starts("}") {
                self.at += 1;
                return Ok(entries);
            }
            entries.push(self.entry()?);
            self.skip(false);
            if self.starts(",") {
                self.at += 1;
            } else if !(self.starts("\n") || self.starts("}")) {
                return self.wrong("stands where a line break, a comma or a closing brace belongs");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        let text = "a = \"x \\\"y\\\"\" # why\nb = [1, true, null,]\nc = {\n  \"d-e\" = { f = -1.5 }, g : \"h\"\n}\n\
                    t = <<-END\n  one\n  END\n/* none */ u = optional(map(object({ v = string })), {})\n";
        let read = assignments(text).expect("it is read");
        let keys: Vec<(&str, usize)> =
            read.iter().map(|entry| (entry.key.as_str(), entry.place.line)).collect();
        assert_eq!(keys, [("a", 1), ("b", 2), ("c", 3), ("t", 6), ("u", 9)]);
        assert_eq!(read[0].value.what, What::Text("x \"y\"".to_owned()));
        let What::Object(entries) = &read[2].value.what else { panic!("{read:?}") };
        assert_eq!((entries[0].key.as_str(), entries[1].key.as_str()), ("d-e", "g"));
        assert_eq!(read[3].value.what, What::Text("  one\n".to_owned()));
    }

    #[test]
    fn what_is_broken_is_told_with_its_place() {
        for (text, line, words) in [
            ("a = \"b\nc = 1", 1, "closing quote"),
            ("a = [1 2]", 1, "comma"),
            ("a = 1\nb\n", 2, "equals sign"),
            ("a = {\n b = 1 c = 2\n}", 2, "line break"),
            ("a = ", 1, "no value"),
            ("a = {\n b = 1\n", 3, "no key"),
            ("= 1", 1, "no key"),
        ] {
            let wrong = assignments(text).expect_err(text);
            assert!(wrong.place.line == line && wrong.reason.contains(words), "{text}: {wrong:?}");
        }
    }
}
