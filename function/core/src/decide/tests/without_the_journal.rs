//! What is begun while the journal can't be reached.

use super::*;

#[track_caller]
fn blind(policy: &Policy, facts: &Facts, signal: &Signal, now: jiff::Timestamp, expected: Option<&str>) {
    let decision = decide_blind(policy, &State::default(), facts, signal, now);
    assert_eq!(decision.as_ref().map(told).as_deref(), expected);
}

#[test]
fn a_fresh_incident_of_a_silent_site_is_acted_on() {
    let signal = opened("i1", "12:00:00");
    let published = signal.published;
    blind(&policy(), &silent(), &signal, published, Some(SILENT));
    let almost = published + FRESH_FOR - Duration::from_secs(1);
    blind(&policy(), &silent(), &signal, almost, Some(SILENT));
    blind(&policy(), &silent(), &signal, published + FRESH_FOR, None);
    assert_eq!(FRESH_FOR.as_mins(), 10);
}

#[test]
fn a_site_that_is_not_silent_is_left_alone() {
    let signal = opened("i1", "12:00:00");
    blind(&policy(), &answering(Position::Primary), &signal, signal.published, None);
    blind(&policy(), &answering(Position::Standby), &signal, signal.published, None);
    blind(&policy(), &Facts::none(), &signal, signal.published, None);
}

#[test]
fn an_operators_approval_still_binds() {
    let policy = Policy { approve: Approval::Operator, ..policy() };
    let signal = opened("i1", "12:00:00");
    blind(&policy, &silent(), &signal, signal.published, None);
    let forced = forcing(Verb::Failover, "12:00:00");
    let sentence = Some("start failover: asked for by an operator");
    blind(&policy, &silent(), &forced, forced.published, sentence);
}

#[test]
fn a_standby_that_cannot_serve_still_binds() {
    let facts = Facts { standby_unable: Some("no revision is ready".to_owned()), ..silent() };
    let signal = opened("i1", "12:00:00");
    blind(&policy(), &facts, &signal, signal.published, None);
}

#[test]
fn a_closed_incident_waits() {
    let signal = closed("i1", "12:00:00");
    blind(&policy(), &silent(), &signal, signal.published, None);
}

#[test]
fn of_all_commands_only_a_forced_failover_goes_ahead() {
    for verb in Verb::ALL {
        let signal = asks(verb, "12:00:00");
        blind(&policy(), &silent(), &signal, signal.published, None);
        let signal = forcing(verb, "12:00:00");
        let sentence = (verb == Verb::Failover).then_some("start failover: asked for by an operator");
        blind(&policy(), &answering(Position::Primary), &signal, t("11T12:00:00"), sentence);
    }
}

#[test]
fn what_is_begun_remembers_what_it_answers() {
    let signal = opened("i1", "12:00:00");
    let decision =
        decide_blind(&policy(), &State::default(), &silent(), &signal, signal.published).expect("a move");
    let Verdict::Start(Direction::Failover, order) = decision.verdict else { panic!("{decision:?}") };
    assert_eq!((order.at, order.incidents.len(), decision.record), (t("12:00:02"), 1, vec![]));
}

#[test]
fn what_was_read_last_still_binds() {
    let told_by = |story: &Story, signal: &Signal| {
        let decision = decide_blind(&policy(), &story.state, &silent(), signal, signal.published);
        decision.as_ref().map(told).unwrap_or_default()
    };
    let signal = opened("i1", "12:00:00");
    let held = Story::default().then("11:00:00", hold_until("13:00:00"));
    assert_eq!(
        told_by(&held, &signal),
        "pending: automatic moves are off until 2026-01-10 13:00:00 UTC, says alice"
    );
    let there = Story::default().then("11:00:00", adopted(Position::Standby));
    assert!(told_by(&there, &signal).starts_with("stay: the site is on its standby already"));
    let forced = forcing(Verb::Failover, "12:00:00");
    assert_eq!(told_by(&held, &forced), "start failover: asked for by an operator");
}

#[test]
fn a_forced_failover_that_is_known_to_be_dealt_with_or_overtaken_is_not_carried_out_again() {
    let told_of = |story: &Story, signal: &Signal| {
        let decision =
            decide_blind(&policy(), &story.state, &answering(Position::Primary), signal, signal.published);
        decision.as_ref().map(told).unwrap_or_default()
    };
    let (forced, start) = (forcing(Verb::Failover, "12:30:00"), "start failover: asked for by an operator");
    let order = Order { message: forced.message.clone(), force: true, ..by_operator("12:30:00") };
    let moving = Story::default().then("12:30:01", intent(Direction::Failover, order, "x"));
    assert_eq!(told_of(&moving, &forced), start, "whoever executed it may be dead");
    let moved = moving.then("12:30:20", ended(1, "x", End::Done, Position::Standby));
    let redelivered = "stay: message m-failover-force was dealt with before: this is a redelivery";
    assert_eq!(told_of(&moved, &forced), redelivered);
    let late = told_of(&Story::back_home(), &forced);
    assert!(late.starts_with("stay: stale: it is from 2026-01-10 12:30:00 UTC, before"), "{late}");
    assert_eq!(told_of(&Story::back_home(), &forcing(Verb::Failover, "13:30:00")), start);
}
