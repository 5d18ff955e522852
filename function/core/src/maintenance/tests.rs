use super::*;
use crate::{SwitchId, story::*};

use Position::{Primary, Standby};

/// The switches that are set again on a site whose owner wants no repairs.
fn set_again(story: &Story, seen: &[Sighting], public: &Served, time: &str) -> Vec<(Role, Position)> {
    let round = Round { state: &story.state, seen, public, long_silent: false, repair: false, now: t(time) };
    round.repairs().into_iter().map(|(seen, to)| (seen.role, to)).collect()
}

/// A way that the model found: an executor dies while its request to lead visitors away is on its way; another
/// finds that the primary answers again, undoes all and closes the standby; then that request arrives, and is adopted.
#[test]
fn a_standby_that_visitors_are_led_to_is_opened_whoever_closed_it() {
    let silent = Served::Silent("403".to_owned());
    let led = Story::default().then("12:00:00", adopted(Standby));
    let closed = switches(Primary, Standby, Standby);
    assert_eq!(set_again(&led, &closed, &silent, "12:00:10"), [(Role::Gate, Standby)]);
}

#[test]
fn a_closed_standby_is_left_so_where_visitors_are_served_or_somebody_holds_the_site() {
    let (served, unknown) = (Served::By(Standby), Served::Unknown("a challenge".to_owned()));
    let led = Story::default().then("12:00:00", adopted(Standby));
    let closed = switches(Primary, Standby, Standby);
    for public in [served, unknown] {
        assert_eq!(set_again(&led, &closed, &public, "12:00:10"), []);
    }
    let held = led.then("12:30:00", hold_until("14:00:00"));
    let silent = Served::Silent("403".to_owned());
    assert_eq!(set_again(&held, &closed, &silent, "13:00:00"), []);
}

#[test]
fn a_pause_that_lands_late_is_taken_back_and_nothing_else_is() {
    let silent = Served::Silent("522".to_owned());
    let home = Story::failing_over()
        .then("12:00:20", step(1, "x", crate::Step::Verify))
        .then("12:00:30", ended(1, "x", crate::End::Done, Standby))
        .then("13:00:01", intent(crate::Direction::Failback, by_operator("13:00:00"), "y"))
        .then("13:00:20", ended(4, "y", crate::End::Done, Primary));
    let paused = switches(Standby, Primary, Standby);
    assert_eq!(set_again(&home, &paused, &silent, "13:05:00"), [(Role::Monitor, Primary)]);
    assert_eq!(set_again(&home, &paused, &silent, "13:45:00"), [], "that is somebody's maintenance");
}

/// What is due where the journal tells this, all switches are where they belong, and the public URL was asked so.
fn due_after(story: &Story, public: &Served) -> Option<UpkeepTask> {
    let seen = switches(story.state.active, story.state.active, story.state.active);
    let (state, now) = (&story.state, t("14:00:00"));
    let round = Round { state, seen: &seen, public, long_silent: true, repair: false, now };
    round.due().map(|due| due.task())
}

fn begun(task: UpkeepTask) -> crate::Event {
    let order = crate::Order { asker: crate::Asker::Itself, ..by_operator("13:00:00") };
    crate::Event::Maintenance { task, order, reason: "it is due".to_owned(), nonce: "u".to_owned() }
}

#[test]
fn what_was_begun_is_seen_to_its_end_before_anything_else() {
    let gate = UpkeepTask::Repair(SwitchId::new("cloud_run_invoker", "resume"), Standby);
    let silent = Served::Silent("503".to_owned());
    let story = Story::on_standby();
    assert_eq!(due_after(&story, &silent), Some(UpkeepTask::ResumeMonitoring));
    let story = story.then("13:00:00", begun(gate.clone()));
    assert_eq!(due_after(&story, &silent), Some(gate.clone()));
    let plan = story.number;
    let trouble = Some("grant it the role".to_owned());
    let refused = crate::Event::AttemptEnded { plan, nonce: "u".to_owned(), trouble, about: None };
    let story = story.then("13:00:01", refused);
    assert_eq!(due_after(&story, &silent), Some(UpkeepTask::ResumeMonitoring), "an outage goes before it");
    assert_eq!(due_after(&story, &Served::By(Standby)), Some(gate), "it is tried again");
}

#[test]
fn what_is_refused_keeps_no_visitor_from_the_standby_that_somebody_closed() {
    let silent = Served::Silent("403".to_owned());
    let closed = switches(Primary, Standby, Standby);
    let open = Story::default().then("12:00:00", adopted(Standby));
    let story = open.then("13:00:00", begun(UpkeepTask::ResumeMonitoring));
    assert_eq!(set_again(&story, &closed, &silent, "13:00:01"), [], "it is at work");
    let trouble = Some("grant it the role".to_owned());
    let refused =
        crate::Event::AttemptEnded { plan: story.number, nonce: "u".to_owned(), trouble, about: None };
    let story = story.then("13:00:02", refused);
    assert_eq!(set_again(&story, &closed, &silent, "13:00:10"), [(Role::Gate, Standby)]);
}
