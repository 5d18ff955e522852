//! Through the real Pub/Sub emulator: what we publish arrives, what we read of a subscription is what was set, and
//! what others publish makes the real binary move a site.
//!
//! The emulator is Google's own, from the Cloud SDK: `$PUBSUB_EMULATOR`, or the one that `gcloud` installed. Where
//! there is none, each test says `SKIPPED` and passes; with `FAILOVER_REQUIRE_EMULATOR=1` it fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod delivery;
mod emulator;
mod publishing;
mod relay;
mod rest;
mod settings;
mod watching;
