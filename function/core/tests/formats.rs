//! The format of entries, as later versions will read it.
//!
//! `fixtures/journal-v1.jsonl` was written by version 1 and is never written again: every kind of event is in it.

use failover_core::{Asker, ENTRY_VERSION, Entry, Event, SiteName, State, UnreadableEntry, UpkeepTask};
use serde_json::{Value, json};

const JOURNAL_V1: &str = include_str!("fixtures/journal-v1.jsonl");

/// An entry with nothing in it that may be left out.
const SPARE: &str = include_str!("fixtures/entry-v1-spare.json");

fn site() -> SiteName {
    "resume".parse().expect("a site's name")
}

fn read(value: &Value, number: u64) -> Result<Entry, UnreadableEntry> {
    Entry::read(value.to_string().as_bytes(), &site(), number)
}

#[track_caller]
fn refuses(value: &Value, because: &str) {
    let refused = read(value, 7).expect_err("it can't be read").to_string();
    assert!(refused.contains(because), "{refused}");
}

/// Entry 7, as it is stored.
fn entry() -> Value {
    serde_json::from_str(JOURNAL_V1.lines().nth(6).expect("seven lines")).expect("JSON")
}

/// Whether all that `old` says is said in `new`, too.
fn says(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            old.iter().all(|(name, old)| new.get(name).is_some_and(|new| says(new, old)))
        }
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| says(new, old))
        }
        _ => new == old,
    }
}

#[test]
fn entries_of_version_1_are_read_without_loss() {
    for (line, number) in JOURNAL_V1.lines().zip(1..) {
        let old: Value = serde_json::from_str(line).expect("JSON");
        let entry = read(&old, number).unwrap_or_else(|why| panic!("entry {number}: {why}"));
        assert_eq!(entry.v, 1);
        let new: Value = serde_json::from_slice(&entry.to_bytes()).expect("JSON");
        assert!(says(&new, &old), "entry {number} lost something:\n{old}\n{new}");
    }
}

/// What each release that changed the shape of entries wrote of one and the same story, oldest first.
const SAMPLES: [(&str, &str); 8] = [
    ("1-first", include_str!("fixtures/samples/1-first.jsonl")),
    ("2-ends", include_str!("fixtures/samples/2-ends.jsonl")),
    ("3-who-ended", include_str!("fixtures/samples/3-who-ended.jsonl")),
    ("4-confirmed", include_str!("fixtures/samples/4-confirmed.jsonl")),
    ("5-checked", include_str!("fixtures/samples/5-checked.jsonl")),
    ("6-paused", include_str!("fixtures/samples/6-paused.jsonl")),
    ("7-later", include_str!("fixtures/samples/7-later.jsonl")),
    ("8-maintenance", include_str!("fixtures/samples/8-maintenance.jsonl")),
];

#[test]
fn entries_of_every_earlier_shape_are_read_without_loss_and_go_on() {
    for (release, journal) in SAMPLES {
        for (line, number) in journal.lines().zip(1..) {
            let old: Value = serde_json::from_str(line).expect("JSON");
            let entry = read(&old, number).unwrap_or_else(|why| panic!("{release}, entry {number}: {why}"));
            let new: Value = serde_json::from_slice(&entry.to_bytes()).expect("JSON");
            assert!(says(&new, &old), "{release}, entry {number} lost something:\n{old}\n{new}");
            let acknowledged = Event::Acknowledged { by: None, message: "m".to_owned(), ordered: None };
            let after = entry.state.after(number + 1, entry.at, &acknowledged);
            assert!(after.is_ok(), "{release}, after entry {number}: {after:?}");
        }
    }
}

#[test]
fn the_fixture_has_every_kind_of_event() {
    let mut kinds: Vec<String> = JOURNAL_V1
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["event"]["type"].to_string())
        .collect();
    kinds.sort();
    kinds.dedup();
    let all = "acknowledged adopted attempt_ended checked claim drained dropped ended held intent kept outage pending \
               recovered refused released repaired step";
    assert_eq!(kinds.join(" ").replace('"', ""), all);
}

#[test]
fn a_journal_of_version_1_goes_on() {
    let entries: Vec<Entry> = JOURNAL_V1
        .lines()
        .zip(1..)
        .map(|(line, number)| Entry::read(line.as_bytes(), &site(), number).expect("readable"))
        .collect();
    for pair in entries.windows(2) {
        let [before, entry] = pair else { continue };
        let after = before.state.after(entry.number, entry.at, &entry.event);
        // What a release before this one has left out of its states is in ours beside what they say.
        let (after, state) = (json!(after.expect("it may follow")), json!(entry.state));
        assert!(says(&after, &state), "entry {}:\n{state}\n{after}", entry.number);
    }
}

#[test]
fn what_may_be_left_out_is_what_it_was_before_there_was_such_a_thing() {
    let entry = Entry::read(SPARE.as_bytes(), &site(), 3).expect("readable");
    let State {
        since,
        last_move,
        hold,
        stuck,
        acknowledged,
        draining,
        outage,
        upkeep,
        ends,
        plans,
        checked,
        ..
    } = entry.state;
    assert_eq!((since, last_move, hold, stuck, acknowledged), (None, None, None, None, None));
    assert_eq!((draining, outage, upkeep, ends, checked), (None, None, None, vec![], None));
    let plan = &plans[0];
    assert_eq!((&plan.claim, &plan.trouble, plan.order.unfinished), (&None, &None, false));
    assert_eq!((&plan.order.reason, &plan.order.asker), (&None, &Asker::Operator(None)));
    let record = &plan.steps[0];
    assert_eq!((&record.note, record.redirect_lives_s), (&None, None));
    let Event::Ended { drain_until, .. } = entry.event else { panic!("an end") };
    assert_eq!(drain_until, None);
}

#[test]
fn what_a_later_release_adds_is_carried_and_written_back() {
    let mut newer = entry();
    newer["mood"] = json!("fine");
    newer["event"]["mood"] = json!({ "is": "fine" });
    newer["state"]["mood"] = json!([1, 2, 3]);
    let with = read(&newer, 7).expect("readable");
    assert_eq!(with.event, read(&entry(), 7).expect("readable").event);
    let message = "m-refused".to_owned();
    let event = Event::Refused { message, command: "hold".to_owned(), by: None, reason: "no".to_owned() };
    let state = with.state.after(8, with.at, &event).expect("legal");
    let state = serde_json::to_value(state).expect("JSON");
    assert_eq!(state["mood"], json!([1, 2, 3]));
}

#[test]
fn an_event_that_only_a_later_release_knows_is_carried_as_it_came() {
    let mut newer = entry();
    newer["event"] = json!({ "type": "teleported", "to": ["the moon", 2], "nonce": "n" });
    newer["state"]["upkeep"] =
        json!({ "claim": { "nonce": "n", "entry": 7 }, "task": { "teleport": ["the moon"] } });
    let carried = read(&newer, 7).expect("readable");
    let again: Value = serde_json::from_slice(&carried.to_bytes()).expect("JSON");
    assert_eq!((&again["event"], &again["state"]["upkeep"]), (&newer["event"], &newer["state"]["upkeep"]));
}

#[test]
fn what_a_state_cannot_do_without_is_never_made_up() {
    for needed in ["active", "plans", "pending", "automatic", "settled_incidents", "settled_messages"] {
        let mut damaged = entry();
        damaged["state"].as_object_mut().expect("an object").remove(needed);
        refuses(&damaged, &format!("it is not an entry (missing field `{needed}`"));
    }
    let mut damaged = entry();
    damaged["state"]["active"] = json!("elsewhere");
    refuses(&damaged, "unknown variant `elsewhere`, expected `primary` or `standby`");
}

#[test]
fn an_entry_in_anothers_place_is_refused() {
    let other = "other".parse().expect("a site's name");
    let misplaced =
        Entry::read(entry().to_string().as_bytes(), &other, 7).expect_err("another site's").to_string();
    assert_eq!(misplaced, "it is entry 7 of site resume");
    let misplaced = read(&entry(), 8).expect_err("another number").to_string();
    assert_eq!(misplaced, "it is entry 7 of site resume");
}

#[test]
fn what_is_no_entry_is_refused() {
    refuses(&json!(null), "it is not an entry (");
    refuses(&json!({}), "it is not an entry (missing field `v`");
    refuses(&json!({ "v": "1" }), "it is not an entry (invalid type");
    refuses(&json!({ "v": -1 }), "it is not an entry (invalid value");
    refuses(&json!({ "v": ENTRY_VERSION }), "it is not an entry (missing field `site`");
    let mut untyped = entry();
    untyped["event"].as_object_mut().expect("an object").remove("type");
    refuses(&untyped, "missing field `type`");
    let mut damaged = entry();
    damaged["event"] = json!({ "type": "claim", "plan": "seven" });
    refuses(&damaged, "invalid type");
    let mut nameless = entry();
    nameless["site"] = json!("Not A Name");
    refuses(&nameless, "a site's name is a small letter");
}

#[test]
fn a_later_version_is_refused_before_anything_else_of_it_is_read() {
    let refused = read(&json!({ "v": 2, "shape": "of a later time" }), 7).expect_err("a later version");
    let told = "it has version 2, which a later release wrote, and this one reads versions up to 1; deploy that release again";
    assert_eq!(refused.to_string(), told);
}

#[test]
fn words_in_the_format_stay_what_they_are() {
    let stored = read(&entry(), 7).expect("readable").to_bytes();
    assert!(
        stored.starts_with(br#"{"v":1,"site":"resume","number":7,"at":"2026-01-10T12:00:04Z""#),
        "the version first"
    );
    let task = serde_json::to_value(UpkeepTask::CloseStandby).expect("JSON");
    assert_eq!(task, "close_standby");
    let asker = serde_json::to_value(Asker::Operator(Some("alice".to_owned()))).expect("JSON");
    assert_eq!(asker, json!({ "operator": "alice" }));
}
