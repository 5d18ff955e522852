//! What a plan will do, for every set of switches that a site may have.

use super::*;
use crate::Roles;
use crate::story::*;

const ALL: Roles = Roles { gate: true, route: true, monitor: true, power: true };
const NONE: Roles = Roles { gate: false, route: false, monitor: false, power: false };

#[track_caller]
fn check(direction: Direction, order: RouteOrder, roles: Roles, expected: &str) {
    let policy = Policy { order, roles, ..policy() };
    let told: Vec<String> = steps(direction, &policy).iter().map(ToString::to_string).collect();
    assert_eq!(told.join(" "), expected);
}

#[test]
fn a_failover_waits_for_the_standby_before_it_routes() {
    use Direction::Failover;
    check(Failover, RouteOrder::StandbyFirst, ALL, "open answer route verify pause");
    check(Failover, RouteOrder::Together, ALL, "open route verify pause");
}

#[test]
fn a_failover_skips_what_it_has_no_switch_for() {
    let check = |roles, expected| check(Direction::Failover, RouteOrder::StandbyFirst, roles, expected);
    check(Roles { gate: false, ..ALL }, "answer route verify pause");
    check(Roles { route: false, ..ALL }, "open answer verify pause");
    check(Roles { monitor: false, ..ALL }, "open answer route verify");
    check(NONE, "answer verify");
}

#[test]
fn a_failback_routes_before_it_closes() {
    let check = |roles, expected| check(Direction::Failback, RouteOrder::Together, roles, expected);
    check(ALL, "power route verify close resume");
    check(Roles { power: false, ..ALL }, "route verify close resume");
    check(Roles { route: false, ..ALL }, "power verify close resume");
    check(Roles { gate: false, ..ALL }, "power route verify resume");
    check(Roles { monitor: false, ..ALL }, "power route verify close");
}

#[test]
fn a_standby_without_an_address_of_its_own_is_not_waited_for() {
    let policy = Policy { has_standby_url: false, roles: Roles { route: true, ..NONE }, ..policy() };
    let told = |direction| steps(direction, &policy).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(Direction::Failover), ["route", "verify"]);
    assert_eq!(told(Direction::Rehearsal), ["route"]);
}

#[test]
fn a_rehearsal_closes_what_it_opens_and_pauses_nothing() {
    for order in [RouteOrder::StandbyFirst, RouteOrder::Together] {
        check(Direction::Rehearsal, order, ALL, "open answer route close");
        check(Direction::Rehearsal, order, Roles { route: false, ..ALL }, "open answer close");
        check(Direction::Rehearsal, order, Roles { gate: false, ..ALL }, "answer route");
    }
}

#[test]
fn every_step_and_end_has_its_word() {
    let words: Vec<String> =
        [Step::Unroute, Step::Power, Step::Resume, Step::Close].iter().map(ToString::to_string).collect();
    assert_eq!(words, ["unroute", "power", "resume", "close"]);
    let ends = [crate::End::Done, crate::End::Unwound, crate::End::Overtaken, crate::End::Stuck];
    assert_eq!(ends.map(|end| end.to_string()), ["Done", "Unwound", "Overtaken", "Stuck"]);
}

#[test]
fn a_rehearsal_leads_where_it_began() {
    use crate::Position::{Primary, Standby};
    let led = [Direction::Failover, Direction::Failback, Direction::Rehearsal].map(Direction::leads_to);
    assert_eq!(led, [Standby, Primary, Primary]);
}
