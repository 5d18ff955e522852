//! Names of sites.

use super::*;

#[track_caller]
fn check(text: &str, fits: bool) {
    assert_eq!(text.parse::<SiteName>().is_ok(), fits, "{text:?}");
}

#[test]
fn a_name_is_a_small_letter_and_at_most_39_more() {
    for name in ["a", "resume", "r2-d2", "a-", "z9"] {
        check(name, true);
    }
    for name in ["", "Resume", "9lives", "-a", "a_b", "a.b", "a b", "é", "aé", "a\n"] {
        check(name, false);
    }
    check(&"a".repeat(40), true);
    check(&"a".repeat(41), false);
}

#[test]
fn a_name_is_read_and_written_as_text() {
    let name: SiteName = serde_json::from_str("\"resume\"").expect("a name");
    assert_eq!((name.as_str(), name.to_string().as_str()), ("resume", "resume"));
    assert_eq!(serde_json::to_string(&name).expect("JSON"), "\"resume\"");
    let refused = serde_json::from_str::<SiteName>("\"Resume\"").expect_err("no name").to_string();
    assert!(refused.starts_with("a site's name is a small letter followed by at most 39"), "{refused}");
}
