//! Every plan's table as it runs, kept as a file: `tests/plans.txt`. `UPDATE=1` writes it anew; the diff is the review.
//!
//! What a line needs, what makes it pointless and what undoes it is half of what a move promises.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use failover_core::{
    Approval, Direction, Failback, Plan, Policy, Position, Role, Roles, RouteOrder, SwitchId, Terms,
    UpkeepTask,
};

const TERMS: [(&str, Terms); 4] = [
    ("by itself", Terms { automatic: true, force: false, unfinished: false }),
    ("asked for", Terms { automatic: false, force: false, unfinished: false }),
    ("forced", Terms { automatic: false, force: true, unfinished: false }),
    ("there already", Terms { automatic: false, force: false, unfinished: true }),
];

fn policy(order: RouteOrder) -> Policy {
    Policy {
        order,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: Duration::ZERO,
        moves_per_day: 2,
        drain: Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: true },
    }
}

/// What most lines have and nobody has to read.
const USUAL: [&str; 10] = [
    "needs: []",
    "unless: Nothing",
    "within: AnyTime",
    "skipped: Never",
    "looks: false",
    "beside: false",
    "undo: None",
    "only: None",
    "always: false",
    "alone: false",
];

fn brief(told: &impl std::fmt::Debug) -> String {
    USUAL.iter().fold(format!("{told:?}"), |told, usual| told.replace(&format!(", {usual}"), ""))
}

fn tell(all: &mut String, title: &str, plan: &Plan) {
    let _ = writeln!(all, "{title}: first {:?}; refused {:?}", plan.first, plan.refused);
    for line in &plan.lines {
        let _ = writeln!(all, "  {}", brief(line));
    }
    for undone in plan.undoing() {
        let _ = writeln!(all, "  undone: {}", brief(&undone));
    }
    all.push('\n');
}

fn maintenance(all: &mut String) {
    let roles = [("gate", Role::Gate), ("route", Role::Route), ("monitor", Role::Monitor)];
    let repairs = roles.iter().flat_map(|(kind, _)| {
        [Position::Primary, Position::Standby].map(|to| UpkeepTask::Repair(SwitchId::new(kind, "it"), to))
    });
    let tasks = [UpkeepTask::ResumeMonitoring, UpkeepTask::PauseMonitoring, UpkeepTask::CloseStandby];
    for task in tasks.into_iter().chain(repairs) {
        let role_of = |switch: &SwitchId| {
            roles.iter().find(|(kind, _)| *switch == SwitchId::new(kind, "it")).map(|(_, role)| *role)
        };
        tell(all, &format!("{task:?}"), &Plan::maintenance(&task, role_of));
    }
}

#[test]
fn every_plan_is_the_table_that_its_file_has() {
    let mut all = String::new();
    for order in [RouteOrder::StandbyFirst, RouteOrder::Together] {
        for direction in [Direction::Failover, Direction::Failback, Direction::Rehearsal] {
            for (said, terms) in TERMS {
                tell(
                    &mut all,
                    &format!("{direction}, {order:?}, {said}"),
                    &Plan::new(direction, &policy(order), terms),
                );
            }
        }
    }
    maintenance(&mut all);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &all).expect("tests/plans.txt");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == all, "UPDATE=1 accepts what the plans are now:\n{all}");
}
