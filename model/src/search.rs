//! The search: every state of a scope, and what can be reached from each.
//!
//! stateright walks the states and judges what must never be so. What must always be able to come about ("every run
//! ends") it doesn't know of: for that the steps that can be counted on are kept as they are found, and walked backwards
//! from where all is well. A state that isn't met on that way is doomed.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use rustc_hash::{FxHashMap, FxHashSet};
use stateright::{Checker, Model, Property};

use crate::{
    judge,
    promises::Promise,
    site::{Action, Site},
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

/// What leads where, by the steps that can be counted on.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    edges: [Mutex<Vec<(u64, u64)>>; 16],
    nodes: [Mutex<Vec<(u64, u8)>>; 16],
    doomed: OnceLock<FxHashMap<u64, u8>>,
}

impl Graph {
    /// One state leads to another.
    pub(crate) fn leads(&self, from: &World, to: &World) {
        let (from, to) = (print(from), print(to));
        push(&self.edges[shard(from)], (from, to));
    }

    fn note(&self, world: &World, well: u8) {
        let node = print(world);
        push(&self.nodes[shard(node)], (node, well));
    }
}

fn push<T>(list: &Mutex<Vec<T>>, thing: T) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
}

fn shard(print: u64) -> usize {
    usize::try_from(print % 16).unwrap_or_default()
}

fn print(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

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

/// Searches all of a scope; a mutant's search ends with the first promise that is broken.
pub(crate) fn search(site: &Arc<Site>, threads: usize, within: Duration) -> Outcome {
    let begun = Instant::now();
    let shared = Shared(Arc::clone(site));
    let mut outcome = walk(&shared, threads, within);
    if outcome.broken.is_empty() && outcome.complete {
        let doomed = find_doomed(&shared.0.graph);
        if !doomed.is_empty() {
            let _ = shared.0.graph.doomed.set(doomed);
            outcome.broken = walk(&shared, threads, within).broken;
        }
    }
    outcome.took = begun.elapsed();
    outcome
}

fn walk(shared: &Shared, threads: usize, within: Duration) -> Outcome {
    let (begun, ends_early) = (Instant::now(), shared.0.rules.mutant.is_some());
    let builder = shared.clone().checker().threads(threads).timeout(within);
    let builder = if ends_early { builder.finish_when(stateright::HasDiscoveries::Any) } else { builder };
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

/// Which states can't come to be well, by promise.
fn find_doomed(graph: &Graph) -> FxHashMap<u64, u8> {
    let nodes: Vec<(u64, u8)> = drain(&graph.nodes);
    let mut backwards: Vec<(u64, u64)> =
        drain(&graph.edges).into_iter().map(|(from, to)| (to, from)).collect();
    backwards.sort_unstable();
    let mut doomed = FxHashMap::default();
    for bit in 0..3 {
        let well = nodes.iter().filter(|(_, well)| well & 1 << bit != 0).map(|(node, _)| *node);
        let reached = walk_back(&backwards, well.collect());
        for (node, _) in nodes.iter().filter(|(node, _)| !reached.contains(node)) {
            *doomed.entry(*node).or_default() |= 1 << bit;
        }
    }
    doomed
}

fn walk_back(backwards: &[(u64, u64)], mut open: Vec<u64>) -> FxHashSet<u64> {
    let mut reached: FxHashSet<u64> = open.iter().copied().collect();
    while let Some(node) = open.pop() {
        let first = backwards.partition_point(|(to, _)| *to < node);
        let before = backwards[first..].iter().take_while(|(to, _)| *to == node);
        open.extend(before.map(|(_, from)| *from).filter(|from| reached.insert(*from)));
    }
    reached
}

fn drain<T: Copy>(shards: &[Mutex<Vec<T>>; 16]) -> Vec<T> {
    let take =
        |shard: &Mutex<Vec<T>>| std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
    shards.iter().flat_map(take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mutants::Mutant, rules::Rules, scopes};

    fn played(mutant: Option<Mutant>) -> Outcome {
        search(&Arc::new(Site::new(scopes::smallest(), Rules { mutant })), 1, Duration::from_mins(2))
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

    #[test]
    fn what_leads_nowhere_is_doomed() {
        let graph = Graph::default();
        push(&graph.nodes[0], (1, 0));
        push(&graph.nodes[0], (2, 7));
        push(&graph.nodes[0], (3, 3));
        push(&graph.edges[0], (1, 2));
        assert_eq!(find_doomed(&graph).into_iter().collect::<Vec<_>>(), [(3, 4)]);
    }
}
