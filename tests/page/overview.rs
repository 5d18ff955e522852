//! What the overview says of a night, as data.

use cloud_failover::{
    clouds::Severity,
    page::{Finding, Overview, Place, Tone},
};
use failover_core::{Asker, Direction, End, Event, Failback, Hold, Observed, Position, Served, Step};
use jiff::SignedDuration;

use crate::{
    nights::{retried, stuck},
    story::{DARK, Story, after, before, calm, during, incident, order, returned, time},
};

/// What a person must be able to answer: who serves, since when, why, what next.
#[track_caller]
fn answers(overview: &Overview, by: Place, since: Option<&str>, why: &str, first: &str) {
    assert_eq!(overview.serving.by, by);
    assert_eq!(overview.serving.since, since.map(time));
    assert_eq!(overview.serving.why, why);
    assert_eq!(overview.next.commands[0].send, first, "{}", overview.next.sentence);
}

fn hold(until: &str) -> Hold {
    let (by, reason) = (Some("alice".to_owned()), Some("moving house".to_owned()));
    Hold { by, reason, since: time("2026-11-20T03:00:00Z"), until: time(until) }
}

#[test]
fn a_site_that_never_moved_is_on_its_primary_and_nothing_is_to_be_done() {
    let overview = Story::new("resume").overview();
    answers(&overview, Place::Primary, None, "no move is on record", "failover send hold --site resume");
    assert_eq!(overview.tone, Tone::Calm);
    assert_eq!(overview.next.sentence, "Nothing is to be done.");
    assert!(overview.automatic.unwrap().ready);
    assert!(overview.moves.is_empty() && overview.open.is_none());
}

#[test]
fn while_it_fails_over_it_moves_and_says_which_steps_are_left() {
    let overview = during().overview();
    let why = "an incident is open and the public URL doesn't answer (connection refused)";
    answers(
        &overview,
        Place::Moving,
        Some("2026-11-20T03:12:37.240Z"),
        why,
        "failover send failback --site resume",
    );
    assert_eq!(overview.serving.led_to, Some(Position::Primary));
    assert_eq!(overview.serving.moving_to, Some(Position::Standby));
    let open = overview.open.unwrap();
    assert_eq!(open.steps.iter().map(|part| part.step).collect::<Vec<_>>(), [Step::Open, Step::Answer]);
    assert_eq!(open.to_do, [Step::Route, Step::Verify, Step::Pause]);
    assert_eq!(open.asked_by, "an alert");
    assert_eq!(overview.automatic, None);
    assert!(overview.switches.iter().all(|seen| seen.belongs.is_none() && !seen.drifted));
}

#[test]
fn once_routed_visitors_are_led_to_where_the_plan_goes() {
    let overview = during().step(Step::Route, 250).overview();
    assert_eq!(overview.serving.by, Place::Moving);
    assert_eq!(overview.serving.led_to, Some(Position::Standby));
}

#[test]
fn on_the_standby_the_first_command_returns_visitors() {
    let overview = after().overview();
    let why = "an incident is open and the public URL doesn't answer (connection refused)";
    answers(
        &overview,
        Place::Standby,
        Some("2026-11-20T03:12:40.630Z"),
        why,
        "failover send failback --site resume",
    );
    assert_eq!(
        overview.next.commands[0].publish.as_deref(),
        Some(
            "gcloud pubsub topics publish failover-commands --project=gleich-tech \
             --message='{\"command\":\"failback\",\"site\":\"resume\"}'"
        )
    );
    assert_eq!(overview.tone, Tone::Warning);
}

#[test]
fn a_move_tells_where_its_time_went() {
    let overview = after().overview();
    let stages: Vec<(&str, u64, u64)> =
        overview.moves[0].stages.iter().map(|stage| (stage.name, stage.took_ms, stage.total_ms)).collect();
    assert_eq!(
        stages,
        [
            ("detected", 157_000, 157_000),
            ("decided", 240, 157_240),
            ("opened", 310, 157_550),
            ("answered", 2_210, 159_760),
            ("routed", 250, 160_010),
            ("verified", 420, 160_430),
            ("paused", 160, 160_590),
        ]
    );
    assert_eq!(overview.moves[0].took_ms(overview.at), 3_390);
}

#[test]
fn after_a_failback_the_operator_and_their_reason_are_named() {
    let overview = returned().overview();
    let why = "asked for, says alice: power is back";
    answers(
        &overview,
        Place::Primary,
        Some("2026-11-20T05:30:02.230Z"),
        why,
        "failover send acknowledge --site resume",
    );
    let moves: Vec<_> = overview.moves.iter().map(|made| (made.direction, made.end)).collect();
    assert_eq!(
        moves,
        [
            (Direction::Failback, Some(End::Done)),
            (Direction::Failover, Some(End::Done)),
            (Direction::Rehearsal, Some(End::Done))
        ]
    );
    let restraint = overview.automatic.unwrap().restraint.unwrap();
    assert_eq!(restraint.until, Some(time("2026-11-20T05:40:02.230Z")));
}

#[test]
fn a_failback_that_is_automatic_says_so_and_one_without_a_way_to_ask_needs_force() {
    let mut story = after();
    story.facts.policy.failback = Failback::Automatic { well_for: std::time::Duration::from_mins(30) };
    assert!(story.overview().next.sentence.contains("by themselves once it has answered for 30m"));
    story.facts.policy.has_primary_url = false;
    let first = story.overview().next.commands[0].clone();
    assert_eq!(first.send, "failover send failback --site resume --force");
    assert!(first.publish.unwrap().ends_with(r#"'{"command":"failback","force":true,"site":"resume"}'"#));
}

#[test]
fn a_pending_incident_says_why_and_until_when_and_how_to_move_now() {
    let held = Event::Held { hold: hold("2026-11-21T03:00:00Z"), message: "1".to_owned() };
    let reason = "automatic moves are off until 2026-11-21 03:00:00 UTC, says alice: moving house".to_owned();
    let pending = Event::Pending { incident: incident(), reason: reason.clone() };
    let story = before().with(held).at("2026-11-20T03:12:37.1Z").with(pending).later(60_000);
    let overview = story.overview();
    answers(&overview, Place::Primary, None, "no move is on record", "failover send failover --site resume");
    assert_eq!(overview.tone, Tone::Alarm);
    let waiting = &overview.pending[0];
    assert_eq!((&waiting.why, waiting.until), (&reason, time("2026-11-21T03:12:37Z")));
    let commands: Vec<&str> = overview.next.commands.iter().map(|advice| advice.send.as_str()).collect();
    assert_eq!(commands[1], "failover send release --site resume");
    let later = story.at("2026-11-21T03:12:37Z").overview();
    assert!(later.pending.is_empty() && later.hold.is_none());
}

#[test]
fn an_incident_that_joins_a_failover_is_no_alarm_of_its_own() {
    let mut second = incident();
    second.id = "0.second".to_owned();
    let reason = "the failover of entry 7 is carried on".to_owned();
    let overview = during().with(Event::Pending { incident: second, reason }).overview();
    assert_eq!((overview.pending.len(), overview.is_waiting(), overview.tone), (1, false, Tone::Notice));
}

#[test]
fn an_unwound_failover_leaves_its_incident_pending_and_says_so() {
    let overview = during()
        .step(Step::Close, 300)
        .ends(End::Unwound, Position::Primary, "the public URL answers again")
        .overview();
    assert_eq!(overview.pending[0].why, "its failover was undone: the public URL answers again");
    assert_eq!(overview.moves[0].remark(), Some("the public URL answers again"));
    assert_eq!(overview.moves[0].tone(), Tone::Warning);
}

#[test]
fn a_stuck_plan_says_what_to_mend_and_then_to_acknowledge() {
    let trouble = "Cloudflare refuses the token; make a new one with Zone.Page Rules";
    let overview = during().ends(End::Stuck, Position::Primary, trouble).overview();
    assert_eq!(overview.tone, Tone::Alarm);
    assert_eq!(overview.next.commands[0].send, "failover send acknowledge --site resume");
    assert_eq!(overview.stuck.unwrap().sentence, trouble);
    assert_eq!(overview.pending[0].why, "its failover is stuck");
    assert_eq!(overview.automatic.unwrap().restraint.unwrap().lifted_by, Some("acknowledge"));
}

#[test]
fn a_plan_in_trouble_says_what_to_mend_before_anything_else() {
    let trouble = Some("the page rule is gone".to_owned());
    let plan = during().state().newest().unwrap().id;
    let story = during().with(Event::AttemptEnded { plan, nonce: "n".to_owned(), trouble, about: None });
    let overview = story.overview();
    assert_eq!(overview.tone, Tone::Alarm);
    assert!(
        overview.next.sentence.starts_with("Mend this: The page rule is gone. The failover then goes on")
    );
    assert_eq!(overview.decisions[0].what, "can't go on");
}

#[test]
fn an_outage_on_the_standby_is_an_alarm_and_monitoring_belongs_on() {
    let sentence = "three probes in a row found nobody".to_owned();
    let story = after().with(Event::Outage { sentence, nonce: "n".to_owned() });
    let story = story.with(Event::Kept { nonce: "n".to_owned() });
    let overview = story.sees(2, Observed::At(Position::Primary)).overview();
    assert_eq!((overview.tone, overview.serving.by), (Tone::Alarm, Place::Standby));
    assert_eq!(overview.next.commands[0].send, "failover check");
    assert!(!overview.has_drift());
}

#[test]
fn a_switch_that_moved_by_itself_is_drift_and_one_that_was_not_seen_is_not() {
    let story = after();
    let unseen = story.clone().sees(1, Observed::Unknown("timed out".to_owned())).overview();
    assert!(!unseen.has_drift());
    let drifted = story.sees(0, Observed::At(Position::Primary)).overview();
    assert!(drifted.switches[0].drifted);
    assert_eq!((drifted.switches[0].words(), drifted.switches[0].belongs_words()), ("closed", "open"));
    let commands: Vec<_> = drifted.next.commands.iter().map(|advice| advice.send.as_str()).collect();
    assert!(commands.contains(&"failover send failover --site resume"), "{commands:?}");
}

#[test]
fn a_rehearsal_leaves_visitors_where_they_are() {
    let asked = order(Asker::Operator(None), time("2026-11-20T03:08:00Z"));
    let overview = before().begins(Direction::Rehearsal, asked, "asked for by an operator").overview();
    assert_eq!(overview.serving.by, Place::Primary);
    assert_eq!(overview.open.as_ref().unwrap().direction, Direction::Rehearsal);
    assert!(overview.is_moving());
}

#[test]
fn a_newer_order_is_the_open_move_and_the_older_one_is_not_told_as_ended() {
    let asked = order(Asker::Operator(None), time("2026-11-20T03:12:39Z"));
    let overview = during().begins(Direction::Failback, asked, "asked for by an operator").overview();
    assert_eq!(overview.serving.moving_to, Some(Position::Primary));
    assert_eq!(overview.open.unwrap().direction, Direction::Failback);
    assert_eq!(overview.moves.len(), 1, "only the rehearsal has ended");
}

#[test]
fn without_a_journal_the_route_tells_and_without_either_nothing_does() {
    let mut story = after().sees(1, Observed::At(Position::Standby));
    story.facts.state = None;
    story.facts.entries.clear();
    story.facts.troubles.push("the journal gave no answer in time".to_owned());
    let overview = story.overview();
    let why = "the route was seen to lead to the standby; the journal can't be read";
    answers(&overview, Place::Standby, None, why, "failover check");
    assert_eq!(overview.next.commands[1].send, "failover send failover --site resume --force");
    let blind = story.sees(1, Observed::Unknown("timed out".to_owned())).overview();
    assert_eq!((blind.serving.by, blind.tone), (Place::Unknown, Tone::Alarm));
}

#[test]
fn a_window_of_entries_that_begins_within_a_move_still_tells_it() {
    let mut story = after();
    let step = story.facts.entries.len() - 3;
    story.facts.entries.drain(..step);
    let overview = story.overview();
    let steps: Vec<Step> = overview.moves[0].steps.iter().map(|part| part.step).collect();
    assert_eq!(steps, [Step::Open, Step::Answer, Step::Route, Step::Verify, Step::Pause]);
    assert_eq!(
        overview.serving.why,
        "an incident is open and the public URL doesn't answer (connection refused)"
    );
}

#[test]
fn decisions_are_told_newest_first_with_their_reasons() {
    let refused = Event::Refused {
        message: "9".to_owned(),
        command: "failback".to_owned(),
        by: Some("bob".to_owned()),
        reason: "the primary doesn't answer (timed out)".to_owned(),
    };
    let overview = after().with(refused).overview();
    let told: Vec<(&str, &str)> =
        overview.decisions.iter().take(3).map(|told| (told.what.as_str(), told.why.as_str())).collect();
    assert_eq!(told[0], ("failback refused", "the primary doesn't answer (timed out), says bob"));
    assert_eq!(told[1].0, "failover Done");
    assert_eq!(told[2].0, "failover begun");
}

#[test]
fn a_critical_finding_is_a_warning_in_quiet_times() {
    let finding = Finding {
        severity: Severity::Critical,
        sentence: "the Cloudflare token expires tomorrow".to_owned(),
        mend: None,
    };
    assert_eq!(before().finds(finding).overview().tone, Tone::Warning);
}

#[test]
fn a_draining_standby_may_be_open() {
    let plan = |story: &Story| story.state().newest().unwrap().id;
    let asked = order(Asker::Operator(None), time("2026-11-20T05:30:00Z"));
    let story = after().at("2026-11-20T05:30:00Z").begins(Direction::Failback, asked, "asked for");
    let story = story.step(Step::Route, 200).step(Step::Verify, 200).step(Step::Resume, 200);
    let until = story.now + SignedDuration::from_mins(5);
    let ended = Event::Ended {
        plan: plan(&story),
        nonce: "n".to_owned(),
        end: End::Done,
        active: Position::Primary,
        sentence: "served by the primary".to_owned(),
        drain_until: Some(until),
        retry: false,
    };
    let overview = story.with(ended).overview();
    assert_eq!(overview.serving.draining_until, Some(until));
    assert!(!overview.has_drift(), "{:?}", overview.switches);
}

#[test]
fn an_outage_that_nobody_reported_is_the_headline_and_asks_for_a_move() {
    let overview = before().silent().overview();
    assert_eq!((overview.tone, overview.dark.as_ref().unwrap().since), (Tone::Alarm, None));
    assert_eq!(overview.next.commands[0].send, "failover send failover --site resume");
    assert!(overview.next.sentence.contains("nobody has reported it yet"), "{}", overview.next.sentence);
    assert!(overview.is_urgent());
}

#[test]
fn an_outage_lasts_since_it_was_first_told_and_not_since_the_site_came_where_it_is() {
    let moving = during().silent().overview();
    assert_eq!(moving.dark.unwrap().since, Some(time(DARK)));
    let held = Event::Pending { incident: incident(), reason: "the cooldown".to_owned() };
    let pending = before().at("2026-11-20T03:12:37.1Z").with(held).silent().overview();
    assert_eq!(pending.dark.unwrap().since, Some(time(DARK)));
}

#[test]
fn a_visitor_who_was_answered_just_now_counts_more_than_what_was_reported() {
    let held = Event::Pending { incident: incident(), reason: "the public URL still answers".to_owned() };
    let overview = before().at("2026-11-20T03:12:37.1Z").with(held).answered(Position::Primary).overview();
    assert_eq!(overview.dark, None);
    assert_ne!(overview.tone, Tone::Alarm);
    assert!(overview.next.sentence.contains("but the site answers"), "{}", overview.next.sentence);
}

#[test]
fn what_could_not_be_judged_is_neither_an_answer_nor_an_outage() {
    let unknown = Served::Unknown("it was challenged".to_owned());
    let overview = before().asks(unknown, true).overview();
    assert_eq!((overview.dark.as_ref(), overview.answered_by()), (None, None));
}

#[test]
fn a_primary_that_answers_past_a_silent_cloudflare_is_said() {
    let silent = Served::Silent("https://will.gleich.tech/ answered 530, not 200".to_owned());
    let next = before().asks(silent, true).overview().next;
    assert!(next.sentence.contains("the way through Cloudflare that is broken"), "{}", next.sentence);
}

#[test]
fn a_primary_that_answers_again_is_what_to_do_about_on_the_standby() {
    let overview = after().asks(Served::By(Position::Standby), true).overview();
    assert!(overview.next.sentence.starts_with("The primary answers again"), "{}", overview.next.sentence);
    assert_eq!(overview.next.commands[0].send, "failover send failback --site resume");
}

#[test]
fn a_rule_that_was_lifted_is_no_reason_any_more() {
    let held = Event::Held { hold: hold("2026-11-21T03:00:00Z"), message: "1".to_owned() };
    let reason = "automatic moves are off until 2026-11-21 03:00:00 UTC, says alice: moving house".to_owned();
    let pending = Event::Pending { incident: incident(), reason };
    let released = Event::Released { by: None, message: "2".to_owned(), ordered: None };
    let story = before().with(held).at("2026-11-20T03:12:37.1Z").with(pending).with(released);
    assert!(story.overview().pending[0].why.contains("nothing holds it back any more"));
}

#[test]
fn a_stuck_failover_that_is_tried_again_by_itself_says_so() {
    let overview = retried().overview();
    let next = &overview.next;
    assert!(next.sentence.contains("It is tried again every five minutes"), "{}", next.sentence);
    assert!(!next.sentence.contains("nothing moves by itself"), "{}", next.sentence);
    let commands: Vec<&str> = next.commands.iter().map(|advice| advice.send.as_str()).collect();
    assert_eq!(commands[1], "failover send hold --site resume", "{commands:?}");
    let restraint = overview.automatic.unwrap().restraint.unwrap().sentence;
    assert!(restraint.contains("tried again every five minutes"), "{restraint}");
    let held = Event::Held { hold: hold("2026-11-21T03:00:00Z"), message: "1".to_owned() };
    for waits in [stuck(), retried().with(held)] {
        let sentence = waits.overview().next.sentence;
        assert!(sentence.contains("nothing moves by itself"), "{sentence}");
    }
}

#[test]
fn a_public_url_that_could_not_be_judged_is_no_calm() {
    let unknown = || Served::Unknown("a challenge of Cloudflare's".to_owned());
    let warned = calm().asks(unknown(), true).overview();
    assert_eq!(warned.tone, Tone::Warning);
    let sentence = &warned.next.sentence;
    assert!(sentence.starts_with("Whether visitors get an answer could not be judged"), "{sentence}");
    let alarmed = calm().asks(unknown(), false).overview();
    assert_eq!((alarmed.tone, alarmed.dark), (Tone::Alarm, None));
    assert_eq!(alarmed.next.commands[0].send, "failover send failover --site resume");
    let sentence = alarmed.next.sentence;
    assert!(sentence.contains("the primary itself gives no answer"), "{sentence}");
    // On the standby nobody expects the primary to answer.
    assert_eq!(after().asks(unknown(), false).overview().tone, Tone::Warning);
    assert_eq!(during().asks(unknown(), false).overview().tone, Tone::Notice);
}
