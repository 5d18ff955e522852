//! Where a redirect's target leads a visitor of a URL, as far as that can be told here.
//!
//! Source: the pages "Functions" and "Fields" of Cloudflare's rules language, read 2026-11-29. What isn't understood is
//! "could not tell", never "doesn't lead there".

use url::Url;

use super::{
    expression::{Token, tokens, value_of},
    pattern::captures,
};

/// What the expression comes to for a visitor of `url`; `None` where nobody here can tell.
pub(crate) fn of(expression: &str, url: &Url) -> Option<String> {
    let tokens = tokens(expression)?;
    let mut reader = Reader { tokens: &tokens, url };
    let value = reader.value()?;
    reader.tokens.is_empty().then_some(value)
}

struct Reader<'a> {
    tokens: &'a [Token],
    url: &'a Url,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<String> {
        match self.next()? {
            Token::Text(text) => Some(text),
            Token::Word(word) if self.takes('(') => {
                let arguments = self.arguments()?;
                call(&word, &arguments)
            }
            Token::Word(word) => value_of(&word, self.url),
            Token::Sign(_) => None,
        }
    }

    fn arguments(&mut self) -> Option<Vec<String>> {
        let mut arguments = vec![self.value()?];
        while self.takes(',') {
            arguments.push(self.value()?);
        }
        self.takes(')').then_some(arguments)
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn takes(&mut self, sign: char) -> bool {
        match self.tokens.split_first() {
            Some((Token::Sign(first), rest)) if *first == sign => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

/// The functions that are certain; regular expressions and the like are left to Cloudflare.
fn call(function: &str, arguments: &[String]) -> Option<String> {
    match (function, arguments) {
        ("concat", parts) => Some(parts.concat()),
        ("lower", [text]) => Some(text.to_ascii_lowercase()),
        ("upper", [text]) => Some(text.to_ascii_uppercase()),
        ("to_string", [text]) => Some(text.clone()),
        ("wildcard_replace", [text, pattern, replacement]) => {
            // Unless it matches as a whole, the text stays as it is.
            Some(captures(pattern, text).map_or_else(|| text.clone(), |found| replaced(replacement, &found)))
        }
        _ => None,
    }
}

/// `${1}` and so on, replaced by what the asterisks stood for.
fn replaced(replacement: &str, found: &[String]) -> String {
    let numbered = found.iter().enumerate();
    numbered.fold(replacement.to_owned(), |text, (index, part)| {
        text.replace(&format!("${{{}}}", index + 1), part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leads(expression: &str, expected: Option<&str>) {
        let url = "https://www.example.com/some/page?p=42".parse().expect("a URL");
        assert_eq!(of(expression, &url).as_deref(), expected, "{expression}");
    }

    #[test]
    fn what_is_certain_is_followed() {
        let page = Some("https://standby.example.com/some/page");
        leads(r#"concat("https://standby.example.com", http.request.uri.path)"#, page);
        leads(r#"concat("https://", "standby.example.com", lower(http.request.uri.path))"#, page);
        leads(
            r#"concat("https://standby.example.com", http.request.uri)"#,
            Some("https://standby.example.com/some/page?p=42"),
        );
        leads(r#""https://standby.example.com/""#, Some("https://standby.example.com/"));
        leads(
            r#"wildcard_replace(http.request.full_uri, "http*://www.example.com/*", r"https://standby.example.com/${2}")"#,
            Some("https://standby.example.com/some/page?p=42"),
        );
        leads("http.request.full_uri", Some("https://www.example.com/some/page?p=42"));
    }

    #[test]
    fn what_is_not_certain_is_left_open() {
        let regex =
            r#"concat("https://", regex_replace(http.host, "^www\\.", "standby."), http.request.uri.path)"#;
        leads(regex, None);
        leads(r#"concat("https://standby.example.com", ip.src.country)"#, None);
        leads(r#"concat("https://standby.example.com""#, None);
        leads(r#"concat("a", "b") "c""#, None);
        leads("", None);
    }
}
