//! What waits, and what would hold an automatic failover back now.

use failover_core::{
    End, Entry, Event, Facts, Incident, PENDING_FOR, Policy, Position, Reason, Served, Signal, SignalKind,
    State, Verdict, decide,
};
use jiff::Timestamp;
use serde::Serialize;

/// An incident that was held back and is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Monitoring's id.
    pub incident: String,
    /// What it says.
    pub summary: String,
    /// When it says the outage began.
    pub started_at: Timestamp,
    /// When it was received first.
    pub since: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
    /// Why it was held back.
    pub why: String,
}

/// What would be done by itself if the site fell silent now; asked of a site on its primary that isn't moving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Automatic {
    /// Whether it would fail over by itself.
    pub ready: bool,
    /// What would hold it back.
    pub restraint: Option<Restraint>,
}

/// A rule that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restraint {
    /// Which, as an operator reads it.
    pub sentence: String,
    /// Until when, where that is known.
    pub until: Option<Timestamp>,
    /// The command that lifts it.
    pub lifted_by: Option<&'static str>,
}

/// The incidents that are pending at `now`, each with what holds it back now.
pub(super) fn waiting(policy: &Policy, state: &State, entries: &[Entry], now: Timestamp) -> Vec<Waiting> {
    let pending = state.pending_at(now);
    pending
        .map(|incident| Waiting {
            incident: incident.id.clone(),
            summary: incident.summary.clone(),
            started_at: incident.started_at,
            since: incident.since,
            until: incident.since.saturating_add(PENDING_FOR).unwrap_or(Timestamp::MAX),
            why: why(policy, state, entries, (&incident.id, now)),
        })
        .collect()
}

/// The rule that is in force; without one, what was said of it last, unless that was a rule that is no more.
fn why(policy: &Policy, state: &State, entries: &[Entry], (id, now): (&str, Timestamp)) -> String {
    let in_force = automatic(policy, state, now).and_then(|automatic| automatic.restraint);
    match in_force {
        // That a plan is stuck is told beside it, at length.
        Some(_) if state.stuck.is_some() => said(entries, id),
        Some(restraint) => restraint.sentence,
        None if was_a_rule(policy, entries, id) => {
            "nothing holds it back any more; it is decided again within a minute".to_owned()
        }
        None => said(entries, id),
    }
}

/// Whether what held it back last was a rule in force then, as a hold or the cooldown, and not what a probe met.
fn was_a_rule(policy: &Policy, entries: &[Entry], id: &str) -> bool {
    let newest = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Pending { incident, reason } if incident.id == id => Some((entry, reason)),
        _ => None,
    });
    newest.is_some_and(|(entry, reason)| {
        let then = automatic(policy, &entry.state, entry.at).and_then(|automatic| automatic.restraint);
        then.is_some_and(|restraint| restraint.sentence == *reason)
    })
}

fn said(entries: &[Entry], id: &str) -> String {
    let is_pending = |entry: &Entry| entry.state.pending.iter().any(|pending| pending.id == id);
    let said = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Pending { incident, reason } if incident.id == id => Some(reason.clone()),
        Event::Ended { end: End::Stuck, .. } if is_pending(entry) => Some("its failover is stuck".to_owned()),
        Event::Ended { sentence, .. } if is_pending(entry) => {
            Some(format!("its failover was undone: {sentence}"))
        }
        _ => None,
    });
    said.unwrap_or_else(|| "the entry that says why is no longer among the newest".to_owned())
}

/// Decides, as the function would, about an incident that opened now for a silent site.
pub(super) fn automatic(policy: &Policy, state: &State, now: Timestamp) -> Option<Automatic> {
    if state.active != Position::Primary || !state.plans.is_empty() {
        return None;
    }
    let silent = Served::Silent("silent".to_owned());
    let facts = Facts { public: silent, ..Facts::none() };
    let decision = decide(policy, state, &facts, &imagined(now), now);
    let ready = matches!(decision.verdict, Verdict::Start(..));
    let restraint = (!ready).then(|| restraint(&decision.reason));
    Some(Automatic { ready, restraint })
}

/// Whether the failover that is stuck is tried again by itself: an incident waits for it, and nothing else holds it back.
pub(super) fn is_tried_again(policy: &Policy, state: &State, now: Timestamp) -> bool {
    let retry = state.stuck.as_ref().is_some_and(|stuck| stuck.retry);
    let freed = State { stuck: None, ..state.clone() };
    let waits = state.pending_at(now).next().is_some();
    retry && waits && automatic(policy, &freed, now).is_some_and(|automatic| automatic.ready)
}

fn imagined(now: Timestamp) -> Signal {
    let incident = Incident::opened("imagined by the status page".to_owned(), now, String::new());
    let kind = SignalKind::Incident(incident);
    Signal { message: "imagined".to_owned(), published: now, received: now, kind }
}

fn restraint(reason: &Reason) -> Restraint {
    let (until, lifted_by) = match reason {
        Reason::Held(hold) => (Some(hold.until), Some("release")),
        Reason::CoolingDown { until } | Reason::BudgetSpent { until, .. } => {
            (Some(*until), Some("acknowledge"))
        }
        Reason::Stuck { .. } => (None, Some("acknowledge")),
        _ => (None, None),
    };
    Restraint { sentence: reason.to_string(), until, lifted_by }
}
