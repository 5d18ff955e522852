//! Pending incidents, decided again on behalf of a later signal.

use super::*;

#[track_caller]
fn again(story: &Story, facts: &Facts, signal: &Signal, expected: &str) {
    let pending = story.state.pending_at(signal.received).next().expect("a pending incident");
    let decision = decide_again(&policy(), &story.state, facts, (pending, signal), signal.received);
    assert_eq!(told(&decision), expected);
}

fn waiting() -> Story {
    Story::default().then("12:00:03", kept(pending("i1", "12:00:00")))
}

#[test]
fn begins_once_nothing_holds_it_back() {
    again(&waiting(), &silent(), &asks(Verb::Reconcile, "12:30:00"), SILENT);
}

#[test]
fn takes_the_order_time_of_the_signal_that_decided_it() {
    let signal = asks(Verb::Release, "12:30:00");
    let one = pending("i1", "12:00:00");
    let decision = decide_again(&policy(), &waiting().state, &silent(), (&one, &signal), t("12:30:01"));
    let Verdict::Start(Direction::Failover, order) = decision.verdict else { panic!("{decision:?}") };
    assert_eq!(
        (order.at, order.message.as_str(), order.asker),
        (t("12:30:00"), "m-release", Asker::Incident)
    );
    assert_eq!(order.incidents, [one]);
}

#[test]
fn says_nothing_new_while_it_is_held_back() {
    again(&waiting(), &answering(Position::Primary), &asks(Verb::Reconcile, "12:30:00"), ANSWERS);
}

#[test]
fn drops_what_an_operator_overtook() {
    let story = Story::back_home().then("13:05:00", kept(pending("i2", "12:59:59")));
    again(
        &story,
        &silent(),
        &asks(Verb::Reconcile, "13:30:00"),
        "stay: stale: it is from 2026-01-10 12:59:59 UTC, before the order of the last move at \
         2026-01-10 13:00:00 UTC + dropped i2",
    );
    let story = Story::on_standby().then("12:05:00", kept(pending("i2", "12:04:00")));
    again(
        &story,
        &silent(),
        &asks(Verb::Reconcile, "12:30:00"),
        "stay: the site is on its standby already, since 2026-01-10 12:00:30 UTC + dropped i2",
    );
}

#[test]
fn records_why_it_was_dropped() {
    let story = Story::on_standby().then("12:05:00", kept(pending("i2", "12:04:00")));
    let one = pending("i2", "12:04:00");
    let signal = asks(Verb::Reconcile, "12:30:00");
    let decision = decide_again(&policy(), &story.state, &silent(), (&one, &signal), t("12:30:00"));
    let reason = "the site is on its standby already, since 2026-01-10 12:00:30 UTC".to_owned();
    assert_eq!(decision.record, [Event::Dropped { incident: "i2".to_owned(), reason }]);
}

#[test]
fn joins_a_failover_that_began_meanwhile() {
    let story = Story::failing_over().then("12:00:06", kept(pending("i2", "12:00:03")));
    again(
        &story,
        &silent(),
        &asks(Verb::Reconcile, "12:01:00"),
        "carry on 1: the failover of entry 1 is carried on",
    );
}

#[test]
fn waits_for_the_end_of_a_failback() {
    let story = Story::failing_back().then("13:00:08", kept(pending("i2", "13:00:05")));
    again(
        &story,
        &silent(),
        &asks(Verb::Reconcile, "13:01:00"),
        "pending: the failback of entry 3 is under way; this is decided when it has ended",
    );
}
