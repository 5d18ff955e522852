//! Every rule, one second before, at and after the moment when it lets go.

use super::*;
use crate::story::*;
use crate::{Direction, End, Event, Position, Served};

#[track_caller]
fn check(policy: &Policy, story: &Story, facts: &Facts, now: &str, expected: Option<&str>) {
    let case = Case { policy, state: &story.state, facts, alarm: Alarm::Incident, now: t(now) };
    assert_eq!(held_back(&case).map(|reason| reason.to_string()).as_deref(), expected, "at {now}");
}

/// As `check`, with the usual policy and a silent public URL.
#[track_caller]
fn at(story: &Story, now: &str, expected: Option<&str>) {
    check(&policy(), story, &silent(), now, expected);
}

fn done_failover(story: Story, order: &str, ended_at: &str) -> Story {
    let plan = story.number + 1;
    story
        .then(ended_at, intent(Direction::Failover, by_incident(order, &[]), "z"))
        .then(ended_at, ended(plan, "z", End::Done, Position::Standby))
}

fn brought_home(story: Story, time: &str) -> Story {
    story.then(time, adopted(Position::Primary))
}

#[test]
fn nothing_holds_a_silent_site_without_history() {
    at(&Story::default(), "12:00:00", None);
}

#[test]
fn a_site_that_nobody_can_ask_is_moved_by_orders_only() {
    let policy = Policy { has_public_url: false, ..policy() };
    let told = "without a public_url nobody can tell whether this site is silent, so it is moved by \"failover\" and \
                \"promote\" only";
    check(&policy, &Story::default(), &Facts::none(), "12:00:00", Some(told));
    let case = Case {
        policy: &policy,
        state: &State::default(),
        facts: &silent(),
        alarm: Alarm::Incident,
        now: t("12:00:00"),
    };
    assert_eq!(held_back_blind(&case), Some(Reason::NoPublicUrl));
}

#[test]
fn a_site_that_answers_is_a_false_alarm() {
    let answer = "the public URL still answers: a false alarm, unless it falls silent";
    check(&policy(), &Story::default(), &answering(Position::Primary), "12:00:00", Some(answer));
    check(&policy(), &Story::default(), &answering(Position::Standby), "12:00:00", None);
    let unknown = Facts { public: Served::Unknown("a challenge".to_owned()), ..Facts::none() };
    check(&policy(), &Story::default(), &unknown, "12:00:00", None);
}

#[test]
fn a_site_that_is_well_behind_something_that_answers_in_its_stead_is_left_alone() {
    let unknown =
        |primary| Facts { public: Served::Unknown("a challenge".to_owned()), primary, ..Facts::none() };
    let told = "the public URL could not be judged (a challenge) while the primary itself answers: nothing moves until \
                either falls silent; \"failover\" leads visitors to the standby all the same";
    let check =
        |primary, expected| check(&policy(), &Story::default(), &unknown(primary), "12:00:00", expected);
    check(Served::By(Position::Primary), Some(told));
    check(Served::By(Position::Standby), None);
    check(Served::Silent("refused".to_owned()), None);
    check(Served::Unknown("a challenge".to_owned()), None);
}

#[test]
fn our_looks_alone_move_only_what_is_silent_by_both_ways() {
    let unseen = || Served::Unknown("a login".to_owned());
    let silent = || Served::Silent("refused".to_owned());
    let alive = || Served::By(Position::Primary);
    let broken = "nobody but our own looks raised the alarm, and the primary itself answers: the way through Cloudflare \
                  is broken; \"failover\" leads visitors to the standby all the same";
    let table = [
        (true, silent(), silent(), None),
        (true, silent(), alive(), Some(broken)),
        (
            true,
            silent(),
            unseen(),
            Some(
                "nobody but our own looks raised the alarm, and whether the primary answers was not seen (a login)",
            ),
        ),
        (
            true,
            unseen(),
            silent(),
            Some(
                "nobody but our own looks raised the alarm, and the public URL is not seen to be silent now (a login)",
            ),
        ),
        (false, silent(), unseen(), None),
        (
            false,
            unseen(),
            unseen(),
            Some(
                "nobody but our own looks raised the alarm, and the public URL is not seen to be silent now (a login)",
            ),
        ),
    ];
    for (has_primary_url, public, primary, expected) in table {
        let policy = Policy { has_primary_url, ..policy() };
        let facts = Facts { public, primary, ..Facts::none() };
        let state = State::default();
        let case = Case {
            policy: &policy,
            state: &state,
            facts: &facts,
            alarm: Alarm::OurLooks,
            now: t("12:00:00"),
        };
        assert_eq!(held_back(&case).map(|reason| reason.to_string()).as_deref(), expected, "{facts:?}");
    }
}

#[test]
fn a_hold_binds_until_the_second_it_ends() {
    let story = Story::default().then("11:00:00", hold_until("12:00:00"));
    let held = Some("automatic moves are off until 2026-01-10 12:00:00 UTC, says alice");
    at(&story, "11:59:59", held);
    at(&story, "12:00:00", None);
    at(&story, "12:00:01", None);
    let released =
        story.then("11:30:00", Event::Released { by: None, message: "m-release".to_owned(), ordered: None });
    at(&released, "11:59:59", None);
}

#[test]
fn a_stuck_plan_binds_until_it_is_acknowledged() {
    let stuck = "an earlier plan is stuck (Stuck it was); nothing moves by itself until \"acknowledge\"";
    at(&Story::stuck(), "12:40:01", Some(stuck));
    at(&Story::stuck(), "31T12:40:01", Some(stuck));
    at(&Story::stuck().then("12:41:00", acknowledged()), "12:41:00", None);
}

#[test]
fn a_stuck_plan_that_is_tried_again_does_not_say_that_nothing_moves() {
    let retry = "an earlier plan is stuck (Stuck it was); it is tried again every five minutes, and \"hold\" keeps the \
                 site where it is";
    let mut stuck = ended(1, "x", End::Stuck, Position::Primary);
    if let Event::Ended { retry, .. } = &mut stuck {
        *retry = true;
    }
    at(&Story::failing_over().then("12:40:00", stuck), "12:40:01", Some(retry));
}

#[test]
fn approval_binds_whenever_an_operator_wants_it() {
    let policy = Policy { approve: Approval::Operator, ..policy() };
    let sentence = "this site moves only with an operator's approval; send \"failover\" to move it";
    check(&policy, &Story::default(), &silent(), "12:00:00", Some(sentence));
}

#[test]
fn the_cooldown_runs_from_the_end_of_the_last_move() {
    let cooling = Some(
        "the cooldown after the last move lasts until 2026-01-10 13:10:20 UTC; \"acknowledge\" lifts it",
    );
    at(&Story::back_home(), "13:00:20", cooling);
    at(&Story::back_home(), "13:10:19", cooling);
    at(&Story::back_home(), "13:10:20", None);
    at(&Story::back_home(), "13:10:21", None);
    let hurried = Policy { cooldown: std::time::Duration::ZERO, ..policy() };
    check(&hurried, &Story::back_home(), &silent(), "13:00:20", None);
}

#[test]
fn a_cooldown_beyond_all_time_lasts_to_its_end() {
    let patient = Policy { cooldown: std::time::Duration::from_secs(u64::MAX), ..policy() };
    let sentence =
        "the cooldown after the last move lasts until 9999-12-30 22:00:00 UTC; \"acknowledge\" lifts it";
    check(&patient, &Story::back_home(), &silent(), "31T13:00:00", Some(sentence));
}

#[test]
fn an_attempt_that_was_unwound_starts_no_cooldown() {
    let unwound = Story::failing_over().then("12:00:30", ended(1, "x", End::Unwound, Position::Primary));
    at(&unwound, "12:00:31", None);
}

#[test]
fn acknowledging_lifts_the_cooldown_of_moves_before_it_only() {
    let story = Story::back_home().then("13:05:00", acknowledged());
    at(&story, "13:05:00", None);
    at(&Story::back_home().then("13:00:20", acknowledged()), "13:00:20", None);
    let moved_again = brought_home(done_failover(story, "13:06:00", "13:06:30"), "13:07:00");
    let sentence =
        "the cooldown after the last move lasts until 2026-01-10 13:16:30 UTC; \"acknowledge\" lifts it";
    at(&moved_again, "13:16:29", Some(sentence));
}

#[test]
fn an_acknowledge_of_the_second_in_which_a_move_ended_is_after_it() {
    let ended = done_failover(Story::default(), "12:00:00", "12:00:30.7");
    let order = Event::Acknowledged { by: None, message: "m".to_owned(), ordered: Some(t("12:00:30")) };
    let story = brought_home(ended.then("12:00:30.9", order), "12:00:31");
    at(&story, "12:00:31", None);
}

/// Two automatic failovers, at 01:00:00 and at 12:00:30: all that the policy allows in a day.
fn spent() -> Story {
    let once = brought_home(done_failover(Story::default(), "00:59:00", "01:00:00"), "02:00:00");
    brought_home(done_failover(once, "12:00:00", "12:00:30"), "12:30:00")
}

#[test]
fn the_budget_is_free_again_when_its_oldest_move_is_a_day_old() {
    let sentence = Some(
        "the day's budget of automatic failovers is spent (2 within 24 h); the next may begin at 2026-01-11 01:00:00 \
         UTC, or after \"acknowledge\"",
    );
    at(&spent(), "12:31:00", sentence);
    at(&spent(), "11T00:59:59", sentence);
    at(&spent(), "11T01:00:00", None);
    at(&spent(), "11T01:00:01", None);
}

#[test]
fn a_smaller_budget_waits_for_as_many_moves_as_are_too_many() {
    let strict = Policy { moves_per_day: 1, ..policy() };
    let sentence = Some(
        "the day's budget of automatic failovers is spent (2 within 24 h); the next may begin at 2026-01-11 12:00:30 \
         UTC, or after \"acknowledge\"",
    );
    check(&strict, &spent(), &silent(), "12:31:00", sentence);
    let last = Some(
        "the day's budget of automatic failovers is spent (1 within 24 h); the next may begin at 2026-01-11 12:00:30 \
         UTC, or after \"acknowledge\"",
    );
    check(&strict, &spent(), &silent(), "11T12:00:29", last);
    check(&strict, &spent(), &silent(), "11T12:00:30", None);
}

#[test]
fn a_larger_budget_lets_another_move_go() {
    check(&Policy { moves_per_day: 3, ..policy() }, &spent(), &silent(), "12:31:00", None);
}

#[test]
fn acknowledging_lifts_the_budget_of_moves_before_it_only() {
    let story = spent().then("12:31:00", acknowledged());
    at(&story, "12:31:00", None);
    let strict = Policy { moves_per_day: 1, ..policy() };
    let again = brought_home(done_failover(story, "13:00:00", "13:00:30"), "13:30:00");
    let sentence = Some(
        "the day's budget of automatic failovers is spent (1 within 24 h); the next may begin at 2026-01-11 13:00:30 \
         UTC, or after \"acknowledge\"",
    );
    check(&strict, &again, &silent(), "14:00:00", sentence);
    at(&again, "14:00:00", None);
}

#[test]
fn a_budget_of_a_move_acknowledged_in_the_same_instant_is_lifted() {
    let strict = Policy { moves_per_day: 1, cooldown: std::time::Duration::ZERO, ..policy() };
    let story = brought_home(Story::on_standby().then("12:00:30", acknowledged()), "12:00:40");
    check(&strict, &story, &silent(), "12:01:00", None);
}

#[test]
fn moves_that_an_operator_asked_for_cost_no_budget() {
    let order = by_operator("12:00:00");
    let story = Story::default()
        .then("12:00:01", intent(Direction::Failover, order, "x"))
        .then("12:00:30", ended(1, "x", End::Done, Position::Standby));
    let strict = Policy { moves_per_day: 1, ..policy() };
    check(&strict, &brought_home(story, "13:00:00"), &silent(), "13:00:01", None);
}

#[test]
fn a_standby_that_cannot_serve_is_no_place_to_go() {
    let facts = Facts { standby_unable: Some("no revision is ready".to_owned()), ..silent() };
    let sentence = Some("the standby can't serve: no revision is ready");
    check(&policy(), &Story::default(), &facts, "12:00:00", sentence);
}

#[test]
fn the_first_rule_that_binds_is_the_one_that_is_told() {
    let story = Story::stuck().then("12:45:00", hold_until("13:00:00"));
    let policy = Policy { approve: Approval::Operator, ..policy() };
    let facts =
        Facts { standby_unable: Some("manual scaling at 0".to_owned()), ..answering(Position::Primary) };
    let told = |facts: &Facts, now: &str| {
        let case = Case { policy: &policy, state: &story.state, facts, alarm: Alarm::Incident, now: t(now) };
        held_back(&case).map(|reason| reason.to_string()[..20].to_owned()).unwrap_or_default()
    };
    assert_eq!(told(&facts, "12:50:00"), "the public URL still");
    assert_eq!(told(&silent(), "12:50:00"), "automatic moves are ");
    assert_eq!(told(&silent(), "13:00:00"), "an earlier plan is s");
}

#[test]
fn without_the_journal_only_what_needs_no_history_binds() {
    let told = |policy: &Policy, facts: &Facts| {
        let story = Story::stuck().then("12:45:00", hold_until("13:00:00"));
        let case = Case { policy, state: &story.state, facts, alarm: Alarm::Incident, now: t("12:50:00") };
        held_back_blind(&case).map(|reason| reason.to_string())
    };
    assert_eq!(told(&policy(), &silent()), None);
    let unable = Facts { standby_unable: Some("ingress is internal".to_owned()), ..silent() };
    assert_eq!(told(&policy(), &unable).as_deref(), Some("the standby can't serve: ingress is internal"));
    let operator = Policy { approve: Approval::Operator, ..policy() };
    assert!(told(&operator, &silent()).is_some());
    assert!(told(&policy(), &answering(Position::Primary)).is_some());
}
