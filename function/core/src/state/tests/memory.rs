//! What is remembered, and for how long.

use super::*;

fn refused(id: usize) -> Event {
    Event::Refused {
        message: format!("m{id}"),
        command: "failback".to_owned(),
        by: None,
        reason: "no".to_owned(),
    }
}

#[test]
fn every_command_is_remembered_by_its_message() {
    let released = Event::Released { by: None, message: "m-release".to_owned(), ordered: None };
    let story = Story::default()
        .then("12:00:00", hold_until("13:00:00"))
        .then("12:00:01", released)
        .then("12:00:02", acknowledged())
        .then("12:00:03", refused(7));
    assert_eq!(ids(&story.state.settled_messages), ["m-hold", "m-release", "m-acknowledge", "m7"]);
}

#[test]
fn ids_are_remembered_for_31_days() {
    let after = |days: i64, seconds: i64| {
        let story = Story::default().then("01T12:00:00", refused(1)).then("01T12:00:00", dropped("i1"));
        let at =
            t("01T12:00:00") + SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(seconds);
        let hold = Hold { by: None, reason: None, since: at, until: at };
        let event = Event::Held { hold, message: "m-hold".to_owned() };
        let state = story.state.after(3, at, &event).expect("legal");
        (state.has_settled_message("m1"), state.has_settled_incident("i1"))
    };
    assert_eq!(after(31, -1), (true, true));
    assert_eq!(after(31, 0), (false, false));
}

#[test]
fn the_newest_256_ids_are_remembered() {
    let story = (0..=REMEMBERED_MOST).fold(Story::default(), |story, id| story.then("12:00:00", refused(id)));
    assert_eq!(story.state.settled_messages.len(), REMEMBERED_MOST);
    assert!(!story.state.has_settled_message("m0") && story.state.has_settled_message("m1"));
    let story = (0..=REMEMBERED_MOST)
        .fold(Story::default(), |story, id| story.then("12:00:00", dropped(&format!("i{id}"))));
    assert_eq!(story.state.settled_incidents.len(), REMEMBERED_MOST);
    assert!(!story.state.has_settled_incident("i0") && story.state.has_settled_incident("i1"));
}

#[test]
fn an_id_that_is_settled_again_is_remembered_once_and_longer() {
    let story = Story::default()
        .then("12:00:00", dropped("i1"))
        .then("12:00:01", dropped("i2"))
        .then("12:00:02", dropped("i1"));
    assert_eq!(ids(&story.state.settled_incidents), ["i2", "i1"]);
    assert_eq!(story.state.settled_incidents[1].at, t("12:00:02"));
}

/// The clock of a machine runs a year ahead once, and entries are written by it.
#[test]
fn a_clock_that_jumps_ahead_lets_go_of_nothing() {
    let far = t("12:00:00") + SignedDuration::from_hours(24 * 365);
    let story = Story::failing_over()
        .then("12:00:09", ended(1, "x", End::Done, Position::Standby))
        .then("12:00:10", kept(pending("i9", "12:00:10")))
        .then("12:00:11", hold_until("11T12:00:00"));
    let state = story.state.after(story.number + 1, far, &dropped("i7")).expect("legal");
    assert_eq!((state.pending.len(), state.automatic.len()), (1, 1));
    assert!(state.hold.is_some() && state.has_settled_incident("i1"));
}

#[test]
fn a_move_that_ended_by_a_clock_far_ahead_cools_down_for_a_day_at_most() {
    let far = t("12:00:00") + SignedDuration::from_hours(24 * 365);
    let story = Story::failing_over();
    let state = story.state.after(2, far, &ended(1, "x", End::Done, Position::Standby)).expect("legal");
    let ended_at = state.last_move.expect("a move").ended_at;
    assert_eq!(ended_at, t("11T12:00:00"));
    assert_eq!(state.automatic, [t("11T12:00:00")]);
}
