//! Takes secrets out of a text: those that are known, and what looks like one.
//!
//! The last line of defence. Secrets have types that don't show them; this is for what an error of another crate,
//! or a provider's answer, repeats of a request.

use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{PoisonError, RwLock},
};

/// What stands in place of a secret.
const HIDDEN: &str = "…";
/// A shorter secret would blank out ordinary words.
const SHORTEST: usize = 8;
/// A longer text is cut: own choice, far below Cloud Logging's 256 KiB an entry.
const LONGEST: usize = 16 * 1024;
/// No parameter that carries a secret has a longer name.
const LONGEST_NAME: usize = 40;
/// Query parameters whose names hold one of these carry secrets.
const SECRET_NAMES: [&str; 6] = ["token", "key", "secret", "sig", "password", "credential"];

/// So many secrets that are replaced by others are remembered: own choice, a day of tokens that live for an hour and then
/// some. Every line is searched for all of them.
const MOST_PASSING: usize = 32;

/// The secrets of this process.
static KNOWN: RwLock<Known> = RwLock::new(Known { lasting: Vec::new(), passing: VecDeque::new() });

#[derive(Debug)]
struct Known {
    /// For as long as the process lives.
    lasting: Vec<String>,
    /// The newest of those that are replaced by others, oldest first.
    passing: VecDeque<String>,
}

impl Known {
    fn holds(&self, secret: &str) -> bool {
        self.all().any(|other| other == secret)
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.lasting.iter().chain(&self.passing)
    }

    fn pass(&mut self, secret: &str) {
        if secret.len() >= SHORTEST && !self.lasting.iter().any(|other| other == secret) {
            // What is in use still is the newest.
            self.passing.retain(|other| other != secret);
            self.passing.push_back(secret.to_owned());
            self.passing.drain(..self.passing.len().saturating_sub(MOST_PASSING));
        }
    }
}

/// Makes sure that `secret` never reaches a line, wherever it turns up.
pub fn hide(secret: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if secret.len() >= SHORTEST && !known.holds(secret) {
        known.lasting.push(secret.to_owned());
    }
}

/// As [`hide`], for a secret that another replaces sooner or later: the newest of them are hidden.
pub fn hide_passing(secret: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).pass(secret);
}

/// `text` without secrets.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    for secret in KNOWN.read().unwrap_or_else(PoisonError::into_inner).all() {
        if clean.contains(secret.as_str()) {
            clean = Cow::Owned(clean.replace(secret.as_str(), HIDDEN));
        }
    }
    // Known secrets first: half of one would not be recognised.
    if clean.len() > LONGEST {
        clean = Cow::Owned(format!("{}…", &clean[..clean.floor_char_boundary(LONGEST)]));
    }
    for rule in [hide_bearers, hide_users, hide_parameters, hide_tokens] {
        if let Some(cleaner) = rule(&clean) {
            clean = Cow::Owned(cleaner);
        }
    }
    clean
}

/// What follows "Bearer ".
fn hide_bearers(text: &str) -> Option<String> {
    const WORD: &str = "bearer ";
    replace(text, |rest| {
        let token = rest
            .get(..WORD.len())
            .filter(|word| word.eq_ignore_ascii_case(WORD))
            .map(|word| &rest[word.len()..])?;
        let length = token.find(|c: char| !is_token(c)).unwrap_or(token.len());
        (length >= SHORTEST).then_some((WORD.len(), length))
    })
}

/// User and password in front of a URL's host.
fn hide_users(text: &str) -> Option<String> {
    replace(text, |rest| {
        let authority = rest.strip_prefix("://")?;
        let end =
            authority.find(|c: char| "/?#\"'<>".contains(c) || c.is_whitespace()).unwrap_or(authority.len());
        authority[..end].rfind('@').map(|at| (3, at))
    })
}

/// The values of a URL's parameters that are called like a secret.
fn hide_parameters(text: &str) -> Option<String> {
    replace(text, |rest| {
        let parameter = rest.strip_prefix(['?', '&'])?;
        let (end, _) = parameter.char_indices().take(LONGEST_NAME).find(|(_, c)| *c == '=')?;
        let name = &parameter[..end];
        let fits = !name.is_empty() && name.chars().all(is_token);
        let lower = name.to_ascii_lowercase();
        if !fits || !SECRET_NAMES.iter().any(|secret| lower.contains(secret)) {
            return None;
        }
        let value = &parameter[name.len() + 1..];
        let length =
            value.find(|c: char| "&#\"'<>()".contains(c) || c.is_whitespace()).unwrap_or(value.len());
        (length > 0).then_some((name.len() + 2, length))
    })
}

/// Google's access tokens and anything that looks like a signed token.
fn hide_tokens(text: &str) -> Option<String> {
    replace(text, |rest| {
        let starts = rest.starts_with("ya29.") || rest.starts_with("eyJ");
        if !starts {
            return None;
        }
        let length = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        // A long word that is no token is passed over at once, not looked at from each of its letters.
        Some(if length >= 20 && rest[..length].contains('.') { (0, length) } else { (length, 0) })
    })
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~+/=".contains(c)
}

/// Replaces what `find` points at: how far behind the place it looks at, and how long. Of no length, it is passed
/// over. `None` if nothing was replaced.
fn replace(text: &str, find: impl Fn(&str) -> Option<(usize, usize)>) -> Option<String> {
    let mut result = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        match find(&text[at..]) {
            Some((skip, 0)) if skip > 0 => at += skip,
            Some((skip, length)) if length > 0 => {
                result.push_str(&text[done..at + skip]);
                result.push_str(HIDDEN);
                at += skip + length;
                done = at;
            }
            _ => at += c.len_utf8(),
        }
    }
    (done > 0).then(|| result + &text[done..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        becomes("Authorization: Bearer abc.def-123456 sent", "Authorization: Bearer … sent");
        becomes("\"authorization\": \"bearer 0123456789\"", "\"authorization\": \"bearer …\"");
        becomes("GET https://al:pw@example.com/x@y failed", "GET https://…@example.com/x@y failed");
        becomes(
            "https://example.com/?a=1&access_token=xyz&b=2",
            "https://example.com/?a=1&access_token=…&b=2",
        );
        becomes("(https://example.com/?key=xyz)", "(https://example.com/?key=…)");
        becomes("token ya29.a0AfH6SMBx_abcdefghij: expired", "token …: expired");
        becomes("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln is bad", "… is bad");
    }

    #[test]
    fn what_looks_like_none_is_left() {
        for text in [
            "",
            "the bearer of bad news",
            "https://example.com/a?page=2&sort=up",
            "will@example.com says https://example.com",
            "eyJustice. is no token",
            "résumé … ünd so weiter",
        ] {
            becomes(text, text);
        }
    }

    #[test]
    fn a_known_secret_is_hidden_wherever_it_turns_up() {
        hide("correct-horse-battery");
        hide("short");
        becomes("xcorrect-horse-batteryx and short", "x…x and short");
    }

    #[test]
    fn of_secrets_that_are_replaced_the_newest_are_remembered_and_no_more() {
        let mut known = Known { lasting: vec!["the-lasting-one".to_owned()], passing: VecDeque::new() };
        for number in 0..1000 {
            known.pass(&format!("rotated-{number}"));
            known.pass("in-use-all-the-while");
        }
        assert_eq!(known.all().count(), 1 + MOST_PASSING);
        for (secret, is_held) in [
            ("the-lasting-one", true),
            ("in-use-all-the-while", true),
            ("rotated-999", true),
            ("rotated-1", false),
        ] {
            assert_eq!(known.holds(secret), is_held, "{secret}");
        }
    }

    #[test]
    fn a_hostile_text_is_cut_and_takes_no_time() {
        for piece in ["&", "?a", "-eyJ", "://", "bearer ", "@"] {
            assert!(redact(&piece.repeat(300_000)).len() <= LONGEST + HIDDEN.len());
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_redacted(text in "(.|bearer |eyJ|ya29\\.|://|@|\\?key=){0,40}") {
            let _ = redact(&text);
        }
    }
}
