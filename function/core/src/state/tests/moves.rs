//! Where a site is, and what is remembered of its moves.

use super::*;

#[test]
fn a_site_begins_on_its_primary() {
    check(&Story::default(), "primary");
    assert_eq!(Story::default().state.since, None);
}

#[test]
fn a_move_is_open_until_it_ends() {
    check(&Story::failing_over(), "primary, failover 1");
    check(&Story::on_standby(), "standby");
    check(&Story::failing_back(), "standby, failback 3");
    check(&Story::back_home(), "primary");
}

#[test]
fn an_intent_opens_a_plan_that_its_writer_claims() {
    let state = Story::failing_over().state;
    let plan = state.running().expect("an open plan");
    assert_eq!(plan.claim, Some(Claim { nonce: "x".to_owned(), entry: 1 }));
    assert_eq!((plan.id, plan.begun_at, plan.attempts), (1, t("12:00:01"), 1));
    assert_eq!((plan.reason.as_str(), plan.order.message.as_str()), ("because", "m-i1"));
    assert!(plan.steps.is_empty() && plan.trouble.is_none());
    assert!(state.has_settled_message("m-i1") && !state.has_settled_message("m-i2"));
}

#[test]
fn the_end_says_since_when_the_site_is_there() {
    assert_eq!(Story::on_standby().state.since, Some(t("12:00:30")));
    assert_eq!(Story::back_home().state.since, Some(t("13:00:20")));
    let again = Story::on_standby()
        .then("12:30:01", intent(Direction::Failover, by_operator("12:30:00"), "y"))
        .then("12:30:09", ended(3, "y", End::Done, Position::Standby));
    assert_eq!(again.state.since, Some(t("12:00:30")), "it was there before");
}

#[test]
fn the_last_move_is_the_last_one_done() {
    let moved = LastMove {
        direction: Direction::Failover,
        order_time: t("12:00:00"),
        ended_at: t("12:00:30"),
        plan: 1,
    };
    assert_eq!(Story::on_standby().state.last_move, Some(moved.clone()));
    assert_eq!(Story::failing_back().state.last_move, Some(moved.clone()), "an open one is none");
    let unwound = Story::failing_back().then("13:01:00", ended(3, "y", End::Unwound, Position::Standby));
    assert_eq!(unwound.state.last_move, Some(moved), "an unwound one is none");
    let moved = LastMove {
        direction: Direction::Failback,
        order_time: t("13:00:00"),
        ended_at: t("13:00:20"),
        plan: 3,
    };
    assert_eq!(Story::back_home().state.last_move, Some(moved));
}

/// The journal saw no end of the failover that it overtook, so its start and its end are both on the primary.
#[test]
fn a_stuck_failback_that_led_visitors_back_is_the_last_move_also_where_it_overtook_the_failover() {
    let overtaking = || {
        Story::failing_over()
            .then("12:05:01", intent(Direction::Failback, by_operator("12:05:00"), "y"))
            .then("12:05:02", ended(1, "y", End::Overtaken, Position::Primary))
    };
    let stuck = || ended(2, "y", End::Stuck, Position::Primary);
    let led = overtaking().then("12:05:03", step(2, "y", Step::Route)).then("12:06:04", stuck());
    let moved = led.state.last_move.expect("a move");
    assert_eq!((moved.direction, moved.order_time, moved.plan), (Direction::Failback, t("12:05:00"), 2));
    assert_eq!(overtaking().then("12:06:04", stuck()).state.last_move, None, "it led nobody anywhere");
}

#[test]
fn an_old_message_never_takes_the_order_time_back() {
    let story = Story::back_home()
        .then("14:00:00", intent(Direction::Failover, by_incident("11:00:00", &[]), "z"))
        .then("14:00:30", ended(5, "z", End::Done, Position::Standby));
    let moved = story.state.last_move.expect("a move");
    assert_eq!((moved.order_time, moved.plan), (t("13:00:00"), 5));
}

#[test]
fn what_was_automatic_is_counted_for_a_day() {
    assert_eq!(Story::on_standby().state.automatic, [t("12:00:30")]);
    let by_hand = Story::default()
        .then("12:00:01", intent(Direction::Failover, by_operator("12:00:00"), "x"))
        .then("12:00:30", ended(1, "x", End::Done, Position::Standby));
    assert!(by_hand.state.automatic.is_empty());
    let almost = Story::on_standby().then("11T12:00:29", ordered("11T12:00:29"));
    assert_eq!(almost.state.automatic.len(), 1);
    let day = Story::on_standby().then("11T12:00:30", ordered("11T12:00:30"));
    assert!(day.state.automatic.is_empty());
}

#[test]
fn a_rehearsal_is_no_move() {
    let story = Story::rehearsing().then("12:01:00", ended(1, "r", End::Done, Position::Primary));
    check(&story, "primary");
    assert_eq!((story.state.last_move, story.state.since), (None, None));
}

#[test]
fn waiters_learn_how_the_latest_plans_ended() {
    let ended = Story::back_home().state.ended(3).cloned().expect("remembered");
    assert_eq!((ended.direction, ended.end, ended.at), (Direction::Failback, End::Done, t("13:00:20")));
    assert_eq!(ended.sentence, "Done it was");
    assert_eq!(Story::back_home().state.ended(1).map(|ended| ended.direction), Some(Direction::Failover));
    assert_eq!(Story::failing_back().state.ended(3), None);
}

#[test]
fn only_the_latest_ends_are_kept() {
    let mut story = Story::default();
    for _ in 0..=ENDS_KEPT {
        let plan = story.number + 1;
        story = story
            .then("12:00:01", intent(Direction::Failover, by_operator("12:00:00"), "x"))
            .then("12:00:02", ended(plan, "x", End::Unwound, Position::Primary));
    }
    assert_eq!(story.state.ends.len(), ENDS_KEPT);
    assert_eq!(story.state.ended(1), None);
    assert!(story.state.ended(3).is_some() && story.state.ended(story.number - 1).is_some());
}
