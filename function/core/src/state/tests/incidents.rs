//! Which incidents wait, for how long, and what settles them.

use super::*;

#[test]
fn those_that_a_failover_answers_are_settled_when_it_is_done() {
    let story = Story::default().then("11:59:00", kept(pending("i0", "11:58:00")));
    let order = by_incident("12:00:00", &[pending("i0", "11:58:00"), pending("i1", "11:59:58")]);
    let story = story.then("12:00:01", intent(Direction::Failover, order, "x"));
    check(&story, "primary, failover 2, pending i0");
    let story = story.then("12:00:05", kept(pending("i2", "12:00:02")));
    let story = story.then("12:00:30", ended(2, "x", End::Done, Position::Standby));
    check(&story, "standby");
    assert_eq!(ids(&story.state.settled_incidents), ["i1", "i0", "i2"]);
}

#[test]
fn those_of_an_unwound_failover_are_pending() {
    let story = Story::failing_over().then("12:00:05", kept(pending("i2", "12:00:02")));
    let story = story.then("12:00:30", ended(1, "x", End::Unwound, Position::Primary));
    check(&story, "primary, pending i2 i1");
    assert!(!story.state.has_settled_incident("i1"));
    let kept = &story.state.pending[1];
    assert_eq!((kept.started_at, kept.since), (t("11:59:58"), t("12:00:00")), "as old as it was");
}

#[test]
fn those_of_a_stuck_failover_wait_for_the_acknowledgement() {
    check(&Story::stuck(), "primary, pending i1, stuck");
    let moved = Story::failing_over().then("12:40:00", ended(1, "x", End::Stuck, Position::Standby));
    check(&moved, "standby, stuck");
    assert!(moved.state.has_settled_incident("i1"));
}

#[test]
fn those_of_an_overtaken_failover_are_settled_by_a_failback() {
    let story = overtaken().then("12:00:22", ended(1, "x", End::Overtaken, Position::Primary));
    assert_eq!(story.state.settled_incidents, [Remembered { id: "i1".to_owned(), at: t("12:00:22") }]);
    check(&story.then("12:01:00", ended(2, "y", End::Unwound, Position::Standby)), "standby");
}

#[test]
fn those_of_an_overtaken_failover_go_to_a_newer_failover() {
    let handed = |incidents: &[PendingIncident]| {
        let order = Order { force: true, incidents: incidents.to_vec(), ..by_operator("12:00:05") };
        let story = Story::failing_over()
            .then("12:00:06", intent(Direction::Failover, order, "y"))
            .then("12:00:07", ended(1, "x", End::Overtaken, Position::Primary));
        assert!(story.state.settled_incidents.is_empty());
        story
    };
    let ids = |story: &Story| {
        let plan = story.state.plan(2).expect("open");
        plan.order.incidents.iter().map(|one| one.id.clone()).collect::<Vec<_>>()
    };
    let (i1, i2) = (pending("i1", "11:59:58"), pending("i2", "12:00:02"));
    assert_eq!(ids(&handed(&[i1, i2.clone()])), ["i1", "i2"], "each once");
    assert_eq!(ids(&handed(from_ref(&i2))), ["i2", "i1"]);
    let unwound = handed(&[]).then("12:05:00", ended(2, "y", End::Unwound, Position::Primary));
    check(&unwound, "primary, pending i1");
}

#[test]
fn one_that_closed_while_it_was_pending_is_settled() {
    let story = Story::default().then("12:00:00", kept(pending("i1", "11:59:58")));
    check(&story, "primary, pending i1");
    let story = story.then("12:05:00", dropped("i1"));
    check(&story, "primary");
    assert!(story.state.has_settled_incident("i1"));
}

#[test]
fn one_that_closed_while_its_failover_ran_does_not_come_back() {
    let story = Story::failing_over().then("12:00:10", dropped("i1"));
    assert!(story.state.plan(1).expect("open").order.incidents.is_empty());
    let story = story.then("12:00:30", ended(1, "x", End::Unwound, Position::Primary));
    check(&story, "primary");
    assert!(story.state.has_settled_incident("i1"));
}

#[test]
fn one_that_is_held_back_again_is_kept_once() {
    let first = pending("i1", "11:59:58");
    let later = PendingIncident { since: t("13:00:00"), ..first.clone() };
    let story = Story::default()
        .then("12:00:00", kept(first))
        .then("12:00:01", kept(pending("i2", "12:00:00")))
        .then("13:00:00", kept(later.clone()));
    check(&story, "primary, pending i2 i1");
    assert_eq!(story.state.pending[1], later);
}

#[test]
fn they_are_kept_for_a_day() {
    let story = Story::default().then("12:00:00", kept(pending("i1", "12:00:00")));
    let waiting = |now: &str| story.state.pending_at(t(now)).count();
    assert_eq!((waiting("11T11:59:59"), waiting("11T12:00:00")), (1, 0));
    check(&story.clone().then("11T11:59:59", ordered("11T11:59:59")), "primary, pending i1");
    check(&story.then("11T12:00:00", ordered("11T12:00:00")), "primary");
}

#[test]
fn an_unwound_failover_brings_back_none_that_is_a_day_old() {
    let story = Story::failing_over().then("11T12:00:00", ended(1, "x", End::Unwound, Position::Primary));
    assert_eq!(story.state.pending_at(t("11T12:00:00")).count(), 0);
}

#[test]
fn a_flood_of_them_keeps_the_newest() {
    let story = (0..=PENDING_MOST)
        .map(|i| pending(&format!("i{i}"), "12:00:00"))
        .fold(Story::default(), |story, one| story.then("12:00:00", kept(one)));
    assert_eq!(story.state.pending.len(), PENDING_MOST);
    assert_eq!(story.state.pending[0].id, "i1");
}

#[test]
fn what_waits_is_found_where_it_waits() {
    let story = Story::failing_over().then("12:00:05", kept(pending("i2", "12:00:02")));
    let waits = |id: &str| story.state.waits_for(id).count();
    assert_eq!((waits("i1"), waits("i2"), waits("i3")), (1, 1, 0));
}
