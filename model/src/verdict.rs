//! What is decided, as the core decides it, each question asked once.

use failover_core::{
    Decision, Due, Event, Incident, OUR_REPORT, Order, PendingIncident, Position, Role, Round, RouteFound,
    Served, Signal, SignalKind, State, Verdict,
};

use crate::{
    chore::{Chore, chore_of},
    clouds::Seen,
    decided::{Decided, Found, What},
    ledger::{Asked, Head},
    mutant::Mutant,
    site::Site,
    world::Why,
};

impl Site {
    /// What is decided in the state at `head`, having seen this.
    pub(crate) fn decided(&self, head: Head, why: Why, seen: Seen, clock: u8) -> Decided {
        self.verdicts.decided.get_or((head, why, seen, clock), || {
            let state = self.ledger.state(head);
            let decision = self.asked(&state, why, seen, clock);
            decision.map_or_else(Decided::nothing, |decision| self.kept(&decision))
        })
    }

    /// Nothing where the journal is away and it may not be decided without.
    fn asked(&self, state: &State, why: Why, seen: Seen, clock: u8) -> Option<Decision> {
        let (policy, now, facts) =
            (&self.scope.policy, self.scope.time(clock), seen.facts(self.scope.policy.roles));
        match why {
            Why::Message(_) | Why::Report | Why::Round { .. } => {
                Some(self.rules.decide(policy, state, &facts, &self.signal(state, why, clock), now))
            }
            Why::Blind(message) => {
                self.rules.decide_blind(policy, state, &facts, &self.scope.signal(message, clock), now)
            }
            Why::Again(_) => {
                let signal = self.signal(state, why, clock);
                let pending = self.pending(state, clock).unwrap_or_else(|| unknown(&signal));
                Some(self.rules.decide_again(policy, state, &facts, (&pending, &signal), now))
            }
        }
    }

    /// The first incident that is pending.
    pub(crate) fn pending(&self, state: &State, clock: u8) -> Option<PendingIncident> {
        state.pending_at(self.scope.time(clock)).next().cloned()
    }

    /// The signal on whose behalf it is decided.
    pub(crate) fn signal(&self, state: &State, why: Why, clock: u8) -> Signal {
        match why {
            Why::Message(message) | Why::Blind(message) | Why::Again(Some(message)) => {
                self.scope.signal(message, clock)
            }
            Why::Again(None) | Why::Round { .. } => self.scope.round(clock),
            Why::Report => self.report(state, clock),
        }
    }

    /// The report that is made of three silent rounds; its id is one that nobody has heard of.
    fn report(&self, state: &State, clock: u8) -> Signal {
        let round = self.scope.round(clock);
        let pending = state.pending.iter();
        let known = pending.chain(state.plans.iter().flat_map(|plan| &plan.order.incidents));
        let known: Vec<&str> = known.map(|incident| incident.id.as_str()).collect();
        let ids = (0..).map(|number| format!("{OUR_REPORT}resume-{number}"));
        let id = ids.into_iter().find(|id| !known.contains(&id.as_str())).unwrap_or_default();
        let incident = Incident::opened(id, round.order_time(), "three looks in a row".to_owned());
        Signal { kind: SignalKind::Incident(incident), ..round }
    }

    fn kept(&self, decision: &Decision) -> Decided {
        let told = decision.record.iter().map(|event| self.ledger.tell(&plainly(event))).collect();
        let what = match &decision.verdict {
            Verdict::Start(direction, order) => What::Start(*direction, self.ledger.order(order)),
            Verdict::CarryOn(plan) => What::CarryOn(*plan),
            Verdict::Pending => What::Pending,
            Verdict::Stay => What::Stay,
            Verdict::Refused => What::Refused,
        };
        Decided { told, what }
    }

    /// What a round of reconcile finds to do in the state at `head`, with no plan open.
    pub(crate) fn found(&self, head: Head, long_silent: bool, seen: Seen, clock: u8) -> Found {
        self.verdicts.found.get_or((head, long_silent, seen, clock), || {
            let state = self.ledger.state(head);
            let (facts, signal) = (seen.facts(self.scope.policy.roles), self.scope.round(clock));
            match self.rules.route_found(&self.scope.policy, &state, &facts, &signal) {
                RouteFound::Adopted(event) => return Found::Adopted(self.ledger.tell(&event)),
                RouteFound::SetAgain(order, _) => return Found::SetAgain(self.ledger.order(&order)),
                RouteFound::Left => {}
            }
            if self.pending(&state, clock).is_some() && self.would_decide(head, seen, clock) {
                return Found::Pending;
            }
            self.round(&state, long_silent, seen, clock)
        })
    }

    fn would_decide(&self, head: Head, seen: Seen, clock: u8) -> bool {
        let decided = self.decided(head, Why::Again(None), seen, clock);
        !decided.told.is_empty() || matches!(decided.what, What::Start(..))
    }

    fn round(&self, state: &State, long_silent: bool, seen: Seen, clock: u8) -> Found {
        let facts = seen.facts(self.scope.policy.roles);
        let (public, now) = (&facts.public, self.scope.time(clock));
        let round =
            Round { state, seen: &facts.switches, public, long_silent, repair: self.scope.repair, now };
        if let Some(chore) = round.due().and_then(chore_due) {
            return Found::Due(chore);
        }
        let repairs = round.repairs();
        let leaves = |role| role == Role::Gate && self.rules.are(Mutant::LeavesItClosed);
        if let Some((sighting, position)) = repairs.iter().find(|(seen, _)| !leaves(seen.role)) {
            return Found::Due(Chore::Repaired(sighting.role, *position));
        }
        let reports = long_silent && state.active == Position::Primary && state.pending.is_empty();
        let silent = matches!(facts.public, Served::Silent(_)) && seen.is_primary_silent();
        if reports && silent && self.scope.own_looks { Found::Report } else { Found::Nothing }
    }

    /// What was ordered.
    pub(crate) fn order_of(&self, order: Asked) -> std::sync::Arc<Order> {
        self.ledger.ordered(order)
    }
}

fn chore_due(due: Due) -> Option<Chore> {
    match due {
        Due::TakenUp(task) => chore_of(&task),
        Due::Drained => Some(Chore::Drained),
        Due::Outage(_) => Some(Chore::Outage),
        Due::Recovered => Some(Chore::Recovered),
    }
}

/// An event without its sentence, which names numbers that mean nothing here.
fn plainly(event: &Event) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::Pending { reason, .. }
        | Event::Dropped { reason, .. }
        | Event::Refused { reason, .. }
        | Event::Confirmed { reason, .. }
        | Event::Adopted { sentence: reason, .. } => "so it is".clone_into(reason),
        _ => {}
    }
    event
}

fn unknown(signal: &Signal) -> PendingIncident {
    let at = signal.order_time();
    PendingIncident { id: String::new(), started_at: at, since: at, summary: String::new() }
}
