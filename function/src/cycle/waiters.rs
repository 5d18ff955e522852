//! Who waits for a plan of a site: as long as one request does, this instance keeps its processor, and no other need.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many requests of this process wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiters(Arc<AtomicUsize>);

/// A request that waits, for as long as this is kept.
#[derive(Debug)]
pub(super) struct Waits(Waiters);

impl Waiters {
    /// One more waits.
    pub(super) fn join(&self) -> Waits {
        self.0.fetch_add(1, Ordering::SeqCst);
        Waits(self.clone())
    }

    /// Waits if nobody else does.
    pub(super) fn alone(&self) -> Option<Waits> {
        self.0.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst).ok().map(|_| Waits(self.clone()))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_while_another_waits_need_not() {
        let waiters = Waiters::default();
        let first = waiters.alone();
        assert!(first.is_some() && waiters.alone().is_none());
        let second = waiters.join();
        drop(first);
        assert!(waiters.alone().is_none(), "the second still waits");
        drop(second);
        assert!(waiters.alone().is_some());
    }
}
