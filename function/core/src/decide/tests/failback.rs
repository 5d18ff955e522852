//! The command `failback` in every state.

use super::*;

const ASKED: &str = "start failback: asked for by an operator";

#[test]
fn on_the_standby_returns_to_a_primary_that_answers() {
    check(&Story::on_standby(), &well(), &asks(Verb::Failback, "13:00:00"), ASKED);
    let order = order_of(&Story::on_standby(), &well(), &asks(Verb::Failback, "13:00:00"));
    assert!(!order.unfinished && !order.is_automatic());
}

#[test]
fn is_refused_unless_the_primary_answers() {
    check(
        &Story::on_standby(),
        &down(),
        &asks(Verb::Failback, "13:00:00"),
        "refused: the primary has not answered twice in a row (connection refused); start it, or send \"failback\" \
         with \"force\": true + refused m-failback",
    );
    let unsure = primary_is(Served::Unknown("a bot challenge".to_owned()), away().switches);
    check(
        &Story::on_standby(),
        &unsure,
        &asks(Verb::Failback, "13:00:00"),
        "refused: the primary has not answered twice in a row (a bot challenge); start it, or send \"failback\" \
         with \"force\": true + refused m-failback",
    );
    let crossed = primary_is(Served::By(Position::Standby), away().switches);
    check(
        &Story::on_standby(),
        &crossed,
        &asks(Verb::Failback, "13:00:00"),
        "refused: the primary has not answered twice in a row (the standby answered); start it, or send \
         \"failback\" with \"force\": true + refused m-failback",
    );
}

#[test]
fn starts_a_primary_that_is_off_or_on_its_way_instead_of_asking_it() {
    let with_power = |primary, power| {
        let mut facts = primary_is(primary, away().switches);
        facts.switches.push(seen(Role::Power, power));
        facts
    };
    let silent = || Served::Silent("answered 503, not 200".to_owned());
    let asked = |facts: Facts| check(&Story::on_standby(), &facts, &asks(Verb::Failback, "13:00:00"), ASKED);
    asked(with_power(silent(), Observed::At(Position::Standby)));
    asked(with_power(silent(), Observed::Mixed("scaled up, 0 of 1 ready".to_owned())));
    check(
        &Story::on_standby(),
        &with_power(silent(), Observed::At(Position::Primary)),
        &asks(Verb::Failback, "13:00:00"),
        "refused: the primary has not answered twice in a row (answered 503, not 200); start it, or send \
         \"failback\" with \"force\": true + refused m-failback",
    );
    // What could not be seen is not said to be off, nor to be on.
    check(
        &Story::on_standby(),
        &with_power(silent(), Observed::Unknown("no answer within 10s".to_owned())),
        &asks(Verb::Failback, "13:00:00"),
        "refused: the primary has not answered twice in a row (answered 503, not 200), and whether it can be started \
         could not be seen (no answer within 10s); send \"failback\" again once that can be seen, or with \"force\": \
         true + refused m-failback",
    );
    let crossed = with_power(Served::By(Position::Standby), Observed::At(Position::Standby));
    check(
        &Story::on_standby(),
        &crossed,
        &asks(Verb::Failback, "13:00:00"),
        "refused: the primary has not answered twice in a row (the standby answered); start it, or send \
         \"failback\" with \"force\": true + refused m-failback",
    );
}

#[test]
fn is_refused_where_nobody_can_ask_the_primary() {
    let policy = Policy { has_primary_url: false, ..policy() };
    under(
        &policy,
        &Story::on_standby(),
        &well(),
        &asks(Verb::Failback, "13:00:00"),
        "refused: nobody can ask the primary past the redirect, as there is no primary_url; send \"failback\" \
         with \"force\": true once you know that it runs + refused m-failback",
    );
    under(&policy, &Story::on_standby(), &away(), &forcing(Verb::Failback, "13:00:00"), ASKED);
}

#[test]
fn records_who_was_refused_and_why() {
    let command = Command { by: Some("alice".to_owned()), ..Command::new(Verb::Failback) };
    let signal = Signal { kind: SignalKind::Command(command), ..asks(Verb::Failback, "13:00:00") };
    let decision = decide(&policy(), &Story::on_standby().state, &down(), &signal, t("13:00:00"));
    assert_eq!(
        decision.record,
        [Event::Refused {
            message: "m-failback".to_owned(),
            command: "failback".to_owned(),
            by: Some("alice".to_owned()),
            reason: decision.reason.to_string(),
        }]
    );
}

#[test]
fn that_is_forced_asks_nobody() {
    check(&Story::on_standby(), &down(), &forcing(Verb::Failback, "13:00:00"), ASKED);
    assert!(order_of(&Story::on_standby(), &down(), &forcing(Verb::Failback, "13:00:00")).force);
}

#[test]
fn passes_its_gate_before_it_overtakes() {
    let overtakes = primary_is(Served::By(Position::Primary), Vec::new());
    check(&Story::failing_over(), &overtakes, &asks(Verb::Failback, "12:00:05"), ASKED);
    let refused = primary_is(Served::Silent("connection refused".to_owned()), Vec::new());
    check(
        &Story::failing_over(),
        &refused,
        &asks(Verb::Failback, "12:00:05"),
        "refused: the primary has not answered twice in a row (connection refused); start it, or send \"failback\" \
         with \"force\": true + refused m-failback",
    );
}

#[test]
fn while_failing_back_joins() {
    let joined = "carry on 3: the failback of entry 3 is carried on + confirmed m-failback";
    check(&Story::failing_back(), &Facts::none(), &asks(Verb::Failback, "13:00:05"), joined);
    check(&Story::failing_back(), &Facts::none(), &forcing(Verb::Failback, "13:00:05"), ASKED);
    let forced = Order { force: true, ..by_operator("13:00:05") };
    let story = Story::failing_back().then("13:00:06", intent(Direction::Failback, forced, "z"));
    let joined = "carry on 4: the failback of entry 4 is carried on + confirmed m-failback-force";
    check(&story, &Facts::none(), &forcing(Verb::Failback, "13:00:07"), joined);
}

#[test]
fn on_the_primary_stays() {
    check(
        &Story::back_home(),
        &home(),
        &asks(Verb::Failback, "14:00:00"),
        "stay: the site is on its primary already, since 2026-01-10 13:00:20 UTC + confirmed m-failback",
    );
    check(
        &Story::default(),
        &home(),
        &asks(Verb::Failback, "14:00:00"),
        "stay: the site is on its primary already + confirmed m-failback",
    );
    check(
        &Story::rehearsing(),
        &Facts::none(),
        &asks(Verb::Failback, "14:00:00"),
        "stay: the site is on its primary already + confirmed m-failback",
    );
}

#[test]
fn on_the_primary_sets_a_route_that_could_not_be_seen_if_it_is_forced() {
    let unseen = looked(vec![seen(Role::Route, Observed::Unknown("no answer".to_owned()))]);
    let stays = "stay: the site is on its primary already + confirmed m-failback-force";
    check(&Story::default(), &unseen, &forcing(Verb::Failback, "14:00:00"), ASKED);
    check(&Story::default(), &home(), &forcing(Verb::Failback, "14:00:00"), stays);
}

#[test]
fn on_the_primary_finishes_what_is_missing() {
    let left = looked(switches(Position::Standby, Position::Primary, Position::Standby));
    check(
        &Story::back_home(),
        &left,
        &asks(Verb::Failback, "14:00:00"),
        "finish failback: the site is on its primary, but not seen there: cloud_run_invoker resume, \
         uptime_check resume-abc",
    );
    let powerless = looked(vec![seen(Role::Power, Observed::At(Position::Standby))]);
    check(
        &Story::default(),
        &powerless,
        &asks(Verb::Failback, "14:00:00"),
        "stay: the site is on its primary already + confirmed m-failback",
    );
}

#[test]
fn leaves_a_draining_standby_open() {
    let left = looked(switches(Position::Standby, Position::Primary, Position::Standby));
    check(
        &Story::draining(),
        &left,
        &asks(Verb::Failback, "13:10:00"),
        "finish failback: the site is on its primary, but not seen there: uptime_check resume-abc",
    );
    let draining = looked(switches(Position::Standby, Position::Primary, Position::Primary));
    check(
        &Story::draining(),
        &draining,
        &asks(Verb::Failback, "13:10:00"),
        "stay: the site is on its primary already, since 2026-01-10 13:00:20 UTC + confirmed m-failback",
    );
}

#[test]
fn where_a_route_is_astray_asks_the_primary_first() {
    let mut mixed = home().switches;
    mixed[1].observed = Observed::Mixed("one of two".to_owned());
    let asked = |primary| primary_is(primary, mixed.clone());
    let well = asked(Served::By(Position::Primary));
    check(&Story::back_home(), &well, &asks(Verb::Failback, "14:00:00"), ASKED);
    let down = asked(Served::Silent("connection refused".to_owned()));
    check(
        &Story::back_home(),
        &down,
        &asks(Verb::Failback, "14:00:00"),
        "refused: the primary has not answered twice in a row (connection refused); start it, or send \"failback\" \
         with \"force\": true + refused m-failback",
    );
}

#[test]
fn where_a_route_could_not_be_seen_finishes_the_rest() {
    let mut unseen = home().switches;
    unseen[1].observed = Observed::Unknown("no answer within 10s".to_owned());
    unseen[0].observed = Observed::At(Position::Standby);
    check(
        &Story::back_home(),
        &looked(unseen),
        &asks(Verb::Failback, "14:00:00"),
        "finish failback: the site is on its primary, but not seen there: cloud_run_invoker resume",
    );
}

#[test]
fn where_visitors_were_found_elsewhere_adopts_that() {
    let well = primary_is(Served::By(Position::Primary), away().switches);
    let adopts = format!("{ASKED} + adopted standby");
    check(&Story::default(), &well, &asks(Verb::Failback, "12:00:00"), &adopts);
    check(
        &Story::on_standby(),
        &home(),
        &asks(Verb::Failback, "13:00:00"),
        "stay: the site is on its primary already + adopted primary + confirmed m-failback",
    );
}

#[test]
fn from_before_the_last_order_is_stale() {
    let stale = "stay: stale: it is from 2026-01-10 11:59:59 UTC, before the order of the last move at \
                 2026-01-10 12:00:00 UTC + refused m-failback";
    check(&Story::on_standby(), &well(), &asks(Verb::Failback, "11:59:59"), stale);
    let not_yet_moved = "stay: stale: it is from 2026-01-10 11:59:59 UTC, and a newer order was given at \
                         2026-01-10 12:00:00 UTC + refused m-failback";
    check(&Story::failing_over(), &well(), &asks(Verb::Failback, "11:59:59"), not_yet_moved);
    check(&Story::on_standby(), &well(), &asks(Verb::Failback, "12:00:00"), ASKED);
}

#[test]
fn orders_nothing_for_incidents() {
    let story = Story::on_standby().then("12:05:00", kept(pending("i2", "12:04:00")));
    assert!(order_of(&story, &well(), &asks(Verb::Failback, "13:00:00")).incidents.is_empty());
}
