//! What a closed incident leads to: never a move.

use super::*;

#[test]
fn proves_nothing_about_the_primary() {
    let sentence = "stay: incident i1 is closed, which proves nothing about the primary";
    for story in [Story::default(), Story::on_standby(), Story::failing_back(), Story::stuck()] {
        check(&story, &silent(), &closed("i9", "14:00:00"), &sentence.replace("i1", "i9"));
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
        "stay: incident i2 is closed, which proves nothing about the primary",
    );
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
