//! What was found out once, by number or by question: a search asks the same again millions of times.

use std::{
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use rustc_hash::FxHashMap;

/// Things kept once each, by number.
#[derive(Debug)]
pub(crate) struct Shelf<T>(RwLock<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    all: Vec<Arc<T>>,
    ids: FxHashMap<String, u32>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(RwLock::new(Kept { all: Vec::new(), ids: FxHashMap::default() }))
    }
}

impl<T: serde::Serialize + Clone> Shelf<T> {
    /// The number of a thing that is kept.
    pub(crate) fn keep(&self, thing: &T) -> u32 {
        let text = serde_json::to_string(thing).unwrap_or_default();
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = kept.ids.get(&text) {
            return *id;
        }
        let id = u32::try_from(kept.all.len()).unwrap_or(u32::MAX);
        kept.all.push(Arc::new(thing.clone()));
        kept.ids.insert(text, id);
        id
    }

    /// The thing with this number.
    pub(crate) fn get(&self, id: u32) -> Arc<T> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&kept.all[id as usize])
    }
}

/// Answers that were given once and stay the same.
#[derive(Debug)]
pub(crate) struct Memo<K, V>(RwLock<FxHashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash + Copy, V: Clone> Memo<K, V> {
    /// The answer to `key`, if there is one.
    pub(crate) fn known(&self, key: K) -> Option<V> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// Keeps an answer.
    pub(crate) fn keep(&self, key: K, known: V) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, known);
    }

    /// The answer to `key`, found out once.
    pub(crate) fn get_or(&self, key: K, find: impl FnOnce() -> V) -> V {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let found = find();
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(found).clone()
    }
}
