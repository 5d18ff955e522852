//! The scopes there are, in the order in which they were grown. Each adds one kind of thing to what was searched before.

use std::time::Duration;

use failover_core::{Role, RouteOrder, Verb};

use crate::scope::{Left, Message, Says, Scope};

const fn open(id: &'static str, published: u8) -> Message {
    Message { id, published, says: Says::Open(id) }
}

const fn order(id: &'static str, published: u8, verb: Verb) -> Message {
    Message { id, published, says: Says::Order(verb) }
}

const fn insist(id: &'static str, published: u8, verb: Verb) -> Message {
    Message { id, published, says: Says::Insist(verb) }
}

const INCIDENT: &[Message] = &[open("i1", 0)];
const THERE_AND_BACK: &[Message] = &[open("i1", 0), order("back", 1, Verb::Failback)];
const BY_ORDER: &[Message] = &[order("over", 0, Verb::Failover), order("back", 1, Verb::Failback)];
const BY_FORCE: &[Message] = &[open("i1", 0), insist("back", 1, Verb::Failback)];
const HELD: &[Message] = &[open("i1", 0), order("hold", 0, Verb::Hold), order("release", 1, Verb::Release)];
const REHEARSED: &[Message] = &[open("i1", 0), order("rehearse", 0, Verb::Rehearse)];
const SEEN: &[Message] = &[open("i1", 0), order("seen", 0, Verb::Acknowledge)];
const CLOSED: &[Message] =
    &[open("i1", 0), Message { id: "i1 closed", published: 0, says: Says::Closed("i1") }];

const WELL: Left = Left { power: 0, kills: 0, freezes: 0, hands: 0, refusals: 0 };
/// It dies, comes back, and one process dies.
const OUTAGE: Left = Left { power: 2, kills: 1, ..WELL };
const FROST: Left = Left { power: 1, freezes: 1, ..WELL };

/// One outage, and one death anywhere.
#[cfg(test)]
pub(crate) fn smallest() -> Scope {
    Scope { workers: 1, ..Scope::new("smallest", INCIDENT, Left { power: 1, kills: 1, ..WELL }) }
}

/// What every run searches.
pub(crate) fn every_run() -> Vec<Scope> {
    vec![
        Scope::new("closed", CLOSED, Left { power: 1, ..WELL }),
        Scope::new("frost", INCIDENT, FROST),
        failback(),
        Scope { minutes: &[0, 15], ..Scope::new("operator", BY_ORDER, Left { power: 1, ..WELL }) },
        held(),
    ]
}

/// Every scope, also those that take long, and those in which something was found that is still to be mended.
pub(crate) fn all() -> Vec<Scope> {
    let mut scopes = every_run();
    scopes.extend([
        Scope::new("incident", INCIDENT, OUTAGE),
        alone(),
        by_hand(),
        rehearsal(),
        together(),
        drain(),
        Scope::new("incident, whole", INCIDENT, Left { power: 2, kills: 1, freezes: 1, ..WELL }),
        Scope { minutes: &[0, 15], ..Scope::new("failback, whole", THERE_AND_BACK, OUTAGE) },
        frost_and_failback(),
        Scope { minutes: &[0, 15], ..Scope::new("by force", BY_FORCE, OUTAGE) },
        Scope::new("refused", SEEN, Left { power: 1, refusals: 2, ..WELL }),
        Scope { workers: 3, ..Scope::new("three", INCIDENT, Left { power: 1, ..WELL }) },
    ]);
    scopes
}

/// The scope of this name.
pub(crate) fn named(name: &str) -> Option<Scope> {
    all().into_iter().find(|scope| scope.name == name)
}

/// What they are called.
pub(crate) fn names() -> String {
    let names: Vec<&str> = all().iter().map(|scope| scope.name).collect();
    names.join(", ")
}

fn failback() -> Scope {
    let left = Left { power: 2, ..WELL };
    Scope { minutes: &[0, 15], ..Scope::new("failback", THERE_AND_BACK, left) }
}

/// A request that was on its way when its sender stood still arrives whenever it does.
fn frost_and_failback() -> Scope {
    let left = Left { power: 2, freezes: 1, ..WELL };
    Scope { minutes: &[0, 15], ..Scope::new("failback in frost", THERE_AND_BACK, left) }
}

fn held() -> Scope {
    Scope { minutes: &[0, 15], ..Scope::new("held", HELD, Left { power: 1, ..WELL }) }
}

fn rehearsal() -> Scope {
    Scope::new("rehearsal", REHEARSED, Left { power: 1, kills: 1, ..WELL })
}

fn together() -> Scope {
    let mut scope = Scope::new("together", INCIDENT, OUTAGE);
    scope.policy.order = RouteOrder::Together;
    scope
}

/// A cached redirect lives for five minutes: the standby stays open for so long after a failback.
fn drain() -> Scope {
    let left = Left { power: 2, ..WELL };
    let mut scope = Scope { minutes: &[0, 15, 30], ..Scope::new("drain", THERE_AND_BACK, left) };
    scope.policy.drain = Duration::from_mins(5);
    scope
}

/// Somebody moves one switch at any time, and reconcile sets it again.
fn by_hand() -> Scope {
    let left = Left { power: 1, hands: 1, ..WELL };
    let hands = &[Role::Gate, Role::Route, Role::Monitor];
    Scope { hands, repair: true, ..Scope::new("by hand", INCIDENT, left) }
}

/// Reconcile's own looks raise no alarm: what was told once must not be forgotten.
fn alone() -> Scope {
    Scope { own_looks: false, ..Scope::new("alerts alone", INCIDENT, OUTAGE) }
}
