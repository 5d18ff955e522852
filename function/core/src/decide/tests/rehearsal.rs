//! When the standby may be rehearsed.

use super::*;

#[track_caller]
fn refused(story: &Story, facts: &Facts, why: &str) {
    let expected = format!("refused: no rehearsal now: {why} + refused m-rehearse");
    check(story, facts, &asks(Verb::Rehearse, "13:10:00"), &expected);
}

#[test]
fn begins_while_nothing_is_on() {
    let asked = "start rehearsal: asked for by an operator";
    check(&Story::default(), &home(), &asks(Verb::Rehearse, "12:00:00"), asked);
    check(&Story::back_home(), &Facts::none(), &asks(Verb::Rehearse, "14:00:00"), asked);
    let over = Story::default().then("12:00:00", hold_until("13:10:00"));
    check(&over, &home(), &asks(Verb::Rehearse, "13:10:00"), asked);
}

#[test]
fn is_refused_while_something_is_on() {
    refused(&Story::failing_over(), &Facts::none(), "the failover of entry 1 is open");
    refused(&Story::failing_back(), &Facts::none(), "the failback of entry 3 is open");
    refused(&Story::rehearsing(), &Facts::none(), "the rehearsal of entry 1 is open");
    refused(&Story::on_standby(), &away(), "the site is on its standby");
    refused(&Story::draining(), &home(), "the standby is still draining");
    let held = Story::default().then("12:00:00", hold_until("13:10:01"));
    refused(&held, &home(), "automatic moves are off until 2026-01-10 13:10:01 UTC, says alice");
}

#[test]
fn is_refused_unless_the_route_is_at_the_primary() {
    let unseen = |observed| looked(vec![seen(Role::Route, observed)]);
    let why = "cloudflare_page_rule zone/rule was not seen at the primary";
    refused(&Story::default(), &unseen(Observed::Unknown("403".to_owned())), why);
    refused(&Story::default(), &unseen(Observed::Mixed("half".to_owned())), why);
    check(
        &Story::default(),
        &away(),
        &asks(Verb::Rehearse, "13:10:00"),
        "refused: no rehearsal now: the site is on its standby + adopted standby + refused m-rehearse",
    );
}
