//! Cloud writes outside any plan.

use super::*;

#[test]
fn an_outage_on_the_standby_resumes_monitoring() {
    let story = Story::on_standby().then("12:10:00", outage("u"));
    assert_eq!(story.state.outage, Some(t("12:10:00")));
    assert_eq!(*task(&story), UpkeepTask::ResumeMonitoring);
    let claim = story.state.upkeep.as_ref().map(|upkeep| upkeep.claim.clone());
    assert_eq!(claim, Some(Claim { nonce: "u".to_owned(), entry: 3 }));
    let story = story.then("12:10:01", seen_to_its_end("u"));
    assert_eq!((&story.state.upkeep, story.state.outage), (&None, Some(t("12:10:00"))));
}

#[test]
fn an_outage_is_as_old_as_its_first_entry() {
    let story = Story::on_standby().then("12:10:00", outage("u")).then("12:12:00", outage("v"));
    assert_eq!(story.state.outage, Some(t("12:10:00")));
    assert_eq!(story.state.upkeep.map(|upkeep| upkeep.claim.nonce).as_deref(), Some("v"));
}

#[test]
fn a_recovery_pauses_monitoring_again() {
    let story = Story::on_standby()
        .then("12:10:00", outage("u"))
        .then("12:10:01", seen_to_its_end("u"))
        .then("12:20:00", recovered("v"));
    assert_eq!((story.state.outage, task(&story)), (None, &UpkeepTask::PauseMonitoring));
    let again = story.clone().then("12:21:00", recovered("w"));
    assert_eq!(*task(&again), UpkeepTask::PauseMonitoring, "whoever takes over begins again");
    let story = again.then("12:21:01", seen_to_its_end("w"));
    assert_eq!(story.refuses("12:22:00", &recovered("z")), Illegal::NoOutage);
}

#[test]
fn outages_and_recoveries_are_of_the_standby() {
    for story in [Story::default(), Story::back_home()] {
        assert_eq!(story.refuses("14:00:00", &outage("u")), Illegal::NoOutage);
        assert_eq!(story.refuses("14:00:00", &recovered("u")), Illegal::NoOutage);
    }
    assert_eq!(Story::on_standby().refuses("12:10:00", &recovered("u")), Illegal::NoOutage);
    let begun = Story::on_standby().then("12:10:00", outage("u"));
    assert_eq!(begun.then("12:10:30", recovered("v")).state.outage, None, "also if nobody saw it through");
}

#[test]
fn a_drained_standby_is_closed() {
    let story = Story::draining();
    assert_eq!(story.state.draining, Some(t("13:30:00")));
    assert_eq!(story.refuses("13:29:59", &drained("u")), Illegal::NotDrained);
    let story = story.then("13:30:00", drained("u"));
    assert_eq!((task(&story), story.state.draining), (&UpkeepTask::CloseStandby, Some(t("13:30:00"))));
    let other = story.clone().then("13:30:01", seen_to_its_end("v"));
    assert!(other.state.draining.is_some() && other.state.upkeep.is_some(), "another's word");
    let story = story.then("13:31:00", drained("w")).then("13:31:01", seen_to_its_end("w"));
    assert_eq!((&story.state.upkeep, story.state.draining), (&None, None));
}

#[test]
fn a_standby_that_nobody_drains_is_not_closed() {
    for story in [Story::default(), Story::on_standby(), Story::back_home()] {
        assert_eq!(story.refuses("14:00:00", &drained("u")), Illegal::NotDrained);
    }
}

#[test]
fn what_is_kept_ends_only_what_was_begun() {
    let story = Story::draining().then("13:10:00", repaired("u"));
    assert_eq!(
        *task(&story),
        UpkeepTask::Repair(SwitchId::new("uptime_check", "resume-abc"), Position::Primary)
    );
    let story = story.then("13:10:01", seen_to_its_end("u"));
    assert_eq!((&story.state.upkeep, story.state.draining), (&None, Some(t("13:30:00"))));
}

#[test]
fn nothing_is_kept_up_beside_a_plan() {
    assert_eq!(Story::failing_over().refuses("12:00:05", &repaired("u")), Illegal::Busy);
    assert_eq!(Story::failing_back().refuses("13:00:05", &outage("u")), Illegal::Busy);
    let order = by_incident("13:20:00", &[]);
    let story = Story::draining().then("13:20:01", intent(Direction::Failover, order, "x"));
    assert_eq!(story.refuses("13:30:01", &drained("u")), Illegal::Busy);
}

#[test]
fn a_move_that_is_done_leaves_nothing_begun() {
    let story = Story::on_standby()
        .then("12:10:00", outage("u"))
        .then("12:30:01", intent(Direction::Failover, by_operator("12:30:00"), "y"));
    assert!(story.state.upkeep.is_some(), "the older write may still be under way");
    let story = story.then("12:30:20", ended(4, "y", End::Done, Position::Standby));
    assert_eq!((&story.state.upkeep, story.state.outage), (&None, None), "a visitor was served");
}

#[test]
fn a_rehearsal_leaves_other_work_begun() {
    let story = Story::default().then("12:00:00", repaired("u"));
    let story = story.then("12:01:01", intent(Direction::Rehearsal, by_operator("12:01:00"), "r"));
    let story = story.then("12:02:00", ended(2, "r", End::Done, Position::Primary));
    assert!(story.state.upkeep.is_some());
}

#[test]
fn leaving_the_standby_ends_its_outage() {
    let story = Story::on_standby().then("12:10:00", outage("u")).then("12:10:01", seen_to_its_end("u"));
    let story = story.then("12:20:00", adopted(Position::Primary));
    assert_eq!(story.state.outage, None);
}

#[test]
fn monitoring_of_the_primary_is_not_paused_by_what_the_standby_began() {
    let story = Story::on_standby()
        .then("12:10:00", outage("u"))
        .then("12:20:00", recovered("v"))
        .then("12:30:01", intent(Direction::Failback, by_operator("12:30:00"), "y"))
        .then("12:32:00", ended(5, "y", End::Stuck, Position::Primary));
    assert_eq!(story.state.upkeep, None);
}

#[test]
fn a_standby_that_serves_again_is_drained_no_more() {
    let begun = Story::draining().then("13:30:00", drained("u"));
    let order = by_incident("13:40:00", &[]);
    let failing_over = begun.clone().then("13:40:01", intent(Direction::Failover, order, "x"));
    let plan = failing_over.number;
    for story in [
        begun.then("13:40:00", adopted(Position::Standby)),
        failing_over.clone().then("13:40:30", ended(plan, "x", End::Done, Position::Standby)),
        failing_over.clone().then("14:20:00", ended(plan, "x", End::Stuck, Position::Standby)),
    ] {
        assert_eq!((&story.state.upkeep, story.state.draining), (&None, None));
        assert_eq!(story.refuses("15:00:00", &drained("w")), Illegal::NotDrained);
    }
    let unwound = failing_over.then("13:41:00", ended(plan, "x", End::Unwound, Position::Primary));
    assert_eq!(unwound.state.draining, Some(t("13:30:00")), "visitors never left the primary");
    assert_eq!(*task(&unwound), UpkeepTask::CloseStandby);
}

#[test]
fn a_failback_that_returns_to_the_standby_ends_the_drain() {
    let story = Story::draining()
        .then("13:10:01", intent(Direction::Failover, by_operator("13:10:00"), "x"))
        .then("13:10:06", intent(Direction::Failback, by_operator("13:10:05"), "y"))
        .then("13:10:07", ended(5, "x", End::Overtaken, Position::Primary))
        .then("13:11:00", ended(6, "y", End::Unwound, Position::Standby));
    check(&story, "standby");
    assert_eq!(story.state.draining, None);
}

#[test]
fn finishing_what_is_missing_leaves_the_drain_unless_it_closes() {
    let finish = Order { unfinished: true, ..by_operator("13:10:00") };
    let story = Story::draining().then("13:10:01", intent(Direction::Failback, finish, "z"));
    let resumed = story
        .clone()
        .then("13:10:02", step(5, "z", Step::Resume))
        .then("13:10:03", ended(5, "z", End::Done, Position::Primary));
    assert_eq!(resumed.state.draining, Some(t("13:30:00")));
    let closed = story
        .clone()
        .then("13:10:02", step(5, "z", Step::Close))
        .then("13:10:03", ended(5, "z", End::Done, Position::Primary));
    assert_eq!(closed.state.draining, None);
    let longer = drained_at(ended(5, "z", End::Done, Position::Primary), "14:00:00");
    assert_eq!(story.then("13:10:03", longer).state.draining, Some(t("14:00:00")));
}

#[test]
fn what_a_plan_found_pending_it_answers_too() {
    let one = pending("i9", "13:05:00");
    let story = Story::back_home().then("13:05:01", kept(one.clone()));
    let order = by_incident("13:20:00", from_ref(&one));
    let story = story
        .then("13:20:01", intent(Direction::Failover, order, "x"))
        .then("13:20:30", ended(6, "x", End::Done, Position::Standby));
    check(&story, "standby");
    assert!(story.state.has_settled_incident("i9"));
}

#[test]
fn its_writer_renews_a_claim_also_beside_a_plan_that_waits_for_it() {
    let order = by_incident("13:30:02", &[pending("0.next", "13:30:02")]);
    let story = Story::draining()
        .then("13:30:01", drained("u"))
        .then("13:30:03", intent(Direction::Failover, order, "a"));
    let entry = |story: &Story| story.state.upkeep.as_ref().map(|upkeep| upkeep.claim.entry);
    let before = entry(&story);
    assert_eq!(story.refuses("13:30:04", &drained("v")), Illegal::Busy, "nobody else may");
    let story = story.then("13:30:05", drained("u"));
    assert!(entry(&story) > before);
    assert_eq!(story.then("13:30:06", seen_to_its_end("u")).state.upkeep, None);
}
