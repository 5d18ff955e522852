//! What is looked at before a decision, and no more.

use super::*;

const NOTHING: Looks = Looks { public: false, beside: false, primary: false, switches: false };
const PUBLIC: Looks = Looks { public: true, ..NOTHING };
const SWITCHES: Looks = Looks { switches: true, ..NOTHING };
const PRIMARY: Looks = Looks { primary: true, ..NOTHING };
const BOTH: Looks = Looks { primary: true, switches: true, ..NOTHING };

#[track_caller]
fn at(story: &Story, signal: &Signal, expected: Looks) {
    assert_eq!(looks(&story.state, signal), expected);
}

#[test]
fn an_incident_asks_the_public_url_if_that_decides_anything() {
    at(&Story::default(), &opened("i1", "12:00:00"), PUBLIC);
    at(&Story::rehearsing(), &opened("i1", "12:00:08"), PUBLIC);
    let both_ways = Looks { beside: true, ..PUBLIC };
    at(&Story::default(), &opened("reconcile-resume-1", "12:00:00"), both_ways);
    at(&Story::back_home(), &opened("i2", "12:59:59"), NOTHING);
    at(&Story::failing_over(), &opened("i2", "12:00:00"), NOTHING);
    at(&Story::on_standby(), &opened("i2", "12:30:00"), NOTHING);
    at(&Story::failing_back(), &opened("i2", "13:00:05"), NOTHING);
    at(&Story::default(), &closed("i1", "12:00:00"), NOTHING);
}

#[test]
fn a_move_looks_at_the_switches_unless_a_plan_is_open() {
    at(&Story::default(), &asks(Verb::Failover, "12:00:00"), SWITCHES);
    at(&Story::failing_over(), &asks(Verb::Failover, "12:00:05"), NOTHING);
    at(&Story::failing_back(), &asks(Verb::Failover, "13:00:05"), NOTHING);
    at(&Story::on_standby(), &asks(Verb::Failback, "13:00:00"), BOTH);
    at(&Story::on_standby(), &forcing(Verb::Failback, "13:00:00"), SWITCHES);
    at(&Story::failing_over(), &asks(Verb::Failback, "13:00:00"), PRIMARY);
    at(&Story::failing_over(), &forcing(Verb::Failback, "13:00:00"), NOTHING);
    at(&Story::failing_back(), &asks(Verb::Failback, "13:00:05"), NOTHING);
    at(&Story::failing_back(), &forcing(Verb::Failback, "13:00:05"), NOTHING);
}

#[test]
fn a_rehearsal_looks_where_visitors_are() {
    at(&Story::default(), &asks(Verb::Rehearse, "12:00:00"), SWITCHES);
    at(&Story::failing_over(), &asks(Verb::Rehearse, "12:00:05"), NOTHING);
}

#[test]
fn what_is_settled_needs_no_look() {
    at(&Story::back_home(), &asks(Verb::Failover, "12:59:59"), NOTHING);
    at(&Story::back_home(), &asks(Verb::Failback, "12:59:59"), NOTHING);
    let replayed = Signal { received: t("13:00:01"), ..asks(Verb::Failover, "12:00:00") };
    at(&Story::default(), &replayed, NOTHING);
    let refused = Event::Refused {
        message: "m-rehearse".to_owned(),
        command: "rehearse".to_owned(),
        by: None,
        reason: "no".to_owned(),
    };
    at(&Story::default().then("12:00:00", refused), &asks(Verb::Rehearse, "12:00:00"), NOTHING);
}

#[test]
fn words_need_no_look() {
    for verb in [Verb::Hold, Verb::Release, Verb::Acknowledge, Verb::Reconcile, Verb::Check] {
        at(&Story::default(), &asks(verb, "12:00:00"), NOTHING);
    }
}
