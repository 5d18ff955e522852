//! Generated journals, facts, signals and policies, all within a few January days and a handful of ids, so that
//! they meet each other.

use std::time::Duration;

use failover_core::{
    Approval, Asker, Command, Direction, ENTRY_VERSION, End, Entry, Event, Facts, Failback, Hold, Incident,
    IncidentState, Observed, Order, PendingIncident, Policy, Position, Role, Roles, RouteOrder, Served,
    Sighting, Signal, SignalKind, SiteName, State, Step, StepRecord, SwitchId, UpkeepTask, Verb,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::select};

pub(crate) fn site() -> SiteName {
    "resume".parse().expect("a site's name")
}

/// So many seconds into the tenth of January.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-01-10T12:00:00Z".parse().expect("a time");
    noon + SignedDuration::from_secs(seconds)
}

pub(crate) fn policy() -> Policy {
    Policy {
        order: RouteOrder::StandbyFirst,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: Duration::from_mins(10),
        moves_per_day: 4,
        drain: Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: false },
    }
}

pub(crate) fn policy_of() -> impl Strategy<Value = Policy> {
    let approve = select(&[Approval::Automatic, Approval::Automatic, Approval::Operator][..]);
    (approve, 0..1_000_u64, 1..4_u32, any::<bool>(), any::<bool>()).prop_map(
        |(approve, cooldown, moves_per_day, has_primary_url, has_public_url)| Policy {
            approve,
            cooldown: Duration::from_secs(cooldown),
            moves_per_day,
            has_primary_url,
            has_public_url,
            ..policy()
        },
    )
}

fn position() -> impl Strategy<Value = Position> {
    select(&[Position::Primary, Position::Standby][..])
}

fn direction() -> impl Strategy<Value = Direction> {
    select(&[Direction::Failover, Direction::Failback, Direction::Rehearsal][..])
}

fn served() -> impl Strategy<Value = Served> {
    prop_oneof![
        2 => position().prop_map(Served::By),
        2 => Just(Served::Silent("no answer".to_owned())),
        1 => Just(Served::Unknown("a challenge".to_owned())),
    ]
}

fn observed() -> impl Strategy<Value = Observed> {
    prop_oneof![
        6 => position().prop_map(Observed::At),
        1 => Just(Observed::Mixed("half".to_owned())),
        1 => Just(Observed::Unknown("403".to_owned())),
    ]
}

fn sightings() -> impl Strategy<Value = Vec<Sighting>> {
    let seen = |role: Role, kind: &'static str| {
        observed().prop_map(move |observed| Sighting { switch: SwitchId::new(kind, "it"), role, observed })
    };
    let all = (seen(Role::Gate, "gate"), seen(Role::Route, "route"), seen(Role::Monitor, "monitor"));
    prop_oneof![1 => Just(Vec::new()), 3 => all.prop_map(|(gate, route, monitor)| vec![gate, route, monitor])]
}

pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    let unable = prop::option::weighted(0.1, Just("no revision is ready".to_owned()));
    (served(), served(), sightings(), unable).prop_map(|(public, primary, switches, standby_unable)| Facts {
        public,
        primary,
        switches,
        standby_unable,
    })
}

fn incident_id() -> impl Strategy<Value = String> {
    (0..5_u8).prop_map(|id| format!("i{id}"))
}

fn message_id() -> impl Strategy<Value = String> {
    (0..6_u8).prop_map(|id| format!("m{id}"))
}

/// What somebody says, so many seconds after it was published; before, where a clock runs ahead.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    message: String,
    age: i64,
    said: Said,
}

#[derive(Debug, Clone)]
enum Said {
    Incident(String, IncidentState, Option<i64>),
    Command(Verb, bool),
}

impl Told {
    /// It is received now.
    pub(crate) fn at(&self, now: Timestamp) -> Signal {
        let published = now - SignedDuration::from_secs(self.age);
        let kind = match &self.said {
            Said::Incident(id, state, began) => SignalKind::Incident(Incident {
                state: *state,
                started_at: began.map(|before| published - SignedDuration::from_secs(before)),
                ..Incident::opened(id.clone(), published, "it is down".to_owned())
            }),
            Said::Command(verb, force) => {
                SignalKind::Command(Command { force: *force, ..Command::new(*verb) })
            }
        };
        Signal { message: self.message.clone(), published, received: now, kind }
    }
}

pub(crate) fn signal() -> impl Strategy<Value = Told> {
    let age = prop_oneof![3 => 0..60_i64, 2 => 0..5_000_i64, 1 => -30..0_i64];
    let states = select(&[IncidentState::Open, IncidentState::Open, IncidentState::Closed][..]);
    let incident = (incident_id(), states, prop::option::weighted(0.9, 0..100_i64))
        .prop_map(|(id, state, began)| Said::Incident(id, state, began));
    let command =
        (select(&Verb::ALL[..]), any::<bool>()).prop_map(|(verb, force)| Said::Command(verb, force));
    (message_id(), age, prop_oneof![incident, command]).prop_map(|(message, age, said)| Told {
        message,
        age,
        said,
    })
}

/// A journal, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) entries: Vec<Entry>,
    pub(crate) state: State,
    pub(crate) number: u64,
    pub(crate) now: Timestamp,
}

/// An event that is offered to the journal; plan and executor are chosen when it is known what is open.
#[derive(Debug, Clone)]
enum Offer {
    Intent { direction: Direction, message: String, force: bool, by_hand: bool, finish: bool },
    Claim { plan: usize, nonce: String },
    Step { plan: usize, step: Step, lives: Option<u64> },
    AttemptEnded { plan: usize, trouble: Option<String> },
    Ended { plan: usize, end: End, active: Position, drain: Option<i64> },
    Pending { incident: String },
    Dropped { incident: String },
    Refused { message: String },
    Held { message: String, lasts: i64 },
    Released { message: String },
    Acknowledged { message: String },
    Adopted { position: Position },
    Outage,
    Recovered,
    Drained,
    Repaired,
    Kept,
    Checked,
    Maintenance(UpkeepTask),
}

const TASKS: [UpkeepTask; 3] =
    [UpkeepTask::ResumeMonitoring, UpkeepTask::PauseMonitoring, UpkeepTask::CloseStandby];

fn offer() -> impl Strategy<Value = Offer> {
    let nonce = (0..3_u8).prop_map(|nonce| format!("n{nonce}"));
    let steps =
        &[Step::Open, Step::Answer, Step::Route, Step::Verify, Step::Pause, Step::Close, Step::Unroute][..];
    let ends = &[End::Done, End::Done, End::Unwound, End::Overtaken, End::Stuck][..];
    let trouble = prop::option::of((0..2_u8).prop_map(|which| format!("trouble {which}")));
    let drain = prop::option::of(0..2_000_i64);
    prop_oneof![
        8 => (direction(), message_id(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(direction, message, force, by_hand, finish)| Offer::Intent { direction, message, force, by_hand, finish }
        ),
        2 => (0..3_usize, nonce).prop_map(|(plan, nonce)| Offer::Claim { plan, nonce }),
        4 => (0..3_usize, select(steps), prop::option::of(0..4_000_u64))
            .prop_map(|(plan, step, lives)| Offer::Step { plan, step, lives }),
        1 => (0..3_usize, trouble).prop_map(|(plan, trouble)| Offer::AttemptEnded { plan, trouble }),
        6 => (0..3_usize, select(ends), position(), drain)
            .prop_map(|(plan, end, active, drain)| Offer::Ended { plan, end, active, drain }),
        3 => incident_id().prop_map(|incident| Offer::Pending { incident }),
        1 => incident_id().prop_map(|incident| Offer::Dropped { incident }),
        1 => message_id().prop_map(|message| Offer::Refused { message }),
        1 => (message_id(), 1..5_000_i64).prop_map(|(message, lasts)| Offer::Held { message, lasts }),
        1 => message_id().prop_map(|message| Offer::Released { message }),
        1 => message_id().prop_map(|message| Offer::Acknowledged { message }),
        1 => position().prop_map(|position| Offer::Adopted { position }),
        1 => Just(Offer::Outage),
        1 => Just(Offer::Recovered),
        2 => Just(Offer::Drained),
        1 => Just(Offer::Repaired),
        2 => Just(Offer::Kept),
        1 => Just(Offer::Checked),
        4 => select(&TASKS[..]).prop_map(Offer::Maintenance),
    ]
}

/// Journals of up to forty entries; time goes by between them, mostly seconds, sometimes hours.
pub(crate) fn journal() -> impl Strategy<Value = Written> {
    let gap = prop_oneof![6 => 0..20_i64, 2 => 0..2_000_i64, 1 => 0..90_000_i64];
    prop::collection::vec((gap, offer()), 0..40).prop_map(|offers| {
        let mut written = Written { entries: Vec::new(), state: State::default(), number: 0, now: at(0) };
        for (gap, offer) in offers {
            written.now += SignedDuration::from_secs(gap);
            written.write(&offer);
        }
        written
    })
}

impl Written {
    /// Appends what is offered, if it may follow.
    fn write(&mut self, offer: &Offer) {
        let event = self.event(offer);
        let number = self.number + 1;
        let Ok(state) = self.state.after(number, self.now, &event) else { return };
        self.state = state.clone();
        self.number = number;
        let (site, writer) = (site(), format!("w{number}"));
        self.entries.push(Entry { v: ENTRY_VERSION, site, number, at: self.now, writer, event, state });
    }

    /// The plan that stands at this place, and its executor; a plan that isn't open where there is none.
    fn plan(&self, place: usize) -> (u64, String) {
        let open = self.state.plans.get(place).or(self.state.plans.first());
        let plan = open.or(self.state.maintenance.as_ref());
        let nonce = plan.and_then(|plan| plan.claim.as_ref()).map_or("nobody", |claim| claim.nonce.as_str());
        (plan.map_or(999, |plan| plan.id), nonce.to_owned())
    }

    fn event(&self, offer: &Offer) -> Event {
        let now = self.now;
        let nonce = || "u0".to_owned();
        match offer.clone() {
            Offer::Intent { direction, message, force, by_hand, finish } => Event::Intent {
                direction,
                order: self.order(direction, message, (force && by_hand, by_hand, finish && by_hand)),
                reason: "because".to_owned(),
                nonce: format!("n{}", self.number % 3),
            },
            Offer::Claim { plan, nonce } => Event::Claim { plan: self.plan(plan).0, nonce },
            Offer::Step { plan, step, lives } => {
                let (plan, nonce) = self.plan(plan);
                let redirect_lives_s = lives.filter(|_| step == Step::Verify);
                let record = StepRecord { step, at: now, took_ms: 20, note: None, redirect_lives_s };
                Event::Step { plan, nonce, record }
            }
            Offer::AttemptEnded { plan, trouble } => {
                let (plan, nonce) = self.plan(plan);
                Event::AttemptEnded { plan, nonce, trouble, about: None }
            }
            Offer::Ended { plan, end, active, drain } => {
                let (plan, nonce) = self.plan(plan);
                let drain_until = drain.map(|seconds| now + SignedDuration::from_secs(seconds));
                let sentence = "so it ended".to_owned();
                Event::Ended { plan, nonce, end, active, sentence, drain_until, retry: false }
            }
            Offer::Pending { incident } => {
                let incident = self.incident(incident);
                Event::Pending { incident, reason: "held back".to_owned() }
            }
            Offer::Dropped { incident } => Event::Dropped { incident, reason: "closed".to_owned() },
            Offer::Refused { message } => {
                Event::Refused { message, command: "failback".to_owned(), by: None, reason: "no".to_owned() }
            }
            Offer::Held { message, lasts } => {
                let until = now + SignedDuration::from_secs(lasts);
                Event::Held { hold: Hold { by: None, reason: None, since: now, until }, message }
            }
            Offer::Released { message } => Event::Released { by: None, message, ordered: None },
            Offer::Acknowledged { message } => Event::Acknowledged { by: None, message, ordered: None },
            Offer::Adopted { position } => Event::Adopted { position, sentence: "seen there".to_owned() },
            Offer::Outage => Event::Outage { sentence: "silent".to_owned(), nonce: nonce() },
            Offer::Recovered => Event::Recovered { sentence: "served".to_owned(), nonce: nonce() },
            Offer::Drained => Event::Drained { nonce: nonce() },
            Offer::Repaired => Event::Repaired {
                switch: SwitchId::new("monitor", "it"),
                position: self.state.active,
                nonce: nonce(),
            },
            Offer::Kept => Event::Kept { nonce: nonce() },
            Offer::Maintenance(task) => Event::Maintenance {
                task,
                order: self.order(Direction::Maintenance, "m".to_owned(), (false, false, false)),
                reason: "it is due".to_owned(),
                nonce: nonce(),
            },
            Offer::Checked => Event::Checked {
                looked_as: "the function".to_owned(),
                findings: Vec::new(),
                extent: None,
                heard: Vec::new(),
                answered: true,
            },
        }
    }

    fn order(
        &self,
        direction: Direction,
        message: String,
        (force, by_hand, unfinished): (bool, bool, bool),
    ) -> Order {
        let incidents = match direction {
            Direction::Failover if by_hand => self.state.pending.clone(),
            Direction::Failover => vec![self.incident("i0".to_owned())],
            Direction::Failback | Direction::Rehearsal | Direction::Maintenance => Vec::new(),
        };
        let asker = if by_hand { Asker::Operator(Some("alice".to_owned())) } else { Asker::Incident };
        let reason = by_hand.then(|| "power is back".to_owned());
        Order { at: self.now, message, asker, reason, force, unfinished, incidents }
    }

    fn incident(&self, id: String) -> PendingIncident {
        PendingIncident { id, started_at: self.now, since: self.now, summary: "it is down".to_owned() }
    }
}
