//! The state of a site: the fold of its journal.
//!
//! Here is what it holds and what may be asked of it; how one state follows another is in `fold`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Direction, End, Extent, Finding, Heard, Hold, PendingIncident, Position, SwitchId,
    plan::{Claim, OpenPlan},
};

mod fold;
mod rest;

pub use rest::{is_at_rest, was_at_rest};

/// How long a pending incident is kept.
pub const PENDING_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long message and incident ids are remembered: Pub/Sub redelivers for at most 31 days, the longest
/// retention it offers (Pub/Sub documentation, "Subscription properties", read 2026-11-20).
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);
/// The most ids remembered of each kind, so that an entry stays small.
const REMEMBERED_MOST: usize = 256;
/// How many ends of plans an entry carries.
const ENDS_KEPT: usize = 8;
/// The most incidents kept pending: own choice, many times what one outage brings, so that a flood of alerts
/// can't swell every entry. The oldest gives way.
const PENDING_MOST: usize = 32;
/// A pause that an executor sent before it died may still land so long after monitoring was resumed: own choice, many
/// times what a request may take.
const PAUSE_LANDS_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// How long after its order a move may have ended, as far as cooldown and budget go: own choice, so that a clock that
/// once ran ahead doesn't hold them back for a year.
const ENDS_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// The window of the budget of automatic failovers.
const BUDGET_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Where a site is, what moves it, and what holds it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where visitors are served, as the journal says.
    pub active: Position,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Plans with an intent and no end, oldest first: the last one is the newest order, the others are overtaken.
    pub plans: Vec<OpenPlan>,
    /// The last plan that ended `Done`, or `Stuck` with traffic moved.
    pub last_move: Option<LastMove>,
    /// When automatic failovers ended `Done`, within the last 24 hours.
    pub automatic: Vec<Timestamp>,
    /// The newest order time of those that found the site there already, or on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Timestamp>,
    /// The operator's hold, if there is one.
    pub hold: Option<Hold>,
    /// The order time of the newest word on holding: a hold or a release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_ordered: Option<Timestamp>,
    /// Incidents that were held back.
    pub pending: Vec<PendingIncident>,
    /// Incidents that were acted on, or closed while they were pending.
    pub settled_incidents: Vec<Remembered>,
    /// Commands that were carried out or refused.
    pub settled_messages: Vec<Remembered>,
    /// The plan that can't go on without a person.
    pub stuck: Option<Stuck>,
    /// When an operator acknowledged last.
    pub acknowledged: Option<Timestamp>,
    /// The standby is still open for visitors with a cached redirect; it may be closed no sooner than this.
    pub draining: Option<Timestamp>,
    /// How long the redirect may live in a visitor's cache, in seconds, as the last `verify` saw it.
    pub redirect_lives_s: u64,
    /// Since when visitors are not served although the site is on its standby.
    pub outage: Option<Timestamp>,
    /// A write outside any plan that an earlier release has begun and not seen to its end.
    pub upkeep: Option<Upkeep>,
    /// The open plan that sets a switch where it belongs. It is none of `plans`, which move: whoever decides on moves needs
    /// to know nothing of it, and any order of theirs overtakes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<OpenPlan>,
    /// How the last of them ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintained: Option<EndedPlan>,
    /// When a plan of ours set out to pause monitoring last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Timestamp>,
    /// When monitoring was resumed last, or seen to watch at the end of a plan that wants it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Timestamp>,
    /// How the latest plans ended, newest last: what a waiter in another process answers.
    #[serde(default)]
    pub ends: Vec<EndedPlan>,
    /// The last check that found something else than the one before it, or came a day after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checkup>,
    /// When a check first told that visitors had been answered: only then does silence say that something ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
    /// What only a later release knows, as it came: it is written back, so that a release that is rolled back loses
    /// nothing of it.
    #[serde(flatten)]
    pub later: BTreeMap<String, Value>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// When.
    pub at: Timestamp,
    /// As whom it looked.
    pub looked_as: String,
    /// What would break in an outage, worst first.
    pub findings: Vec<Finding>,
    /// How much it could look at; early entries don't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Whom it had heard of last when it looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Heard>,
}

/// How a plan ended, for those who waited for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedPlan {
    /// The number of its intent.
    pub plan: u64,
    /// Which way it went.
    pub direction: Direction,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub end: End,
    /// Why, for an operator.
    pub sentence: String,
}

/// A plan that moved traffic, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMove {
    /// Which way.
    pub direction: Direction,
    /// Its order time.
    pub order_time: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The number of its intent.
    pub plan: u64,
}

/// An id that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The id.
    pub id: String,
    /// When it was dealt with.
    pub at: Timestamp,
}

/// A plan that ended `Stuck`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// The number of its intent.
    pub plan: u64,
    /// Since when.
    pub at: Timestamp,
    /// When it was ordered; entries of older versions don't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Timestamp>,
    /// What to mend.
    pub sentence: String,
    /// Nobody was led away and nothing is left to undo: another try is no risk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retry: bool,
}

/// A cloud write outside any plan, as earlier releases made them: claimed by an entry of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upkeep {
    /// Who makes it.
    pub claim: Claim,
    /// What is to be so when it is made.
    pub task: UpkeepTask,
}

/// What maintenance is to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpkeepTask {
    /// Monitoring watches, although the site is on its standby, since visitors are not served.
    ResumeMonitoring,
    /// Monitoring is paused again, since visitors are served again.
    PauseMonitoring,
    /// The standby is closed, since no cached redirect leads to it any more.
    CloseStandby,
    /// A switch that moved by itself points here again.
    Repair(SwitchId, Position),
    /// Something that only a later release knows how to do.
    #[serde(untagged)]
    Later(Value),
}

impl Default for State {
    fn default() -> Self {
        Self {
            active: Position::Primary,
            since: None,
            plans: Vec::new(),
            last_move: None,
            automatic: Vec::new(),
            confirmed: None,
            hold: None,
            hold_ordered: None,
            pending: Vec::new(),
            settled_incidents: Vec::new(),
            settled_messages: Vec::new(),
            stuck: None,
            acknowledged: None,
            draining: None,
            redirect_lives_s: 0,
            outage: None,
            upkeep: None,
            maintenance: None,
            maintained: None,
            paused: None,
            resumed: None,
            ends: Vec::new(),
            checked: None,
            answered: None,
            later: BTreeMap::new(),
        }
    }
}

impl State {
    /// The plan that executes now, or would next.
    pub fn running(&self) -> Option<&OpenPlan> {
        self.maintenance.as_ref().or(self.plans.first())
    }

    /// The move or rehearsal of the newest order.
    pub fn newest(&self) -> Option<&OpenPlan> {
        self.plans.last()
    }

    /// The open plan with this id.
    pub fn plan(&self, id: u64) -> Option<&OpenPlan> {
        self.plans.iter().chain(&self.maintenance).find(|plan| plan.id == id)
    }

    /// How a plan ended, if it is among the latest.
    pub fn ended(&self, plan: u64) -> Option<&EndedPlan> {
        self.ends.iter().rev().chain(&self.maintained).find(|ended| ended.plan == plan)
    }

    /// Whether a newer order than `plan` is open.
    pub fn is_overtaken(&self, plan: u64) -> bool {
        self.newest().is_some_and(|newest| newest.id != plan)
    }

    /// Whether something was moved since `earlier`, or may have been. Claims, holds and what is remembered move
    /// nothing: what was seen of the clouds then is as good after them.
    pub fn has_moved_since(&self, earlier: &Self) -> bool {
        let moves = |state: &Self| {
            let open = state.plans.iter().chain(&state.maintenance);
            let steps = open.map(|plan| (plan.id, plan.steps.len())).collect::<Vec<_>>();
            let chore = state.upkeep.as_ref().map(|upkeep| upkeep.task.clone());
            let ends = [state.ends.last(), state.maintained.as_ref()];
            (state.active, state.since, steps, chore, ends.map(|ended| ended.map(|ended| ended.plan)))
        };
        moves(self) != moves(earlier)
    }

    /// The hold, if it is still on.
    pub fn hold_at(&self, now: Timestamp) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.until > now)
    }

    /// Pending incidents that are not too old.
    pub fn pending_at(&self, now: Timestamp) -> impl Iterator<Item = &PendingIncident> {
        self.pending.iter().filter(move |incident| is_kept_at(incident, now))
    }

    /// What is known of the incident with this id, pending or to be answered by an open plan.
    pub(crate) fn waits_for(&self, id: &str) -> impl Iterator<Item = &PendingIncident> {
        let ordered = self.plans.iter().flat_map(|plan| &plan.order.incidents);
        self.pending.iter().chain(ordered).filter(move |incident| incident.id == id)
    }

    /// Whether this command was carried out or refused.
    pub fn has_settled_message(&self, id: &str) -> bool {
        self.settled_messages.iter().any(|remembered| remembered.id == id)
    }

    /// Whether monitoring that is found paused now was paused by a plan of ours. One that was sent before it was resumed
    /// may land late.
    pub fn has_paused(&self, now: Timestamp) -> bool {
        let late = |paused, resumed| resumed <= paused || now.duration_since(resumed) < PAUSE_LANDS_WITHIN;
        self.paused.is_some_and(|paused| self.resumed.is_none_or(|resumed| late(paused, resumed)))
    }

    /// Whether visitors were ever seen to be answered at this site, as far as its journal tells.
    pub fn was_answered(&self) -> bool {
        let proves = |ended: &EndedPlan| ended.end == End::Done && ended.direction != Direction::Maintenance;
        self.answered.is_some() || self.last_move.is_some() || self.ends.iter().any(proves)
    }

    /// Whether this incident was acted on, or closed while it was pending.
    pub fn has_settled_incident(&self, id: &str) -> bool {
        self.settled_incidents.iter().any(|remembered| remembered.id == id)
    }
}

/// Whether a pending incident is not too old.
pub(crate) fn is_kept_at(incident: &PendingIncident, now: Timestamp) -> bool {
    now.duration_since(incident.since) < PENDING_FOR
}

#[cfg(test)]
mod tests;
