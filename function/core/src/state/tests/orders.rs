//! Newer orders beside older ones, and how they end.

use super::*;

#[test]
fn the_opposite_order_is_taken_beside_the_running_plan() {
    check(&overtaken(), "primary, failover 1, failback 2");
    let state = overtaken().state;
    assert_eq!(state.running().map(|plan| plan.id), Some(1));
    assert_eq!(state.newest().map(|plan| plan.id), Some(2));
    assert!(state.is_overtaken(1) && !state.is_overtaken(2));
    assert!(!State::default().is_overtaken(1));
    assert_eq!(state.plan(2).map(|plan| plan.direction), Some(Direction::Failback));
    assert_eq!(state.plan(3), None);
}

#[test]
fn two_plans_of_one_direction_are_never_open() {
    let again = intent(Direction::Failover, by_incident("12:00:05", &[]), "y");
    assert_eq!(Story::failing_over().refuses("12:00:06", &again), Illegal::AlreadyOpen(Direction::Failover));
    let again = intent(Direction::Failback, by_operator("13:00:05"), "z");
    assert_eq!(Story::failing_back().refuses("13:00:06", &again), Illegal::AlreadyOpen(Direction::Failback));
}

#[test]
fn a_forced_order_overtakes_one_of_its_direction_that_is_not() {
    let forced = Order { force: true, ..by_operator("12:00:05") };
    let story = Story::failing_over().then("12:00:06", intent(Direction::Failover, forced.clone(), "y"));
    check(&story, "primary, failover 1, failover 2");
    let again = intent(Direction::Failover, forced, "z");
    assert_eq!(story.refuses("12:00:07", &again), Illegal::AlreadyOpen(Direction::Failover));
}

#[test]
fn orders_alternate_as_often_as_they_like() {
    let story = overtaken().then("12:00:31", intent(Direction::Failover, by_operator("12:00:30"), "z"));
    check(&story, "primary, failover 1, failback 2, failover 3");
}

#[test]
fn a_plan_that_was_overtaken_ends_so() {
    let story = overtaken().then("12:00:22", ended(1, "x", End::Overtaken, Position::Primary));
    check(&story, "primary, failback 2");
    let story = story.then("12:00:40", ended(2, "y", End::Done, Position::Primary));
    check(&story, "primary");
    assert_eq!(story.state.last_move.map(|moved| moved.direction), Some(Direction::Failback));
}

#[test]
fn the_newer_executor_ends_a_dead_older_plan() {
    let by_newer = ended(1, "y", End::Overtaken, Position::Primary);
    check(&overtaken().then("12:00:30", by_newer), "primary, failback 2");
    let by_nobody = ended(1, "stranger", End::Overtaken, Position::Primary);
    assert_eq!(overtaken().refuses("12:00:30", &by_nobody), Illegal::NotTheExecutor(1));
    let by_older = ended(2, "x", End::Overtaken, Position::Primary);
    assert_eq!(overtaken().refuses("12:00:30", &by_older), Illegal::NotOvertaken(2));
}

#[test]
fn the_newest_of_three_may_end_the_oldest() {
    let story = overtaken().then("12:00:31", intent(Direction::Failover, by_operator("12:00:30"), "z"));
    let story = story.then("12:00:40", ended(1, "z", End::Overtaken, Position::Primary));
    check(&story, "primary, failback 2, failover 3");
    let back = ended(3, "y", End::Overtaken, Position::Primary);
    assert_eq!(story.refuses("12:00:41", &back), Illegal::NotOvertaken(3));
}

#[test]
fn nothing_overtakes_a_lone_plan() {
    let end = ended(1, "x", End::Overtaken, Position::Primary);
    assert_eq!(Story::failing_over().refuses("12:00:30", &end), Illegal::NotOvertaken(1));
}

#[test]
fn an_overtaken_plan_may_have_reached_its_end_before_it_noticed() {
    let story = overtaken().then("12:00:22", ended(1, "x", End::Done, Position::Standby));
    check(&story, "standby, failback 2");
    let story = story.then("12:00:40", ended(2, "y", End::Done, Position::Primary));
    check(&story, "primary");
}

#[test]
fn a_newer_executor_may_not_say_how_an_older_plan_came_out() {
    for end in [End::Done, End::Unwound, End::Stuck] {
        let end = ended(1, "y", end, Position::Primary);
        assert_eq!(overtaken().refuses("12:00:30", &end), Illegal::NotTheExecutor(1));
    }
}

#[test]
fn a_rehearsal_waits_until_nothing_is_on() {
    let rehearse = intent(Direction::Rehearsal, by_operator("14:00:00"), "r");
    let held = Story::default().then("13:00:00", hold_until("14:00:01"));
    for busy in [
        &Story::failing_over(),
        &Story::on_standby(),
        &Story::failing_back(),
        &Story::draining(),
        &Story::rehearsing(),
        &held,
    ] {
        let illegal = busy.refuses("14:00:00", &rehearse);
        assert!(matches!(illegal, Illegal::Busy | Illegal::AlreadyOpen(_)), "{illegal}");
    }
    check(&held.then("14:00:01", rehearse.clone()), "primary, rehearsal 2");
    check(&Story::back_home().then("14:00:00", rehearse), "primary, rehearsal 5");
}

#[test]
fn a_failover_overtakes_a_rehearsal() {
    let order = by_incident("12:00:10", &[pending("i1", "12:00:08")]);
    let story = Story::rehearsing().then("12:00:11", intent(Direction::Failover, order, "x"));
    check(&story, "primary, rehearsal 1, failover 2");
    let story = story.then("12:00:12", ended(1, "r", End::Overtaken, Position::Primary));
    check(&story, "primary, failover 2");
    assert!(!story.state.has_settled_incident("i1"));
}

#[test]
fn an_acknowledge_counts_from_when_it_was_ordered_however_far_ahead_the_clock_of_who_wrote_it() {
    let acknowledged = |ordered| Event::Acknowledged { by: None, message: "m".to_owned(), ordered };
    let story = Story::on_standby().then("20T00:00:00", acknowledged(Some(t("12:30:00"))));
    assert_eq!(story.state.acknowledged, Some(t("12:30:00")));
    let early = Story::on_standby().then("12:20:00", acknowledged(Some(t("12:30:00"))));
    assert_eq!(early.state.acknowledged, Some(t("12:20:00")));
    let old = Story::on_standby().then("12:20:00", acknowledged(None));
    assert_eq!(old.state.acknowledged, Some(t("12:20:00")));
}
