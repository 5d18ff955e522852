//! The clouds that cloud-failover talks to, on loopback, as strict as the real ones.
//!
//! # Code map, from the bottom up; `tests/layers` holds it
//! - `service`: the names of those who can be asked.
//! - `frame`: what stands around every provider and knows none of them: listeners, the way of one call, what can go wrong
//!   and where a call is held, what was asked and changed, which promises were broken.
//! - `network`: the addresses of both clouds' machines.
//! - `google`, `azure`, `kubernetes`: a folder a provider.
//! - `sites`: the web sites, primaries and standbys, and what a cache keeps of them.
//! - `cloudflare`: the interface; in `edge` what visitors meet.
//! - `world`: all of them in one frame, wired; `judge`: what must never happen; `sandbox` starts everything.
//! - `checker`, `visitors`: who comes by without being asked.
//!
//! # Invariants
//! - Nothing leaves loopback.
//! - Providers never sleep and never touch a socket: time and failure belong to the frame.
//! - Effects are made one at a time, so a promise is judged at an instant.

pub mod azure;
pub mod checker;
pub mod cloudflare;
pub mod frame;
pub mod google;
mod judge;
pub mod kubernetes;
pub mod network;
pub mod options;
mod sandbox;
pub mod service;
pub mod sites;
#[cfg(test)]
mod tests;
pub mod visitors;
pub mod world;

pub use cloudflare::edge;
pub use frame::breakpoint::Moment;
pub use frame::call::{Call, Reply};
pub use frame::change::Change;
pub use frame::fault::{Aim, Fault};
pub use frame::ledger;
pub use frame::promises::{Promise, Violation};
pub use frame::provider::{Kind, Provider};
pub use google::{compute, monitoring, pubsub, run, tokens};
pub use network::{Cidr, Pair, PairSeed};
pub use options::Options;
pub use sandbox::Sandbox;
pub use service::Service;
pub use sites::Power;
pub use sites::cache::Caching;
pub use sites::page::Page;
pub use sites::site::{Site, SiteSeed};
pub use visitors::{Served, Visitors};
pub use world::World;
