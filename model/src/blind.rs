//! Without the journal: a fresh incident is acted on all the same, on what this process last read of the journal, if
//! anything.

use failover_core::{Looks, OpenPlan, State};

use crate::{
    clouds::Seen,
    decided::What,
    hands::with,
    ledger::{Head, Who},
    mutant::Mutant,
    process,
    promises::Promise,
    site::Site,
    world::{Run, Task, Why, World},
};

/// The journal goes away.
pub(crate) fn away(mut world: World) -> Option<World> {
    world.left.absences = world.left.absences.checked_sub(1)?;
    world.away = true;
    Some(world)
}

/// It comes back.
pub(crate) fn back(mut world: World) -> Option<World> {
    world.away.then(|| {
        world.away = false;
        world
    })
}

/// A message reaches an idle worker while the journal is away. Its process has read the journal to its end before, or
/// nothing of it.
pub(crate) fn deliver(site: &Site, world: World, by: Who, message: u8, knows: bool) -> Option<World> {
    let nothing = site.ledger.keep(State::default());
    let known = if knows { world.journal } else { nothing };
    // Of an empty journal there is nothing to know, and what others of its process have read it knows.
    let other = if knows { known == nothing } else { process::is_at_work(&site.scope, &world, by) };
    if !world.away || (other && known != world.journal) || (knows && other) {
        return None;
    }
    look(site, world, by, message, known)
}

fn look(site: &Site, mut world: World, by: Who, message: u8, head: Head) -> Option<World> {
    let is_published = site.scope.messages[usize::from(message)].published <= world.clock;
    if !is_published || process::moves_already(&site.scope, &world, by) {
        return None;
    }
    let (why, seen) = (Why::Blind(message), world.clouds.look(Looks { public: true, ..Looks::default() }));
    let begins = matches!(site.decided(head, why, seen, world.clock).what, What::Start(..));
    world.workers[usize::from(by)].task = Task::Deciding { why, head, seen };
    begins.then_some(world)
}

/// The journal went away before what was decided could be written: it is decided without it.
pub(crate) fn decide_without(site: &Site, mut world: World, by: Who, (why, head): (Why, Head)) -> World {
    world.lay_down(by, &site.ledger);
    match why {
        Why::Message(message) => look(site, world, by, message, head).unwrap_or(world),
        _ => world,
    }
}

/// Begins what was decided: its intent is the first thing that the journal is told when it is back.
pub(crate) fn begin(site: &Site, mut world: World, by: Who, (why, head, seen): (Why, Head, Seen)) -> World {
    let joins = process::moves_already(&site.scope, &world, by);
    let (Why::Blind(message), What::Start(direction, order), false) =
        (why, site.decided(head, why, seen, world.clock).what, joins)
    else {
        world.lay_down(by, &site.ledger);
        return world;
    };
    let again = 1 << message;
    if head != world.journal {
        // Whoever could read nothing of the journal can't know that it was answered before.
        world.known.done &= !again;
        world.known.moved_for &= !again;
    }
    if world.known.done & again != 0 {
        world.break_promise(Promise::RedeliveryWritesNothing);
    }
    let world = process::overtake_all(&site.scope, world, by);
    let (state, ordered) = (site.ledger.state(head), site.order_of(order));
    let follows = !state.plans.is_empty() || state.active == direction.leads_to();
    let begun = Run::begun(0, direction, &ordered, &state, Some(message));
    with(world, by, Run { untold: Some(order), follows, waited: false, ..begun })
}

/// An older plan that this one has gone on without: it ends before this one does, or somebody might carry it on after it.
pub(crate) fn gone_on_without<'a>(site: &Site, state: &'a State, run: &Run) -> Option<&'a OpenPlan> {
    let older = |plan: &&OpenPlan| plan.id < u64::from(run.id) && !site.rules.are(Mutant::LeavesOlderPlans);
    state.plans.iter().find(older)
}
