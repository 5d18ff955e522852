//! What is begun beside the journal's first read, so that an outage doesn't wait for it.

use failover_core::{Direction, IncidentState, Position, Served, Signal, SignalKind, State, looks};
use tokio::task::JoinHandle;

use super::desk::Desk;
use crate::act;

/// Looks that were begun before it was known whether they are needed.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Who answered at the public URL, and at the primary's own.
    pub(super) places: Option<JoinHandle<(Served, Served)>>,
    pub(super) act: act::Ahead,
}

impl Ahead {
    /// Begins the looks that an open incident will most likely need; none where what is known speaks against it.
    pub(super) fn begin(desk: &Desk, signal: &Signal, known: Option<&State>) -> Self {
        if !is_open_incident(signal) || known.is_some_and(is_dealt_with) {
            return Self::default();
        }
        let site = std::sync::Arc::clone(&desk.site);
        let beside = looks(&State::default(), signal).beside;
        let places = tokio::spawn(async move { site.ask_places(beside).await });
        let gates = Some(desk.site.look_at_gates());
        let readiness = Some(desk.site.ask_readiness());
        Self { places: Some(places), act: act::Ahead { gates, readiness, answered: None } }
    }

    /// Who answered at the public URL and at the primary's own, from the look that was begun or from a new one.
    pub(super) async fn places(&mut self, desk: &Desk, beside: bool) -> (Served, Served) {
        let broken = |why: String| (Served::Unknown(why.clone()), Served::Unknown(why));
        match self.places.take() {
            Some(begun) => begun.await.unwrap_or_else(|error| broken(error.to_string())),
            None => desk.site.ask_places(beside).await,
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
