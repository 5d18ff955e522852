//! What expressions say of a URL, and where nobody here can tell.

use super::*;

#[track_caller]
fn check(expression: &str, url: &str, expected: Option<bool>) {
    assert_eq!(matches(expression, &url.parse().expect("a url")), expected, "{expression}");
}

const PAGE: &str = "https://example.com/some/page?q=1";

#[test]
fn what_is_about_urls_alone_is_judged() {
    for (expression, expected) in [
        ("http.host eq \"example.com\"", true),
        ("(http.host eq \"www.example.com\")", false),
        ("true", true),
        ("http.host in {\"example.com\" \"www.example.com\"}", true),
        ("http.host eq \"example.com\" and http.request.uri.path eq \"/old\"", false),
        ("http.host eq \"example.com\" and not starts_with(http.request.uri.path, \"/admin\")", true),
        ("http.request.full_uri wildcard r\"http*://example.com/*\"", true),
        ("http.request.full_uri wildcard \"http*://standby.example.com/*\"", false),
        ("http.host contains \"example\" || http.host == \"x\"", true),
        ("!(http.host != \"example.com\") && ends_with(http.host, \".com\")", true),
    ] {
        check(expression, PAGE, Some(expected));
    }
}

#[test]
fn texts_are_read_as_they_are_written() {
    let told = |text: &str| tokens(text).expect("tokens");
    let text = |text: &str| vec![Token::Text(text.to_owned())];
    assert_eq!(told(r#""a\"b\\""#), text(r#"a"b\"#));
    assert_eq!(told(r#"r"^a\.""#), text(r"^a\."));
    assert_eq!(told("r#\"say \"a\"\"#"), text(r#"say "a""#));
    assert_eq!(tokens("\"open"), None);
    assert_eq!(tokens("r\"open"), None);
    check(r#"http.host eq "ex\ample.com""#, PAGE, Some(true));
}

#[test]
fn what_is_about_more_is_left_open_unless_it_does_not_matter() {
    check("ip.src in {192.0.2.1}", PAGE, None);
    check("http.host eq \"example.com\" and ip.geoip.country eq \"DE\"", PAGE, None);
    check("http.host eq \"other.example\" and ip.geoip.country eq \"DE\"", PAGE, Some(false));
    check("http.host eq \"example.com\" or ip.geoip.country eq \"DE\"", PAGE, Some(true));
    check("http.request.uri.path matches \"^/a\"", PAGE, None);
    check("(http.host eq \"example.com\"", PAGE, None);
    check("", PAGE, None);
}
