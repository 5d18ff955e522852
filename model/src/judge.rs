//! What is judged at the end of a plan, and what must be so at rest.

use failover_core::{Decision, Direction, Need, OpenPlan, Order, Position, Role, State, Verdict, decide};

use crate::{
    lit,
    promises::Promise,
    scope::{Says, opened},
    site::Site,
    world::{Known, Run, Task, World},
};

/// A plan begins, or is done, that was ordered so: a newer order that was carried out is not gone back on.
pub(crate) fn begun(site: &Site, world: &mut World, direction: Direction, ordered: &Order) {
    // What is decided again on behalf of an old message is as new as the outage that it answers.
    let began = ordered.incidents.iter().map(|incident| incident.started_at);
    let said = began.chain([ordered.at]).max().map_or(0, |said| site.scope.clock_of(said));
    if direction != Direction::Rehearsal && said + 1 < world.known.newest {
        world.break_promise(Promise::NewerOrderWins);
    }
}

/// A plan was carried out: it counts as the newest order, and as the one failover of its outage.
pub(crate) fn done(site: &Site, world: &mut World, plan: &OpenPlan) {
    if matches!(plan.direction, Direction::Rehearsal | Direction::Maintenance) {
        return;
    }
    world.known.adopted = false;
    begun(site, world, plan.direction, &plan.order);
    let time = site.scope.clock_of(plan.order.at) + 1;
    world.known.newest = world.known.newest.max(time);
    let told = told_of(site, plan);
    if plan.direction == Direction::Failover && plan.order.is_automatic() && !plan.order.unfinished {
        let ours = plan.order.incidents.iter().any(|one| bit(site, &one.id).is_none());
        if !ours && told != 0 && told & !world.known.moved_for == 0 {
            world.break_promise(Promise::OneFailoverAnOutage);
        }
    }
    if plan.direction == Direction::Failover {
        world.known.moved_for |= told;
        world.known.done |= told;
    }
    for (message, known) in (0..).zip(site.scope.messages) {
        if plan.was_asked_for_by(known.id) {
            world.known.done |= 1 << message;
        }
    }
}

/// The messages that tell of the incidents a plan answers.
fn told_of(site: &Site, plan: &OpenPlan) -> u8 {
    plan.order.incidents.iter().filter_map(|one| bit(site, &one.id)).fold(0, |all, one| all | one)
}

fn bit(site: &Site, incident: &str) -> Option<u8> {
    let is = |says: Says| matches!(says, Says::Open(id) if id == incident);
    site.scope.messages.iter().position(|message| is(message.says)).map(|index| 1 << index)
}

/// Whether a plan that was carried out tells each of its steps, who asked and why.
pub(crate) fn is_told(site: &Site, run: &Run, plan: &OpenPlan) -> bool {
    let table = site.plan(run);
    let mut wanted = table.lines.iter().filter(|line| !line.needs.contains(&Need::Drained));
    let named = !plan.order.message.is_empty() && !plan.reason.is_empty();
    named && (plan.order.unfinished || wanted.all(|line| plan.has_done(line.step)))
}

/// Whether no plan is open, or none can be ended, since the journal is away.
pub(crate) fn is_finished(site: &Site, world: &World) -> bool {
    let state = site.ledger.state(world.journal);
    world.away || (state.plans.is_empty() && state.maintenance.is_none())
}

/// Whether nobody works, nothing is on its way, and everything is where the journal says, or it is away.
pub(crate) fn is_at_rest(site: &Site, world: &World) -> bool {
    world.away || (is_quiet(world) && agrees(site, world, &site.ledger.state(world.journal)))
}

fn is_quiet(world: &World) -> bool {
    let resting = world.workers.iter().all(|worker| {
        let idle = matches!(worker.task, Task::Idle | Task::Absent);
        !worker.is_waiting() && (idle || worker.frozen)
    });
    resting && world.late.is_empty()
}

fn agrees(site: &Site, world: &World, state: &State) -> bool {
    let at = |role| world.clouds.at(role);
    let on_standby = state.active == Position::Standby;
    let paused = on_standby && state.outage.is_none();
    let roles = site.scope.policy.roles;
    let opened = at(Role::Gate) == Position::Standby;
    // After the last instant nothing is drained any more, and what is stuck waits for a person.
    let drains =
        state.draining.is_some_and(|until| until > site.scope.time(world.clock)) && site.is_over(world);
    let is_reported = |came_otherwise: bool| came_otherwise && !site.scope.repair;
    let Known { gate_came_late, adopted, .. } = world.known;
    let may_be_open = on_standby || drains || state.stuck.is_some() || is_reported(gate_came_late || adopted);
    let watches_on = on_standby && at(Role::Monitor) == Position::Primary && is_reported(adopted);
    state.plans.is_empty()
        && state.maintenance.is_none()
        && (state.draining.is_none() || drains)
        && at(Role::Route) == state.active
        && (!roles.monitor || watches_on || (at(Role::Monitor) == Position::Standby) == paused)
        && (opened || !on_standby)
        && (!opened || may_be_open || !roles.gate)
}

/// Whether nobody works and visitors are served, or a rule of the site's owner leaves them in the dark.
pub(crate) fn is_lit(site: &Site, world: &World) -> bool {
    if world.away {
        return lit::is_lit(site, world);
    }
    let state = site.ledger.state(world.journal);
    if !is_quiet(world) || !state.plans.is_empty() {
        return false;
    }
    world.clouds.served().is_some() || is_excused(site, world, &state)
}

/// Whether nobody may move the site, by the rules as they are.
fn is_excused(site: &Site, world: &World, state: &State) -> bool {
    site.excused.get_or((world.journal, world.clock, world.clouds.primary), || {
        let held = state.stuck.is_some() || state.hold_at(site.scope.time(world.clock)).is_some();
        held || (state.active == Position::Primary && !would_move(site, world, state))
    })
}

fn would_move(site: &Site, world: &World, state: &State) -> bool {
    let facts = world.clouds.look_around().facts(site.scope.policy.roles);
    let (policy, now) = (&site.scope.policy, site.scope.time(world.clock));
    let moves = |decision: Decision| matches!(decision.verdict, Verdict::Start(..));
    if site.scope.own_looks {
        let mut signal = site.scope.round(world.clock);
        signal.kind = failover_core::SignalKind::Incident(opened("another", now));
        return moves(decide(policy, state, &facts, &signal, now));
    }
    (0..).zip(site.scope.messages).any(|(message, known)| {
        let heard = matches!(known.says, Says::Open(_)) && known.published <= world.clock;
        heard && moves(decide(policy, state, &facts, &site.scope.signal(message, world.clock), now))
    })
}
