//! What can be reached from where: states, and the steps between them that can be counted on.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, OnceLock, PoisonError},
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::world::World;

/// What leads where, by the steps that can be counted on.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    edges: [Mutex<Vec<(u64, u64)>>; 16],
    nodes: [Mutex<Vec<(u64, u8)>>; 16],
    /// States that can't come to be well, by promise.
    pub(crate) doomed: OnceLock<FxHashMap<u64, u8>>,
}

impl Graph {
    /// One state leads to another.
    pub(crate) fn leads(&self, from: &World, to: &World) {
        let (from, to) = (print(from), print(to));
        push(&self.edges[shard(from)], (from, to));
    }

    /// A state, and which promises are kept by it.
    pub(crate) fn note(&self, world: &World, well: u8) {
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

/// A state's number.
pub(crate) fn print(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// Which states can't come to be well, by promise.
pub(crate) fn find_doomed(graph: &Graph) -> FxHashMap<u64, u8> {
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
