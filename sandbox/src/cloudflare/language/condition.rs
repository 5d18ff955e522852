//! Expressions that are true or false of a request.

use super::token::Token;
use super::value::{Expression, check_pattern, matching};
use super::{Reader, Refused};
use crate::cloudflare::visit::Visit;

/// A parsed filter expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always(bool),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare(Expression, Comparison),
}

/// How a value is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equals(String),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    In(Vec<String>),
    Wildcard { pattern: String, strict: bool },
}

impl Condition {
    /// Reads a whole filter expression.
    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        let mut reader = Reader::of(text)?;
        let condition = Self::any(&mut reader)?;
        reader.end()?;
        Ok(condition)
    }

    fn any(reader: &mut Reader) -> Result<Self, Refused> {
        let mut terms = vec![Self::all(reader)?];
        while reader.take_word(&["or"]) || reader.take(&Token::Mark("||")) {
            terms.push(Self::all(reader)?);
        }
        Ok(Self::Any(terms))
    }

    fn all(reader: &mut Reader) -> Result<Self, Refused> {
        let mut terms = vec![Self::one(reader)?];
        while reader.take_word(&["and"]) || reader.take(&Token::Mark("&&")) {
            terms.push(Self::one(reader)?);
        }
        Ok(Self::All(terms))
    }

    fn one(reader: &mut Reader) -> Result<Self, Refused> {
        if reader.take_word(&["not"]) || reader.take(&Token::Mark("!")) {
            return Ok(Self::Not(Box::new(Self::one(reader)?)));
        }
        if reader.take(&Token::Mark("(")) {
            let inner = Self::any(reader)?;
            reader.expect(&Token::Mark(")"))?;
            return Ok(inner);
        }
        for (word, value) in [("true", true), ("false", false)] {
            if reader.take_word(&[word]) {
                return Ok(Self::Always(value));
            }
        }
        for function in ["starts_with", "ends_with"] {
            if reader.take_word(&[function]) {
                return Self::function(function, reader);
            }
        }
        Self::comparison(reader)
    }

    fn function(function: &str, reader: &mut Reader) -> Result<Self, Refused> {
        reader.expect(&Token::Mark("("))?;
        let value = Expression::read(reader)?;
        reader.expect(&Token::Mark(","))?;
        let text = reader.text()?;
        reader.expect(&Token::Mark(")"))?;
        let starts = function == "starts_with";
        Ok(Self::Compare(
            value,
            if starts { Comparison::StartsWith(text) } else { Comparison::EndsWith(text) },
        ))
    }

    fn comparison(reader: &mut Reader) -> Result<Self, Refused> {
        let value = Expression::read(reader)?;
        let operator = match reader.next()? {
            Token::Word(word) => word,
            Token::Mark(mark) => mark.to_owned(),
            Token::Text(text) => return Err(format!("unexpected {text:?}")),
        };
        let comparison = match operator.as_str() {
            "eq" | "==" => Comparison::Equals(reader.text()?),
            "ne" | "!=" => {
                let equals = Comparison::Equals(reader.text()?);
                return Ok(Self::Not(Box::new(Self::Compare(value, equals))));
            }
            "contains" => Comparison::Contains(reader.text()?),
            "in" => Comparison::In(Self::list(reader)?),
            "wildcard" => Self::wildcard(reader, false)?,
            "strict" if reader.take_word(&["wildcard"]) => Self::wildcard(reader, true)?,
            "matches" => return Err("not entitled: the use of operator matches is not allowed".to_owned()),
            other => return Err(format!("unknown operator {other}")),
        };
        Ok(Self::Compare(value, comparison))
    }

    fn wildcard(reader: &mut Reader, strict: bool) -> Result<Comparison, Refused> {
        let pattern = reader.text()?;
        check_pattern(&pattern)?;
        Ok(Comparison::Wildcard { pattern, strict })
    }

    fn list(reader: &mut Reader) -> Result<Vec<String>, Refused> {
        reader.expect(&Token::Mark("{"))?;
        let mut found = Vec::new();
        while !reader.take(&Token::Mark("}")) {
            found.push(reader.text()?);
        }
        Ok(found)
    }

    /// Whether it is true of this request.
    pub(crate) fn holds(&self, visit: &Visit) -> bool {
        match self {
            Self::Always(value) => *value,
            Self::Not(inner) => !inner.holds(visit),
            Self::All(terms) => terms.iter().all(|term| term.holds(visit)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(visit)),
            Self::Compare(value, comparison) => comparison.holds(&value.of(visit)),
        }
    }
}

impl Comparison {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Equals(text) => value == text,
            Self::Contains(text) => value.contains(text.as_str()),
            Self::StartsWith(text) => value.starts_with(text.as_str()),
            Self::EndsWith(text) => value.ends_with(text.as_str()),
            Self::In(texts) => texts.iter().any(|text| text == value),
            Self::Wildcard { pattern, strict } => matching(pattern, value, *strict).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let visit = Visit {
            scheme: "http".to_owned(),
            host: "example.com".to_owned(),
            path: "/a/b".to_owned(),
            query: String::new(),
            method: "GET".to_owned(),
        };
        assert_eq!(Condition::parse(text).expect(text).holds(&visit), expected, "{text}");
    }

    #[test]
    fn simple_expressions_are_evaluated() {
        check("true", true);
        check("(http.host eq \"example.com\")", true);
        check("http.host == \"other\" or http.request.uri.path contains \"/b\"", true);
        check("http.host ne \"example.com\"", false);
        check("not starts_with(http.request.uri.path, \"/a\")", false);
        check("ends_with(http.request.uri, \"b\") && !(http.request.method eq \"POST\")", true);
        check("http.host in {\"a\" \"example.com\"}", true);
        check("http.request.full_uri wildcard \"HTTP*://example.com/*\"", true);
        check("http.request.full_uri strict wildcard r\"HTTP*://example.com/*\"", false);
        check("http.host eq \"x\" and true or true", true);
    }

    #[test]
    fn what_the_sandbox_can_not_evaluate_is_refused_when_it_is_written() {
        for text in [
            "",
            "http.host",
            "http.host eq",
            "http.host eq example",
            "http.host like \"a\"",
            "(true",
            "true)",
            "http.host matches \".*\"",
            "ip.src eq \"1.2.3.4\"",
            "http.host wildcard \"**\"",
            "true and",
            "http.host in {\"a\"",
            "http.host @ \"a\"",
        ] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }
}
