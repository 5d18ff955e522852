//! What the decoders of signals share: why bytes could not be read, and lookups that forgive.
//!
//! Text from outside ends up in the journal, on terminals and on a page, so it is cut and freed of control
//! characters here, once.

use serde_json::Value;

/// Longest text taken over from a signal, in characters: own choice, a sentence or three.
const LONGEST_TEXT: usize = 1000;

/// Why bytes are no signal: one sentence that says what is wrong and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Reads the JSON object in `bytes`; `what` names it in the error.
pub(crate) fn object(bytes: &[u8], what: &str) -> Result<Value, Unreadable> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Unreadable(format!("the {what} is not JSON: {error}; publish one JSON object")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Unreadable(format!("the {what} is JSON but no object; publish one such as {{…}}")))
    }
}

/// The value's text, also of a number; `None` for nothing, blanks and anything else.
pub(crate) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => clean(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// `text` on one line, without control characters, trimmed and at most [`LONGEST_TEXT`] long.
pub(crate) fn clean(text: &str) -> String {
    let plain: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.chars().count() <= LONGEST_TEXT {
        return plain;
    }
    plain.chars().take(LONGEST_TEXT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_one_line_of_bounded_length() {
        assert_eq!(clean(" a\nb\u{1b}[31m "), "a b [31m");
        assert_eq!(clean(&"é".repeat(5000)).chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn numbers_are_read_as_text_and_blanks_as_nothing() {
        assert_eq!(text(&json!(365_415_247_865_u64)).as_deref(), Some("365415247865"));
        assert_eq!(text(&json!("  ")), None);
        assert_eq!(text(&json!({"a": 1})), None);
        assert_eq!(text(&Value::Null), None);
    }
}
