//! Every row of the decision table, with the sentence that an operator reads.

use std::time::Duration;

use super::{FRESH_FOR, adopt, decide, decide_again, decide_blind, looks};
use crate::story::*;
use crate::{
    Approval, Asker, Command, Decision, Direction, End, Event, Facts, Looks, Observed, Order,
    PendingIncident, Policy, Position, Role, Served, Signal, SignalKind, State, Verb, Verdict,
};

/// `verdict: reason`, and what is recorded after a `+`.
fn told(decision: &Decision) -> String {
    let verdict = match &decision.verdict {
        Verdict::Start(direction, order) if order.unfinished => format!("finish {direction}"),
        Verdict::Start(direction, _) => format!("start {direction}"),
        Verdict::CarryOn(plan) => format!("carry on {plan}"),
        Verdict::Pending => "pending".to_owned(),
        Verdict::Stay => "stay".to_owned(),
        Verdict::Refused => "refused".to_owned(),
    };
    let told = std::iter::once(format!("{verdict}: {}", decision.reason));
    told.chain(decision.record.iter().map(word)).collect::<Vec<_>>().join(" + ")
}

fn word(event: &Event) -> String {
    match event {
        Event::Pending { incident, .. } => format!("pending {}", incident.id),
        Event::Dropped { incident, .. } => format!("dropped {incident}"),
        Event::Refused { message, .. } => format!("refused {message}"),
        Event::Confirmed { message, .. } => format!("confirmed {message}"),
        Event::Held { .. } => "held".to_owned(),
        Event::Released { .. } => "released".to_owned(),
        Event::Acknowledged { .. } => "acknowledged".to_owned(),
        Event::Adopted { position, .. } => format!("adopted {position}"),
        other => panic!("no decision records {other:?}"),
    }
}

#[track_caller]
fn under(policy: &Policy, story: &Story, facts: &Facts, signal: &Signal, expected: &str) {
    let decision = decide(policy, &story.state, facts, signal, signal.received);
    assert_eq!(told(&decision), expected);
}

#[track_caller]
fn check(story: &Story, facts: &Facts, signal: &Signal, expected: &str) {
    under(&policy(), story, facts, signal, expected);
}

#[track_caller]
fn order_of(story: &Story, facts: &Facts, signal: &Signal) -> Order {
    match decide(&policy(), &story.state, facts, signal, signal.received).verdict {
        Verdict::Start(_, order) => *order,
        other => panic!("no plan begins, but {other:?}"),
    }
}

const SILENT: &str =
    "start failover: an incident is open and the public URL doesn't answer (no answer within 2s)";
const ANSWERS: &str = "pending: the public URL still answers: a false alarm, unless it falls silent";

fn home() -> Facts {
    looked(switches(Position::Primary, Position::Primary, Position::Primary))
}

fn away() -> Facts {
    looked(switches(Position::Standby, Position::Standby, Position::Standby))
}

/// As a failback on the standby sees a primary that is well.
fn well() -> Facts {
    primary_is(Served::By(Position::Primary), away().switches)
}

fn down() -> Facts {
    primary_is(Served::Silent("connection refused".to_owned()), away().switches)
}

mod adoption;
mod closed_incident;
mod decided_again;
mod failback;
mod failover;
mod looking;
mod open_incident;
mod redelivery;
mod rehearsal;
mod without_the_journal;
mod words;
