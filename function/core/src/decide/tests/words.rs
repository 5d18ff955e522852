//! Commands that move nothing.

use super::*;

#[track_caller]
fn hold_of(length: Option<Duration>, received: &str) -> jiff::Timestamp {
    let command = Command { hold_for: length, ..Command::new(Verb::Hold) };
    let signal = Signal { kind: SignalKind::Command(command), ..asks(Verb::Hold, received) };
    let decision = decide(&policy(), &Story::default().state, &Facts::none(), &signal, t(received));
    match decision.record.as_slice() {
        [Event::Held { hold, message }] if message == "m-hold" => hold.until,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hold_says_until_when() {
    check(
        &Story::default(),
        &Facts::none(),
        &asks(Verb::Hold, "12:00:00"),
        "stay: automatic moves are off until 2026-01-11 12:00:00 UTC + held",
    );
    assert_eq!(hold_of(Some(Duration::from_mins(90)), "12:00:00"), t("13:30:00"));
    assert_eq!(hold_of(None, "12:00:00"), t("11T12:00:00"));
    assert_eq!(hold_of(Some(Duration::from_secs(u64::MAX)), "12:00:00"), jiff::Timestamp::MAX);
}

#[test]
fn a_hold_counts_from_when_it_was_ordered_however_late_it_comes() {
    let late = Signal { received: t("11T09:00:00"), ..asks(Verb::Hold, "12:00:00") };
    let expected = "stay: automatic moves are off until 2026-01-11 12:00:00 UTC + held";
    check(&Story::default(), &Facts::none(), &late, expected);
}

#[test]
fn of_a_hold_and_its_release_the_newer_order_wins_whichever_comes_first() {
    let word = |verb, time| match decide(
        &policy(),
        &Story::default().state,
        &Facts::none(),
        &asks(verb, time),
        t(time),
    ) {
        decision if decision.record.len() == 1 => decision.record[0].clone(),
        other => panic!("{other:?}"),
    };
    let released = Story::default().then("12:00:10", word(Verb::Release, "12:00:05"));
    let too_late = "stay: stale: it is from 2026-01-10 12:00:00 UTC, and a newer order was given at \
                    2026-01-10 12:00:05 UTC + refused";
    let check_late = |story: &Story, verb: Verb| {
        check(story, &Facts::none(), &asks(verb, "12:00:00"), &format!("{too_late} m-{verb}"));
    };
    check_late(&released, Verb::Hold);
    let held = Story::default().then("12:00:10", word(Verb::Hold, "12:00:05"));
    check_late(&held, Verb::Release);
    check(&held, &Facts::none(), &asks(Verb::Release, "12:00:05"), "stay: no hold is on any more + released");
}

#[test]
fn an_acknowledgement_from_before_the_last_move_lifts_nothing() {
    let failed_over = Story::on_standby();
    let late = "stay: stale: it is from 2026-01-10 11:59:59 UTC, and a newer order was given at \
                2026-01-10 12:00:00 UTC + refused m-acknowledge";
    check(&failed_over, &Facts::none(), &asks(Verb::Acknowledge, "11:59:59"), late);
    let in_time = "stay: acknowledged: neither a stuck plan nor cooldown nor budget holds anything back now + acknowledged";
    check(&failed_over, &Facts::none(), &asks(Verb::Acknowledge, "12:00:00"), in_time);
}

#[test]
fn a_hold_keeps_its_owner_and_reason() {
    let command = Command {
        by: Some("alice".to_owned()),
        reason: Some("new router".to_owned()),
        ..Command::new(Verb::Hold)
    };
    let signal = Signal { kind: SignalKind::Command(command), ..asks(Verb::Hold, "12:00:00") };
    let decision = decide(&policy(), &Story::default().state, &Facts::none(), &signal, t("12:00:00"));
    let story = Story::default().then("12:00:00", decision.record[0].clone());
    check(
        &story,
        &silent(),
        &opened("i1", "12:30:00"),
        "pending: automatic moves are off until 2026-01-11 12:00:00 UTC, says alice: new router + pending i1",
    );
    assert_eq!(story.state.hold.map(|hold| hold.since), Some(t("12:00:00")));
}

#[test]
fn a_release_lifts_the_hold() {
    check(
        &Story::default(),
        &Facts::none(),
        &asks(Verb::Release, "12:00:00"),
        "stay: no hold is on any more + released",
    );
}

#[test]
fn an_acknowledgement_says_what_it_is_about_to_decide() {
    let signal = asks(Verb::Acknowledge, "13:00:00");
    let lifted = "stay: acknowledged: neither a stuck plan nor cooldown nor budget holds anything back now";
    check(&Story::default(), &Facts::none(), &signal, &format!("{lifted} + acknowledged"));
    let one = format!("{lifted}; the pending incident is decided again + acknowledged");
    check(&Story::stuck(), &Facts::none(), &signal, &one);
    let story = Story::stuck().then("12:50:00", kept(pending("i2", "12:49:00")));
    let two = format!("{lifted}; the 2 pending incidents are decided again + acknowledged");
    check(&story, &Facts::none(), &signal, &two);
    let signal = asks(Verb::Acknowledge, "11T12:00:00");
    check(&Story::stuck(), &Facts::none(), &signal, &format!("{lifted} + acknowledged"));
}

#[test]
fn a_look_around_that_finds_nothing_says_so() {
    for verb in [Verb::Reconcile, Verb::Check] {
        let signal = asks(verb, "12:30:00");
        check(&Story::default(), &home(), &signal, "stay: nothing new: the site is on its primary");
        let sentence = "stay: nothing new: the site is on its standby, since 2026-01-10 12:00:30 UTC";
        check(&Story::on_standby(), &away(), &signal, sentence);
        let sentence = "stay: nothing new: the site is on its standby + adopted standby";
        check(&Story::default(), &away(), &signal, sentence);
    }
}
