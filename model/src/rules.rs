//! The rules as the model asks them: the core as it is, or with one fault put in, to see whether a property notices.

use std::sync::Arc;

use failover_core::{
    Act, Decision, Direction, End, Event, Facts, Illegal, OpenPlan, PendingIncident, Plan, Policy, Position,
    RouteFound, Served, Signal, State, Step, Terms, decide, decide_again, decide_blind, route_found,
};
use jiff::Timestamp;

use crate::{
    chore::{Chore, task_of},
    clouds::role,
    memo::Memo,
    mutant::Mutant,
};

/// Plans that were made once.
pub(crate) type Plans = Memo<(Direction, Terms, Option<Chore>), Arc<Plan>>;

/// Whom the model asks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    /// The fault that is put in.
    pub(crate) mutant: Option<Mutant>,
}

impl Rules {
    /// Whether this fault is put in.
    pub(crate) fn are(self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// As the core decides.
    pub(crate) fn decide(
        self,
        policy: &Policy,
        state: &State,
        facts: &Facts,
        signal: &Signal,
        now: Timestamp,
    ) -> Decision {
        let (state, facts) = (self.misread(state), self.mistaken(facts));
        decide(policy, &state, &facts, signal, now)
    }

    /// As the core decides without the journal; nothing where it may not.
    pub(crate) fn decide_blind(
        self,
        policy: &Policy,
        known: &State,
        facts: &Facts,
        signal: &Signal,
        now: Timestamp,
    ) -> Option<Decision> {
        let (known, facts) = (self.misread(known), self.mistaken(facts));
        let waits = self.are(Mutant::WaitsForTheJournal);
        decide_blind(policy, &known, &facts, signal, now).filter(|_| !waits)
    }

    /// As the core decides what is pending.
    pub(crate) fn decide_again(
        self,
        policy: &Policy,
        state: &State,
        facts: &Facts,
        what: (&PendingIncident, &Signal),
        now: Timestamp,
    ) -> Decision {
        decide_again(policy, state, &self.mistaken(facts), what, now)
    }

    /// As the core judges a route that somebody moved.
    pub(crate) fn route_found(
        self,
        policy: &Policy,
        state: &State,
        facts: &Facts,
        signal: &Signal,
    ) -> RouteFound {
        match route_found(policy, state, facts, signal) {
            RouteFound::SetAgain(..) | RouteFound::Adopted(_) if self.are(Mutant::LeavesTheRoute) => {
                RouteFound::Left
            }
            found => found,
        }
    }

    /// As the core folds.
    pub(crate) fn after(
        self,
        state: &State,
        number: u64,
        at: Timestamp,
        event: &Event,
    ) -> Result<State, Illegal> {
        let next = match self.mutant {
            Some(Mutant::AnybodyWrites) => {
                state.after(number, at, &in_the_name_of_its_executor(state, event))?
            }
            _ => state.after(number, at, event)?,
        };
        Ok(self.misfold(state, next, event))
    }

    /// The plan that the core has for it.
    pub(crate) fn plan(
        self,
        known: &Plans,
        policy: &Policy,
        what: (Direction, Terms, Option<Chore>),
    ) -> Arc<Plan> {
        known.get_or(what, || {
            let (direction, terms, chore) = what;
            let maintenance = |chore| Plan::maintenance(&task_of(chore), role);
            let mut plan = chore.map_or_else(|| Plan::new(direction, policy, terms), maintenance);
            match self.mutant {
                Some(Mutant::PausesUnseen) => {
                    plan.lines
                        .retain(|line| !(line.step == Step::Verify && direction == Direction::Failover));
                }
                Some(Mutant::ClosesFirst) => plan.lines.sort_by_key(|line| line.step != Step::Close),
                Some(Mutant::UndoesNothing) => plan.lines.iter_mut().for_each(|line| line.undo = None),
                Some(Mutant::FailsBackUnasked) if direction == Direction::Failback => {
                    plan.lines.iter_mut().for_each(|line| line.needs.retain(|need| !is_answer(*need)));
                }
                Some(Mutant::AsksNobody) => {
                    plan.lines.retain(|line| !matches!(line.act, Act::Answer(_)));
                    plan.lines.iter_mut().for_each(|line| line.needs.retain(|need| !is_answer(*need)));
                }
                _ => {}
            }
            Arc::new(plan)
        })
    }

    fn misread(self, state: &State) -> State {
        let mut state = state.clone();
        match self.mutant {
            Some(Mutant::ForgetsOrders) => (state.last_move, state.confirmed) = (None, None),
            Some(Mutant::ForgetsMessages) => {
                state.settled_messages.clear();
                state.settled_incidents.clear();
                state.last_move = None;
            }
            _ => {}
        }
        state
    }

    fn mistaken(self, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        match self.mutant {
            Some(Mutant::MovesWhatAnswers) if facts.public.is_by(Position::Primary) => {
                facts.public = Served::Silent("a look that went wrong".to_owned());
            }
            Some(Mutant::FailsBackUnasked) => facts.primary = Served::By(Position::Primary),
            _ => {}
        }
        facts
    }

    fn misfold(self, before: &State, mut next: State, event: &Event) -> State {
        match self.mutant {
            Some(Mutant::ForgetsPending) => next.pending.clear(),
            Some(Mutant::ForgetsPauses) => next.paused = None,
            Some(Mutant::ForgetsDrains) => next.draining = None,
            Some(Mutant::KeepsClaims) => keep_claims(before, &mut next, event),
            Some(Mutant::KeepsWhatIsAnswered) => keep_what_is_answered(before, &mut next, event),
            _ => {}
        }
        next
    }
}

fn is_answer(need: failover_core::Need) -> bool {
    matches!(need, failover_core::Need::Answer(_))
}

fn keep_claims(before: &State, next: &mut State, event: &Event) {
    let Event::Claim { plan, .. } = event else { return };
    let known = before.plan(*plan).and_then(|open| open.claim.clone());
    if let Some(open) = next.plans.iter_mut().find(|open| open.id == *plan) {
        open.claim = known.or(open.claim.take());
    }
}

fn keep_what_is_answered(before: &State, next: &mut State, event: &Event) {
    let Event::Ended { plan, end: End::Done, .. } = event else { return };
    let done = before.plan(*plan).filter(|open| open.direction == Direction::Failover);
    let answered = done.into_iter().flat_map(|open| open.order.incidents.clone());
    next.pending = before.pending.iter().cloned().chain(answered).collect();
    next.settled_incidents.clone_from(&before.settled_incidents);
}

/// The same event, as if whoever holds the claim had written it.
fn in_the_name_of_its_executor(state: &State, event: &Event) -> Event {
    let mut event = event.clone();
    let holder = |plan: u64| state.plan(plan).and_then(holder).map(str::to_owned);
    if let Event::Step { plan, nonce, .. } | Event::Ended { plan, nonce, .. } = &mut event
        && let Some(name) = holder(*plan)
    {
        *nonce = name;
    }
    event
}

/// Who holds a plan's claim.
pub(crate) fn holder(plan: &OpenPlan) -> Option<&str> {
    plan.claim.as_ref().map(|claim| claim.nonce.as_str())
}
