//! The desk: a delivery is read, decided and recorded; reconcile looks around and does what it finds to do.

use failover_core::{Direction, Event, Looks, Position, SignalKind, looks};

use crate::{
    begin::{start, take_over},
    clouds::Seen,
    decided::{Decided, Found, What},
    keeper,
    ledger::{Head, Line, Told, Who},
    mutant::Mutant,
    process,
    promises::Promise,
    site::Site,
    world::{Task, Why, Worker, World},
};

/// A message reaches an idle worker: it reads the journal, and looks at what the decision wants to know.
pub(crate) fn deliver(site: &Site, mut world: World, by: Who, message: u8) -> Option<World> {
    if site.scope.messages[usize::from(message)].published > world.clock {
        return None;
    }
    let why = Why::Message(message);
    read(site, &mut world, by, why);
    let Task::Deciding { head, seen, .. } = world.workers[usize::from(by)].task else { return None };
    let decided = site.decided(head, why, seen, world.clock);
    match decided.what {
        // What writes nothing is the same whenever it is done.
        What::CarryOn(plan) if decided.told.is_empty() => take_over(site, world, by, plan, Some(message)),
        What::Stay | What::Pending if decided.told.is_empty() => Some(follow(site, world, by, why, &decided)),
        _ => Some(world),
    }
}

/// The schedule's reconcile reaches an idle worker: it carries on what nobody executes, or looks around.
pub(crate) fn reconcile(site: &Site, mut world: World, by: Who, long_silent: bool) -> Option<World> {
    let state = site.ledger.state(world.journal);
    if let Some(plan) = state.newest() {
        let id = plan.id;
        return if long_silent { None } else { take_over(site, world, by, id, None) };
    }
    let seen = world.clouds.look_around();
    let idle = site.found(world.journal, long_silent, seen, world.clock) == Found::Nothing;
    if idle || (long_silent && !seen.is_silent()) {
        return None;
    }
    note_visitor(&mut world);
    let why = Why::Round { long_silent };
    world.workers[usize::from(by)].task = Task::Deciding { why, head: world.journal, seen };
    Some(world)
}

/// Reads the journal and looks.
fn read(site: &Site, world: &mut World, by: Who, why: Why) {
    let head = world.journal;
    let looks = wanted(site, head, why, world.clock);
    if looks.public {
        note_visitor(world);
    }
    world.workers[usize::from(by)].task = Task::Deciding { why, head, seen: world.clouds.look(looks) };
}

fn wanted(site: &Site, head: Head, why: Why, clock: u8) -> Looks {
    match why {
        Why::Message(_) => {
            let state = site.ledger.state(head);
            looks(&state, &site.signal(&state, why, clock))
        }
        _ => Looks { public: true, beside: true, ..Looks::default() },
    }
}

/// Whoever asks the public URL is a visitor as well.
fn note_visitor(world: &mut World) {
    world.known.proven |= world.clouds.served() == Some(Position::Standby);
}

/// Decides on what was read and seen, and writes what comes of it, unless somebody else wrote meanwhile.
pub(crate) fn decide(
    site: &Site,
    world: World,
    by: Who,
    (why, head, seen): (Why, Head, Seen),
) -> Option<World> {
    if let Why::Round { long_silent } = why {
        return conclude(site, world, by, (head, long_silent, seen));
    }
    let decided = site.decided(head, why, seen, world.clock);
    let writes = !decided.told.is_empty() || matches!(decided.what, What::Start(..));
    let moved = writes && world.journal != head && !site.rules.are(Mutant::DecidesOnAStaleHead);
    if moved {
        return Some(again(site, world, by, (why, head, seen)));
    }
    let mut judged = world;
    redelivered(&mut judged, why, writes);
    match told(site, judged, &decided.told) {
        Some(next) => Some(follow(site, next, by, why, &decided)),
        None => Some(again(site, world, by, (why, head, seen))),
    }
}

/// Somebody else wrote: what was seen is good for another try only where nothing was moved.
fn again(site: &Site, mut world: World, by: Who, (why, head, seen): (Why, Head, Seen)) -> World {
    if matches!(why, Why::Again(_)) || world.journal == head {
        world.lay_down(by, &site.ledger);
        return world;
    }
    let (now, then) = (site.ledger.state(world.journal), site.ledger.state(head));
    let same = wanted(site, world.journal, why, world.clock) == wanted(site, head, why, world.clock);
    read(site, &mut world, by, why);
    if same
        && !now.has_moved_since(&then)
        && let Task::Deciding { seen: fresh, .. } = &mut world.workers[usize::from(by)].task
    {
        *fresh = seen;
    }
    world
}

fn redelivered(world: &mut World, why: Why, writes: bool) {
    if let Why::Message(message) = why
        && writes
        && world.known.done & 1 << message != 0
    {
        world.break_promise(Promise::RedeliveryWritesNothing);
    }
}

fn told(site: &Site, mut world: World, told: &[Told]) -> Option<World> {
    for line in told {
        world.journal = site.ledger.append(&site.scope, world.journal, Line::Told(*line), world.clock)?;
        if matches!(*site.ledger.event_told(*line), Event::Adopted { .. }) {
            // Whoever executes something may close the standby still: he couldn't know yet.
            world.known.by_hand &= world.workers.iter().any(Worker::executes);
            world.known.adopted = true;
        }
    }
    Some(world)
}

fn follow(site: &Site, mut world: World, by: Who, why: Why, decided: &Decided) -> World {
    let message = match why {
        Why::Message(message) | Why::Again(Some(message)) => Some(message),
        _ => None,
    };
    match decided.what {
        What::Start(direction, order) => {
            let begun = start(site, world, by, (direction, order), message);
            begun.unwrap_or_else(|| leave(site, world, by))
        }
        What::CarryOn(plan) => {
            let taken = take_over(site, world, by, plan, message);
            taken.unwrap_or_else(|| leave(site, world, by))
        }
        What::Pending => settled(site, world, by, message),
        What::Stay | What::Refused => {
            if let (Why::Message(message), true) = (why, is_order(site, why)) {
                world.known.done |= 1 << message;
            }
            reconsider(site, settle(world, message), by, message)
        }
    }
}

fn is_order(site: &Site, why: Why) -> bool {
    let Why::Message(message) = why else { return false };
    matches!(
        site.scope.signal(message, site.scope.messages[usize::from(message)].published).kind,
        SignalKind::Command(_)
    )
}

fn leave(site: &Site, mut world: World, by: Who) -> World {
    world.lay_down(by, &site.ledger);
    world
}

fn settle(mut world: World, message: Option<u8>) -> World {
    if let Some(message) = message {
        world.known.answered |= 1 << message;
    }
    world
}

fn settled(site: &Site, world: World, by: Who, message: Option<u8>) -> World {
    leave(site, settle(world, message), by)
}

/// What is pending is decided again after whatever else was decided.
pub(crate) fn reconsider(site: &Site, mut world: World, by: Who, message: Option<u8>) -> World {
    let state = site.ledger.state(world.journal);
    let waits = site.pending(&state, world.clock).is_some() && state.plans.is_empty();
    let is_new = !matches!(world.workers[usize::from(by)].task, Task::Deciding { why: Why::Again(_), .. });
    world.lay_down(by, &site.ledger);
    if waits && is_new {
        read(site, &mut world, by, Why::Again(message));
    }
    world
}

/// Does the first thing that a round found to do.
fn conclude(
    site: &Site,
    world: World,
    by: Who,
    (head, long_silent, seen): (Head, bool, Seen),
) -> Option<World> {
    let found = site.found(head, long_silent, seen, world.clock);
    if world.journal != head && !matches!(found, Found::Due(_) | Found::Pending) {
        return Some(leave(site, world, by));
    }
    let waits = process::writes_first(&site.scope, &world);
    // What may not be written any more, since somebody else wrote meanwhile, ends the round.
    let concluded = match found {
        Found::Adopted(line) => told(site, world, &[line]).map(|world| leave(site, world, by)),
        Found::SetAgain(order) => start(site, world, by, (Direction::Failover, order), None),
        Found::Pending | Found::Report if waits => None,
        Found::Pending => Some(reconsider(site, world, by, None)),
        Found::Due(chore) => keeper::begin(site, world, by, head, chore),
        Found::Report => {
            let mut world = world;
            read(site, &mut world, by, Why::Report);
            Some(world)
        }
        Found::Nothing => None,
    };
    concluded.or_else(|| Some(leave(site, world, by)))
}
