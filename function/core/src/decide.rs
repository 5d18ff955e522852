//! Decisions: same policy, state, facts and signal, same verdict and reason.
//!
//! The shell gathers the facts beforehand (`looks` says which ones a decision wants) and writes what a decision
//! records; nothing in here waits, asks or writes.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Asker, Command, DEFAULT_HOLD, Direction, Event, Facts, Hold, Incident, IncidentState, OpenPlan, Order,
    PendingIncident, Policy, Position, Reason, Role, Served, Signal, SignalKind, State, Verb,
    rules::{self, Case},
    signal::whole_seconds,
    state::is_kept_at,
};

/// An incident that was published longer ago is not acted on without the journal, which alone can tell whether it
/// was dealt with.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What is done about a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A new plan begins.
    Start(Direction, Box<Order>),
    /// An open plan is carried on, or joined.
    CarryOn(u64),
    /// A rule holds it back; it is kept and decided again.
    Pending,
    /// Nothing.
    Stay,
    /// A command can't be followed, and won't be by another try.
    Refused,
}

/// A verdict, the reason for it, and what the journal has to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub verdict: Verdict,
    /// Why, for an operator.
    pub reason: Reason,
    /// Entries to write before the answer, in order; a new plan's intent is not among them.
    pub record: Vec<Event>,
}

impl Decision {
    fn new(verdict: Verdict, reason: Reason) -> Self {
        Self { verdict, reason, record: Vec::new() }
    }

    fn stay(reason: Reason) -> Self {
        Self::new(Verdict::Stay, reason)
    }

    fn recording(mut self, event: Event) -> Self {
        self.record.push(event);
        self
    }
}

/// What a decision wants to know before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    /// Ask the public URL; and beside it, once and no longer than that takes, the primary past the redirect: only
    /// the reason depends on that.
    pub public: bool,
    /// Ask the primary past the redirect, twice.
    pub primary: bool,
    /// Look at every switch.
    pub switches: bool,
}

/// What to look at before `signal` is decided in `state`: nothing that its verdict doesn't depend on.
pub fn looks(state: &State, signal: &Signal) -> Looks {
    match &signal.kind {
        SignalKind::Incident(incident) => {
            let matters = incident.state == IncidentState::Open
                && settled(state, signal, incident).is_none()
                && failing_back(state).is_none();
            Looks { public: matters, ..Looks::default() }
        }
        SignalKind::Command(command) => command_looks(state, signal, command),
    }
}

fn command_looks(state: &State, signal: &Signal, command: &Command) -> Looks {
    let switches = state.plans.is_empty();
    match command.verb {
        _ if dealt_with(state, signal).is_some() => Looks::default(),
        Verb::Failover | Verb::Failback if outdated(state, signal).is_some() => Looks::default(),
        Verb::Failback if joined(state, Direction::Failback, command).is_some() => Looks::default(),
        Verb::Failover | Verb::Rehearse => Looks { switches, ..Looks::default() },
        Verb::Failback => Looks { primary: !command.force, switches, ..Looks::default() },
        _ => Looks::default(),
    }
}

/// Decides what is done about `signal`.
pub fn decide(policy: &Policy, state: &State, facts: &Facts, signal: &Signal, now: Timestamp) -> Decision {
    let command = match &signal.kind {
        // An outage doesn't wait for a look at the switches: setting them is idempotent.
        SignalKind::Incident(incident) => {
            return decide_incident(policy, state, facts, (signal, incident), now);
        }
        SignalKind::Command(command) => command,
    };
    if let Some(decision) = dealt_with(state, signal) {
        return decision;
    }
    let Some((adopted, event)) = adopt(state, facts) else {
        return decide_command(policy, state, facts, (signal, command), now);
    };
    let mut decision = decide_command(policy, &adopted, facts, (signal, command), now);
    decision.record.insert(0, event);
    decision
}

/// Decides a fresh incident, or a forced failover, while the journal can't be read: only the rules that need no
/// history bind.
pub fn decide_blind(policy: &Policy, facts: &Facts, signal: &Signal, now: Timestamp) -> Option<Decision> {
    let state = State::default();
    let fresh = now.duration_since(signal.published) < FRESH_FOR;
    match &signal.kind {
        SignalKind::Incident(incident)
            if fresh && incident.state == IncidentState::Open && facts.public.is_silent() =>
        {
            let case = Case { policy, state: &state, facts, now };
            let free = rules::held_back_blind(&case).is_none();
            free.then(|| start_automatic(&state, facts, (signal, incident), now))
        }
        SignalKind::Command(command) if command.verb == Verb::Failover && command.force => {
            Some(start(Direction::Failover, order(signal, command), asked(command)))
        }
        _ => None,
    }
}

/// The observation wins over the journal where the route is elsewhere and no plan is open.
pub fn adopt(state: &State, facts: &Facts) -> Option<(State, Event)> {
    let position = facts.route().filter(|position| state.plans.is_empty() && *position != state.active)?;
    let sentence = format!("visitors are routed to the {position}, while the journal said {}", state.active);
    let mut adopted = state.clone();
    adopted.turn_to(position);
    Some((adopted, Event::Adopted { position, sentence }))
}

/// Decides a pending incident again, on behalf of `signal`, whose order time it takes.
pub fn decide_again(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (pending, signal): (&PendingIncident, &Signal),
    now: Timestamp,
) -> Decision {
    let incident = Incident {
        id: pending.id.clone(),
        state: IncidentState::Open,
        started_at: Some(pending.started_at),
        summary: pending.summary.clone(),
        metric: None,
        policy: None,
        labels: std::collections::BTreeMap::new(),
        check_id: None,
        host: None,
        reporter: None,
    };
    let kind = SignalKind::Incident(incident.clone());
    let again = Signal { kind, ..signal.clone() };
    let decision = decide_incident(policy, state, facts, (&again, &incident), now);
    match decision.verdict {
        Verdict::Stay => {
            let reason = decision.reason.to_string();
            decision.recording(Event::Dropped { incident: pending.id.clone(), reason })
        }
        _ => decision,
    }
}

fn decide_incident(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, incident): (&Signal, &Incident),
    now: Timestamp,
) -> Decision {
    if incident.state == IncidentState::Closed {
        return closed(state, incident);
    }
    if let Some(decision) = settled(state, signal, incident) {
        return match decision.verdict {
            Verdict::CarryOn(_) => kept(decision, state, signal, incident, now),
            _ => decision,
        };
    }
    let held_back = failing_back(state)
        .map(|plan| Reason::FailingBack(plan.id))
        .or_else(|| rules::held_back(&Case { policy, state, facts, now }));
    match held_back {
        Some(reason) => kept(Decision::new(Verdict::Pending, reason), state, signal, incident, now),
        None => start_automatic(state, facts, (signal, incident), now),
    }
}

fn failing_back(state: &State) -> Option<&OpenPlan> {
    state.newest().filter(|plan| plan.direction == Direction::Failback)
}

/// What is decided without any look at the world.
fn settled(state: &State, signal: &Signal, incident: &Incident) -> Option<Decision> {
    let began = began(signal, incident);
    if let Some(moved) = state.last_move.as_ref().filter(|moved| began < moved.order_time) {
        return Some(Decision::stay(Reason::Stale { said: began, moved: moved.order_time }));
    }
    if let Some(plan) = state.newest().filter(|plan| plan.direction == Direction::Failover) {
        return Some(carry_on(plan.direction, plan.id));
    }
    if state.has_settled_incident(&incident.id) {
        return Some(Decision::stay(Reason::Redelivered(format!("incident {}", incident.id))));
    }
    let idle = state.plans.iter().all(|plan| plan.direction == Direction::Rehearsal);
    (state.active == Position::Standby && idle)
        .then(|| Decision::stay(Reason::AlreadyThere(Position::Standby, state.since)))
}

fn began(signal: &Signal, incident: &Incident) -> Timestamp {
    incident.started_at.map_or_else(|| signal.order_time(), whole_seconds)
}

fn closed(state: &State, incident: &Incident) -> Decision {
    let was_pending = state.waits_for(&incident.id).next().is_some();
    let decision = Decision::stay(Reason::Closed { incident: incident.id.clone(), was_pending });
    if !was_pending {
        return decision;
    }
    let reason = decision.reason.to_string();
    decision.recording(Event::Dropped { incident: incident.id.clone(), reason })
}

/// An incident that no plan has answered yet is kept, also while it joins one: its failover may end `Unwound`.
fn kept(decision: Decision, state: &State, signal: &Signal, incident: &Incident, now: Timestamp) -> Decision {
    let known = state.has_settled_incident(&incident.id)
        || state.waits_for(&incident.id).any(|kept| is_kept_at(kept, now));
    if known {
        return decision;
    }
    let reason = decision.reason.to_string();
    decision.recording(Event::Pending { incident: remembered(signal, incident), reason })
}

fn remembered(signal: &Signal, incident: &Incident) -> PendingIncident {
    PendingIncident {
        id: incident.id.clone(),
        started_at: began(signal, incident),
        since: signal.received,
        summary: incident.summary.clone(),
    }
}

fn start_automatic(
    state: &State,
    facts: &Facts,
    (signal, incident): (&Signal, &Incident),
    now: Timestamp,
) -> Decision {
    let mut incidents: Vec<PendingIncident> = state.pending_at(now).cloned().collect();
    if incidents.iter().all(|pending| pending.id != incident.id) {
        incidents.push(remembered(signal, incident));
    }
    let order = Order {
        at: signal.order_time(),
        message: signal.message.clone(),
        asker: Asker::Incident,
        reason: Some(incident.summary.clone()).filter(|summary| !summary.is_empty()),
        force: false,
        unfinished: false,
        incidents,
    };
    start(Direction::Failover, order, why_automatic(facts))
}

fn why_automatic(facts: &Facts) -> Reason {
    match &facts.public {
        Served::Silent(probe) if facts.primary.is_by(Position::Primary) => {
            Reason::WayBroken { probe: probe.clone() }
        }
        Served::Silent(probe) => Reason::PublicSilent { probe: probe.clone() },
        Served::Unknown(probe) => Reason::PublicUnknown { probe: probe.clone() },
        Served::By(_) => Reason::RoutedAlready,
    }
}

fn start(direction: Direction, order: Order, reason: Reason) -> Decision {
    Decision::new(Verdict::Start(direction, Box::new(order)), reason)
}

fn carry_on(direction: Direction, plan: u64) -> Decision {
    Decision::new(Verdict::CarryOn(plan), Reason::CarriedOn(direction, plan))
}

fn decide_command(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    match command.verb {
        Verb::Failover => {
            outdated(state, signal).unwrap_or_else(|| failover(state, facts, (signal, command), now))
        }
        Verb::Failback => {
            outdated(state, signal).unwrap_or_else(|| failback(policy, state, facts, (signal, command)))
        }
        Verb::Hold => hold(signal, command, now),
        Verb::Release => Decision::stay(Reason::HoldReleased)
            .recording(Event::Released { by: command.by.clone(), message: signal.message.clone() }),
        Verb::Acknowledge => Decision::stay(Reason::Acknowledged { pending: state.pending_at(now).count() })
            .recording(Event::Acknowledged { by: command.by.clone(), message: signal.message.clone() }),
        Verb::Rehearse => rehearse(state, facts, (signal, command), now),
        Verb::Reconcile | Verb::Check => Decision::stay(Reason::NothingNew(state.active, state.since)),
    }
}

/// A message that was delivered before: its plan is carried on while it is open, and then it is settled.
fn dealt_with(state: &State, signal: &Signal) -> Option<Decision> {
    if let Some(plan) = state.newest().filter(|plan| plan.order.message == signal.message) {
        return Some(carry_on(plan.direction, plan.id));
    }
    let again = || Decision::stay(Reason::Redelivered(format!("message {}", signal.message)));
    state.has_settled_message(&signal.message).then(again)
}

/// The open plan that does what the command asks for, unless the command insists where the plan doesn't.
fn joined<'a>(state: &'a State, direction: Direction, command: &Command) -> Option<&'a OpenPlan> {
    let plan = state.newest().filter(|plan| plan.direction == direction)?;
    let insists = command.force && !plan.order.force;
    (!insists).then_some(plan)
}

/// An order published before the last move's order was given is not carried out any more.
fn outdated(state: &State, signal: &Signal) -> Option<Decision> {
    let said = whole_seconds(signal.published);
    let open = state.newest().filter(|plan| plan.direction != Direction::Rehearsal).map(|plan| plan.order.at);
    let moved = state.last_move.as_ref().map(|moved| moved.order_time).max(open)?;
    (said < moved).then(|| Decision::stay(Reason::Stale { said, moved }))
}

fn failover(
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    if let Some(plan) = joined(state, Direction::Failover, command) {
        return carry_on(plan.direction, plan.id);
    }
    let incidents = state.pending_at(now).cloned().collect();
    let order = Order { incidents, ..order(signal, command) };
    if !state.plans.is_empty() || state.active == Position::Primary {
        return start(Direction::Failover, order, asked(command));
    }
    let undone = facts.not_at(Position::Standby, &[Role::Gate, Role::Route, Role::Monitor]);
    finish(Direction::Failover, order, state, &undone)
}

fn failback(
    policy: &Policy,
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
) -> Decision {
    if let Some(plan) = joined(state, Direction::Failback, command) {
        return carry_on(plan.direction, plan.id);
    }
    if state.newest().is_some_and(|plan| plan.direction == Direction::Rehearsal) {
        // It puts everything back by itself.
        return Decision::stay(Reason::AlreadyThere(state.active, state.since));
    }
    let idle = state.plans.is_empty();
    if idle && state.active == Position::Primary && !facts.is_route_astray(Position::Primary) {
        let roles: &[Role] =
            if state.draining.is_some() { &[Role::Monitor] } else { &[Role::Gate, Role::Monitor] };
        let undone = facts.not_at(Position::Primary, roles);
        return finish(Direction::Failback, order(signal, command), state, &undone);
    }
    match gate(policy, facts, command) {
        Some(reason) => refused(signal, command, reason),
        None => start(Direction::Failback, order(signal, command), asked(command)),
    }
}

/// Why a failback would lead visitors to a primary that isn't known to answer.
fn gate(policy: &Policy, facts: &Facts, command: &Command) -> Option<Reason> {
    if command.force {
        return None;
    }
    if !policy.has_primary_url {
        return Some(Reason::NoPrimaryUrl);
    }
    match &facts.primary {
        Served::By(Position::Primary) => None,
        Served::By(Position::Standby) => Some(Reason::PrimarySilent("the standby answered".to_owned())),
        Served::Silent(why) | Served::Unknown(why) => Some(Reason::PrimarySilent(why.clone())),
    }
}

fn finish(direction: Direction, order: Order, state: &State, undone: &[&crate::SwitchId]) -> Decision {
    let position = direction.leads_to();
    if undone.is_empty() {
        return Decision::stay(Reason::AlreadyThere(position, state.since));
    }
    let what = undone.iter().map(ToString::to_string).collect();
    let order = Order { unfinished: true, ..order };
    start(direction, order, Reason::Unfinished(position, what))
}

fn refused(signal: &Signal, command: &Command, reason: Reason) -> Decision {
    let event = Event::Refused {
        message: signal.message.clone(),
        command: command.verb.to_string(),
        by: command.by.clone(),
        reason: reason.to_string(),
    };
    Decision::new(Verdict::Refused, reason).recording(event)
}

fn hold(signal: &Signal, command: &Command, now: Timestamp) -> Decision {
    let until = now.saturating_add(command.hold_for.unwrap_or(DEFAULT_HOLD)).unwrap_or(Timestamp::MAX);
    let hold = Hold { by: command.by.clone(), reason: command.reason.clone(), since: now, until };
    Decision::stay(Reason::HoldSet(hold.clone()))
        .recording(Event::Held { hold, message: signal.message.clone() })
}

fn rehearse(
    state: &State,
    facts: &Facts,
    (signal, command): (&Signal, &Command),
    now: Timestamp,
) -> Decision {
    let unsure = facts.not_at(Position::Primary, &[Role::Route]);
    let busy = if let Some(plan) = state.newest() {
        Some(format!("the {} of entry {} is open", plan.direction, plan.id))
    } else if state.active == Position::Standby {
        Some("the site is on its standby".to_owned())
    } else if state.draining.is_some() {
        Some("the standby is still draining".to_owned())
    } else if let Some(route) = unsure.first() {
        // It ends with closing the standby, where visitors may be.
        Some(format!("{route} was not seen at the primary"))
    } else {
        state.hold_at(now).map(|hold| Reason::Held(hold.clone()).to_string())
    };
    match busy {
        Some(why) => refused(signal, command, Reason::TooBusyToRehearse(why)),
        None => start(Direction::Rehearsal, order(signal, command), asked(command)),
    }
}

fn order(signal: &Signal, command: &Command) -> Order {
    Order {
        at: signal.order_time(),
        message: signal.message.clone(),
        asker: Asker::Operator(command.by.clone()),
        reason: command.reason.clone(),
        force: command.force,
        unfinished: false,
        incidents: Vec::new(),
    }
}

fn asked(command: &Command) -> Reason {
    Reason::Asked(Asker::Operator(command.by.clone()), command.reason.clone())
}

#[cfg(test)]
mod tests;
