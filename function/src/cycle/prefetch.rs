//! What is begun beside the journal's first read, so that an outage doesn't wait for it.

use std::sync::Arc;

use failover_core::{
    Direction, IncidentState, Position, Served, Signal, SignalKind, State, is_at_rest, looks, was_at_rest,
};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::{act::Prefetched, record::Head, site::Guarded};

/// Looks that were begun before it was known whether they are needed.
#[derive(Debug, Default)]
pub(super) struct Prefetch {
    /// Who answered at the public URL, and at the primary's own.
    pub(super) places: Option<JoinHandle<(Served, Served)>>,
    /// What an executor is given of it.
    pub(super) for_plan: Prefetched,
    /// The journal's newest entry when the gates were looked at.
    gates_at: Option<u64>,
    /// When they were looked at without knowing that entry.
    ahead: Option<Ahead>,
}

/// A look that was begun before the journal was read.
#[derive(Debug)]
struct Ahead {
    /// The newest entry that this process knew then.
    known: Option<u64>,
    at: Timestamp,
}

impl Ahead {
    /// Whether nothing of ours was written to a cloud between the look and this head, so that it was no other's turn.
    fn is_good_for(&self, head: &Head) -> bool {
        let same = self.known == Some(head.number) && is_at_rest(&head.state);
        same || was_at_rest(&head.state, self.at)
    }
}

impl Prefetch {
    /// Begins the looks that an open incident will most likely need; none where what is known speaks against it.
    pub(super) fn begin(site: &Arc<Guarded>, signal: &Signal) -> Self {
        let known = site.record.state();
        if !is_open_incident(signal) || is_dealt_with(&known) {
            return Self::default();
        }
        let asked = Arc::clone(site);
        let beside = looks(&State::default(), signal).beside;
        let places = tokio::spawn(async move { asked.ask_places(beside).await });
        let readiness = Some(site.switches.ask_readiness());
        let gates = is_at_rest(&known).then(|| site.switches.look_at_gates());
        let ahead = Ahead { known: site.record.known().map(|head| head.number), at: Timestamp::now() };
        let for_plan = Prefetched { gates, readiness, answered: None };
        Self { places: Some(places), for_plan, gates_at: None, ahead: Some(ahead) }
    }

    /// Begins to look at the gates, beside what else is waited for, if nothing of ours may be writing to them. What was
    /// seen before something was written is forgotten: our own work may have closed what was open then. A look that was
    /// begun ahead of the journal stands where the journal says that nothing was.
    pub(super) fn look_at_gates(&mut self, site: &Guarded, head: &Head) {
        if self.gates_at.replace(head.number) == Some(head.number) {
            return;
        }
        if self.ahead.take().is_some_and(|ahead| ahead.is_good_for(head)) {
            return;
        }
        // Who asks for the standby's readiness asks for a failover.
        let wanted = is_at_rest(&head.state) && self.for_plan.readiness.is_some();
        self.for_plan.gates = wanted.then(|| site.switches.look_at_gates());
    }

    /// Who answered at the public URL and at the primary's own, from the look that was begun or from a new one.
    pub(super) async fn places(&mut self, site: &Guarded, beside: bool) -> (Served, Served) {
        let broken = |why: String| (Served::Unknown(why.clone()), Served::Unknown(why));
        match self.places.take() {
            Some(begun) => begun.await.unwrap_or_else(|error| broken(error.to_string())),
            None => site.ask_places(beside).await,
        }
    }
}

fn is_open_incident(signal: &Signal) -> bool {
    matches!(&signal.kind, SignalKind::Incident(incident) if incident.state == IncidentState::Open)
}

fn is_dealt_with(state: &State) -> bool {
    let moving = state.newest().is_some_and(|plan| plan.direction != Direction::Rehearsal);
    moving || state.active == Position::Standby
}
