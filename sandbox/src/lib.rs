//! The clouds that cloud-failover talks to, on loopback, as strict as the real ones.
//!
//! # Code map
//! - `sandbox` starts everything; `world` is the shared state and the place where providers are wired.
//! - `call`, `provider`: what a fake provider sees and must be able to do. One file per provider.
//! - `run`, `monitoring`, `storage`, `metadata`, `tokens`, `pubsub`, `iam`, `compute`: Google, with
//!   `google` for what they share.
//! - `azure`: network interfaces, sign-in and the metadata service of Azure; `network`: the addresses of both clouds'
//!   machines.
//! - `cloudflare`: the interface; `edge`: what visitors meet, with its scripts; `cache`: what it remembers; `page`: what a
//!   web site says instead of its usual page.
//! - `checker`, `visitors`: who comes by without being asked.
//! - `serve`, `conduct`, `doors`: HTTP in, HTTP out, and the way of one call between.
//! - `fault`, `breakpoint`, `latency`: what can go wrong, and where a call is held.
//! - `ledger`, `promises`: what was asked, and what must never happen.
//!
//! # Invariants
//! - Nothing leaves loopback.
//! - Providers never sleep and never touch a socket: time and failure belong to the framework.
//! - Effects are made one at a time, so a promise is judged at an instant.

pub mod azure;
pub mod checker;
pub mod cloudflare;
pub mod frame;
pub mod google;
pub mod kubernetes;
pub mod network;
pub mod options;
pub mod promises;
mod sandbox;
pub mod sites;
pub mod visitors;
pub mod world;

pub use cloudflare::edge;
pub use frame::breakpoint::Moment;
pub use frame::call::{Call, Reply};
pub use frame::fault::{Aim, Fault};
pub use frame::provider::{Kind, Provider, Service};
pub use frame::{ledger, provider};
pub use google::{compute, monitoring, pubsub, run, tokens};
pub use network::{Pair, PairSeed};
pub use options::Options;
pub use promises::{Change, Promise, Violation};
pub use sandbox::Sandbox;
pub use sites::Power;
pub use sites::cache::Caching;
pub use sites::page::Page;
pub use sites::site::{Site, SiteSeed};
pub use visitors::{Served, Visitors};
pub use world::World;
