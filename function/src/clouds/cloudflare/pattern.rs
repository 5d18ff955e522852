//! Cloudflare's wildcard patterns, and where a page rule sends a visitor.

use url::Url;

/// What the asterisks of `pattern` stood for in `text`, as short as may be; `None` where it doesn't match.
pub(crate) fn captures(pattern: &str, text: &str) -> Option<Vec<String>> {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern.eq_ignore_ascii_case(text).then(Vec::new);
    };
    let rest = strip_prefix(text, before)?;
    let ends = rest.char_indices().map(|(index, _)| index).chain([rest.len()]);
    for end in ends {
        if let Some(mut later) = captures(after, &rest[end..]) {
            later.insert(0, rest[..end].to_owned());
            return Some(later);
        }
    }
    None
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// As `captures`, for a page rule's pattern, whose scheme may be left out.
pub(crate) fn page_rule_captures(pattern: &str, url: &Url) -> Option<Vec<String>> {
    let whole = bare(url);
    match pattern.split_once("://") {
        Some((scheme, pattern)) => {
            let mut found = captures(scheme, url.scheme())?;
            found.extend(captures(pattern, &whole)?);
            Some(found)
        }
        None => captures(pattern, &whole),
    }
}

/// A URL as page rules see it: host, port where it isn't the usual one, path and query.
fn bare(url: &Url) -> String {
    let whole = url.as_str();
    whole.split_once("://").map_or(whole, |(_, rest)| rest).to_owned()
}

/// `$1` and so on in `target`, replaced by what the asterisks stood for.
pub(crate) fn substituted(target: &str, captures: &[String]) -> String {
    let mut text = String::new();
    let mut rest = target.chars().peekable();
    while let Some(letter) = rest.next() {
        let digit = (letter == '$').then(|| rest.peek().and_then(|next| next.to_digit(10))).flatten();
        match digit.and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1)) {
            Some(index) => {
                rest.next();
                text.push_str(captures.get(index).map_or("", String::as_str));
            }
            None => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, url: &str, target: &str, expected: Option<&str>) {
        let url: Url = url.parse().expect("a url");
        let led = page_rule_captures(pattern, &url).map(|captures| substituted(target, &captures));
        assert_eq!(led.as_deref(), expected, "{pattern} {url}");
    }

    #[test]
    fn a_page_rule_leads_where_its_wildcards_say() {
        let to = "https://standby.example/$1";
        check(
            "example.com/*",
            "https://example.com/some/page",
            to,
            Some("https://standby.example/some/page"),
        );
        check("example.com/*", "https://www.example.com/some/page", to, None);
        check("*example.com/*", "https://www.example.com/a", "https://s/$2", Some("https://s/a"));
        check("http*://example.com/*", "https://EXAMPLE.com/a?b=c", "https://s/$2", Some("https://s/a?b=c"));
        check("http://example.com/*", "https://example.com/a", to, None);
        check(
            "example.com/*",
            "https://example.com/a",
            "https://standby.example/",
            Some("https://standby.example/"),
        );
        check("127.0.0.1:8080/*", "http://127.0.0.1:8080/a", "x$1", Some("xa"));
    }
}
