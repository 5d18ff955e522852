//! Maintenance: a plan beside the moves, which any of them overtakes.

use super::*;

fn due(task: UpkeepTask, nonce: &str) -> Event {
    let order = Order { asker: crate::Asker::Itself, ..by_operator("12:00:00") };
    Event::Maintenance { task, order, reason: "it is due".to_owned(), nonce: nonce.to_owned() }
}

fn repair() -> UpkeepTask {
    UpkeepTask::Repair(SwitchId::new("uptime_check", "resume-abc"), Position::Primary)
}

/// The number of the open one, and who executes it.
#[track_caller]
fn open(story: &Story) -> (u64, String) {
    let plan = story.state.maintenance.as_ref().expect("maintenance is open");
    (plan.id, plan.claim.as_ref().expect("somebody executes it").nonce.clone())
}

#[test]
fn a_drained_standby_is_closed_by_a_plan_of_its_own() {
    let story = Story::draining();
    assert_eq!(story.refuses("13:29:59", &due(UpkeepTask::CloseStandby, "u")), Illegal::NotDrained);
    let story = story.then("13:30:00", due(UpkeepTask::CloseStandby, "u"));
    let (plan, nonce) = open(&story);
    assert_eq!((plan, nonce.as_str()), (story.number, "u"));
    assert!(story.state.draining.is_some(), "it is not closed yet");
    assert!(story.state.plans.is_empty(), "nothing moves");
    let story = story.then("13:30:01", step(plan, "u", Step::Close));
    let story = story.then("13:30:02", ended(plan, "u", End::Done, Position::Primary));
    assert_eq!((&story.state.maintenance, story.state.draining), (&None, None));
    assert_eq!(story.state.ended(plan).map(|ended| ended.end), Some(End::Done));
    assert!(story.state.ends.iter().all(|ended| ended.direction != Direction::Maintenance));
}

#[test]
fn a_look_from_before_the_journal_was_read_is_believed_only_where_nothing_of_ours_was_at_work_then() {
    let story = Story::draining().then("13:30:00", due(UpkeepTask::CloseStandby, "u"));
    let (plan, _) = open(&story);
    assert!(!was_at_rest(&story.state, t("14:00:00")), "it is at work now");
    let story = story.then("13:30:02", ended(plan, "u", End::Done, Position::Primary));
    assert!(!was_at_rest(&story.state, t("13:30:01")), "it was at work");
    assert!(!was_at_rest(&story.state, t("13:30:40")), "by whose clock?");
    assert!(!was_at_rest(&story.state, t("13:31:02")), "to the second");
    assert!(was_at_rest(&story.state, t("13:31:03")));
    assert!(was_at_rest(&State::default(), t("12:00:00")), "nothing ever was");
    let found = Story::draining().then("13:30:00", due(UpkeepTask::CloseStandby, "u"));
    let found = found.then("13:30:05", adopted(Position::Standby));
    assert!(
        found.state.maintenance.is_none() && !was_at_rest(&found.state, t("13:30:20")),
        "it may be at it"
    );
}

#[test]
fn an_outage_on_the_standby_lasts_until_monitoring_is_paused_again() {
    let story = Story::on_standby().then("12:10:00", due(UpkeepTask::ResumeMonitoring, "u"));
    let (plan, _) = open(&story);
    let story = story.then("12:10:01", ended(plan, "u", End::Done, Position::Standby));
    assert_eq!(story.state.outage, Some(t("12:10:00")));
    let story = story.then("12:20:00", due(UpkeepTask::PauseMonitoring, "v"));
    assert_eq!((story.state.outage, story.state.paused), (None, Some(t("12:20:00"))));
    let (plan, _) = open(&story);
    let done = story.clone().then("12:20:01", ended(plan, "v", End::Done, Position::Standby));
    assert_eq!(done.refuses("12:21:00", &due(UpkeepTask::PauseMonitoring, "w")), Illegal::NoOutage);
    let unwound = story.then("12:20:05", ended(plan, "v", End::Unwound, Position::Standby));
    assert_eq!(unwound.state.outage, Some(t("12:20:05")), "nobody was served after all");
}

#[test]
fn nothing_is_maintained_beside_a_move_or_beside_other_maintenance() {
    assert_eq!(Story::failing_over().refuses("12:00:05", &due(repair(), "u")), Illegal::Busy);
    let story = Story::default().then("12:00:00", due(repair(), "u"));
    assert_eq!(story.refuses("12:00:05", &due(repair(), "v")), Illegal::Busy);
    let order = by_operator("12:00:00");
    assert_eq!(
        Story::default().refuses("12:00:05", &intent(Direction::Maintenance, order, "v")),
        Illegal::Busy
    );
}

#[test]
fn any_order_overtakes_it() {
    let story = Story::draining().then("13:30:00", due(UpkeepTask::CloseStandby, "u"));
    let (plan, _) = open(&story);
    assert!(!story.state.is_overtaken(plan));
    assert_eq!(
        story.refuses("13:30:01", &ended(plan, "u", End::Overtaken, Position::Primary)),
        Illegal::NotOvertaken(plan)
    );
    let order = by_incident("13:30:02", &[]);
    let story = story.then("13:30:03", intent(Direction::Failover, order, "x"));
    assert!(story.state.is_overtaken(plan));
    assert_eq!(story.state.running().map(|running| running.id), Some(plan), "it touches the clouds first");
    for nonce in ["u", "x"] {
        let over = story.clone().then("13:30:05", ended(plan, nonce, End::Overtaken, Position::Primary));
        assert_eq!((&over.state.maintenance, over.state.plans.len()), (&None, 1));
        assert!(over.state.draining.is_some());
    }
}

#[test]
fn it_is_taken_over_and_tried_again_like_any_plan() {
    let story = Story::draining().then("13:30:00", due(UpkeepTask::CloseStandby, "u"));
    let (plan, _) = open(&story);
    let refused = Event::AttemptEnded {
        plan,
        nonce: "u".to_owned(),
        trouble: Some("grant it the role".to_owned()),
        about: None,
    };
    let story = story.then("13:30:01", refused);
    assert_eq!(story.state.maintenance.as_ref().map(|open| open.claim.is_none()), Some(true));
    let story = story.then("13:31:00", claim(plan, "v"));
    assert_eq!(open(&story).1, "v");
    assert_eq!(story.state.maintenance.as_ref().map(|open| open.attempts), Some(2));
}

#[test]
fn what_is_refused_keeps_nothing_else_from_being_done() {
    let story = Story::draining().then("13:30:00", due(repair(), "u"));
    assert_eq!(story.refuses("13:30:01", &due(UpkeepTask::CloseStandby, "v")), Illegal::Busy);
    let (plan, _) = open(&story);
    let trouble = Some("grant it the role".to_owned());
    let refused = Event::AttemptEnded { plan, nonce: "u".to_owned(), trouble, about: None };
    let story = story.then("13:30:02", refused);
    assert_eq!(story.refuses("13:31:00", &due(repair(), "v")), Illegal::Busy, "it is carried on");
    let story = story.then("13:31:00", due(UpkeepTask::CloseStandby, "v"));
    let task = story.state.maintenance.as_ref().and_then(|open| open.task.clone());
    assert_eq!(task, Some(UpkeepTask::CloseStandby));
    assert_eq!(story.refuses("13:31:01", &claim(plan, "u")), Illegal::NoSuchPlan(plan));
}

#[test]
fn what_only_a_later_release_knows_keeps_nothing_else_from_being_done() {
    let teleport = UpkeepTask::Later(serde_json::json!({ "teleport": "it" }));
    let story = Story::draining().then("13:30:00", due(teleport, "u"));
    let story = story.then("13:30:01", due(UpkeepTask::CloseStandby, "v"));
    assert_eq!(open(&story).1, "v");
}

#[test]
fn whoever_looks_sees_that_something_was_touched() {
    let before = Story::default();
    let begun = before.clone().then("12:00:00", due(repair(), "u"));
    assert!(begun.state.has_moved_since(&before.state));
    let (plan, _) = open(&begun);
    let done = begun.then("12:00:01", ended(plan, "u", End::Done, Position::Primary));
    assert!(done.state.has_moved_since(&before.state));
    assert_eq!(done.state.resumed, Some(t("12:00:01")));
}

#[test]
fn it_is_void_where_the_site_is_found_elsewhere() {
    let story = Story::draining().then("13:30:00", due(UpkeepTask::CloseStandby, "u"));
    let story = story.then("13:30:05", adopted(Position::Standby));
    assert_eq!((&story.state.maintenance, story.state.draining), (&None, None));
}

#[test]
fn what_an_earlier_release_has_begun_is_ended_by_it() {
    let story = Story::draining().then("13:30:00", drained("u"));
    let story = story.then("13:31:00", due(UpkeepTask::CloseStandby, "v"));
    assert!(story.state.upkeep.is_some(), "its write may still be under way");
    let (plan, _) = open(&story);
    let story = story.then("13:31:10", ended(plan, "v", End::Done, Position::Primary));
    assert_eq!((&story.state.upkeep, story.state.draining), (&None, None));
}

#[test]
fn what_may_pass_is_no_refusal_and_neither_is_what_somebody_works_on() {
    let story = Story::default().then("12:00:00", due(repair(), "u"));
    let (plan, _) = open(&story);
    let refused = |about: Option<&str>| {
        let (trouble, about) = (Some("it said no".to_owned()), about.map(str::to_owned));
        let nonce = "u".to_owned();
        let story = story.clone().then("12:00:01", Event::AttemptEnded { plan, nonce, trouble, about });
        story.state.maintenance.expect("it is open").is_refused()
    };
    assert!(refused(Some("set uptime_check: denied")) && refused(None));
    assert!(!refused(Some("set uptime_check: transient")));
    assert!(!story.state.maintenance.expect("it is open").is_refused(), "it is at work");
}
