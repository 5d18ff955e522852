//! Order times.

use super::*;
use crate::Verb;
use crate::story::*;

#[track_caller]
fn check(published: &str, received: &str, expected: &str) {
    let signal =
        Signal { published: t(published), received: t(received), ..asks(Verb::Failover, "00:00:00") };
    assert_eq!(signal.order_time(), t(expected));
}

#[test]
fn an_order_is_as_old_as_its_publication() {
    check("12:00:00", "12:00:05", "12:00:00");
    check("03T12:00:00", "12:00:05", "03T12:00:00");
    check("12:00:05", "12:00:05", "12:00:05");
}

#[test]
fn a_clock_that_runs_ahead_cannot_outrank_what_is_yet_to_come() {
    check("12:00:06", "12:00:05", "12:00:05");
    check("31T12:00:00", "12:00:05", "12:00:05");
}

#[test]
fn fractions_of_a_second_are_cut_off() {
    check("12:00:00.001", "12:00:05", "12:00:00");
    check("12:00:00.999999999", "12:00:05", "12:00:00");
    check("12:00:06", "12:00:05.5", "12:00:05");
    assert_eq!(whole_seconds(Timestamp::MIN), Timestamp::MIN);
    let before_1970 = |time: &str| -> Timestamp { time.parse().expect("a time") };
    assert_eq!(whole_seconds(before_1970("1969-12-31T23:59:58.5Z")), before_1970("1969-12-31T23:59:58Z"));
}

#[test]
fn only_an_operator_is_not_automatic() {
    let asked = |asker| Order { asker, ..by_operator("12:00:00") }.is_automatic();
    assert!(asked(Asker::Incident) && asked(Asker::Itself));
    assert!(!asked(Asker::Operator(None)) && !asked(Asker::Operator(Some("alice".to_owned()))));
}
