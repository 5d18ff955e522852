//! Scopes: what may happen in one search, and how often. A search is complete when nothing else is left to happen.

use std::time::Duration;

use failover_core::{
    Approval, Command, Failback, Incident, IncidentState, Policy, Roles, RouteOrder, Signal, SignalKind, Verb,
};
use jiff::{SignedDuration, Timestamp};

/// What somebody says. It may be delivered at any time after it was published, any number of times, to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    /// What it is called.
    pub(crate) id: &'static str,
    /// When it was published, as an index of the scope's times.
    pub(crate) published: u8,
    /// What it says.
    pub(crate) says: Says,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// An incident is open; it began when the message was published.
    Open(&'static str),
    /// It is closed.
    Closed(&'static str),
    /// An operator asks for this.
    Order(Verb),
    /// He insists.
    Insist(Verb),
}

/// How often each kind of disturbance may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Left {
    /// The primary dies, or answers again.
    pub(crate) power: u8,
    /// A process dies.
    pub(crate) kills: u8,
    /// A process stands still, also at a write, and may run on later.
    pub(crate) freezes: u8,
    /// Somebody moves a switch by hand.
    pub(crate) hands: u8,
    /// A provider refuses a write.
    pub(crate) refusals: u8,
    /// Somebody else changes what is theirs beside a switch.
    pub(crate) others: u8,
    /// The journal can't be reached for a while.
    pub(crate) absences: u8,
}

/// One search.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what a scope is like, read by name")]
pub(crate) struct Scope {
    /// What it is called.
    pub(crate) name: &'static str,
    /// How many deliveries may be worked on at once, each as in a process of its own.
    pub(crate) workers: usize,
    /// Whether they are deliveries of one process instead.
    pub(crate) one_process: bool,
    /// The instants that matter, in minutes after the beginning: between two of them nothing depends on time.
    pub(crate) minutes: &'static [i64],
    /// What may be delivered.
    pub(crate) messages: &'static [Message],
    /// What may go wrong.
    pub(crate) left: Left,
    /// Which switches somebody may move by hand.
    pub(crate) hands: &'static [failover_core::Role],
    /// Whether they are moved only while a plan sets its switches, and so before its last look.
    pub(crate) meddled: bool,
    /// Whether three silent looks of reconcile count as a report.
    pub(crate) own_looks: bool,
    /// Whether reconcile sets strayed switches again.
    pub(crate) repair: bool,
    /// What the site's owner decided.
    pub(crate) policy: Policy,
}

impl Scope {
    /// A site as most are, with two deliveries at once.
    pub(crate) fn new(name: &'static str, messages: &'static [Message], left: Left) -> Self {
        Self {
            name,
            workers: 2,
            one_process: false,
            minutes: &[0],
            messages,
            left,
            hands: &[],
            meddled: false,
            own_looks: true,
            repair: false,
            policy: policy(),
        }
    }

    /// The time with this index.
    pub(crate) fn time(&self, clock: u8) -> Timestamp {
        let minutes = self.minutes[usize::from(clock)];
        beginning() + SignedDuration::from_mins(minutes)
    }

    /// The index of a time that this scope has.
    pub(crate) fn clock_of(&self, time: Timestamp) -> u8 {
        let found = (0..self.minutes.len()).find(|index| self.time(small(*index)) == time);
        found.map_or(0, small)
    }

    /// The message with this index, as it is received at `clock`.
    pub(crate) fn signal(&self, message: u8, clock: u8) -> Signal {
        let Message { id, published, says } = self.messages[usize::from(message)];
        let published = self.time(published);
        let kind = match says {
            Says::Open(incident) => SignalKind::Incident(opened(incident, published)),
            Says::Closed(incident) => {
                let open = opened(incident, published);
                SignalKind::Incident(Incident { state: IncidentState::Closed, ..open })
            }
            Says::Order(verb) => SignalKind::Command(Command::new(verb)),
            Says::Insist(verb) => SignalKind::Command(Command { force: true, ..Command::new(verb) }),
        };
        Signal { message: id.to_owned(), published, received: self.time(clock), kind }
    }

    /// The reconcile that the schedule sends at `clock`.
    pub(crate) fn round(&self, clock: u8) -> Signal {
        let at = self.time(clock);
        let kind = SignalKind::Command(Command::new(Verb::Reconcile));
        Signal { message: "reconcile".to_owned(), published: at, received: at, kind }
    }
}

/// An incident that was opened then.
pub(crate) fn opened(id: &str, at: Timestamp) -> Incident {
    Incident::opened(id.to_owned(), at, "it is down".to_owned())
}

/// A time, as so many minutes after the beginning: a state holds several.
pub(crate) type Minute = u16;

/// The minute that it is at `time`.
pub(crate) fn minute_of(time: Timestamp) -> Minute {
    u16::try_from(time.duration_since(beginning()).as_mins()).unwrap_or_default()
}

/// The time of a minute.
pub(crate) fn at_minute(minute: Minute) -> Timestamp {
    beginning() + SignedDuration::from_mins(minute.into())
}

/// A number of things of which there are few.
pub(crate) fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// When every scope begins.
pub(crate) fn beginning() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap_or_default()
}

/// A site's settings as they are by default, but for cooldown and budget, which would hide what comes after them.
fn policy() -> Policy {
    Policy {
        order: RouteOrder::StandbyFirst,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: Duration::ZERO,
        moves_per_day: 100,
        drain: Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: false },
    }
}
