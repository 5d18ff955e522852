//! The command `failover` in every state.

use super::*;

const ASKED: &str = "start failover: asked for by an operator";

#[test]
fn on_the_primary_is_carried_out() {
    check(&Story::default(), &home(), &asks(Verb::Failover, "12:00:00"), ASKED);
}

#[test]
fn is_bound_by_no_rule() {
    let policy = Policy { approve: Approval::Operator, moves_per_day: 1, ..policy() };
    let held = Story::back_home().then("13:01:00", hold_until("14:00:00"));
    under(&policy, &held, &home(), &asks(Verb::Failover, "13:02:00"), ASKED);
    under(&policy, &Story::stuck(), &home(), &asks(Verb::Failover, "12:41:00"), ASKED);
    let answering = Facts { switches: home().switches, ..answering(Position::Primary) };
    under(&policy, &Story::default(), &answering, &asks(Verb::Failover, "12:00:00"), ASKED);
    let unable = Facts { standby_unable: Some("no revision is ready".to_owned()), ..home() };
    under(&policy, &Story::default(), &unable, &asks(Verb::Failover, "12:00:00"), ASKED);
}

#[test]
fn says_who_asked_and_why() {
    let told = |by: Option<&str>, reason: Option<&str>, expected: &str| {
        let command = Command {
            by: by.map(str::to_owned),
            reason: reason.map(str::to_owned),
            ..Command::new(Verb::Failover)
        };
        let signal = Signal { kind: SignalKind::Command(command), ..asks(Verb::Failover, "12:00:00") };
        check(&Story::default(), &home(), &signal, expected);
    };
    told(Some("alice"), Some("fan is loud"), "start failover: asked for, says alice: fan is loud");
    told(Some("alice"), None, "start failover: asked for, says alice");
    told(None, Some("fan is loud"), "start failover: asked for by an operator: fan is loud");
}

#[test]
fn answers_what_is_pending() {
    let story = Story::default().then("11:00:00", kept(pending("i0", "10:59:00")));
    let command = Command { by: Some("alice".to_owned()), ..Command::new(Verb::Failover) };
    let signal = Signal { kind: SignalKind::Command(command), ..asks(Verb::Failover, "12:00:00") };
    let order = order_of(&story, &home(), &signal);
    assert_eq!(order.incidents, [pending("i0", "10:59:00")]);
    assert_eq!(order.asker, Asker::Operator(Some("alice".to_owned())));
    assert_eq!((order.at, order.message.as_str(), order.force), (t("12:00:00"), "m-failover", false));
    assert!(order_of(&story, &home(), &forcing(Verb::Failover, "12:00:00")).force);
    assert!(order_of(&story, &home(), &asks(Verb::Failover, "11T10:59:00")).incidents.is_empty());
}

#[test]
fn while_failing_over_joins() {
    let joined = "carry on 1: the failover of entry 1 is carried on + confirmed m-failover";
    check(&Story::failing_over(), &Facts::none(), &asks(Verb::Failover, "12:00:05"), joined);
}

#[test]
fn that_is_forced_overtakes_one_that_is_not() {
    check(&Story::failing_over(), &Facts::none(), &forcing(Verb::Failover, "12:00:05"), ASKED);
    let forced = Order { force: true, ..by_operator("12:00:05") };
    let story = Story::failing_over().then("12:00:06", intent(Direction::Failover, forced, "y"));
    let joined = "carry on 2: the failover of entry 2 is carried on";
    let confirmed = |message| format!("{joined} + confirmed {message}");
    check(&story, &Facts::none(), &forcing(Verb::Failover, "12:00:07"), &confirmed("m-failover-force"));
    check(&story, &Facts::none(), &asks(Verb::Failover, "12:00:07"), &confirmed("m-failover"));
}

#[test]
fn overtakes_a_failback_and_a_rehearsal() {
    check(&Story::failing_back(), &Facts::none(), &asks(Verb::Failover, "13:00:05"), ASKED);
    check(&Story::rehearsing(), &Facts::none(), &asks(Verb::Failover, "12:00:05"), ASKED);
}

#[test]
fn on_the_standby_stays() {
    check(
        &Story::on_standby(),
        &away(),
        &asks(Verb::Failover, "12:30:00"),
        "stay: the site is on its standby already, since 2026-01-10 12:00:30 UTC + confirmed m-failover",
    );
}

#[test]
fn on_the_standby_finishes_what_is_missing() {
    let unpaused = looked(switches(Position::Standby, Position::Standby, Position::Primary));
    check(
        &Story::on_standby(),
        &unpaused,
        &asks(Verb::Failover, "12:30:00"),
        "finish failover: the site is on its standby, but not seen there: uptime_check resume-abc",
    );
    let shut = looked(switches(Position::Primary, Position::Standby, Position::Standby));
    check(
        &Story::on_standby(),
        &shut,
        &asks(Verb::Failover, "12:30:00"),
        "finish failover: the site is on its standby, but not seen there: cloud_run_invoker resume",
    );
    let mut unseen = away();
    unseen.switches[2].observed = Observed::Unknown("403".to_owned());
    unseen.switches[1].observed = Observed::Mixed("one of two".to_owned());
    check(
        &Story::on_standby(),
        &unseen,
        &asks(Verb::Failover, "12:30:00"),
        "finish failover: the site is on its standby, but not seen there: cloudflare_page_rule zone/rule, \
         uptime_check resume-abc",
    );
    let powered = looked(vec![seen(Role::Power, Observed::At(Position::Primary))]);
    check(
        &Story::on_standby(),
        &powered,
        &asks(Verb::Failover, "12:30:00"),
        "stay: the site is on its standby already, since 2026-01-10 12:00:30 UTC + confirmed m-failover",
    );
}

#[test]
fn where_visitors_were_found_on_the_standby_adopts_that() {
    let routed = looked(switches(Position::Standby, Position::Standby, Position::Primary));
    check(
        &Story::default(),
        &routed,
        &asks(Verb::Failover, "12:00:00"),
        "finish failover: the site is on its standby, but not seen there: uptime_check resume-abc + adopted \
         standby",
    );
    check(
        &Story::back_home(),
        &away(),
        &asks(Verb::Failover, "14:00:00"),
        "stay: the site is on its standby already + adopted standby + confirmed m-failover",
    );
}

#[test]
fn where_visitors_were_found_on_the_primary_moves_them() {
    let story = Story::on_standby();
    check(&story, &home(), &asks(Verb::Failover, "12:30:00"), &format!("{ASKED} + adopted primary"));
}

#[test]
fn from_before_the_last_order_is_stale() {
    let stale = "stay: stale: it is from 2026-01-10 12:59:59 UTC, before the order of the last move at \
                 2026-01-10 13:00:00 UTC + refused m-failover";
    check(&Story::back_home(), &home(), &asks(Verb::Failover, "12:59:59"), stale);
    check(&Story::back_home(), &home(), &asks(Verb::Failover, "12:59:59.999"), stale);
    check(&Story::back_home(), &home(), &asks(Verb::Failover, "13:00:00"), ASKED);
    let not_yet_moved = "stay: stale: it is from 2026-01-10 12:59:59 UTC, and a newer order was given at \
                         2026-01-10 13:00:00 UTC + refused m-failover";
    check(&Story::failing_back(), &home(), &asks(Verb::Failover, "12:59:59"), not_yet_moved);
    check(&Story::failing_back(), &home(), &asks(Verb::Failover, "13:00:00"), ASKED);
    check(&Story::back_home(), &home(), &forcing(Verb::Failover, "12:59:59"), &format!("{stale}-force"));
}

#[test]
fn from_more_than_an_hour_ago_is_refused_short_of_force() {
    let replayed = |signal: Signal, received: &str| Signal { received: t(received), ..signal };
    let overdue = "refused: the order is from 2026-01-10 12:00:00 UTC, more than an hour ago, and may mean a day that is \
                   over; send it again, or with \"force\": true + refused m-failover";
    let asked = || asks(Verb::Failover, "12:00:00");
    check(&Story::default(), &home(), &replayed(asked(), "13:00:00"), ASKED);
    check(&Story::default(), &home(), &replayed(asked(), "13:00:01"), overdue);
    check(&Story::on_standby(), &away(), &replayed(asked(), "16T12:00:00"), overdue);
    let forced = forcing(Verb::Failover, "12:00:00");
    check(&Story::default(), &home(), &replayed(forced, "16T12:00:00"), ASKED);
    let open = "carry on 1: the failover of entry 1 is carried on";
    check(&Story::failing_over(), &home(), &replayed(as_message(asked(), "m-i1"), "13:00:01"), open);
}

#[test]
fn is_not_stale_for_what_was_only_rehearsed_or_unwound() {
    check(&Story::rehearsing(), &Facts::none(), &asks(Verb::Failover, "11:59:00"), ASKED);
    let unwound = Story::failing_over().then("12:00:30", ended(1, "x", End::Unwound, Position::Primary));
    check(&unwound, &home(), &asks(Verb::Failover, "11:59:00"), ASKED);
}

#[test]
fn published_in_the_future_orders_when_it_was_received() {
    let signal = Signal { received: t("12:00:00.7"), ..asks(Verb::Failover, "12:05:00") };
    assert_eq!(order_of(&Story::default(), &home(), &signal).at, t("12:00:00"));
    let signal = Signal { received: t("12:05:00"), ..asks(Verb::Failover, "12:00:00.7") };
    assert_eq!(order_of(&Story::default(), &home(), &signal).at, t("12:00:00"));
}
