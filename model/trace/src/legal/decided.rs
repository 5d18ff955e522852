//! Whether an entry can come of a decision. What was seen then is not in the journal: it may come of any decision that the
//! core makes on something that can be seen.

use std::time::Duration;

use failover_core::{
    Asker, Command, Direction, Due, Event, Facts, Incident, IncidentState, Observed, Order, PendingIncident,
    Policy, Position, Role, Round, RouteFound, Served, Sighting, Signal, SignalKind, State, SwitchId,
    UpkeepTask, Verb, Verdict, decide, decide_again, decide_blind, route_found,
};
use jiff::Timestamp;

use super::{Legal, says};

/// The roles whose switches a decision may look at.
const ROLES: [Role; 4] = [Role::Gate, Role::Route, Role::Monitor, Role::Power];

/// What a decision is asked about.
struct Case<'a> {
    policy: &'a Policy,
    state: &'a State,
    at: Timestamp,
}

pub(super) fn may_come_of_a_decision(policy: &Policy, state: &State, at: Timestamp, event: &Event) -> Legal {
    let case = Case { policy, state, at };
    let so = match event {
        Event::Intent { direction, order, reason, .. } => {
            says(!reason.is_empty() && !order.message.is_empty(), "it doesn't say who asked, or why")?;
            case.begins(*direction, order, reason)
        }
        Event::Pending { incident, .. } => case.is_kept(incident),
        Event::Dropped { incident, .. } => case.is_dropped(incident),
        Event::Maintenance { task, order, reason, .. } => {
            says(!reason.is_empty() && !order.message.is_empty(), "it doesn't say on whose behalf, or why")?;
            case.is_found(task)
        }
        Event::Adopted { position, .. } => state.active != *position,
        Event::Refused { .. }
        | Event::Confirmed { .. }
        | Event::Held { .. }
        | Event::Released { .. }
        | Event::Acknowledged { .. } => case.is_said(event),
        Event::Outage { nonce, .. } => case.is_due(&UpkeepTask::ResumeMonitoring, nonce),
        Event::Recovered { nonce, .. } => case.is_due(&UpkeepTask::PauseMonitoring, nonce),
        Event::Drained { nonce } => case.is_due(&UpkeepTask::CloseStandby, nonce),
        Event::Repaired { switch, position, nonce } => {
            case.is_due(&UpkeepTask::Repair(switch.clone(), *position), nonce)
        }
        _ => true,
    };
    says(so, "no decision comes to that in this state, whatever is seen")
}

impl Case<'_> {
    fn begins(&self, direction: Direction, order: &Order, reason: &str) -> bool {
        let is_it = |verdict: &Verdict| match verdict {
            Verdict::Start(way, begun) => *way == direction && **begun == *order,
            _ => false,
        };
        let blind = reason.contains("the journal can't be reached");
        let signals = signals_of(direction, order);
        signals.iter().any(|signal| {
            all_facts().iter().any(|facts| {
                is_it(&decide(self.policy, self.state, facts, signal, self.at).verdict)
                    || is_it(&self.again(facts, signal, order))
                    || (blind && is_it(&without_the_journal(self.policy, facts, signal, order)))
            })
        }) || self.is_set_again(direction, order)
    }

    /// A pending one that is decided again; what is stuck and no risk is tried again by itself.
    fn again(&self, facts: &Facts, signal: &Signal, order: &Order) -> Verdict {
        let free = State { stuck: None, ..self.state.clone() };
        let retried = self.state.stuck.as_ref().is_some_and(|stuck| stuck.retry);
        let state = if retried { &free } else { self.state };
        let known = order.incidents.iter().find(|one| self.state.pending.contains(one));
        let verdict = |one| decide_again(self.policy, state, facts, (one, signal), self.at).verdict;
        known.map_or(Verdict::Stay, verdict)
    }

    fn is_set_again(&self, direction: Direction, order: &Order) -> bool {
        let signal = said(order, SignalKind::Command(Command::new(Verb::Reconcile)), order.at);
        let mut facts = Facts { public: silent(), primary: silent(), ..Facts::none() };
        facts.switches = vec![sighting(Role::Route, Some(Position::Primary))];
        let found = route_found(self.policy, self.state, &facts, &signal);
        matches!(found, RouteFound::SetAgain(again, _) if direction == Direction::Failover && *again == *order)
    }

    fn is_kept(&self, incident: &PendingIncident) -> bool {
        let opened = Incident::opened(incident.id.clone(), incident.started_at, incident.summary.clone());
        let signal = Signal {
            message: String::new(),
            published: incident.since,
            received: incident.since,
            kind: SignalKind::Incident(opened),
        };
        let is_it =
            |event: &Event| matches!(event, Event::Pending { incident: kept, .. } if kept == incident);
        all_facts()
            .iter()
            .any(|facts| decide(self.policy, self.state, facts, &signal, self.at).record.iter().any(is_it))
    }

    fn is_dropped(&self, incident: &str) -> bool {
        let open = Incident::opened(incident.to_owned(), self.at, String::new());
        let closed = Incident { state: IncidentState::Closed, ..open };
        let kind = SignalKind::Incident(closed);
        let signal = Signal { message: String::new(), published: self.at, received: self.at, kind };
        !decide(self.policy, self.state, &Facts::none(), &signal, self.at).record.is_empty()
    }

    /// What an operator said, and what came of it.
    fn is_said(&self, event: &Event) -> bool {
        said_by(event, self.at).iter().any(|signal| {
            all_facts().iter().any(|facts| {
                let told = decide(self.policy, self.state, facts, signal, self.at).record;
                told.iter().any(|told| without_words(told) == without_words(event))
            })
        })
    }

    /// A write outside any plan, as a round finds it due; one that is under way is claimed anew by whoever makes it.
    fn is_due(&self, task: &UpkeepTask, nonce: &str) -> bool {
        let begun = self.state.upkeep.as_ref();
        let renewed = begun.is_some_and(|upkeep| upkeep.claim.nonce == nonce && upkeep.task == *task);
        // What was found before the newest outage began, or ended, is written all the same: it moves nobody.
        let earlier = State { outage: None, ..self.state.clone() };
        renewed || [self.state, &earlier].into_iter().any(|state| is_found(state, task, self.at))
    }

    fn is_found(&self, task: &UpkeepTask) -> bool {
        // What is refused gives way to what else is due.
        let gives_way = self.state.maintenance.as_ref().is_none_or(|open| open.gives_way_to(task));
        let free = State { maintenance: None, ..self.state.clone() };
        gives_way && is_found(&free, task, self.at)
    }
}

fn is_found(state: &State, task: &UpkeepTask, now: Timestamp) -> bool {
    all_rounds(task).iter().any(|(seen, public)| {
        let round = Round { state, seen, public, long_silent: true, repair: true, now };
        let due = match round.due() {
            Some(Due::TakenUp(begun)) => Some(begun),
            Some(Due::Drained) => Some(UpkeepTask::CloseStandby),
            Some(Due::Outage(_)) => Some(UpkeepTask::ResumeMonitoring),
            Some(Due::Recovered) => Some(UpkeepTask::PauseMonitoring),
            None => None,
        };
        let repairs = round.repairs();
        let mut repairs = repairs.iter().map(|(seen, to)| UpkeepTask::Repair(seen.switch.clone(), *to));
        due.as_ref() == Some(task) || repairs.any(|repair| repair == *task)
    })
}

/// Without the journal it is decided on what was known of it: at the least, nothing.
fn without_the_journal(policy: &Policy, facts: &Facts, signal: &Signal, order: &Order) -> Verdict {
    let decision = decide_blind(policy, &State::default(), facts, signal, order.at);
    decision.map_or(Verdict::Stay, |decision| decision.verdict)
}

/// What may have been said for it to be ordered so.
fn signals_of(direction: Direction, order: &Order) -> Vec<Signal> {
    let command = |verb, standing, by: &Option<String>| {
        let (reason, by, force) = (order.reason.clone(), by.clone(), order.force);
        let command = Command { reason, by, force, standing, ..Command::new(verb) };
        vec![said(order, SignalKind::Command(command), order.at)]
    };
    let verb = match direction {
        Direction::Failover => Verb::Failover,
        Direction::Failback => Verb::Failback,
        Direction::Rehearsal => Verb::Rehearse,
        Direction::Maintenance => return Vec::new(),
    };
    match &order.asker {
        Asker::Operator(by) => command(verb, false, by),
        Asker::Itself => command(verb, true, &None),
        Asker::Incident => {
            let incident = |one: &PendingIncident| {
                let incident = Incident::opened(one.id.clone(), one.started_at, one.summary.clone());
                said(order, SignalKind::Incident(incident), one.since.max(order.at))
            };
            order.incidents.iter().map(incident).collect()
        }
    }
}

fn said(order: &Order, kind: SignalKind, received: Timestamp) -> Signal {
    Signal { message: order.message.clone(), published: order.at, received, kind }
}

/// What may have been said for this to be told of it. When it was published a refusal doesn't tell.
fn said_by(event: &Event, at: Timestamp) -> Vec<Signal> {
    let signal = |message: &str, published: Timestamp, command: Command| Signal {
        message: message.to_owned(),
        published,
        received: published.max(at),
        kind: SignalKind::Command(command),
    };
    let by = |verb, by: &Option<String>, force| Command { by: by.clone(), force, ..Command::new(verb) };
    match event {
        Event::Held { hold, message } => {
            let hold_for = Duration::try_from(hold.until.duration_since(hold.since)).ok();
            let command =
                Command { reason: hold.reason.clone(), hold_for, ..by(Verb::Hold, &hold.by, false) };
            vec![signal(message, hold.since, command)]
        }
        Event::Released { by: who, message, ordered } => {
            vec![signal(message, ordered.unwrap_or(at), by(Verb::Release, who, false))]
        }
        Event::Acknowledged { by: who, message, ordered } => {
            vec![signal(message, ordered.unwrap_or(at), by(Verb::Acknowledge, who, false))]
        }
        Event::Confirmed { ordered, message, command, by: who, .. } => {
            let verb = command.parse().ok();
            let forced = [false, true].into_iter();
            verb.map_or_else(Vec::new, |verb| {
                forced.map(|force| signal(message, *ordered, by(verb, who, force))).collect()
            })
        }
        Event::Refused { message, command, by: who, .. } => {
            let long_ago = Timestamp::UNIX_EPOCH;
            let times = [at, long_ago].into_iter();
            command.parse().map_or_else(
                |_| Vec::new(),
                |verb| times.map(|published| signal(message, published, by(verb, who, false))).collect(),
            )
        }
        _ => Vec::new(),
    }
}

/// The same without what is written for people.
fn without_words(event: &Event) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::Refused { reason, .. } | Event::Confirmed { reason, .. } => reason.clear(),
        _ => {}
    }
    event
}

fn silent() -> Served {
    Served::Silent("nobody answered".to_owned())
}

fn all_served() -> [Served; 4] {
    let unknown = Served::Unknown("nobody could tell".to_owned());
    [Served::By(Position::Primary), Served::By(Position::Standby), silent(), unknown]
}

fn sighting(role: Role, at: Option<Position>) -> Sighting {
    let observed = at.map_or_else(|| Observed::Unknown("nobody could look".to_owned()), Observed::At);
    Sighting { switch: SwitchId::new("switch", format!("{role:?}")), role, observed }
}

/// Everything that a decision may have seen, as far as it matters to one.
fn all_facts() -> Vec<Facts> {
    let mut all = Vec::new();
    for public in all_served() {
        for primary in all_served() {
            all.push(Facts { public: public.clone(), primary, ..Facts::none() });
        }
    }
    for places in all_positions() {
        let switches = ROLES.into_iter().zip(places).map(|(role, at)| sighting(role, at)).collect();
        let primary = Served::By(Position::Primary);
        all.push(Facts { primary, switches, ..Facts::none() });
    }
    all
}

/// Gate, route and monitoring here or there, or unseen; the primary is on.
fn all_positions() -> Vec<[Option<Position>; 4]> {
    let each = [Some(Position::Primary), Some(Position::Standby), None];
    let mut all = Vec::new();
    for gate in each {
        for route in each {
            all.extend(each.map(|monitor| [gate, route, monitor, Some(Position::Primary)]));
        }
    }
    all
}

/// Everything that a round may have seen. A switch that is to be repaired may have any role but the route's.
fn all_rounds(task: &UpkeepTask) -> Vec<(Vec<Sighting>, Served)> {
    let mut all = Vec::new();
    for public in all_served() {
        for places in all_positions() {
            let seen: Vec<Sighting> =
                ROLES.into_iter().zip(places).map(|(role, at)| sighting(role, at)).collect();
            let UpkeepTask::Repair(switch, _) = task else {
                all.push((seen, public.clone()));
                continue;
            };
            for role in ROLES {
                let mut seen = seen.clone();
                seen.iter_mut().filter(|one| one.role == role).for_each(|one| one.switch = switch.clone());
                all.push((seen, public.clone()));
            }
        }
    }
    all
}
