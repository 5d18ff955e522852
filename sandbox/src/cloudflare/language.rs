//! The part of Cloudflare's rules language that redirect rules need; anything else is refused when it is written.
//! Source: developers.cloudflare.com/ruleset-engine/rules-language.

mod condition;
mod token;
mod value;

pub(crate) use condition::Condition;
pub(crate) use value::Expression;

use crate::cloudflare::language::token::{Token, tokens};

/// Why an expression is refused, after "Filter parsing error: ".
pub(crate) type Refused = String;

/// What is left to read.
struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    fn of(text: &str) -> Result<Self, Refused> {
        Ok(Self { tokens: tokens(text)?.into_iter().peekable() })
    }

    fn next(&mut self) -> Result<Token, Refused> {
        self.tokens.next().ok_or_else(|| "unexpected end of the expression".to_owned())
    }

    /// Takes the next token if it is this one.
    fn take(&mut self, wanted: &Token) -> bool {
        self.tokens.next_if(|token| token == wanted).is_some()
    }

    /// Takes the next token if it is one of these words.
    fn take_word(&mut self, words: &[&str]) -> bool {
        let fits = |token: &Token| matches!(token, Token::Word(word) if words.contains(&word.as_str()));
        self.tokens.next_if(fits).is_some()
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), Refused> {
        match self.next()? {
            token if token == *wanted => Ok(()),
            token => Err(format!("expected {wanted}, found {token}")),
        }
    }

    fn text(&mut self) -> Result<String, Refused> {
        match self.next()? {
            Token::Text(text) => Ok(text),
            token => Err(format!("expected a quoted string, found {token}")),
        }
    }

    fn end(&mut self) -> Result<(), Refused> {
        match self.tokens.next() {
            None => Ok(()),
            Some(token) => Err(format!("unrecognised input at {token}")),
        }
    }
}
