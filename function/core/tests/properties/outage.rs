//! One outage that six checkers report, whatever befalls the site around it.

use failover_core::{
    Command, Decision, Direction, End, Event, Facts, Incident, IncidentState, Order, Position, Served,
    Signal, SignalKind, State, Verb, Verdict, decide,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::{
    config,
    world::{at, policy},
};

/// What befalls a site around one outage that six checkers report.
#[derive(Debug, Clone)]
enum Turn {
    /// One checker's incident is delivered, for the first time or again.
    Open(usize),
    /// It is said to be closed.
    Closed(usize),
    /// The running plan ends so.
    End(End),
    /// An operator asks for this.
    Ask(Verb, u64),
    /// Time goes by.
    Wait(i64),
}

fn turn() -> impl Strategy<Value = Turn> {
    let verbs =
        &[Verb::Failback, Verb::Hold, Verb::Release, Verb::Acknowledge, Verb::Rehearse, Verb::Reconcile][..];
    prop_oneof![
        6 => (0..6_usize).prop_map(Turn::Open),
        1 => (0..6_usize).prop_map(Turn::Closed),
        3 => prop_oneof![3 => Just(End::Done), 1 => Just(End::Unwound), 1 => Just(End::Stuck)].prop_map(Turn::End),
        2 => (prop::sample::select(verbs), 0..20_u64).prop_map(|(verb, id)| Turn::Ask(verb, id)),
        2 => prop_oneof![1..30_i64, 600..90_000_i64].prop_map(Turn::Wait),
    ]
}

/// A site whose primary went down once: six incidents tell of it within five seconds.
struct Outage {
    state: State,
    number: u64,
    now: Timestamp,
    done: u32,
}

impl Outage {
    fn write(&mut self, event: &Event) -> bool {
        let Ok(next) = self.state.after(self.number + 1, self.now, event) else { return false };
        (self.state, self.number) = (next, self.number + 1);
        true
    }

    fn deliver(&mut self, message: String, published: Timestamp, kind: SignalKind) {
        let signal = Signal { message, published, received: self.now, kind };
        // The primary is well when an operator asks, and visitors are without it whenever an incident is decided.
        let facts = Facts {
            public: Served::Silent("no answer".to_owned()),
            primary: Served::By(Position::Primary),
            ..Facts::none()
        };
        let decision = decide(&policy(), &self.state, &facts, &signal, self.now);
        self.carry_out(&decision);
        let waiting = self.state.pending_at(self.now).next().cloned();
        if let Some(pending) = waiting.filter(|_| self.state.plans.is_empty()) {
            let about = (&pending, &signal);
            let again = failover_core::decide_again(&policy(), &self.state, &facts, about, self.now);
            self.carry_out(&again);
        }
    }

    fn carry_out(&mut self, decision: &Decision) {
        for event in &decision.record {
            assert!(self.write(event), "{event:?}");
        }
        if let Verdict::Start(direction, order) = &decision.verdict {
            let (direction, order) = (*direction, Order::clone(order));
            let (reason, nonce) = (decision.reason.to_string(), "executor".to_owned());
            assert!(self.write(&Event::Intent { direction, order, reason, nonce }), "{}", decision.reason);
        }
    }

    /// The oldest plan ends: overtaken if there is a newer one.
    fn end(&mut self, end: End) {
        let Some(plan) = self.state.running().cloned() else { return };
        let overtaken = self.state.is_overtaken(plan.id);
        let end = if overtaken { End::Overtaken } else { end };
        let active = match (end, plan.direction) {
            (End::Done, direction) => direction.leads_to(),
            _ => self.state.active,
        };
        let (plan_id, nonce, sentence) = (plan.id, "executor".to_owned(), String::new());
        assert!(self.write(&Event::Ended {
            plan: plan_id,
            nonce,
            end,
            active,
            sentence,
            drain_until: None,
            retry: false
        }));
        self.done += u32::from(end == End::Done && plan.direction == Direction::Failover);
    }

    fn take(&mut self, turn: &Turn, began: Timestamp) {
        let seconds = |i: usize| SignedDuration::from_secs(i64::try_from(i).unwrap_or(0));
        let told = |i: usize, state| {
            let opened = Incident::opened(format!("i{i}"), began + seconds(i), String::new());
            Incident { state, ..opened }
        };
        match turn {
            Turn::Open(i) => {
                let incident = SignalKind::Incident(told(*i, IncidentState::Open));
                self.deliver(format!("m{i}"), began + seconds(*i + 1), incident);
            }
            Turn::Closed(i) => {
                let incident = SignalKind::Incident(told(*i, IncidentState::Closed));
                self.deliver(format!("c{i}"), self.now, incident);
            }
            Turn::Ask(verb, id) => {
                let command = SignalKind::Command(Command::new(*verb));
                self.deliver(format!("{verb}-{id}"), self.now, command);
            }
            Turn::End(end) => self.end(*end),
            Turn::Wait(seconds) => self.now += SignedDuration::from_secs(*seconds),
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_outage_causes_at_most_one_failover_that_is_done(turns in prop::collection::vec(turn(), 1..60)) {
        let began = at(0);
        let now = began + SignedDuration::from_secs(8);
        let mut outage = Outage { state: State::default(), number: 0, now, done: 0 };
        for turn in &turns {
            outage.take(turn, began);
        }
        prop_assert!(outage.done <= 1, "{} failovers were done", outage.done);
    }
}
