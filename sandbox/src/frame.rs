//! What stands around every provider: listeners, the way of one call, what can go wrong, what was asked.

pub mod breakpoint;
pub mod call;
pub mod fault;
pub mod latency;
pub mod ledger;
pub mod listeners;
pub(crate) mod lock;
pub(crate) mod path;
pub mod provider;
pub(crate) mod serve;
pub(crate) mod socket;
