//! Patterns with `*`, in page rules and in the `wildcard` operator.
//! Source: developers.cloudflare.com/rules/page-rules/reference/wildcard-matching.

/// What each `*` of the pattern stands for in the text, or nothing if they don't match. A `*` may be empty
/// and takes as little as it can.
pub(crate) fn captures(pattern: &str, text: &str) -> Option<Vec<String>> {
    let mut parts = pattern.split('*');
    let rest = text.strip_prefix(parts.next()?)?;
    fit(&parts.collect::<Vec<_>>(), rest)
}

/// The same without regard to the case of ASCII letters; what is captured keeps its own.
pub(crate) fn captures_any_case(pattern: &str, text: &str) -> Option<Vec<String>> {
    let lower = captures(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())?;
    // Lowering ASCII moves no byte, so the captured lengths hold in the original text.
    let fixed = pattern.split('*').map(str::len);
    let mut at = 0;
    let mut found = Vec::new();
    for (length, capture) in fixed.zip(&lower) {
        at += length;
        found.push(text[at..at + capture.len()].to_owned());
        at += capture.len();
    }
    Some(found)
}

/// Puts captures into a template: `$1` or `${1}`; `\$` is a dollar. What is put in isn't looked at again.
pub(crate) fn fill(template: &str, captures: &[String]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['$', '\\']) {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (piece, length) = piece(rest, captures);
        filled.push_str(&piece);
        rest = &rest[length..];
    }
    filled + rest
}

/// What the text at this `$` or `\` becomes, and how much of it was read.
fn piece(text: &str, captures: &[String]) -> (String, usize) {
    if text.starts_with("\\$") {
        return ("$".to_owned(), 2);
    }
    let (number, length) = match text.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
        Some((digits, _)) => (digits.parse().ok(), digits.len() + 3),
        None => (text.chars().nth(1).and_then(|digit| digit.to_digit(10)).map(|digit| digit as usize), 2),
    };
    match number.filter(|number| *number > 0) {
        Some(number) => (captures.get(number - 1).cloned().unwrap_or_default(), length),
        None => (text[..1].to_owned(), 1),
    }
}

/// The highest `$n` of a template.
pub(crate) fn highest(template: &str) -> usize {
    let after_dollars = template.split('$').skip(1);
    let number =
        |text: &str| text.trim_start_matches('{').chars().next().and_then(|digit| digit.to_digit(10));
    after_dollars.filter_map(number).max().map_or(0, |digit| digit as usize)
}

fn fit(parts: &[&str], text: &str) -> Option<Vec<String>> {
    let Some((part, rest)) = parts.split_first() else {
        return text.is_empty().then(Vec::new);
    };
    if rest.is_empty() {
        return text.strip_suffix(part).map(|capture| vec![capture.to_owned()]);
    }
    text.match_indices(part).find_map(|(at, _)| {
        let tail = fit(rest, &text[at + part.len()..])?;
        Some([vec![text[..at].to_owned()], tail].concat())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Option<&[&str]>) {
        let expected = expected.map(|parts| parts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(captures(pattern, text), expected, "{pattern} on {text}");
    }

    #[test]
    fn a_star_stands_for_any_text_even_none() {
        check("example.com/*", "example.com/a/b?c=d", Some(&["a/b?c=d"]));
        check("example.com/*", "example.com/", Some(&[""]));
        check("example.com/*", "example.com", None);
        check("*example.com/*", "standby.example.com/x", Some(&["standby.", "x"]));
        check("http*://example.com/*", "https://example.com/x", Some(&["s", "x"]));
        check("a*b*c", "a-b-b-c", Some(&["-", "-b-"]));
        check("example.com/", "example.com/", Some(&[]));
        check("example.com/", "example.com/x", None);
    }

    #[test]
    fn captures_keep_their_case_where_the_pattern_does_not_mind() {
        let found = captures_any_case("HTTP*://Example.com/*", "https://example.COM/Path");
        assert_eq!(found, Some(vec!["s".to_owned(), "Path".to_owned()]));
    }

    #[test]
    fn captures_fill_a_template_and_an_escaped_dollar_stays() {
        let captures = ["a".to_owned(), "b$1".to_owned()];
        assert_eq!(fill("https://x/$1", &captures[..1]), "https://x/a");
        assert_eq!(fill("https://x/${1}0", &captures[..1]), "https://x/a0");
        assert_eq!(fill("\\$1", &captures[..1]), "$1");
        assert_eq!(highest("https://x/$1/${3}"), 3);
        assert_eq!(highest("https://x/"), 0);
    }
}
