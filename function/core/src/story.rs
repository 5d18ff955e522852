//! What the tests of this crate tell their cases with: times of one January, signals, facts, and journals.
//!
//! A `Story` is a journal under construction: it panics where an entry is illegal, so that no case stands on a
//! state that can't be.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    Approval, Asker, Command, Direction, End, Event, Facts, Failback, Hold, Illegal, Incident, IncidentState,
    Observed, Order, PendingIncident, Policy, Position, Role, Roles, RouteOrder, Served, Sighting, Signal,
    SignalKind, State, Step, StepRecord, SwitchId, Verb,
};

/// `12:00:00`, on the tenth of January, or `11T12:00:00`, on another day of it.
#[track_caller]
pub(crate) fn t(time: &str) -> Timestamp {
    let (day, time) = time.split_once('T').unwrap_or(("10", time));
    format!("2026-01-{day}T{time}Z").parse().expect("a time of the day")
}

pub(crate) fn policy() -> Policy {
    Policy {
        order: RouteOrder::StandbyFirst,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: Duration::from_mins(10),
        moves_per_day: 2,
        drain: Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: false },
    }
}

pub(crate) fn silent() -> Facts {
    Facts { public: Served::Silent("no answer within 2s".to_owned()), ..Facts::none() }
}

pub(crate) fn answering(position: Position) -> Facts {
    Facts { public: Served::By(position), ..Facts::none() }
}

/// Facts as a failback gathers them: the primary was asked, the switches were looked at.
pub(crate) fn primary_is(primary: Served, switches: Vec<Sighting>) -> Facts {
    Facts { primary, switches, ..Facts::none() }
}

pub(crate) fn seen(role: Role, observed: Observed) -> Sighting {
    let switch = match role {
        Role::Gate => SwitchId::new("cloud_run_invoker", "resume"),
        Role::Route => SwitchId::new("cloudflare_page_rule", "zone/rule"),
        Role::Monitor => SwitchId::new("uptime_check", "resume-abc"),
        Role::Power => SwitchId::new("power", "rack"),
    };
    Sighting { switch, role, observed }
}

/// Gate, route and monitor at these positions.
pub(crate) fn switches(gate: Position, route: Position, monitor: Position) -> Vec<Sighting> {
    [(Role::Gate, gate), (Role::Route, route), (Role::Monitor, monitor)]
        .map(|(role, position)| seen(role, Observed::At(position)))
        .into()
}

pub(crate) fn looked(switches: Vec<Sighting>) -> Facts {
    Facts { switches, ..Facts::none() }
}

pub(crate) fn incident(id: &str, state: IncidentState, started_at: Option<Timestamp>) -> Incident {
    let summary = format!("{id} says so");
    Incident { state, started_at, ..Incident::opened(id.to_owned(), t("00:00:00"), summary) }
}

/// An open incident that began at `started` and was published and received two seconds later.
#[track_caller]
pub(crate) fn opened(id: &str, started: &str) -> Signal {
    let started = t(started);
    let published = started + Duration::from_secs(2);
    let kind = SignalKind::Incident(incident(id, IncidentState::Open, Some(started)));
    Signal { message: format!("m-{id}"), published, received: published, kind }
}

#[track_caller]
pub(crate) fn closed(id: &str, time: &str) -> Signal {
    let kind = SignalKind::Incident(incident(id, IncidentState::Closed, None));
    Signal { message: format!("m-{id}-closed"), published: t(time), received: t(time), kind }
}

/// An operator's command, published and received at `time`, with the message id `m-<verb>`.
#[track_caller]
pub(crate) fn asks(verb: Verb, time: &str) -> Signal {
    let kind = SignalKind::Command(Command::new(verb));
    Signal { message: format!("m-{verb}"), published: t(time), received: t(time), kind }
}

/// The same command, forced, under another message id.
pub(crate) fn forcing(verb: Verb, time: &str) -> Signal {
    let command = Command { force: true, ..Command::new(verb) };
    Signal { message: format!("m-{verb}-force"), kind: SignalKind::Command(command), ..asks(verb, time) }
}

/// The same signal as another message.
pub(crate) fn as_message(signal: Signal, message: &str) -> Signal {
    Signal { message: message.to_owned(), ..signal }
}

pub(crate) fn pending(id: &str, started: &str) -> PendingIncident {
    PendingIncident { id: id.to_owned(), started_at: t(started), since: t(started), summary: String::new() }
}

/// An incident's order at this time.
pub(crate) fn by_incident(time: &str, incidents: &[PendingIncident]) -> Order {
    Order {
        at: t(time),
        message: format!("m-{time}"),
        asker: Asker::Incident,
        reason: None,
        force: false,
        unfinished: false,
        incidents: incidents.to_vec(),
    }
}

/// An operator's order at this time.
pub(crate) fn by_operator(time: &str) -> Order {
    Order { asker: Asker::Operator(Some("alice".to_owned())), ..by_incident(time, &[]) }
}

pub(crate) fn intent(direction: Direction, order: Order, nonce: &str) -> Event {
    Event::Intent { direction, order, reason: "because".to_owned(), nonce: nonce.to_owned() }
}

pub(crate) fn claim(plan: u64, nonce: &str) -> Event {
    Event::Claim { plan, nonce: nonce.to_owned() }
}

pub(crate) fn step(plan: u64, nonce: &str, step: Step) -> Event {
    let record = StepRecord { step, at: t("12:00:10"), took_ms: 250, note: None, redirect_lives_s: None };
    Event::Step { plan, nonce: nonce.to_owned(), record }
}

pub(crate) fn ended(plan: u64, nonce: &str, end: End, active: Position) -> Event {
    let sentence = format!("{end} it was");
    Event::Ended { plan, nonce: nonce.to_owned(), end, active, sentence, drain_until: None, retry: false }
}

#[track_caller]
pub(crate) fn drained_at(ended: Event, until: &str) -> Event {
    let Event::Ended { plan, nonce, end, active, sentence, .. } = ended else { panic!("an end") };
    Event::Ended { plan, nonce, end, active, sentence, drain_until: Some(t(until)), retry: false }
}

pub(crate) fn kept(incident: PendingIncident) -> Event {
    Event::Pending { incident, reason: "held back".to_owned() }
}

pub(crate) fn dropped(id: &str) -> Event {
    Event::Dropped { incident: id.to_owned(), reason: "closed".to_owned() }
}

pub(crate) fn hold_until(until: &str) -> Event {
    let hold = Hold { by: Some("alice".to_owned()), reason: None, since: t("10T00:00:00"), until: t(until) };
    Event::Held { hold, message: "m-hold".to_owned() }
}

pub(crate) fn acknowledged() -> Event {
    Event::Acknowledged { by: None, message: "m-acknowledge".to_owned(), ordered: None }
}

/// An order that finds nothing to do: what time it is, its publisher's clock says.
pub(crate) fn ordered(time: &str) -> Event {
    Event::Confirmed {
        plan: None,
        ordered: t(time),
        message: format!("m-{time}"),
        command: "failback".to_owned(),
        by: None,
        reason: "there already".to_owned(),
    }
}

pub(crate) fn adopted(position: Position) -> Event {
    Event::Adopted { position, sentence: "seen there".to_owned() }
}

/// A journal under construction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    pub(crate) state: State,
    pub(crate) number: u64,
}

impl Story {
    /// Appends an entry.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a case reads best without borrows")]
    pub(crate) fn then(mut self, time: &str, event: Event) -> Self {
        self.number += 1;
        self.state = match self.state.after(self.number, t(time), &event) {
            Ok(next) => next,
            Err(illegal) => panic!("entry {} ({event:?}): {illegal}", self.number),
        };
        self
    }

    /// Why this entry may not come next.
    #[track_caller]
    pub(crate) fn refuses(&self, time: &str, event: &Event) -> Illegal {
        self.state.after(self.number + 1, t(time), event).expect_err("an illegal entry")
    }

    /// Entry 1: a failover, by incident i1 that began at 11:59:58, order time 12:00:00, executed by x.
    pub(crate) fn failing_over() -> Self {
        let order = Order {
            message: "m-i1".to_owned(),
            ..by_incident(
                "12:00:00",
                &[PendingIncident { since: t("12:00:00"), ..pending("i1", "11:59:58") }],
            )
        };
        Self::default().then("12:00:01", intent(Direction::Failover, order, "x"))
    }

    /// Entry 2: it is done at 12:00:30.
    pub(crate) fn on_standby() -> Self {
        Self::failing_over().then("12:00:30", ended(1, "x", End::Done, Position::Standby))
    }

    /// Entry 3: an operator's failback, order time 13:00:00, executed by y.
    pub(crate) fn failing_back() -> Self {
        Self::on_standby().then("13:00:01", intent(Direction::Failback, by_operator("13:00:00"), "y"))
    }

    /// Entry 4: it is done at 13:00:20, the standby closed.
    pub(crate) fn back_home() -> Self {
        Self::failing_back().then("13:00:20", ended(3, "y", End::Done, Position::Primary))
    }

    /// Entry 4: it is done at 13:00:20, and the standby drains until 13:30:00.
    pub(crate) fn draining() -> Self {
        let done = drained_at(ended(3, "y", End::Done, Position::Primary), "13:30:00");
        Self::failing_back().then("13:00:20", done)
    }

    /// Entry 1: a rehearsal, executed by r.
    pub(crate) fn rehearsing() -> Self {
        Self::default().then("12:00:01", intent(Direction::Rehearsal, by_operator("12:00:00"), "r"))
    }

    /// Entry 2: a failover that got stuck before it moved anybody, at 12:40:00.
    pub(crate) fn stuck() -> Self {
        Self::failing_over().then("12:40:00", ended(1, "x", End::Stuck, Position::Primary))
    }
}
