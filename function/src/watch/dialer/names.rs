//! Looks names up, few at a time.
//!
//! The system's resolver blocks a thread for as long as it likes. A visit that was given up must leave nothing
//! behind in a queue, so the place is taken before the lookup begins.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use tokio::sync::Semaphore;

/// Lookups at the same time: own choice, fewer than [`crate::watch::BLOCKING_THREADS`], so that other work on files
/// and names is never kept waiting by sites whose names lead nowhere.
const AT_ONCE: usize = 6;

#[derive(Debug)]
pub(super) struct Names(Arc<Semaphore>);

impl Default for Names {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Names {
    pub(super) async fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let lookup = tokio::task::spawn_blocking(move || {
            let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
            drop(place);
            found
        });
        lookup.await.map_err(io::Error::other)?
    }
}
