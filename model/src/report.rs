//! What is printed.

use std::fmt::{self, Write};

use failover_core::{OpenPlan, Position, Role};

use crate::{
    actions::Action,
    chore::chore_of,
    mutants::Case,
    search::Outcome,
    site::Site,
    world::{Task, Worker, World},
};

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complete = if self.complete { "complete" } else { "NOT complete" };
        let found = match self.broken.len() {
            0 if self.complete => "every promise holds".to_owned(),
            0 => "nothing found so far".to_owned(),
            broken => format!("{broken} broken"),
        };
        let (states, depth, took) = (self.states, self.depth, self.took.as_secs());
        write!(f, "{states} states, {depth} steps deep, {complete}, {found}, {took} s")
    }
}

/// The way to something, a line a step, with what it changed.
pub(crate) fn way(site: &Site, actions: &[Action]) -> String {
    let mut world = World::begin(&site.scope, &site.ledger);
    let mut told = String::new();
    for (number, action) in (1..).zip(actions) {
        let next = site.next(&world, *action).unwrap_or(world);
        let _ = writeln!(told, "    {number:3} {:?}\n        {}", action, scene(site, &next));
        world = next;
    }
    told
}

/// Where everything is, in a line.
fn scene(site: &Site, world: &World) -> String {
    let at = |role| if world.clouds.at(role) == Position::Primary { "p" } else { "S" };
    let [gate, route, monitor] = [Role::Gate, Role::Route, Role::Monitor].map(at);
    let primary = if world.clouds.primary { "up" } else { "dark" };
    let state = site.ledger.state(world.journal);
    let plans: Vec<String> = state.plans.iter().chain(&state.maintenance).map(open).collect();
    let workers: Vec<String> = world.workers.iter().filter_map(worker).collect();
    let mut told = format!(
        "gate {gate} route {route} monitor {monitor}, primary {primary}; journal: {} {plans:?}",
        state.active
    );
    let flags = [
        (state.outage.is_some(), "outage"),
        (state.draining.is_some(), "draining"),
        (state.stuck.is_some(), "stuck"),
        (!state.pending.is_empty(), "pending"),
        (!world.late.is_empty(), "a late request"),
        (world.away, "the journal is away"),
    ];
    told.extend(flags.iter().filter(|(so, _)| *so).map(|(_, word)| format!("; {word}")));
    told.extend(site.ledger.forbidden(world.journal).map(|why| format!("; FORBIDDEN: {why}")));
    let _ = write!(told, "; {}", workers.join(" | "));
    told
}

fn open(plan: &OpenPlan) -> String {
    let steps: Vec<String> = plan.steps.iter().map(|step| step.step.to_string()).collect();
    let by = plan.claim.as_ref().map_or("nobody", |claim| claim.nonce.as_str());
    let task = plan.task.as_ref().and_then(chore_of).map(|chore| format!(" {chore:?}")).unwrap_or_default();
    format!("{} {}{task} by {by}: {}", plan.direction, plan.id, steps.join(" "))
}

fn worker(worker: &Worker) -> Option<String> {
    let flight = worker.flight.map(|flight| format!(" asks {:?} -> {}", flight.role, flight.to));
    let frozen = if worker.frozen { " frozen" } else { "" };
    let task = match worker.task {
        Task::Absent => return None,
        Task::Idle => "idle".to_owned(),
        Task::Deciding { why, .. } => format!("decides {why:?}"),
        Task::Executing(run) => format!("executes {} {}: {:?} {:?}", run.direction, run.id, run.at, run.stop),
    };
    Some(format!("{task}{frozen}{}", flight.unwrap_or_default()))
}

/// How a mutant fell.
pub(crate) fn fall(case: &Case, found: Option<usize>) -> String {
    let Case { says, scope, by, .. } = case;
    match found {
        Some(steps) => format!("mutant, {says}: fell in {steps} steps ({scope}), by {}", by.name()),
        None => format!("mutant, {says}: SURVIVED ({scope})"),
    }
}
