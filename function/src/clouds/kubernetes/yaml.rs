//! YAML to the values that serde reads, as far as a kubeconfig needs it: the first document, with its aliases.
//!
//! A full YAML reader would bring more code than all the rest of this client. Errors tell a line and nothing of it.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// A kubeconfig is five deep; what is deeper without end would end the process when it is dropped. Own choice.
const DEEPEST: usize = 64;

/// So many values may a file stand for: a few aliases of aliases would otherwise fill any memory. Own choice.
const MOST: usize = 100_000;

/// A mapping or a sequence that is still being read, and the anchor at it.
enum Open {
    Mapping(Map<String, Value>, Option<String>, usize),
    Sequence(Vec<Value>, usize),
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    open: Vec<Open>,
    anchored: HashMap<usize, Value>,
    values: usize,
    whole: Option<Value>,
}

/// Reads the first document of a text, as `kubectl` does; the error is the line at which it ceased to be one that can be
/// read.
pub(super) fn read(text: &str) -> Result<Value, usize> {
    let mut reading = Reading::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.marker().line())?;
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        reading.take(event).ok_or(span.start.line())?;
    }
    Ok(reading.whole.unwrap_or_default())
}

impl Reading {
    /// Nothing where it can't be taken.
    fn take(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::MappingStart(anchor, _) => self.begin(Open::Mapping(Map::new(), None, anchor)),
            Event::SequenceStart(anchor, _) => self.begin(Open::Sequence(Vec::new(), anchor)),
            Event::MappingEnd | Event::SequenceEnd => {
                let (value, anchor) = closed(self.open.pop()?);
                self.done(value, anchor)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = if tag.is_some() { ScalarStyle::DoubleQuoted } else { style };
                self.done(scalar(&text, style), anchor)
            }
            Event::Alias(anchor) => {
                let value = self.anchored.get(&anchor)?.clone();
                let (depth, values) = size(&value);
                self.values += values;
                (self.open.len() + depth <= DEEPEST).then(|| self.done(value, 0))?
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Some(()),
        }
    }

    fn begin(&mut self, open: Open) -> Option<()> {
        self.open.push(open);
        (self.open.len() <= DEEPEST).then_some(())
    }

    fn done(&mut self, value: Value, anchor: usize) -> Option<()> {
        self.values += 1;
        if self.values > MOST {
            return None;
        }
        if anchor > 0 {
            self.anchored.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None if self.whole.is_none() => self.whole = Some(value),
            None => return None,
            Some(Open::Sequence(items, _)) => items.push(value),
            Some(Open::Mapping(map, key, _)) => match (key.take(), value) {
                (Some(name), value) => drop(map.insert(name, value)),
                (None, Value::String(name)) => *key = Some(name),
                (None, Value::Bool(name)) => *key = Some(name.to_string()),
                (None, _) => return None,
            },
        }
        Some(())
    }
}

fn closed(open: Open) -> (Value, usize) {
    match open {
        Open::Mapping(map, _, anchor) => (Value::Object(merged(map)), anchor),
        Open::Sequence(items, anchor) => (Value::Array(items), anchor),
    }
}

/// `<<` takes what another mapping, or each of several, has and this one hasn't.
fn merged(mut map: Map<String, Value>) -> Map<String, Value> {
    let others = match map.remove("<<") {
        None => return map,
        Some(Value::Array(others)) => others,
        Some(other) => vec![other],
    };
    for (key, value) in others.iter().filter_map(Value::as_object).flatten() {
        if !map.contains_key(key) {
            map.insert(key.clone(), value.clone());
        }
    }
    map
}

/// How deep a value is, and of how many it is made.
fn size(value: &Value) -> (usize, usize) {
    let of_all = |sizes: &mut dyn Iterator<Item = (usize, usize)>| {
        sizes.fold((1, 1), |(deep, many), (depth, values)| (deep.max(depth + 1), many + values))
    };
    match value {
        Value::Object(map) => of_all(&mut map.values().map(size)),
        Value::Array(items) => of_all(&mut items.iter().map(size)),
        _ => (0, 1),
    }
}

/// Numbers stay texts: names may look like them.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Value::Null,
        "true" | "True" | "TRUE" if style == ScalarStyle::Plain => Value::Bool(true),
        "false" | "False" | "FALSE" if style == ScalarStyle::Plain => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_kubeconfigs_are_written_in_is_read() {
        let text = "# a comment\na: {b: [x, 'true', 1], c: null}\nlist:\n- name: one\n  deep:\n    er: \"q\\n\"\n- two\nyes: true\n";
        let expected = json!({
            "a": { "b": ["x", "true", "1"], "c": null },
            "list": [{ "name": "one", "deep": { "er": "q\n" } }, "two"],
            "yes": true,
        });
        assert_eq!(read(text), Ok(expected.clone()));
        assert_eq!(read(&expected.to_string()), Ok(expected), "JSON is YAML");
        assert_eq!(read("pem: |\n  -----BEGIN\n  x\n"), Ok(json!({ "pem": "-----BEGIN\nx\n" })));
        assert_eq!(read(""), Ok(Value::Null));
    }

    #[test]
    fn what_is_not_understood_is_told_by_its_line() {
        for (text, line) in [("a: b\nc: [d\n", 3), ("a: b\nc: *x\n", 2), ("? [a]\n: b\n", 1)] {
            assert_eq!(read(text), Err(line), "{text}");
        }
    }

    #[test]
    fn aliases_merges_and_later_documents_are_read_as_kubectl_reads_them() {
        assert_eq!(read("a: &x {b: c}\nd: *x\n"), Ok(json!({"a": {"b": "c"}, "d": {"b": "c"}})));
        let merged = read("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}\n");
        assert_eq!(merged, Ok(json!({"a": {"b": "1", "c": "2"}, "d": {"b": "3", "c": "2"}})));
        assert_eq!(read("a: b\n---\nc: d\n"), Ok(json!({"a": "b"})));
        assert_eq!(read("a: True\nb: !!str true\nc: NULL\n"), Ok(json!({"a": true, "b": "true", "c": null})));
    }

    #[test]
    fn aliases_of_aliases_fill_no_memory_and_no_stack() {
        use std::fmt::Write;
        let ten = |name: &str, of: &str| format!("{name}: &{name} [{}]\n", [of; 10].join(", "));
        let mut text = ten("a", "x");
        for (name, of) in ["b", "c", "d", "e", "f", "g"].iter().zip(["a", "b", "c", "d", "e", "f"]) {
            text += &ten(name, &format!("*{of}"));
        }
        assert!(read(&text).is_err());
        let mut deep = "n0: &n0 [x]\n".to_owned();
        for level in 1..10_000 {
            let _ = writeln!(deep, "n{level}: &n{level} [*n{}]", level - 1);
        }
        assert!(read(&deep).is_err());
    }

    #[test]
    fn a_file_that_is_nested_without_end_is_read_or_refused_but_never_ends_the_process() {
        for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
            drop(read(&text));
        }
    }
}
