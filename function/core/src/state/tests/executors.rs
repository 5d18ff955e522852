//! Who may write what of a plan.

use super::*;

#[test]
fn a_claim_renews_itself() {
    let story = Story::failing_over().then("12:00:03", claim(1, "x")).then("12:00:05", claim(1, "x"));
    let plan = story.state.plan(1).expect("open");
    assert_eq!((plan.claim.as_ref().map(|claim| claim.entry), plan.attempts), (Some(3), 1));
}

#[test]
fn a_step_renews_the_claim() {
    let story = Story::failing_over().then("12:00:03", step(1, "x", Step::Open));
    let plan = story.state.plan(1).expect("open");
    assert_eq!(plan.claim, Some(Claim { nonce: "x".to_owned(), entry: 2 }));
    assert!(plan.has_done(Step::Open) && !plan.has_done(Step::Route));
}

#[test]
fn claims_move_nothing_and_steps_and_ends_do() {
    let story = Story::failing_over();
    let begun = story.state.clone();
    let story = story.then("12:00:03", claim(1, "x")).then("12:00:20", claim(1, "y"));
    assert!(!story.state.has_moved_since(&begun));
    let story = story.then("12:00:21", step(1, "y", Step::Open));
    assert!(story.state.has_moved_since(&begun));
    let opened = story.state.clone();
    let story = story.then("12:00:22", ended(1, "y", End::Unwound, Position::Primary));
    assert!(story.state.has_moved_since(&opened));
    assert!(story.state.has_moved_since(&State::default()), "its plan came and went");
}

#[test]
fn whoever_takes_over_is_the_executor_from_then_on() {
    let story = Story::failing_over().then("12:00:20", claim(1, "y"));
    assert_eq!(story.state.plan(1).map(|plan| plan.attempts), Some(2));
    for late in [
        step(1, "x", Step::Open),
        Event::AttemptEnded { plan: 1, nonce: "x".to_owned(), trouble: None, about: None },
        ended(1, "x", End::Done, Position::Standby),
        ended(1, "x", End::Unwound, Position::Primary),
        ended(1, "x", End::Stuck, Position::Primary),
    ] {
        assert_eq!(story.refuses("12:00:21", &late), Illegal::NotTheExecutor(1), "{late:?}");
    }
    check(&story.then("12:00:40", ended(1, "y", End::Done, Position::Standby)), "standby");
}

#[test]
fn an_executor_that_let_go_writes_no_more() {
    let gone = Event::AttemptEnded { plan: 1, nonce: "x".to_owned(), trouble: None, about: None };
    let story = Story::failing_over().then("12:00:20", gone.clone());
    assert_eq!(story.state.plan(1).expect("open").claim, None);
    assert_eq!(story.refuses("12:00:21", &step(1, "x", Step::Open)), Illegal::NotTheExecutor(1));
    assert_eq!(story.refuses("12:00:21", &gone), Illegal::NotTheExecutor(1));
    let back = story.then("12:00:22", claim(1, "x"));
    assert_eq!(back.state.plan(1).map(|plan| plan.attempts), Some(2));
    back.then("12:00:23", step(1, "x", Step::Open));
}

#[test]
fn a_plan_that_is_not_open_has_no_executor() {
    for story in [Story::default(), Story::on_standby()] {
        for late in [
            claim(1, "x"),
            step(1, "x", Step::Open),
            Event::AttemptEnded { plan: 1, nonce: "x".to_owned(), trouble: None, about: None },
            ended(1, "x", End::Done, Position::Standby),
            ended(1, "x", End::Overtaken, Position::Primary),
        ] {
            assert_eq!(story.refuses("12:01:00", &late), Illegal::NoSuchPlan(1), "{late:?}");
        }
    }
}

#[test]
fn trouble_is_as_old_as_its_sentence() {
    let trouble = |sentence: &str| Event::AttemptEnded {
        plan: 1,
        nonce: "x".to_owned(),
        trouble: Some(sentence.to_owned()),
        about: None,
    };
    let since = |story: &Story| {
        let trouble = story.state.plan(1).and_then(|plan| plan.trouble.clone()).expect("trouble");
        (trouble.sentence, trouble.since)
    };
    let story = Story::failing_over().then("12:01:00", trouble("no role"));
    assert_eq!(since(&story), ("no role".to_owned(), t("12:01:00")));
    let story = story.then("12:02:00", claim(1, "x")).then("12:02:01", trouble("no role"));
    assert_eq!(since(&story), ("no role".to_owned(), t("12:01:00")), "the same, as old as ever");
    let story = story.then("12:03:00", claim(1, "x"));
    let story = story
        .then("12:03:01", Event::AttemptEnded { plan: 1, nonce: "x".to_owned(), trouble: None, about: None });
    assert_eq!(since(&story), ("no role".to_owned(), t("12:01:00")), "a shutdown mends nothing");
    let story = story.then("12:04:00", claim(1, "x")).then("12:04:01", trouble("no zone"));
    assert_eq!(since(&story), ("no zone".to_owned(), t("12:04:01")));
}

#[test]
fn trouble_with_one_thing_is_as_old_as_that_in_whatever_words() {
    let trouble = |about: &str, sentence: &str| Event::AttemptEnded {
        plan: 1,
        nonce: "x".to_owned(),
        trouble: Some(sentence.to_owned()),
        about: Some(about.to_owned()),
    };
    let story = Story::failing_over().then("12:01:00", trouble("set the rule: denied", "403, trace 7"));
    let story = story.then("12:02:00", claim(1, "x"));
    let story = story.then("12:02:01", trouble("set the rule: denied", "403, trace 8"));
    let known = story.state.plan(1).and_then(|plan| plan.trouble.clone()).expect("trouble");
    assert_eq!((known.sentence.as_str(), known.since), ("403, trace 8", t("12:01:00")));
    let story = story.then("12:03:00", claim(1, "x"));
    let story = story.then("12:03:01", trouble("set the rule: missing", "404, trace 9"));
    let known = story.state.plan(1).and_then(|plan| plan.trouble.clone()).expect("trouble");
    assert_eq!((known.sentence.as_str(), known.since), ("404, trace 9", t("12:03:01")));
}

#[test]
fn a_step_that_is_done_again_counts_once() {
    let story = Story::failing_over()
        .then("12:00:03", step(1, "x", Step::Open))
        .then("12:00:04", step(1, "x", Step::Answer))
        .then("12:00:05", step(1, "x", Step::Open));
    let done: Vec<Step> = story.state.plan(1).expect("open").steps.iter().map(|done| done.step).collect();
    assert_eq!(done, [Step::Answer, Step::Open]);
}

#[test]
fn what_is_done_stays_done() {
    let steps = [Step::Open, Step::Answer, Step::Route, Step::Verify, Step::Pause];
    let story = steps
        .into_iter()
        .fold(Story::failing_over(), |story, done| story.then("12:00:09", step(1, "x", done)));
    let done: Vec<Step> = story.state.plan(1).expect("open").steps.iter().map(|done| done.step).collect();
    assert_eq!(done, steps);
}

#[test]
fn unrouting_undoes_route_and_verify_only() {
    let story = [Step::Open, Step::Answer, Step::Route, Step::Verify, Step::Unroute]
        .into_iter()
        .fold(Story::failing_over(), |story, done| story.then("12:00:09", step(1, "x", done)));
    let done: Vec<Step> = story.state.plan(1).expect("open").steps.iter().map(|done| done.step).collect();
    assert_eq!(done, [Step::Open, Step::Answer, Step::Unroute]);
}

#[test]
fn verify_tells_how_long_the_redirect_lives() {
    let verified = |lives| Event::Step {
        plan: 1,
        nonce: "x".to_owned(),
        record: StepRecord {
            step: Step::Verify,
            at: t("12:00:09"),
            took_ms: 1,
            note: None,
            redirect_lives_s: lives,
        },
    };
    let story = Story::failing_over().then("12:00:09", verified(Some(1800)));
    assert_eq!(story.state.redirect_lives_s, 1800);
    let story = story.then("12:00:10", verified(None));
    assert_eq!(story.state.redirect_lives_s, 1800, "who didn't see it doesn't say");
    assert_eq!(story.then("12:00:11", verified(Some(0))).state.redirect_lives_s, 0);
}
