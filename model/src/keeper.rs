//! Writes outside any plan: claimed by their entry, made, and told of.

use failover_core::{Position, Role};

use crate::{
    ledger::{Chore, Head, Line, Who},
    requests,
    site::Site,
    world::{Answer, Flight, Task, World},
};

/// Claims the write that was found due in the state at `decided`, unless anything has moved since.
pub(crate) fn begin(site: &Site, mut world: World, by: Who, decided: Head, chore: Chore) -> Option<World> {
    let (then, now) = (site.ledger.state(decided), site.ledger.state(world.journal));
    let is_news = now.has_moved_since(&then) || now.upkeep != then.upkeep || !now.plans.is_empty();
    let is_held = now.upkeep.as_ref().is_some_and(|upkeep| !world.is_dead(&upkeep.claim.nonce));
    if is_news || is_held {
        world.lay_down(by, &site.ledger);
        return Some(world);
    }
    world.journal =
        site.ledger.append(&site.scope, world.journal, Line::Chore { task: chore, by }, world.clock)?;
    world.workers[usize::from(by)].task = Task::Keeping(chore);
    Some(world)
}

/// Makes the write, and tells that it is made. One that fails, or may not be made any more, stays begun.
#[expect(clippy::match_same_arms, reason = "each arm is another moment of the work")]
pub(crate) fn go(site: &Site, mut world: World, by: Who, chore: Chore) -> Option<World> {
    let worker = world.workers[usize::from(by)];
    match worker.flight {
        Some(Flight { answer: None, .. }) => return None,
        Some(Flight { answer: Some(Answer::Done), .. }) => {
            world.workers[usize::from(by)].flight = None;
            world.journal = site.ledger.append(&site.scope, world.journal, Line::Kept { by }, world.clock)?;
        }
        Some(Flight { answer: Some(Answer::Refused), .. }) => {}
        None if worker.stands => {
            let (role, to) = aim(chore);
            if world.clouds.at(role) == to {
                world.journal =
                    site.ledger.append(&site.scope, world.journal, Line::Kept { by }, world.clock)?;
            } else {
                requests::send(&mut world, by, (role, to), false);
                return Some(world);
            }
        }
        None => {}
    }
    world.lay_down(by, &site.ledger);
    Some(world)
}

/// What a chore sets.
pub(crate) fn aim(chore: Chore) -> (Role, Position) {
    match chore {
        Chore::Outage => (Role::Monitor, Position::Primary),
        Chore::Recovered => (Role::Monitor, Position::Standby),
        Chore::Drained => (Role::Gate, Position::Primary),
        Chore::Repaired(role, position) => (role, position),
    }
}
