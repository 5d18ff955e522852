//! Holds, acknowledgements, adoptions.

use super::*;

#[test]
fn a_hold_is_on_until_it_ends_or_is_released() {
    let story = Story::default().then("12:00:00", hold_until("13:00:00"));
    assert!(story.state.hold_at(t("12:59:59")).is_some());
    assert!(story.state.hold_at(t("13:00:00")).is_none());
    let released = Event::Released { by: None, message: "m-release".to_owned(), ordered: None };
    assert_eq!(story.clone().then("12:30:00", released).state.hold, None);
    assert!(story.clone().then("12:59:59", ordered("12:59:59")).state.hold.is_some());
    assert_eq!(story.then("13:00:00", ordered("13:00:00")).state.hold, None, "nobody needs it any more");
}

#[test]
fn a_later_hold_takes_the_place_of_an_earlier_one() {
    let story =
        Story::default().then("12:00:00", hold_until("13:00:00")).then("12:01:00", hold_until("12:30:00"));
    assert_eq!(story.state.hold.map(|hold| hold.until), Some(t("12:30:00")));
}

#[test]
fn only_an_acknowledgement_ends_being_stuck() {
    let stuck = Story::stuck().state.stuck.expect("stuck");
    assert_eq!((stuck.plan, stuck.at, stuck.sentence.as_str()), (1, t("12:40:00"), "Stuck it was"));
    let moved = Story::stuck()
        .then("12:50:01", intent(Direction::Failover, by_operator("12:50:00"), "y"))
        .then("12:50:30", ended(3, "y", End::Done, Position::Standby));
    check(&moved, "standby, stuck");
    let home = moved
        .then("13:50:01", intent(Direction::Failback, by_operator("13:50:00"), "y"))
        .then("13:50:30", ended(5, "y", End::Done, Position::Primary));
    check(&home, "primary, stuck");
    let story = home.then("14:00:00", acknowledged());
    check(&story, "primary");
    assert_eq!(story.state.acknowledged, Some(t("14:00:00")));
}

#[test]
fn stuck_is_a_move_only_if_traffic_moved() {
    assert_eq!(Story::stuck().state.last_move, None);
    let forced = Story::failing_back().then("13:02:00", ended(3, "y", End::Stuck, Position::Primary));
    check(&forced, "primary, stuck");
    assert_eq!(forced.state.last_move.map(|moved| moved.plan), Some(3));
    let unmoved = Story::failing_back().then("13:02:00", ended(3, "y", End::Stuck, Position::Standby));
    assert_eq!(unmoved.state.last_move.map(|moved| moved.plan), Some(1));
}

#[test]
fn an_observation_wins_while_no_plan_is_open() {
    let story = Story::default().then("12:00:00", adopted(Position::Standby));
    check(&story, "standby");
    assert_eq!(story.state.since, Some(t("12:00:00")));
    assert_eq!(story.state.last_move, None);
    check(&story.then("12:10:00", adopted(Position::Primary)), "primary");
    assert_eq!(Story::failing_over().refuses("12:00:05", &adopted(Position::Standby)), Illegal::Busy);
    let same = Story::on_standby().then("12:10:00", adopted(Position::Standby));
    assert_eq!(same.state.since, Some(t("12:00:30")));
}
