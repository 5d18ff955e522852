//! What the decoders of signals share: why bytes could not be read, and lookups that forgive.
//!
//! Text from outside ends up in the journal, on terminals and on a page, so it is cut and freed of control
//! characters here, once.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// Longest text taken over from a signal, in characters: own choice, a sentence or three.
const LONGEST_TEXT: usize = 1000;

/// Why bytes are no signal: one sentence that says what is wrong and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// What editors and shells of Windows begin a text with; a reader may pass over it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the JSON object in `bytes`; `what` names it in the error.
pub(crate) fn object<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Unreadable> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let read = serde_json::from_slice::<Fitting<T>>(bytes);
    let read = read.or_else(|error| match mended(bytes) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    });
    let read = read.map_err(|error| {
        Unreadable(if error.is_data() {
            format!("the {what} has a {error}; publish it with each field once")
        } else {
            format!("the {what} is not JSON: {error}; publish one JSON object")
        })
    })?;
    read.0.ok_or_else(|| Unreadable(format!("the {what} is JSON but no object; publish one such as {{…}}")))
}

/// The text with a sign in place of what is no character, if there is any: whoever cuts a long text may cut one in two,
/// and an alert isn't lost for that.
fn mended(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (mut mended, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        let (length, is_character) = escaped(escape);
        mended.push_str(before);
        mended.push_str(if is_character { &escape[..length] } else { "\\ufffd" });
        rest = &escape[length..];
    }
    mended.push_str(rest);
    (mended.as_bytes() != bytes).then_some(mended)
}

/// How long the escape is that `text` begins with, and whether it stands for a character: half of a pair doesn't.
fn escaped(text: &str) -> (usize, bool) {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, true),
        (Some(0xD800..=0xDFFF), _) => (6, false),
        (Some(_), _) => (6, true),
        (None, _) => (1 + text[1..].chars().next().map_or(0, char::len_utf8), true),
    }
}

/// An object that reads as a `T`, or nothing: a sender may put something else in its place.
#[derive(Debug)]
pub(crate) struct Fitting<T>(pub(crate) Option<T>);

/// One value of any shape. Lists and objects are passed over, so that hostile ones take no memory.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Leaf {
    #[default]
    Nothing,
    Text(String),
    Number(serde_json::Number),
    Flag(bool),
    Structure,
}

impl Leaf {
    /// The text, also of a number; `None` for nothing, blanks and anything else.
    pub(crate) fn text(&self) -> Option<String> {
        let text = match self {
            Self::Text(text) => clean(text),
            Self::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("null"),
            Self::Text(text) => write!(f, "\"{}\"", clean(text)),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Structure => f.write_str("a list or an object"),
        }
    }
}

impl<T> Default for Fitting<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fitting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FittingVisitor(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LeafVisitor)
    }
}

struct FittingVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FittingVisitor<T> {
    type Value = Fitting<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|read| Fitting(Some(read)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Fitting(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Fitting(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Fitting(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Fitting(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Fitting(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Fitting(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Fitting(None))
    }
}

struct LeafVisitor;

impl<'de> Visitor<'de> for LeafVisitor {
    type Value = Leaf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Leaf, E> {
        Ok(Leaf::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Leaf, E> {
        Ok(Leaf::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Leaf, E> {
        Ok(Leaf::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Leaf, E> {
        Ok(Leaf::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Leaf, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Leaf::Nothing, Leaf::Number))
    }

    fn visit_unit<E>(self) -> Result<Leaf, E> {
        Ok(Leaf::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Leaf, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Leaf::Structure)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Leaf, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Leaf::Structure)
    }
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
    use super::*;

    fn leaf(json: &str) -> Leaf {
        serde_json::from_str(json).expect("it is JSON")
    }

    #[test]
    fn text_is_one_line_of_bounded_length() {
        assert_eq!(clean(" a\nb\u{1b}[31m "), "a b [31m");
        assert_eq!(clean(&"é".repeat(5000)).chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn numbers_are_read_as_text_and_blanks_as_nothing() {
        assert_eq!(leaf("365415247865").text().as_deref(), Some("365415247865"));
        assert_eq!(leaf("1.2").text().as_deref(), Some("1.2"));
        assert_eq!(leaf("-1").text().as_deref(), Some("-1"));
        for nothing in ["\"  \"", "null", "true", "[\"a\"]", "{\"a\": 1}"] {
            assert_eq!(leaf(nothing).text(), None, "{nothing}");
        }
    }

    #[test]
    fn half_a_character_is_a_sign_and_nothing_else_is_changed() {
        let mends = |text: &[u8], to: &str| assert_eq!(mended(text).as_deref(), Some(to));
        mends(br#"{"a":"x\ud83d","b":"\ude00y"}"#, r#"{"a":"x\ufffd","b":"\ufffdy"}"#);
        mends(br#""\uD83D\uD83D\uDE00""#, r#""\ufffd\uD83D\uDE00""#);
        mends(b"\"caf\xC3\"", "\"caf\u{fffd}\"");
        for whole in [r#""\ud83d\ude00 \\ud83d \n \u00e9 \u12""#, "\\", "\\é", "\\u", "😀"] {
            assert_eq!(mended(whole.as_bytes()), None, "{whole}");
        }
    }

    #[test]
    fn deeply_nested_lists_are_passed_over_or_refused() {
        for depth in [10, 100, 1000, 500_000] {
            let json = format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let _ = object::<std::collections::BTreeMap<String, Leaf>>(json.as_bytes(), "message");
        }
    }
}
