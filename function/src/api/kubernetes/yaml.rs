//! YAML to the values that serde reads, as far as a kubeconfig needs it: one document, no aliases.
//!
//! A full YAML reader would bring more code than all the rest of this client. Errors tell a line and nothing of it.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// A kubeconfig is five deep; what is deeper without end would end the process when it is dropped. Own choice.
const DEEPEST: usize = 64;

/// A mapping or a sequence that is still being read.
enum Open {
    Mapping(Map<String, Value>, Option<String>),
    Sequence(Vec<Value>),
}

/// Reads a text; the error is the line at which it ceased to be one that can be read.
pub(super) fn read(text: &str) -> Result<Value, usize> {
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.marker().line())?;
        let line = span.start.line();
        if open.len() > DEEPEST {
            return Err(line);
        }
        let done = match event {
            Event::MappingStart(..) => {
                open.push(Open::Mapping(Map::new(), None));
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open::Sequence(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => closed(open.pop().ok_or(line)?),
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::Alias(_) => return Err(line),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {
                continue;
            }
        };
        match open.last_mut() {
            None if whole.is_none() => whole = Some(done),
            None => return Err(line),
            Some(Open::Sequence(items)) => items.push(done),
            Some(Open::Mapping(map, key)) => match (key.take(), done) {
                (Some(name), value) => drop(map.insert(name, value)),
                (None, Value::String(name)) => *key = Some(name),
                (None, _) => return Err(line),
            },
        }
    }
    Ok(whole.unwrap_or_default())
}

fn closed(open: Open) -> Value {
    match open {
        Open::Mapping(map, _) => Value::Object(map),
        Open::Sequence(items) => Value::Array(items),
    }
}

/// Numbers stay texts: names may look like them.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        "" | "~" | "null" if style == ScalarStyle::Plain => Value::Null,
        "true" | "false" if style == ScalarStyle::Plain => Value::Bool(text == "true"),
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
        for (text, line) in
            [("a: b\nc: [d\n", 3), ("a: &x b\nc: *x\n", 2), ("a: b\n---\nc: d\n", 4), ("? [a]\n: b\n", 1)]
        {
            assert_eq!(read(text), Err(line), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_nested_without_end_is_read_or_refused_but_never_ends_the_process() {
        for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
            drop(read(&text));
        }
    }
}
