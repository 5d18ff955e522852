//! Whether an entry may follow a state: what the fold leaves open is asked of the decision that it comes from, and of its
//! plan's table.
//!
//! Pure, and without a memory: who wrote what before is `trace`'s to know.

use failover_core::{
    Act, Direction, End, Event, Line, Need, OpenPlan, Plan, Policy, Position, Role, Skipped, State, Step,
    Terms,
};
use jiff::Timestamp;

mod decided;

/// Nothing, or what is wrong with it.
pub type Legal = Result<(), String>;

/// Whether `event` may be told at `at` of a site of this policy that is in this state.
///
/// # Errors
/// A sentence that says why it may not.
pub fn may_follow(policy: &Policy, state: &State, at: Timestamp, event: &Event) -> Legal {
    match event {
        Event::Step { plan, record, .. } => of_plan(state, *plan, |open| may_tell(policy, open, record.step)),
        Event::Ended { plan, end, active, sentence, drain_until, retry, .. } => {
            says(!sentence.is_empty(), "it doesn't say why")?;
            let told = Told { end: *end, active: *active, drains: drain_until.is_some(), retry: *retry };
            of_plan(state, *plan, |open| may_end(policy, open, told))
        }
        Event::Claim { .. }
        | Event::AttemptEnded { .. }
        | Event::Kept { .. }
        | Event::Checked { .. }
        | Event::Later(_) => Ok(()),
        decided => decided::may_come_of_a_decision(policy, state, at, decided),
    }
}

/// What an end tells.
#[derive(Clone, Copy)]
struct Told {
    end: End,
    active: Position,
    drains: bool,
    retry: bool,
}

fn says(so: bool, otherwise: &str) -> Legal {
    if so { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn of_plan(state: &State, plan: u64, rule: impl FnOnce(&OpenPlan) -> Legal) -> Legal {
    state.plan(plan).map_or_else(|| Err(format!("plan {plan} is not open")), rule)
}

/// A step is one of its plan's whose turn it is, or undoes one.
fn may_tell(policy: &Policy, open: &OpenPlan, step: Step) -> Legal {
    if open.direction == Direction::Maintenance {
        return says(maintains(open).contains(&step), "that is no step of what is to be done");
    }
    let table = Plan::new(open.direction, policy, Terms::from(&open.order));
    match (goes_on(&table, open, step), goes_back(&table, open, step)) {
        (Some(Ok(())), _) | (_, Some(Ok(()))) => Ok(()),
        (Some(why), _) | (None, Some(why)) => why,
        (None, None) => Err(format!("a {} has no step {step} here", open.direction)),
    }
}

fn goes_on(table: &Plan, open: &OpenPlan, step: Step) -> Option<Legal> {
    let line = table.lines.iter().find(|line| line.step == step)?;
    // What was forced and leads nowhere: what depends on nothing is done all the same.
    if line.beside && open.order.force {
        return Some(Ok(()));
    }
    let groups: Vec<&[Line]> = table.groups().collect();
    let before = groups.iter().take_while(|group| group.iter().all(|line| line.step != step));
    let missing = before.flat_map(|group| group.iter()).find(|line| !is_done(open, line, true));
    Some(missing.map_or(Ok(()), |line| Err(format!("nothing told of {} before", line.step))))
}

fn goes_back(table: &Plan, open: &OpenPlan, step: Step) -> Option<Legal> {
    let undoing = table.undoing();
    let undone = undoing.iter().find(|undone| undone.line.step == step)?;
    let led = open.direction != Direction::Rehearsal && open.has_done(Step::Route);
    let follows_visitors = matches!(undone.line.act, Act::Set(..))
        && !undone.alone
        && matches!(undone.line.step, Step::Close | Step::Pause);
    Some(says(!(led && follows_visitors), "visitors are still led where they were to be"))
}

/// The steps that a plan of maintenance may have: which role the switch has that is set again it doesn't tell.
fn maintains(open: &OpenPlan) -> Vec<Step> {
    let roles = [Role::Gate, Role::Monitor, Role::Power];
    let task = open.task.iter();
    let tables = task.flat_map(|task| roles.map(|role| Plan::maintenance(task, |_| Some(role))));
    tables.flat_map(|table| table.steps().collect::<Vec<_>>()).collect()
}

/// Whether a line was seen to its end, or may be left out.
fn is_done(open: &OpenPlan, line: &Line, may_drain: bool) -> bool {
    let is_left = may_drain && line.needs.contains(&Need::Drained);
    open.has_done(line.step) || line.skipped != Skipped::Never || is_left
}

/// A plan that is done has done all of it and led where it goes; one that was undone leads nobody any more.
fn may_end(policy: &Policy, open: &OpenPlan, told: Told) -> Legal {
    let there = told.active == open.direction.leads_to();
    let moves = matches!(open.direction, Direction::Failover | Direction::Failback);
    let led = moves && open.has_done(Step::Route);
    says(!told.drains || told.end == End::Done, "what isn't done drains nothing")?;
    says(!told.retry || (told.end == End::Stuck && !led), "another try would be a risk")?;
    match told.end {
        End::Done => {
            says(there || !moves, "it is done, and the site is not where it leads")?;
            if open.direction == Direction::Maintenance {
                let done = maintains(open).iter().any(|step| open.has_done(*step));
                return says(done, "it is done, and nothing told of it");
            }
            let table = Plan::new(open.direction, policy, Terms::from(&open.order));
            let missing = table.lines.iter().find(|line| !is_done(open, line, told.drains));
            missing.map_or(Ok(()), |line| Err(format!("it is done, and nothing told of {}", line.step)))
        }
        End::Unwound => {
            says(!there || !moves, "it was undone, and the site is where it was to lead")?;
            says(!led, "it was undone, and visitors are still led where it was to lead")
        }
        End::Overtaken | End::Stuck => Ok(()),
    }
}
