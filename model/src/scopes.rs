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
const AT_ONCE: &[Message] = &[open("i1", 0), order("back", 0, Verb::Failback)];
const PROMOTED: &[Message] = &[insist("over", 0, Verb::Failover), insist("back", 1, Verb::Failback)];
const OVERTAKEN: &[Message] =
    &[open("i1", 0), order("back", 0, Verb::Failback), insist("over", 1, Verb::Failover)];
const BY_ORDER: &[Message] = &[order("over", 0, Verb::Failover), order("back", 1, Verb::Failback)];
const BY_FORCE: &[Message] = &[open("i1", 0), insist("back", 1, Verb::Failback)];
const HELD: &[Message] = &[open("i1", 0), order("hold", 0, Verb::Hold), order("release", 1, Verb::Release)];
const REHEARSED: &[Message] = &[open("i1", 0), order("rehearse", 0, Verb::Rehearse)];
const SEEN: &[Message] = &[open("i1", 0), order("seen", 0, Verb::Acknowledge)];
const CLOSED: &[Message] =
    &[open("i1", 0), Message { id: "i1 closed", published: 0, says: Says::Closed("i1") }];

const WELL: Left = Left { power: 0, kills: 0, freezes: 0, hands: 0, refusals: 0, others: 0, absences: 0 };
/// It dies, comes back, and one process dies.
const OUTAGE: Left = Left { power: 2, kills: 1, ..WELL };
const FROST: Left = Left { power: 1, freezes: 1, ..WELL };

/// One outage, and one death anywhere.
#[cfg(test)]
pub(crate) fn smallest() -> Scope {
    Scope { workers: 1, ..Scope::new("smallest", INCIDENT, Left { power: 1, kills: 1, ..WELL }) }
}

/// What every run searches: two deliveries at a time, and all that may happen to them once, in what takes about a minute.
pub(crate) fn every_run() -> Vec<Scope> {
    vec![
        Scope::new("incident", INCIDENT, OUTAGE),
        Scope::new("closed", CLOSED, Left { power: 1, ..WELL }),
        Scope::new("frost", INCIDENT, FROST),
        failback(),
        back_at_once(),
        Scope { minutes: &[0, 15], ..Scope::new("operator", BY_ORDER, Left { power: 1, ..WELL }) },
        Scope::new("refused", SEEN, Left { power: 1, refusals: 2, ..WELL }),
        held(),
        drain_of_one(),
        alone(),
        together(),
        by_hand(),
        meddled(),
        without_a_gate(),
        promotion(),
        beside_others(),
        journal_away(),
        journal_away_from_one(),
        journal_away_from_two(),
    ]
}

/// What takes longer as well.
pub(crate) fn all() -> Vec<Scope> {
    let mut scopes = every_run();
    scopes.extend([
        rehearsal(),
        drain(),
        journal_away_and_death(),
        journal_away_and_back(),
        journal_away_and_orders(),
        frost_and_failback(),
        by_force(),
        Scope { minutes: &[0, 15], ..Scope::new("failback, whole", THERE_AND_BACK, OUTAGE) },
        Scope { workers: 3, ..Scope::new("three", INCIDENT, Left { power: 1, ..WELL }) },
    ]);
    scopes
}

/// What nobody has yet searched to its end and found nothing in.
fn further() -> Vec<Scope> {
    vec![Scope::new("incident, whole", INCIDENT, Left { power: 2, kills: 1, freezes: 1, ..WELL })]
}

/// The scope of this name.
pub(crate) fn named(name: &str) -> Option<Scope> {
    all().into_iter().chain(further()).find(|scope| scope.name == name)
}

/// What they are called.
pub(crate) fn names() -> String {
    let names: Vec<&str> = all().iter().chain(&further()).map(|scope| scope.name).collect();
    names.join(", ")
}

fn failback() -> Scope {
    let left = Left { power: 2, ..WELL };
    Scope { minutes: &[0, 15], ..Scope::new("failback", THERE_AND_BACK, left) }
}

fn by_force() -> Scope {
    Scope { minutes: &[0, 15], ..Scope::new("by force", BY_FORCE, OUTAGE) }
}

/// A request that was on its way when its sender stood still arrives whenever it does.
fn frost_and_failback() -> Scope {
    let left = Left { power: 2, freezes: 1, ..WELL };
    Scope { minutes: &[0, 15], ..Scope::new("failback in frost", THERE_AND_BACK, left) }
}

/// The failback is ordered in the second of the outage: what its failover had under way arrives when it is over.
fn back_at_once() -> Scope {
    Scope { workers: 1, ..Scope::new("back at once", AT_ONCE, OUTAGE) }
}

/// As `drain`, with one delivery at a time.
fn drain_of_one() -> Scope {
    Scope { name: "drain of one", workers: 1, ..drain() }
}

/// Somebody moves a switch while a plan sets them: its last look finds that.
fn meddled() -> Scope {
    let left = Left { power: 2, hands: 1, ..WELL };
    let hands = &[Role::Gate, Role::Route, Role::Monitor];
    Scope { workers: 1, hands, meddled: true, ..Scope::new("meddled", INCIDENT, left) }
}

/// A Worker's route: the standby lets in nobody but the Worker, always, and no redirect is in anybody's cache.
fn without_a_gate() -> Scope {
    let left = Left { power: 2, kills: 1, ..WELL };
    let mut scope = Scope { workers: 1, ..Scope::new("a Worker's route", AT_ONCE, left) };
    scope.policy.roles.gate = false;
    scope
}

/// A pair of machines with one address: it is promoted by force, there and back, by whoever has the order.
fn promotion() -> Scope {
    let left = Left { kills: 1, ..WELL };
    let mut scope = Scope { minutes: &[0, 15], ..Scope::new("promotion", PROMOTED, left) };
    let policy = &mut scope.policy;
    (policy.has_public_url, policy.has_standby_url) = (false, false);
    (policy.roles.gate, policy.roles.monitor) = (false, false);
    scope
}

/// The journal can't be reached for a while, from any moment on.
fn journal_away() -> Scope {
    let left = Left { power: 2, absences: 1, ..WELL };
    Scope { one_process: true, repair: true, ..Scope::new("journal away", INCIDENT, left) }
}

/// As `journal_away`, and a process dies.
fn journal_away_and_death() -> Scope {
    let left = Left { kills: 1, ..journal_away().left };
    Scope { name: "journal away and a death", left, ..journal_away() }
}

/// As `journal_away`, and an operator leads visitors back.
fn journal_away_and_back() -> Scope {
    let messages = THERE_AND_BACK;
    Scope { name: "journal away and failback", messages, minutes: &[0, 15], ..journal_away() }
}

/// As `journal_away`, and what was ordered is overtaken: an order that was given before it went away, and one that is older.
fn journal_away_and_orders() -> Scope {
    let left = Left { power: 1, ..journal_away().left };
    let minutes = &[0, 5];
    Scope { name: "journal away and orders", messages: OVERTAKEN, minutes, left, ..journal_away() }
}

/// As `journal_away`, with two processes: neither knows of what the other began.
fn journal_away_from_two() -> Scope {
    Scope { name: "journal away from two", one_process: false, repair: false, ..journal_away() }
}

/// As `journal_away`, with one delivery at a time, and a process that dies.
fn journal_away_from_one() -> Scope {
    let left = Left { kills: 1, ..journal_away().left };
    Scope { name: "journal away from one", messages: AT_ONCE, workers: 1, left, ..journal_away() }
}

/// Others change what is theirs beside our switches: whatever of ours is on its way then.
fn beside_others() -> Scope {
    let left = Left { power: 2, kills: 1, others: 2, ..WELL };
    Scope { workers: 1, ..Scope::new("beside others", AT_ONCE, left) }
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
