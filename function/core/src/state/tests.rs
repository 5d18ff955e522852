//! Which entry may follow which, and what it leads to.

use std::slice::from_ref;

use super::*;
use crate::story::*;
use crate::{Event, Illegal, Order, Step, StepRecord};

/// What an operator would say of a state: who serves, what is open, what waits.
fn told(state: &State) -> String {
    let plans = state.plans.iter().map(|plan| format!("{} {}", plan.direction, plan.id));
    let waiting = state.pending.iter().map(|pending| pending.id.clone());
    let mut told = vec![state.active.to_string()];
    told.extend(plans);
    if !state.pending.is_empty() {
        told.push(format!("pending {}", waiting.collect::<Vec<_>>().join(" ")));
    }
    if state.stuck.is_some() {
        told.push("stuck".to_owned());
    }
    told.join(", ")
}

#[track_caller]
fn check(story: &Story, expected: &str) {
    assert_eq!(told(&story.state), expected);
}

fn ids(remembered: &[Remembered]) -> Vec<&str> {
    remembered.iter().map(|one| one.id.as_str()).collect()
}

fn outage(nonce: &str) -> Event {
    Event::Outage { sentence: "nobody is served".to_owned(), nonce: nonce.to_owned() }
}

fn recovered(nonce: &str) -> Event {
    Event::Recovered { sentence: "served again".to_owned(), nonce: nonce.to_owned() }
}

fn drained(nonce: &str) -> Event {
    Event::Drained { nonce: nonce.to_owned() }
}

fn repaired(nonce: &str) -> Event {
    let switch = SwitchId::new("uptime_check", "resume-abc");
    Event::Repaired { switch, position: Position::Primary, nonce: nonce.to_owned() }
}

fn seen_to_its_end(nonce: &str) -> Event {
    Event::Kept { nonce: nonce.to_owned() }
}

#[track_caller]
fn task(story: &Story) -> &UpkeepTask {
    &story.state.upkeep.as_ref().expect("something is begun").task
}

/// A failover that an operator's failback overtook: entries 1 and 2, executed by x and y.
fn overtaken() -> Story {
    Story::failing_over().then("12:00:21", intent(Direction::Failback, by_operator("12:00:20"), "y"))
}

mod executors;
mod incidents;
mod maintenance;
mod memory;
mod moves;
mod orders;
mod upkeep;
mod words;
