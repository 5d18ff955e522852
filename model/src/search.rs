//! The search: every state of a scope, and what can be reached from each.
//!
//! stateright walks the states and judges what must never be so. What must always be able to come about ("every run
//! ends") it doesn't know of: for that the steps that can be counted on are kept as they are found, and walked backwards
//! from where all is well. A state that isn't met on that way is doomed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::{
    actions::Action,
    graph::{find_doomed, print},
    judge,
    promises::Promise,
    site::Site,
    world::World,
};

/// What came of a search.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How many states there are.
    pub(crate) states: usize,
    /// How many steps the farthest is away.
    pub(crate) depth: usize,
    /// Whether nothing is left to search.
    pub(crate) complete: bool,
    /// How long it took.
    pub(crate) took: Duration,
    /// Broken promises, each with a way there, not always the shortest.
    pub(crate) broken: Vec<(Promise, Vec<Action>)>,
}

/// A site that several may look at.
#[derive(Debug, Clone)]
pub(crate) struct Shared(pub(crate) Arc<Site>);

impl Model for Shared {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::begin(&self.0.scope, &self.0.ledger)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.0.actions(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        self.0.next(world, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        if self.0.graph.doomed.get().is_some() { doomed() } else { judged() }
    }
}

fn judged() -> Vec<Property<Shared>> {
    use Promise as P;
    vec![
        Property::always(P::MovesToWhatAnswers.name(), |_, world: &World| {
            !world.broken.has(P::MovesToWhatAnswers)
        }),
        Property::always(P::PausesOnProof.name(), |_, world: &World| !world.broken.has(P::PausesOnProof)),
        Property::always(P::StandbyStaysOpen.name(), |_, world: &World| {
            !world.broken.has(P::StandbyStaysOpen)
        }),
        Property::always(P::OneFailoverAnOutage.name(), |_, world: &World| {
            !world.broken.has(P::OneFailoverAnOutage)
        }),
        Property::always(P::RedeliveryWritesNothing.name(), |_, world: &World| {
            !world.broken.has(P::RedeliveryWritesNothing)
        }),
        Property::always(P::NothingForeign.name(), |_, world: &World| !world.broken.has(P::NothingForeign)),
        Property::always(P::TellsEverything.name(), |_, world: &World| !world.broken.has(P::TellsEverything)),
        Property::always(P::NewerOrderWins.name(), |_, world: &World| !world.broken.has(P::NewerOrderWins)),
        Property::always(P::OneWriter.name(), |_, world: &World| !world.broken.has(P::OneWriter)),
        Property::always(P::LegalEntries.name(), |model: &Shared, world: &World| {
            model.0.ledger.forbidden(world.journal).is_none()
        }),
        Property::always("every state is noted", note),
    ]
}

fn note(model: &Shared, world: &World) -> bool {
    let site = &model.0;
    let well = [judge::is_finished(site, world), judge::is_lit(site, world), judge::is_at_rest(site, world)];
    site.graph.note(world, (0..).zip(well).map(|(bit, well)| u8::from(well) << bit).sum());
    true
}

fn doomed() -> Vec<Property<Shared>> {
    vec![
        Property::always(Promise::REACHED[0].name(), |model: &Shared, world| !is_doomed(model, world, 0)),
        Property::always(Promise::REACHED[1].name(), |model: &Shared, world| !is_doomed(model, world, 1)),
        Property::always(Promise::REACHED[2].name(), |model: &Shared, world| !is_doomed(model, world, 2)),
    ]
}

fn is_doomed(model: &Shared, world: &World, promise: usize) -> bool {
    let found = model.0.graph.doomed.get().and_then(|doomed| doomed.get(&print(world)));
    found.is_some_and(|doomed| doomed & 1 << promise != 0)
}

/// Searches all of a scope, or until this promise is broken.
pub(crate) fn search(site: &Arc<Site>, threads: usize, within: Duration, until: Option<Promise>) -> Outcome {
    let begun = Instant::now();
    let shared = Shared(Arc::clone(site));
    let mut outcome = walk(&shared, threads, within, until);
    if outcome.broken.is_empty() && outcome.complete {
        let doomed = find_doomed(&shared.0.graph);
        if !doomed.is_empty() {
            let _ = shared.0.graph.doomed.set(doomed);
            outcome.broken = walk(&shared, threads, within, until).broken;
        }
    }
    outcome.took = begun.elapsed();
    outcome
}

fn walk(shared: &Shared, threads: usize, within: Duration, until: Option<Promise>) -> Outcome {
    let begun = Instant::now();
    let builder = shared.clone().checker().threads(threads).timeout(within);
    let builder = match until {
        Some(promise) => builder.finish_when(HasDiscoveries::AnyOf([promise.name()].into())),
        None => builder,
    };
    let checker = builder.spawn_bfs().join();
    let all = Promise::JUDGED.into_iter().chain(Promise::REACHED);
    let mut found = checker.discoveries();
    let broken =
        all.filter_map(|promise| Some((promise, found.remove(promise.name())?.into_actions()))).collect();
    Outcome {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        complete: checker.is_done() && begun.elapsed() < within,
        took: Duration::ZERO,
        broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mutant::Mutant, rules::Rules, scopes};

    fn played(mutant: Option<Mutant>) -> Outcome {
        search(&Arc::new(Site::new(scopes::smallest(), Rules { mutant })), 1, Duration::from_mins(2), None)
    }

    #[test]
    fn an_outage_whose_executor_is_killed_anywhere_keeps_every_promise() {
        let outcome = played(None);
        assert!(outcome.complete && outcome.broken.is_empty(), "{outcome}: {:?}", outcome.broken);
        assert!(outcome.states > 500, "{outcome}");
    }

    #[test]
    fn a_mutant_falls_by_a_short_way() {
        let outcome = played(Some(Mutant::PausesUnseen));
        let (promise, way) = outcome.broken.first().expect("it falls");
        assert_eq!(*promise, Promise::PausesOnProof);
        assert!(way.len() < 40, "{way:?}");
    }
}
