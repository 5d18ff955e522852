//! What the filter or query of an alert's condition compares for equality: which uptime check it watches, which host.
//!
//! Monitoring's filters, its query language and `PromQL` write that alike enough to be read by one small reader. What
//! it doesn't understand it passes over: nothing is taken to be named that may be excluded.

/// One word, text or sign of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Sign(&'a str),
}

/// The values that `filter` wants `field` to equal: the field's whole name, or the end of it after a dot.
pub(crate) fn compared<'a>(filter: &'a str, field: &str) -> Vec<&'a str> {
    let tokens = tokens(filter);
    let starts = (0..tokens.len()).filter(|at| names(&tokens, *at, field) && !is_excluded(&tokens, *at));
    starts.flat_map(|at| values(&tokens[at + 1..])).collect()
}

/// Whether the token at `at` names the field: `metric.label.check_id`, `metric.labels."check_id"`, `check_id`.
fn names(tokens: &[Token<'_>], at: usize, field: &str) -> bool {
    match tokens[at] {
        Token::Word(word) => {
            let word = word.trim_start_matches('-');
            word.strip_suffix(field).is_some_and(|path| path.is_empty() || path.ends_with('.'))
        }
        Token::Text(text) => {
            let path = at.checked_sub(1).map(|before| tokens[before]);
            text == field && matches!(path, Some(Token::Word(word)) if word.ends_with('.'))
        }
        Token::Sign(_) => false,
    }
}

fn is_excluded(tokens: &[Token<'_>], at: usize) -> bool {
    let minus = |token: &Token<'_>| matches!(token, Token::Word(word) if word.starts_with('-'));
    let not = |token: &Token<'_>| {
        matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("NOT")) || *token == Token::Sign("!")
    };
    let before = tokens[..at].iter().rev().take(2);
    minus(&tokens[at])
        || before.take_while(|token| !matches!(token, Token::Text(_))).any(|t| not(t) || minus(t))
}

/// What follows a field: an equals sign and a value, or a function of several.
fn values<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let [Token::Sign("=" | "=="), rest @ ..] = tokens else { return Vec::new() };
    match rest {
        [Token::Word(function), Token::Sign("("), list @ ..] if function.ends_with("one_of") => {
            let listed = list.iter().take_while(|token| **token != Token::Sign(")"));
            listed
                .filter_map(|token| if let Token::Text(value) = token { Some(*value) } else { None })
                .collect()
        }
        [Token::Word(_), Token::Sign("("), ..] => Vec::new(),
        [Token::Text(value) | Token::Word(value), ..] => vec![value],
        _ => Vec::new(),
    }
}

fn tokens(filter: &str) -> Vec<Token<'_>> {
    let mut rest = filter.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => text(rest, first),
            first if is_of_word(first) => word(rest),
            _ => sign(rest, first),
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    found
}

/// The text between two quotes, and how much of `rest` it takes up with them.
fn text(rest: &str, quote: char) -> (Token<'_>, usize) {
    let inside = &rest[1..];
    let mut escaped = false;
    let end = inside.find(|c: char| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let length = end.unwrap_or(inside.len());
    (Token::Text(&inside[..length]), (length + 2).min(rest.len()))
}

fn word(rest: &str) -> (Token<'_>, usize) {
    let length = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
    (Token::Word(&rest[..length]), length)
}

/// Comparisons of two signs are one, so that "not equal" and "matches" are never taken for "equal".
fn sign(rest: &str, first: char) -> (Token<'_>, usize) {
    let long = ["==", "!=", "=~", "!~", ">=", "<="].into_iter().find(|long| rest.starts_with(long));
    let length = long.map_or(first.len_utf8(), str::len);
    (Token::Sign(&rest[..length]), length)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, expected: &[&str]) {
        assert_eq!(compared(filter, "check_id"), expected, "{filter}");
    }

    #[test]
    fn a_check_is_named_however_it_is_written() {
        for filter in [
            r#"metric.type="x/check_passed" AND metric.label.check_id="abc" AND resource.type="uptime_url""#,
            r#"metric.labels.check_id = "abc""#,
            r#"metric.label."check_id"="abc""#,
            "metric.label.check_id=abc",
            "fetch uptime_url | filter (metric.check_id == 'abc') | align",
            r#"monitoring_googleapis_com:uptime_check_check_passed{check_id="abc",host="x"}"#,
            r#"metric.label.check_id=monitoring.one_of("abc")"#,
        ] {
            check(filter, &["abc"]);
        }
        check(r#"metric.label.check_id = one_of("abc", "def")"#, &["abc", "def"]);
        check(r#"metric.label.check_id="abc" OR metric.label.check_id="def""#, &["abc", "def"]);
    }

    #[test]
    fn what_is_excluded_or_only_alike_is_not_named() {
        for filter in [
            r#"metric.label.check_id!="abc""#,
            r#"NOT metric.label.check_id="abc""#,
            r#"NOT (metric.label.check_id="abc")"#,
            r#"-metric.label.check_id="abc""#,
            r#"metric.label.not_check_id="abc""#,
            r#"{check_id=~"abc"}"#,
            r#"metric.label.check_id=monitoring.regex.full_match("a.*")"#,
            r#"resource.label.host="check_id""#,
            "",
            "check_id",
            "check_id=",
            "\"",
        ] {
            check(filter, &[]);
        }
    }

    #[test]
    fn a_field_may_be_told_by_its_whole_name() {
        let filter = r#"resource.type="uptime_url" metric.type = "monitoring.googleapis.com/uptime_check/x""#;
        assert_eq!(compared(filter, "metric.type"), ["monitoring.googleapis.com/uptime_check/x"]);
    }

    proptest::proptest! {
        #[test]
        fn any_filter_is_read(filter in ".{0,80}") {
            let _ = compared(&filter, "check_id");
        }
    }
}
