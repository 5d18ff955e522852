//! What a closed incident leads to: never a move.

use super::*;

#[test]
fn proves_nothing_about_the_primary() {
    let sentence = "stay: incident i1 is closed, which proves nothing about the primary";
    for story in [Story::default(), Story::on_standby(), Story::failing_back(), Story::stuck()] {
        let settled = format!("{} + dropped i9", sentence.replace("i1", "i9"));
        check(&story, &silent(), &closed("i9", "14:00:00"), &settled);
    }
    check(&Story::on_standby(), &silent(), &closed("i1", "12:05:00"), sentence);
}

#[test]
fn that_was_pending_is_dropped() {
    let story = Story::default().then("12:00:03", kept(pending("i1", "12:00:00")));
    check(
        &story,
        &silent(),
        &closed("i1", "12:05:00"),
        "stay: incident i1 is closed and pending no more + dropped i1",
    );
    check(
        &story,
        &silent(),
        &closed("i2", "12:05:00"),
        "stay: incident i2 is closed, which proves nothing about the primary + dropped i2",
    );
}

#[test]
fn that_comes_before_its_open_settles_it_once() {
    let story = Story::default().then("12:00:03", dropped("i1"));
    let again = "stay: incident i1 was dealt with before: this is a redelivery";
    check(&story, &silent(), &opened("i1", "12:00:00"), again);
    let sentence = "stay: incident i1 is closed, which proves nothing about the primary";
    check(&story, &silent(), &closed("i1", "12:00:00"), sentence);
}

#[test]
fn while_its_failover_runs_is_let_go() {
    check(
        &Story::failing_over(),
        &silent(),
        &closed("i1", "12:00:20"),
        "stay: incident i1 is closed and pending no more + dropped i1",
    );
}
