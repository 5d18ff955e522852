//! What an expression of Cloudflare's rules says of a URL, as far as it is about URLs alone.
//!
//! Three answers: it matches, it doesn't, or nobody here can tell. "Could not tell" is never "doesn't match".

use url::Url;

use super::pattern::captures;

/// Whether `expression` matches a visitor of `url`; `None` where that depends on more than the URL.
pub(crate) fn matches(expression: &str, url: &Url) -> Option<bool> {
    let tokens = tokens(expression)?;
    let mut parser = Parser { tokens: &tokens, url };
    let value = parser.any()?;
    match value {
        Truth::Holds if parser.tokens.is_empty() => Some(true),
        Truth::Fails if parser.tokens.is_empty() => Some(false),
        _ => None,
    }
}

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Holds,
    Fails,
    /// That depends on more than the URL.
    Open,
}

impl Truth {
    fn of(value: Option<bool>) -> Self {
        match value {
            Some(true) => Self::Holds,
            Some(false) => Self::Fails,
            None => Self::Open,
        }
    }

    /// One that holds is enough; one that can't be told leaves it open.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Holds, _) | (_, Self::Holds) => Self::Holds,
            (Self::Fails, Self::Fails) => Self::Fails,
            _ => Self::Open,
        }
    }

    fn and(self, other: Self) -> Self {
        !(!self).or(!other)
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            Self::Open => Self::Open,
        }
    }
}

/// A word, a text in quotes or a sign of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

pub(crate) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let (text, length) = quoted(&rest[1..])?;
                tokens.push(Token::Text(text));
                length + 1
            }
            // A raw text, as patterns are often written: no letter of it means another.
            'r' if rest[1..].starts_with(['"', '#']) => {
                let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
                let start = hashes + 2;
                let end = format!("\"{}", "#".repeat(hashes));
                let length = rest.get(start..)?.find(&end)?;
                tokens.push(Token::Text(rest[start..start + length].to_owned()));
                start + length + end.len()
            }
            letter if letter.is_ascii_alphanumeric() || letter == '_' => {
                let plain = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
                let end = rest.find(|letter| !plain(letter)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                end
            }
            '&' | '|' if rest[1..].starts_with(first) => {
                tokens.push(Token::Word(if first == '&' { "and" } else { "or" }.to_owned()));
                2
            }
            '=' if rest[1..].starts_with('=') => {
                tokens.push(Token::Word("eq".to_owned()));
                2
            }
            '!' if rest[1..].starts_with('=') => {
                tokens.push(Token::Word("ne".to_owned()));
                2
            }
            '(' | ')' | '{' | '}' | ',' | '!' => {
                tokens.push(Token::Sign(first));
                1
            }
            _ => return None,
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// A text up to its quotation mark, and how long it is with that mark; a backslash makes the next letter an ordinary one.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((text, at + 1)),
            '\\' => text.push(letters.next()?.1),
            letter => text.push(letter),
        }
    }
    None
}

/// What a field is for this URL; `None` for what is no part of a URL.
pub(crate) fn value_of(field: &str, url: &Url) -> Option<String> {
    match field {
        "http.host" => Some(crate::clouds::cloudflare::page_rule::check::host(url)),
        "http.request.uri.path" | "raw.http.request.uri.path" => Some(url.path().to_owned()),
        "http.request.uri.query" | "raw.http.request.uri.query" => {
            Some(url.query().unwrap_or_default().to_owned())
        }
        "http.request.uri" | "raw.http.request.uri" => {
            let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
            Some(format!("{}{query}", url.path()))
        }
        "http.request.full_uri" | "raw.http.request.full_uri" => Some(url.as_str().to_owned()),
        _ => None,
    }
}

/// Answers `None` where there is no condition at all.
struct Parser<'a> {
    tokens: &'a [Token],
    url: &'a Url,
}

impl Parser<'_> {
    fn any(&mut self) -> Option<Truth> {
        let mut value = self.all()?;
        while self.takes_word("or") {
            value = value.or(self.all()?);
        }
        Some(value)
    }

    fn all(&mut self) -> Option<Truth> {
        let mut value = self.one()?;
        while self.takes_word("and") {
            value = value.and(self.one()?);
        }
        Some(value)
    }

    fn one(&mut self) -> Option<Truth> {
        if self.takes_word("not") || self.takes(&Token::Sign('!')) {
            return self.one().map(|value| !value);
        }
        if self.takes(&Token::Sign('(')) {
            let value = self.any()?;
            return self.takes(&Token::Sign(')')).then_some(value);
        }
        match self.word()?.as_str() {
            "true" => Some(Truth::Holds),
            "false" => Some(Truth::Fails),
            name @ ("starts_with" | "ends_with") => self.function(name),
            field => self.comparison(field),
        }
    }

    fn function(&mut self, name: &str) -> Option<Truth> {
        let opened = self.takes(&Token::Sign('('));
        let value = self.word().map(|field| value_of(&field, self.url))?;
        let separated = self.takes(&Token::Sign(','));
        let part = self.text()?;
        let closed = self.takes(&Token::Sign(')'));
        let holds =
            value.map(
                |value| if name == "starts_with" { value.starts_with(&part) } else { value.ends_with(&part) },
            );
        (opened && separated && closed).then_some(Truth::of(holds))
    }

    fn comparison(&mut self, field: &str) -> Option<Truth> {
        let value = value_of(field, self.url);
        let mut operator = self.word()?;
        if operator == "strict" {
            operator = self.word()?;
        }
        let wanted = if operator == "in" { self.set()? } else { vec![self.operand()?] };
        let holds = |value: String| match operator.as_str() {
            "eq" | "in" => Some(wanted.contains(&value)),
            "ne" => Some(!wanted.contains(&value)),
            "contains" => Some(wanted.iter().any(|part| value.contains(part))),
            "wildcard" => Some(wanted.iter().any(|pattern| captures(pattern, &value).is_some())),
            _ => None,
        };
        Some(Truth::of(value.and_then(holds)))
    }

    fn set(&mut self) -> Option<Vec<String>> {
        if !self.takes(&Token::Sign('{')) {
            return None;
        }
        let mut set = Vec::new();
        while !self.takes(&Token::Sign('}')) {
            set.push(self.operand()?);
        }
        Some(set)
    }

    /// A text, or a number that no field of a URL can equal.
    fn operand(&mut self) -> Option<String> {
        self.text().or_else(|| self.word())
    }

    fn word(&mut self) -> Option<String> {
        let (Token::Word(word), rest) = self.tokens.split_first()? else { return None };
        self.tokens = rest;
        Some(word.clone())
    }

    fn text(&mut self) -> Option<String> {
        let (Token::Text(text), rest) = self.tokens.split_first()? else { return None };
        self.tokens = rest;
        Some(text.clone())
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn takes(&mut self, token: &Token) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if first == token => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
#[path = "expression_tests.rs"]
mod tests;
