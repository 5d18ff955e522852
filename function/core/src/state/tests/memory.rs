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
        let state = story.state.after(3, at, &acknowledged()).expect("legal");
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
