//! Expressions that yield a text: fields, `concat`, `wildcard_replace`.

use super::token::Token;
use super::{Reader, Refused};
use crate::cloudflare::visit::Visit;
use crate::cloudflare::wildcard;

/// A parsed expression that yields a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Text(String),
    Field(Field),
    Concat(Vec<Expression>),
    Lower(Box<Expression>),
    WildcardReplace { source: Box<Expression>, pattern: String, replacement: String, strict: bool },
}

/// A property of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Host,
    Method,
    Uri,
    Path,
    Query,
    FullUri,
}

impl Field {
    fn named(name: &str) -> Result<Self, Refused> {
        Ok(match name {
            "http.host" => Self::Host,
            "http.request.method" => Self::Method,
            "http.request.uri" => Self::Uri,
            "http.request.uri.path" => Self::Path,
            "http.request.uri.query" => Self::Query,
            "http.request.full_uri" => Self::FullUri,
            _ => return Err(format!("unknown identifier {name}")),
        })
    }

    pub(super) fn of(self, visit: &Visit) -> String {
        match self {
            Self::Host => visit.host.clone(),
            Self::Method => visit.method.clone(),
            Self::Uri => visit.uri(),
            Self::Path => visit.path.clone(),
            Self::Query => visit.query.clone(),
            Self::FullUri => visit.full_uri(),
        }
    }
}

impl Expression {
    /// Reads an expression that is nothing but a text.
    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        let mut reader = Reader::of(text)?;
        let expression = Self::read(&mut reader)?;
        reader.end()?;
        Ok(expression)
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Self, Refused> {
        match reader.next()? {
            Token::Text(text) => Ok(Self::Text(text)),
            Token::Word(word) if reader.take(&Token::Mark("(")) => Self::call(&word, reader),
            Token::Word(word) => Field::named(&word).map(Self::Field),
            token @ Token::Mark(_) => Err(format!("unexpected {token}")),
        }
    }

    fn call(function: &str, reader: &mut Reader) -> Result<Self, Refused> {
        let mut arguments = vec![Self::read(reader)?];
        while reader.take(&Token::Mark(",")) {
            arguments.push(Self::read(reader)?);
        }
        reader.expect(&Token::Mark(")"))?;
        Self::of_call(function, arguments)
    }

    fn of_call(function: &str, arguments: Vec<Self>) -> Result<Self, Refused> {
        match (function, arguments.as_slice()) {
            ("concat", [_, _, ..]) => Ok(Self::Concat(arguments)),
            ("lower", [argument]) => Ok(Self::Lower(Box::new(argument.clone()))),
            ("wildcard_replace", [source, Self::Text(pattern), Self::Text(replacement)]) => {
                Self::replace(source, pattern, replacement, false)
            }
            (
                "wildcard_replace",
                [source, Self::Text(pattern), Self::Text(replacement), Self::Text(flag)],
            ) if flag == "s" => Self::replace(source, pattern, replacement, true),
            ("concat" | "lower" | "wildcard_replace", _) => Err(format!("invalid arguments of {function}")),
            _ => Err(format!("unknown function {function}")),
        }
    }

    fn replace(source: &Self, pattern: &str, replacement: &str, strict: bool) -> Result<Self, Refused> {
        check_pattern(pattern)?;
        if wildcard::highest(replacement) > pattern.matches('*').count() {
            return Err("the replacement names a wildcard that the pattern doesn't have".to_owned());
        }
        let (pattern, replacement) = (pattern.to_owned(), replacement.to_owned());
        Ok(Self::WildcardReplace { source: Box::new(source.clone()), pattern, replacement, strict })
    }

    /// What it yields for this request.
    pub(crate) fn of(&self, visit: &Visit) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Field(field) => field.of(visit),
            Self::Concat(parts) => parts.iter().map(|part| part.of(visit)).collect(),
            Self::Lower(part) => part.of(visit).to_ascii_lowercase(),
            Self::WildcardReplace { source, pattern, replacement, strict } => {
                let source = source.of(visit);
                let captures = matching(pattern, &source, *strict);
                captures.map_or(source, |captures| wildcard::fill(replacement, &captures))
            }
        }
    }
}

/// Two stars in a row are refused.
pub(super) fn check_pattern(pattern: &str) -> Result<(), Refused> {
    if pattern.contains("**") { Err("wildcard must not contain **".to_owned()) } else { Ok(()) }
}

pub(super) fn matching(pattern: &str, text: &str, strict: bool) -> Option<Vec<String>> {
    if strict { wildcard::captures(pattern, text) } else { wildcard::captures_any_case(pattern, text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit() -> Visit {
        Visit {
            scheme: "http".to_owned(),
            host: "Example.com".to_owned(),
            path: "/a/b".to_owned(),
            query: "c=d".to_owned(),
            method: "GET".to_owned(),
        }
    }

    #[track_caller]
    fn yields(text: &str, expected: &str) {
        assert_eq!(Expression::parse(text).expect(text).of(&visit()), expected);
    }

    #[test]
    fn redirect_targets_keep_what_they_name() {
        yields(r#"concat("https://standby", http.request.uri.path)"#, "https://standby/a/b");
        yields(
            r#"wildcard_replace(http.request.full_uri, "http*://example.com/*", "https://standby/${2}")"#,
            "https://standby/a/b?c=d",
        );
        yields(r#"wildcard_replace(http.host, "example.com", "x", "s")"#, "Example.com");
        yields("lower(http.host)", "example.com");
        yields("http.request.uri", "/a/b?c=d");
    }

    #[test]
    fn what_the_sandbox_can_not_evaluate_is_refused_when_it_is_written() {
        for text in [
            "",
            "concat(\"a\")",
            "concat(\"a\", \"b\"",
            "http.user_agent",
            "regex_replace(http.host, \"a\", \"b\")",
            "\"a\" \"b\"",
            "\"unterminated",
            "wildcard_replace(http.host, \"**\", \"a\")",
            "wildcard_replace(http.host, \"*\", \"${2}\")",
            "wildcard_replace(http.host, http.host, \"a\")",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
