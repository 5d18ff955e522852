//! Sentences that no decision test happens to say, and how times are told.

use super::*;
use crate::story::*;

#[track_caller]
fn check(reason: &Reason, expected: &str) {
    assert_eq!(reason.to_string(), expected);
}

#[test]
fn a_time_is_told_in_whole_seconds_of_utc() {
    assert_eq!(clock(t("12:00:00")).to_string(), "2026-01-10 12:00:00 UTC");
    assert_eq!(clock(t("07T03:04:05.999")).to_string(), "2026-01-07 03:04:05 UTC");
}

#[test]
fn a_span_is_told_in_its_two_largest_units() {
    let told = |seconds| span(SignedDuration::from_secs(seconds));
    assert_eq!(told(-5), "0 s");
    assert_eq!(told(0), "0 s");
    assert_eq!(told(59), "59 s");
    assert_eq!(told(60), "1 min 0 s");
    assert_eq!(told(61), "1 min 1 s");
    assert_eq!(told(3_599), "59 min 59 s");
    assert_eq!(told(3_600), "1 h 0 min");
    assert_eq!(told(3_660), "1 h 1 min");
    assert_eq!(told(86_399), "23 h 59 min");
    assert_eq!(told(86_400), "1 d 0 h");
    assert_eq!(told(86_400 + 2 * 3_600 + 3_599), "1 d 2 h");
}

#[test]
fn whoever_asked_is_named() {
    let why = Some("well for 30m".to_owned());
    check(&Reason::Asked(Asker::Itself, why.clone()), "by the site's own standing rule: well for 30m");
    check(&Reason::Asked(Asker::Incident, None), "asked for by an incident");
    check(&Reason::Asked(Asker::Operator(None), why), "asked for by an operator: well for 30m");
}

#[test]
fn a_hold_tells_its_owner_and_reason_where_it_has_them() {
    let hold = |by: Option<&str>, reason: Option<&str>| {
        let (by, reason) = (by.map(str::to_owned), reason.map(str::to_owned));
        Reason::Held(Hold { by, reason, since: t("11:00:00"), until: t("12:00:00") })
    };
    let off = "automatic moves are off until 2026-01-10 12:00:00 UTC";
    check(&hold(None, None), off);
    check(&hold(Some("alice"), None), &format!("{off}, says alice"));
    check(&hold(None, Some("new router")), &format!("{off}: new router"));
    check(&hold(Some("alice"), Some("new router")), &format!("{off}, says alice: new router"));
}

#[test]
fn no_sentence_ends_with_a_full_stop() {
    for reason in [Reason::StillAnswers, Reason::NeedsApproval, Reason::NoPrimaryUrl, Reason::HoldReleased] {
        let told = reason.to_string();
        assert!(!told.ends_with('.') && told.chars().next().is_some_and(char::is_lowercase), "{told}");
    }
}
