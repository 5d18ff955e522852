//! Azure: network interfaces in Resource Manager, and the operations that carry their writes out.
//!
//! A write replaces the whole interface, on top of its etag; it is answered 200 while it is still being carried out, and
//! until it is, the network leads addresses where it led them before (Azure documentation, "Track asynchronous Azure
//! operations"; azure-rest-api-specs#1220).

mod body;
mod control;
pub mod directory;
mod envelope;
mod interface;
pub mod login;
pub mod machine;
pub mod metadata;
pub mod network;
mod operations;
pub mod pair;
mod quota;
mod route;
mod rules;
mod state;
mod version;
mod write;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::watch;

use self::directory::Directory;
use self::envelope::Denied;
use self::route::Route;
use self::state::{Moving, State};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::Provider;

/// Changes of a network interface.
pub(crate) const INTERFACE_KIND: &str = "azure.interface";

/// Resource Manager.
#[derive(Debug)]
pub struct Azure {
    /// Whose tokens it takes.
    pub directory: Arc<Directory>,
    state: Mutex<State>,
    begun: watch::Sender<()>,
}

impl Azure {
    /// Without interfaces; asks `directory` who may do what.
    pub fn new(directory: Arc<Directory>) -> Self {
        Self { directory, state: Mutex::default(), begun: watch::Sender::new(()) }
    }

    /// The state as it is now: operations whose time has come have ended.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        state.settle(Instant::now());
        state
    }

    /// Fires whenever an operation begins.
    pub(crate) fn begun(&self) -> watch::Receiver<()> {
        self.begun.subscribe()
    }

    fn settle(&self, call: &Call, route: &Route) -> Result<Reply, Denied> {
        let state = &mut *self.state();
        let directory = &self.directory;
        match route {
            Route::GetInterface(place) => state.get(directory, call, place),
            Route::PutInterface(place) => write::put(state, directory, call, place),
            Route::PatchInterface(place) => write::patch(state, directory, call, place),
            Route::ListInterfaces(scope) => state.list(directory, call, scope),
            Route::GetPublicAddress(id) => state.public_address(directory, call, id),
            Route::Permissions(id) => directory.permissions(call, id),
            Route::Operation(id, scope) => state.operations.get(directory, call, id, scope),
            Route::Unknown => Err(Denied::unknown_route(call)),
        }
    }
}

impl Provider for Azure {
    fn operation(&self, call: &Call) -> &'static str {
        Route::of(call).operation()
    }

    fn answer(&self, call: &Call) -> Reply {
        let reply = self.settle(call, &Route::of(call)).unwrap_or_else(Reply::from);
        if reply.change.is_some() {
            self.begun.send_replace(());
        }
        let id = || uuid::Uuid::new_v4().to_string();
        reply.header("x-ms-request-id", id()).header("x-ms-correlation-request-id", id())
    }

    fn refusal(&self, status: u16) -> Reply {
        envelope::of_status(status)
    }
}

#[cfg(test)]
mod tests;
