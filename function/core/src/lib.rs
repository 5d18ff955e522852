//! The rules of cloud-failover, without I/O.
//!
//! Data flows one way: a `Signal` is decided (`decide`) in a `State` (the fold of a site's journal) under a
//! `Policy`, with `Facts` that were observed just before. What comes out is a `Decision`: a verdict, a reason that
//! an operator reads, and what the journal has to say of it.
//!
//! Invariants:
//! - no clock, network, environment or randomness is in here: same input, same decision and reason;
//! - `State::after` is the only way from one state to the next, and refuses what may not happen;
//! - nothing here fails for want of facts: "not now" is a decision.

mod command;
mod decide;
mod facts;
mod filter;
mod illegal;
mod incident;
mod journal;
mod maintenance;
mod moves;
mod plan;
mod reading;
mod reason;
pub mod report;
mod rules;
mod signal;
mod site;
mod stages;
mod state;
#[cfg(test)]
mod story;
mod switch;

pub use command::{Command, DEFAULT_HOLD, LONGEST_HOLD, Verb, is_meant_as_command, read_hold};
pub use decide::{
    Decision, Looks, RouteFound, Verdict, adopt, decide, decide_again, decide_blind, looks, route_found,
};
pub use facts::{Facts, Served, Sighting};
pub use illegal::Illegal;
pub use incident::{Concern, Incident, IncidentState, Notification, OUR_REPORT, SiteMarks};
pub use journal::{
    Direction, ENTRY_VERSION, End, Entry, Event, Extent, Finding, Heard, Hold, Step, StepRecord,
    UnreadableEntry,
};
pub use maintenance::{Due, Round};
pub use moves::{Ended, Move, moves};
pub use plan::{
    Act, Claim, Line, Need, OpenPlan, Plan, Refused, Skipped, Terms, Trouble, Undo, Undone, Unless, Within,
};
pub use reading::Unreadable;
pub use reason::{Alarm, Doubt, Reason, clock, span};
pub use signal::{Asker, Order, PendingIncident, Signal, SignalKind};
pub use site::{Approval, BadSiteName, Failback, Policy, Roles, RouteOrder, SiteName};
pub use stages::{Stage, StageTime, stages, started_at};
pub use state::{
    Checkup, EndedPlan, LastMove, PENDING_FOR, Remembered, State, Stuck, Upkeep, UpkeepTask, is_at_rest,
    was_at_rest,
};
pub use switch::{Observed, Position, Role, SwitchId};
