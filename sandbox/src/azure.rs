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
mod routes;
mod rules;
mod state;
mod version;
mod write;

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use self::directory::Directory;
use self::envelope::AzureDenied;
use self::routes::ROUTES;
use self::state::{AzureState, Moving};
use crate::frame::call::{Call, Reply};
use crate::frame::provider::{Kind, Provider};

/// Changes of a network interface.
pub(crate) const INTERFACE_KIND: &str = "azure.interface";

/// Resource Manager.
#[derive(Debug)]
pub struct Azure {
    /// Whose tokens it takes.
    pub directory: Arc<Directory>,
    /// What is done to it by hand.
    pub hand: Hand,
    state: Arc<Mutex<AzureState>>,
    begun: watch::Sender<()>,
}

/// What is done to Azure by hand: by a drill, a test, or somebody else.
#[derive(Debug)]
pub struct Hand {
    directory: Arc<Directory>,
    state: Arc<Mutex<AzureState>>,
}

impl Azure {
    /// Without interfaces; asks `directory` who may do what.
    pub fn new(directory: Arc<Directory>) -> Self {
        let state = Arc::<Mutex<AzureState>>::default();
        let hand = Hand { directory: Arc::clone(&directory), state: Arc::clone(&state) };
        Self { directory, hand, state, begun: watch::Sender::new(()) }
    }

    /// The state as it is now: operations whose time has come have ended.
    fn state(&self) -> MutexGuard<'_, AzureState> {
        self.hand.settled()
    }

    /// Fires whenever an operation begins.
    pub(crate) fn begun(&self) -> watch::Receiver<()> {
        self.begun.subscribe()
    }

    fn settle(&self, call: &Call) -> Result<Reply, AzureDenied> {
        let (route, names) = ROUTES.find(call).ok_or_else(|| AzureDenied::unknown_route(call))?;
        (route.does)(&mut self.state(), &self.directory, call, &names)
    }
}

impl Provider for Azure {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        let reply = self.settle(call).unwrap_or_else(Reply::from);
        if reply.change.is_some() {
            self.begun.send_replace(());
        }
        let id = || uuid::Uuid::new_v4().to_string();
        reply.header("x-ms-request-id", id()).header("x-ms-correlation-request-id", id())
    }

    fn refusal(&self, status: u16) -> Reply {
        envelope::of_status(status)
    }

    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        ROUTES.kind(call)
    }
}

#[cfg(test)]
mod tests;
