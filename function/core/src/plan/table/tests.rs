//! What a plan will do, for every set of switches that a site may have.

use super::*;
use crate::Roles;
use crate::story::*;

const ALL: Roles = Roles { gate: true, route: true, monitor: true, power: true };
const NONE: Roles = Roles { gate: false, route: false, monitor: false, power: false };

#[track_caller]
fn check(direction: Direction, order: RouteOrder, roles: Roles, expected: &str) {
    let policy = Policy { order, roles, ..policy() };
    assert_eq!(words(Plan::new(direction, &policy, Terms::default()).steps()), expected);
}

fn words(steps: impl Iterator<Item = Step>) -> String {
    steps.map(|step| step.to_string()).collect::<Vec<_>>().join(" ")
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
    let told = |direction| words(Plan::new(direction, &policy, Terms::default()).steps());
    assert_eq!(told(Direction::Failover), "route verify");
    assert_eq!(told(Direction::Rehearsal), "route");
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

fn plan(direction: Direction, terms: Terms) -> Plan {
    Plan::new(direction, &Policy { roles: ALL, ..policy() }, terms)
}

fn forced() -> Terms {
    Terms { force: true, ..Terms::default() }
}

fn line(plan: &Plan, step: Step) -> &Line {
    plan.lines.iter().find(|line| line.step == step).expect("such a step")
}

#[test]
fn who_insists_asks_nobody() {
    assert_eq!(words(plan(Direction::Failover, forced()).steps()), "open route verify pause");
    for direction in [Direction::Failover, Direction::Failback] {
        assert_eq!(line(&plan(direction, forced()), Step::Route).answers(), None);
        let asked = line(&plan(direction, Terms::default()), Step::Route).answers();
        assert_eq!(asked, Some(direction.leads_to()));
    }
}

#[test]
fn a_move_is_undone_as_one_the_other_way_is_made() {
    let undone =
        |direction| words(plan(direction, Terms::default()).undoing().iter().map(|undone| undone.line.step));
    assert_eq!(undone(Direction::Failover), "unroute close resume");
    assert_eq!(undone(Direction::Failback), "open unroute pause");
    assert_eq!(undone(Direction::Rehearsal), "close");
    let forced = plan(Direction::Failback, forced());
    assert_eq!(words(forced.undoing().iter().map(|undone| undone.line.step)), "open", "nobody is led back");
}

#[test]
fn visitors_are_led_back_to_a_standby_only_while_it_answers() {
    let undoing = plan(Direction::Failback, Terms::default()).undoing();
    let needs = |step| {
        undoing
            .iter()
            .map(|undone| &undone.line)
            .find(|line| line.step == step)
            .map(|line| line.needs.clone())
    };
    assert_eq!(needs(Step::Unroute), Some(vec![Need::Answer(Position::Standby)]));
    assert_eq!(needs(Step::Pause), Some(vec![Need::Served(Position::Standby)]));
}

#[test]
fn only_an_alert_waits_for_what_speaks_against_it() {
    let first = |terms| plan(Direction::Failover, terms).first;
    assert_eq!(first(Terms::default()), []);
    let automatic = first(Terms { automatic: true, ..Terms::default() });
    assert_eq!(automatic, [(Need::StillSilent, Step::Route), (Need::StandbyAble, Step::Open)]);
}

#[test]
fn what_leads_visitors_is_kept_while_a_step_waits() {
    let kept = |direction, step| {
        words(plan(direction, Terms::default()).kept_before(step).iter().map(|line| line.step))
    };
    assert_eq!(kept(Direction::Failover, Step::Answer), "open");
    assert_eq!(kept(Direction::Failover, Step::Verify), "open route");
    assert_eq!(kept(Direction::Failback, Step::Verify), "route");
}

#[test]
fn closing_and_resuming_do_not_wait_for_each_other() {
    let plan = plan(Direction::Failback, Terms::default());
    let groups: Vec<usize> = plan.groups().map(<[Line]>::len).collect();
    assert_eq!(groups, [1, 1, 1, 2]);
    let before = [Step::Close, Step::Resume, Step::Power].map(|step| plan.step_before(step));
    assert_eq!(before, [Some(Step::Verify), Some(Step::Verify), None]);
}

#[test]
fn a_move_looks_at_all_that_it_set_once_more() {
    let looked =
        |direction| words(plan(direction, Terms::default()).last_look().iter().map(|line| line.step));
    assert_eq!(looked(Direction::Failover), "open route pause");
    assert_eq!(looked(Direction::Failback), "route close resume");
    assert_eq!(looked(Direction::Rehearsal), "");
}

#[test]
fn maintenance_sets_one_thing_where_it_belongs() {
    let (gate, check) = (SwitchId::new("gate", "it"), SwitchId::new("check", "it"));
    let role_of = |switch: &SwitchId| Some(if *switch == gate { Role::Gate } else { Role::Monitor });
    let told = |task: &UpkeepTask| {
        let plan = Plan::maintenance(task, role_of);
        (words(plan.steps()), plan.first.first().map(|(need, _)| *need))
    };
    let (primary, standby) = (Position::Primary, Position::Standby);
    let repair = |switch: &SwitchId, position| UpkeepTask::Repair(switch.clone(), position);
    for (task, steps, first) in [
        (UpkeepTask::CloseStandby, "close", Some(Need::RoutedBack)),
        (UpkeepTask::ResumeMonitoring, "resume", None),
        (UpkeepTask::PauseMonitoring, "pause", Some(Need::Served(standby))),
        (repair(&gate, primary), "close", Some(Need::RoutedBack)),
        (repair(&gate, standby), "open", None),
        (repair(&check, primary), "resume", None),
        (repair(&check, standby), "pause", Some(Need::Served(standby))),
    ] {
        assert_eq!(told(&task), (steps.to_owned(), first), "{task:?}");
    }
}
