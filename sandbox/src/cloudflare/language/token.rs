//! Words, quoted strings and marks.

use std::fmt;

use super::Refused;

/// One word, string or mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Mark(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(formatter, "{word}"),
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Mark(mark) => write!(formatter, "\"{mark}\""),
        }
    }
}

/// Longer marks first: `!=` is not `!`.
const MARKS: [&str; 10] = ["==", "!=", "&&", "||", "(", ")", "{", "}", ",", "!"];

/// Splits an expression.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Refused> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, length) = next(rest)?;
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

fn next(text: &str) -> Result<(Token, usize), Refused> {
    if let Some(inner) = text.strip_prefix("r\"") {
        let end = inner.find('"').ok_or("unterminated string")?;
        return Ok((Token::Text(inner[..end].to_owned()), end + 3));
    }
    if let Some(inner) = text.strip_prefix('"') {
        return quoted(inner);
    }
    if let Some(mark) = MARKS.into_iter().find(|mark| text.starts_with(mark)) {
        return Ok((Token::Mark(mark), mark.len()));
    }
    let word = |character: char| character.is_ascii_alphanumeric() || "._".contains(character);
    let length = text.find(|character| !word(character)).unwrap_or(text.len());
    if length == 0 {
        return Err(format!("unrecognised input at {text:?}"));
    }
    Ok((Token::Word(text[..length].to_owned()), length))
}

/// A string in double quotes, where `\"` and `\\` are escapes and other backslashes stay.
fn quoted(inner: &str) -> Result<(Token, usize), Refused> {
    let mut found = String::new();
    let mut characters = inner.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((Token::Text(found), at + 2)),
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => found.push(escaped),
                None => found.push('\\'),
            },
            other => found.push(other),
        }
    }
    Err("unterminated string".to_owned())
}
