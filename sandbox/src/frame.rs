//! What stands around every provider and knows none of them: listeners, the way of one call, what can go wrong, what
//! was asked, what was changed, and which promises were broken.

pub mod breakpoint;
pub mod call;
pub mod change;
pub mod fault;
pub mod latency;
pub mod ledger;
pub mod listeners;
pub(crate) mod lock;
pub(crate) mod path;
pub mod promises;
pub mod provider;
pub(crate) mod routes;
pub(crate) mod serve;
mod socket;

use std::sync::Mutex;

use tokio::sync::{oneshot, watch};

use self::breakpoint::{Breakpoints, Moment};
use self::fault::{Aim, Fault, Faults};
use self::latency::Latencies;
use self::ledger::Ledger;
use self::listeners::Listeners;
use self::lock::lock;
use self::promises::Promises;

/// The frame of one sandbox.
#[derive(Debug)]
pub struct Frame {
    /// Every request.
    pub ledger: Ledger,
    /// What goes wrong.
    pub faults: Faults,
    /// Where calls are held.
    pub breakpoints: Breakpoints,
    /// How long services take.
    pub latency: Latencies,
    /// Which addresses accept connections.
    pub listeners: Listeners,
    /// Which promises were broken.
    pub promises: Promises,
    turn: Mutex<()>,
    closed: watch::Sender<bool>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            ledger: Ledger::default(),
            faults: Faults::default(),
            breakpoints: Breakpoints::default(),
            latency: Latencies::default(),
            listeners: Listeners::default(),
            promises: Promises::default(),
            turn: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }
}

impl Frame {
    /// These calls go wrong from now on.
    pub fn fault(&self, aim: Aim, fault: Fault) {
        self.faults.set(aim, fault);
    }

    /// Holds the n-th call of an operation, counted from now; the receiver fires when it is there.
    pub fn stop_at(&self, operation: &str, nth: u32, moment: Moment) -> oneshot::Receiver<()> {
        self.breakpoints.set(operation, nth, moment)
    }

    /// Ends every call that is still held: nobody listens any more.
    pub(crate) fn close(&self) {
        self.listeners.close();
        self.closed.send_replace(true);
    }

    /// Waits until the sandbox is gone.
    async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as the frame.
        let _never_gone = closed.wait_for(|closed| *closed).await;
    }

    /// One effect at a time: what a promise is judged by can't move meanwhile.
    fn in_turn<T>(&self, effect: impl FnOnce() -> T) -> T {
        let _turn = lock(&self.turn);
        effect()
    }
}
